//! The text that is served against the one that is meant to be, and how long it has been `testing`.
use alloc::{format, string::String, vec::Vec};
use core::net::IpAddr;

use strictmx_proto::sts::Mode;

use super::super::{
    Check, Context, Family, Findings, Severity, Side,
    calendar::{DAY, day, length},
    shown::shown,
};
use super::history::History;

pub(super) static NOT_INTENDED: Check = Check {
    id: "time.not-intended",
    family: Family::Time,
    title: "the policy host serves another text than the declared one",
    why: "The declared text is what you mean senders to see. Another one comes from a server that was not brought up to date, a cache, \
          a wrong site, or somebody who has changed it.",
    requirement: "STS-3.3-1",
    side: Side::PolicyHost,
};

pub(super) static TESTING_LONG: Check = Check {
    id: "time.testing-long",
    family: Family::Time,
    title: "the policy has been testing for a long time",
    why: "With mode: testing nothing is protected: senders report failures and deliver all the same. It is meant for some weeks, until \
          the reports show that nothing fails.",
    requirement: "STS-5-2",
    side: Side::Policy,
};

/// Each visit's text against the declared one.
pub(super) fn intended(context: &Context<'_>, found: &mut Findings) {
    let (Some(intended), Some(host)) = (&context.intent.text, &context.seen.policy_host) else {
        return;
    };
    let served = host.visits.iter().filter(|visit| visit.status == Some(200) && visit.stopped.is_none());
    let mut others: Vec<(IpAddr, &[u8])> =
        served.filter_map(|visit| Some((visit.address.ip(), &*visit.body.as_ref()?.0))).collect();
    others.retain(|(_, body)| *body != intended.as_bytes());
    let Some((_, body)) = others.first() else {
        return;
    };
    let (severity, what) = match first_difference(intended, body) {
        None => (Severity::Warning, String::from("it differs in line ends or blank lines only")),
        Some((number, meant, served)) => {
            (Severity::Error, format!("line {number} is {:?} instead of {:?}", shown(&served), shown(&meant)))
        }
    };
    let addresses: Vec<String> = others.iter().map(|(address, _)| format!("{address}")).collect();
    found
        .add(&NOT_INTENDED, severity, format!("The text served at {} is not the declared one: {what}.", addresses.join(", ")))
        .about(String::from(host.name.as_str()))
        .step(
            "Bring the declared text to every server behind the name and empty any cache before them. If you did not make this \
             change, find out who did, before anything else.",
        )
        .publish(intended.clone());
}

/// The first line, not counting blank ones and line ends, that is not the same: its number and both texts.
fn first_difference(intended: &str, served: &[u8]) -> Option<(usize, String, String)> {
    let served = String::from_utf8_lossy(served);
    let mut meant = intended.lines().map(str::trim_end).filter(|line| !line.is_empty());
    let mut is = served.lines().map(str::trim_end).filter(|line| !line.is_empty());
    for number in 1.. {
        match (meant.next(), is.next()) {
            (None, None) => break,
            (meant, is) if meant == is => {}
            (meant, is) => {
                return Some((number, String::from(meant.unwrap_or_default()), String::from(is.unwrap_or_default())));
            }
        }
    }
    None
}

pub(super) fn testing(context: &Context<'_>, history: &History, found: &mut Findings) {
    let is_testing = |mode: Option<Mode>| mode == Some(Mode::Testing);
    let Some(now) = history.now().filter(|now| is_testing(now.policy.as_ref().map(|policy| policy.mode))) else {
        return;
    };
    // A time without any policy does not begin the count anew.
    let before =
        history.before().take_while(|known| known.policy.as_ref().is_none_or(|policy| policy.mode == Mode::Testing));
    let since = before.filter(|known| known.policy.is_some()).map(|known| known.first).last().unwrap_or(now.first);
    let lasts = context.seen.at.since(since);
    if lasts < u64::from(context.intent.testing_days).saturating_mul(DAY) {
        return;
    }
    found
        .add(&TESTING_LONG, Severity::Warning, format!("The mode is testing since {} or longer, {}.", day(since), length(lasts)))
        .about(format!("mta-sts.{}", context.domain()))
        .step(
            "Look through the TLS reports: if the failures left are not yours, change the policy to mode: enforce and publish a \
             new id. If you do not want to go on, go back to mode: none.",
        );
}
