//! The verdict in one sentence: state, health, how many findings, and what that does to the mail.
use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use strictmx_proto::sts::NoRecord;

use super::Health;
use crate::check::{Context, Finding, Severity, State, mx};

/// Most hosts that the sentence names.
const MAX_HOSTS: usize = 3;

/// One sentence, such as `enforce, broken: 2 errors; mail to mx2.example.com would be refused`.
pub(super) fn summary(context: &Context<'_>, health: Health, findings: &[Finding]) -> String {
    let head = match context.state {
        State::Broken => State::Broken.as_str().to_string(),
        State::Unknown if health == Health::Unknown => State::Unknown.as_str().to_string(),
        State::Unknown => words(health).to_string(),
        state => format!("{}, {}", state.as_str(), words(health)),
    };
    let tail: Vec<String> = [counts(findings), effect(context, findings)].into_iter().flatten().collect();
    format!("{head}: {}", tail.join("; "))
}

const fn words(health: Health) -> &'static str {
    match health {
        Health::AtRisk => "at risk",
        other => other.as_str(),
    }
}

/// `2 errors, 1 warning`; `None`: neither.
fn counts(findings: &[Finding]) -> Option<String> {
    let count = |severity: Severity| {
        let count = findings.iter().filter(|finding| finding.severity == severity).count();
        let word = severity.as_str();
        match count {
            0 => None,
            1 => Some(format!("1 {word}")),
            _ => Some(format!("{count} {word}s")),
        }
    };
    let counts: Vec<String> = [Severity::Error, Severity::Warning].into_iter().filter_map(count).collect();
    (!counts.is_empty()).then(|| counts.join(", "))
}

fn effect(context: &Context<'_>, findings: &[Finding]) -> Option<String> {
    let worst = findings.first().filter(|finding| finding.severity > Severity::Info);
    match context.state {
        State::Enforce | State::Testing => {
            refused(context, findings).or_else(|| Some(told(worst?))).or_else(|| Some(well(context)))
        }
        State::Broken => Some(broken(context, worst)),
        State::None => Some(worst.map_or_else(|| "MTA-STS is switched off".into(), told)),
        State::Absent => Some(absent(worst)),
        State::Unknown => Some(worst.map_or_else(|| "the domain could not be looked at".into(), told)),
    }
}

/// What the policy does to mail for hosts it does not cover.
fn refused(context: &Context<'_>, findings: &[Finding]) -> Option<String> {
    let hosts: Vec<&str> = findings
        .iter()
        .filter(|finding| finding.check.id == mx::UNCOVERED.id)
        .map(|finding| &*finding.subject)
        .collect();
    let mut live: Vec<_> = context.live_mx().into_iter().map(|(_, host)| host).collect();
    live.sort_unstable();
    live.dedup();
    let what = match hosts.as_slice() {
        [] => return None,
        all if all.len() == live.len() => "all mail".into(),
        some => format!("mail to {}", names(some)),
    };
    let when = if context.state == State::Enforce { "" } else { " under enforce" };
    Some(format!("{what} would be refused{when}"))
}

fn names(hosts: &[&str]) -> String {
    match hosts {
        [head @ .., last] if !head.is_empty() && hosts.len() <= MAX_HOSTS => format!("{} and {last}", head.join(", ")),
        _ if hosts.len() <= MAX_HOSTS => hosts.join(", "),
        _ => format!(
            "{} and {} more",
            hosts.iter().take(MAX_HOSTS).copied().collect::<Vec<_>>().join(", "),
            hosts.len() - MAX_HOSTS
        ),
    }
}

/// The worst finding, in a few words.
fn told(finding: &Finding) -> String {
    match &*finding.subject {
        "" => finding.check.title.to_string(),
        subject => format!("{} ({subject})", finding.check.title),
    }
}

fn well(context: &Context<'_>) -> String {
    let mut live: Vec<_> = context.live_mx().into_iter().map(|(_, host)| host).collect();
    live.sort_unstable();
    live.dedup();
    match (context.state, live.len()) {
        (State::Testing, _) => "nothing stands against enforce".into(),
        (_, 0) => "nothing to mend".into(),
        (_, 1) => "the MX host is covered".into(),
        (_, count) => format!("all {count} MX hosts are covered"),
    }
}

fn broken(context: &Context<'_>, worst: Option<&Finding>) -> String {
    if matches!(context.record, Some(Err(NoRecord::None))) {
        return "a policy is served, but no _mta-sts record tells senders of it".into();
    }
    match worst.filter(|finding| finding.severity == Severity::Error) {
        Some(worst) => format!("senders cannot use what is published: {}", told(worst)),
        None => "senders cannot use what is published".into(),
    }
}

fn absent(worst: Option<&Finding>) -> String {
    let plain = "no MTA-STS, so that whoever sits in between can switch TLS off";
    match worst.filter(|finding| finding.severity == Severity::Error) {
        Some(worst) => format!("no MTA-STS; {}", told(worst)),
        None => plain.into(),
    }
}
