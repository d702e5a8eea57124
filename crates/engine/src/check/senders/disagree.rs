//! Whether the senders disagree about the policy, which is one finding.
use alloc::{format, string::String, vec::Vec};

use strictmx_proto::sts::{Mode, Pattern, Policy};

use super::{Reading, Reads, Served, readings};
use crate::check::{Check, Context, Family, Findings, Severity, Side};

/// The checks of this file, all of the policy's family.
pub(in crate::check) const CHECKS: &[&Check] = &[&DISAGREE];

static DISAGREE: Check = Check {
    id: "sts.policy.senders-disagree",
    family: Family::Policy,
    title: "senders read this policy differently",
    why: "Mail servers parse policies with code of their own, some to the letter, some leniently. A text that one of them takes \
          and another throws away protects only part of the mail, and one that they understand differently may stop mail from \
          some senders that others deliver.",
    requirement: "STS-3.2-3",
    side: Side::Policy,
};

/// What a sender does, as far as it matters to the mail.
#[derive(Clone, PartialEq, Eq)]
enum Does {
    Nothing,
    Mode(&'static str),
    Refuses(Vec<String>),
}

impl Does {
    fn of(reading: &Reading) -> Self {
        match &reading.verdict {
            Reads::Rejects { .. } => Self::Nothing,
            Reads::Policy { .. } if !reading.refuses.is_empty() => Self::Refuses(reading.refuses.clone()),
            Reads::Policy { mode, .. } => Self::Mode(mode),
        }
    }

    fn say(&self) -> String {
        match self {
            Self::Nothing => "no policy".into(),
            Self::Mode(mode) => format!("mode {mode}"),
            Self::Refuses(hosts) => format!("mode enforce, refusing {}", hosts.join(", ")),
        }
    }

    fn enforces(&self) -> bool {
        matches!(self, Self::Refuses(_) | Self::Mode("enforce"))
    }
}

/// Judges whether the senders agree. A policy that nobody could fetch is for other checks to tell.
pub(in crate::check) fn judge(context: &Context<'_>, found: &mut Findings) {
    let Some(served) = Served::of(context) else { return };
    let fetched = served.visit.is_none_or(|visit| visit.status == Some(200)) && served.fault().is_none();
    if !fetched {
        return;
    }
    let all = readings(context);
    let mut groups: Vec<(Does, Vec<&Reading>)> = Vec::new();
    for reading in &all {
        let does = Does::of(reading);
        match groups.iter_mut().find(|(other, _)| *other == does) {
            Some((_, members)) => members.push(reading),
            None => groups.push((does, Vec::from([reading]))),
        }
    }
    if groups.len() < 2 {
        return;
    }
    let severity = if groups.iter().any(|(does, _)| does.enforces()) { Severity::Error } else { Severity::Warning };
    let seen: Vec<String> = groups.iter().map(|(does, members)| tell(does, members)).collect();
    let draft = found.add(&DISAGREE, severity, format!("{}.", seen.join("; ")));
    // With a text that all of them read alike it is the record that tells them apart.
    if matches!(context.record, Some(Err(_))) {
        draft.step(
            "Mend the _mta-sts record first: as it is, some senders ask for the policy all the same, and some do not.",
        );
        return;
    }
    match safe(context) {
        Some(text) => draft
            .step("Serve the text below with status 200 and Content-Type text/plain, then publish a new id: all of them read it alike.")
            .publish(text),
        None => draft.step(
            "Rewrite the policy in the plain form: ASCII, each key once and in lower case, `key: value`, no blank line, no \
             comment, host names without a dot at the end, served as text/plain; then publish a new id.",
        ),
    };
}

/// `mox, Stalwart: mode enforce`; senders that take nothing are told apart by why.
fn tell(does: &Does, members: &[&Reading]) -> String {
    let mut told: Vec<(&str, Vec<&str>)> = Vec::new();
    for reading in members {
        let why = match &reading.verdict {
            Reads::Rejects { why } => why.as_str(),
            Reads::Policy { .. } => "",
        };
        match told.iter_mut().find(|(other, _)| *other == why) {
            Some((_, names)) => names.push(reading.sender),
            None => told.push((why, Vec::from([reading.sender]))),
        }
    }
    let one = |(why, names): &(&str, Vec<&str>)| {
        let why = if why.is_empty() { String::new() } else { format!(" ({why})") };
        format!("{}: {}{why}", names.join(", "), does.say())
    };
    told.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// The same policy in the form that all of them read alike; the live MX hosts where it names none.
fn safe(context: &Context<'_>) -> Option<String> {
    let policy = context.parsed()?;
    let mut mx: Vec<Pattern> = policy.mx.to_vec();
    if mx.is_empty() {
        mx = context.live_mx().into_iter().map(|(_, host)| Pattern::Exact(host.clone())).collect();
    }
    if mx.is_empty() && policy.mode == Mode::None {
        return None;
    }
    Policy::new(policy.mode, policy.max_age, mx).ok().map(|policy| policy.emit())
}
