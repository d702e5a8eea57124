//! Whether the policy covers the live MX hosts, and what else it covers (STS-4.1-1).
use alloc::{collections::BTreeSet, format, string::String, vec::Vec};

use strictmx_proto::{
    name::Domain,
    sts::{Mode, Pattern},
};

use super::near;
use crate::{
    check::{
        Check, Context, Family, Findings, Severity, Side, providers, suggest,
        text::{
            lines::{Key, Line, lines, places},
            meant::{self, mx_lines, patterns_meant, published},
        },
    },
    fact::Exchange,
};

pub(in crate::check) static UNCOVERED: Check = Check {
    id: "sts.policy.mx-uncovered",
    family: Family::Mx,
    title: "an MX host is not in the policy",
    why: "Under `enforce` no sender that honours MTA-STS delivers to a host that no `mx` line matches: its mail \
          waits, and goes back in the end if no other host takes it.",
    requirement: "STS-4.1-1",
    side: Side::Policy,
};
pub(in crate::check) static UNMATCHED: Check = Check {
    id: "sts.policy.mx-unmatched",
    family: Family::Mx,
    title: "an `mx` line matches no live MX host",
    why: "Either an MX record is missing, or the line is left over: it lets a host pose as your mail server that is \
          none any more.",
    requirement: "STS-10.4-1",
    side: Side::Policy,
};
pub(in crate::check) static PROVIDER_PATTERN: Check = Check {
    id: "sts.policy.mx-provider-pattern",
    family: Family::Mx,
    title: "the provider names its hosts by another pattern",
    why: "The provider recommends a pattern for its customers' policies, and may rename hosts within it. A policy \
          that names them one by one is right today and has to be watched.",
    requirement: "STS-3.2-9",
    side: Side::Policy,
};

/// Hosts as a policy has to cover them.
struct Coverage<'a> {
    /// The lines of the text.
    lines: Vec<Line<'a>>,
    /// The patterns that count, each with its line.
    patterns: Vec<(u32, Pattern)>,
    /// The live MX hosts, each once.
    live: Vec<&'a Domain>,
}

/// Judges the policy against the live MX records.
pub(super) fn judge(context: &Context<'_>, found: &mut Findings) {
    let Some(coverage) = Coverage::of(context) else {
        return;
    };
    uncovered(context, &coverage, found);
    unmatched(context, &coverage, found);
    provider(&coverage, found);
}

impl<'a> Coverage<'a> {
    /// `None`: no policy to hold anything against, or one that asks for nothing.
    fn of(context: &Context<'a>) -> Option<Self> {
        let text = core::str::from_utf8(context.body?).ok()?;
        let lines = lines(text.strip_prefix('\u{feff}').unwrap_or(text));
        let mode = context.parsed().map(|policy| policy.mode).or_else(|| meant::mode(&lines));
        let mut patterns = published(&lines);
        if let Some(policy) = context.parsed() {
            // What is only meant to be a line covers nothing.
            patterns.retain(|(_, pattern)| policy.mx.contains(pattern));
        }
        let mut once = BTreeSet::new();
        let live: Vec<&Domain> =
            context.live_mx().into_iter().map(|(_, host)| host).filter(|host| once.insert(*host)).collect();
        (mode != Some(Mode::None) && !live.is_empty() && !patterns.is_empty()).then_some(Self { lines, patterns, live })
    }

    fn covers(&self, host: &Domain) -> bool {
        self.patterns.iter().any(|(_, pattern)| pattern.matches(host))
    }

    /// The hosts that nothing covers.
    fn left(&self) -> Vec<&'a Domain> {
        self.live.iter().copied().filter(|host| !self.covers(host)).collect()
    }

    /// Whether a pattern matches no live host.
    fn is_idle(&self, pattern: &Pattern) -> bool {
        !self.live.iter().any(|host| pattern.matches(host))
    }

    /// The line that names this host in a way senders do not read.
    fn patterns_meant(&self, host: &Domain) -> Option<u32> {
        let names = |line: &&Line<'_>| {
            let value = line.meant(Key::Mx).unwrap_or_default();
            patterns_meant(value).iter().any(|pattern| pattern.matches(host))
        };
        self.lines.iter().find(names).map(|line| line.number)
    }

    /// The pattern that was probably meant to match a host, with its line, and why it does not.
    fn nearest(&self, host: &Domain) -> Option<(u32, &Pattern, String)> {
        let by_depth =
            self.patterns.iter().find_map(|(line, pattern)| Some((*line, pattern, near::depth(pattern, host)?)));
        let idle = || self.patterns.iter().filter(|(_, pattern)| self.is_idle(pattern));
        by_depth.or_else(|| idle().find_map(|(line, pattern)| Some((*line, pattern, near::slip(pattern, host)?))))
    }
}

fn uncovered(context: &Context<'_>, coverage: &Coverage<'_>, found: &mut Findings) {
    let left = coverage.left();
    let all = left.len() == coverage.live.len();
    for host in left {
        let near = coverage.nearest(host);
        let mut seen = format!("No `mx` line matches {host}.");
        if let Some((line, pattern, why)) = &near {
            seen.push_str(&format!(" `mx: {pattern}` in line {line} does not: {why}."));
        }
        if all && coverage.live.len() > 1 {
            seen.push_str(" No other MX host is matched either.");
        }
        let publish = suggest::pattern_for(host).map(|pattern| mx_lines(&[pattern])).unwrap_or_default();
        let step = match coverage.patterns_meant(host) {
            Some(line) => format!("Line {line} is meant to name it, but senders do not read it so: correct that line."),
            None if publish.is_empty() => {
                String::from("A policy cannot name this host: give it a name without an underscore.")
            }
            None => step(context, coverage, host, near.map(|(line, pattern, _)| (line, pattern))),
        };
        found.add(&UNCOVERED, Severity::Error, seen).about(String::from(host.as_str())).step(step).publish(publish);
    }
}

fn step(context: &Context<'_>, coverage: &Coverage<'_>, host: &Domain, near: Option<(u32, &Pattern)>) -> String {
    let add = match near {
        Some((line, pattern)) if coverage.is_idle(pattern) => {
            format!("Put the line in the place of line {line}, then give the `_mta-sts` record a new id.")
        }
        _ => String::from("Add the line to the policy, then give the `_mta-sts` record a new id."),
    };
    if context.intent.mx.is_empty() || context.intent.mx.contains(host) {
        return add;
    }
    format!("This host is not among the declared ones. Delete its MX record; if it is meant: {add}")
}

fn unmatched(context: &Context<'_>, coverage: &Coverage<'_>, found: &mut Findings) {
    // Hosts that some server of the zone names, or that are declared, may well be on their way.
    let told = context.seen.mx.iter().flat_map(|mail| &mail.servers).flat_map(|server| server.answer.data()).flatten();
    let told = told.filter_map(|mx| match &mx.exchange {
        Exchange::Host(host) => Some(host),
        _ => None,
    });
    let hosts: BTreeSet<&Domain> = coverage.live.iter().copied().chain(told).chain(&context.intent.mx).collect();
    let uncovered = coverage.left();
    let mut told: Vec<&Pattern> = Vec::new();
    for (_, pattern) in &coverage.patterns {
        // One that lies a level too high or too low has been told of with the host it was meant for.
        let explained = uncovered.iter().any(|host| near::depth(pattern, host).is_some());
        if explained || told.contains(&pattern) || hosts.iter().any(|host| pattern.matches(host)) {
            continue;
        }
        told.push(pattern);
        let same: Vec<u32> =
            coverage.patterns.iter().filter(|(_, other)| other == pattern).map(|(line, _)| *line).collect();
        found
            .add(&UNMATCHED, Severity::Warning, format!("`mx: {pattern}` matches none of the MX hosts."))
            .about(places(&same))
            .step(format!(
                "Delete {}, unless you are moving to such a host or have moved away from one within the last {}.",
                places(&same),
                crate::check::calendar::length(
                    context.parsed().map_or(0, |policy| u64::from(policy.max_age)).max(86_400)
                )
            ));
    }
}

fn provider(coverage: &Coverage<'_>, found: &mut Findings) {
    let mut told: Vec<Pattern> = Vec::new();
    for host in coverage.live.iter().filter(|host| coverage.covers(host)) {
        let Some(provider) = providers::of(host) else {
            continue;
        };
        let Some(pattern) = provider.pattern(host).filter(|pattern| matches!(pattern, Pattern::Wildcard(_))) else {
            continue;
        };
        if coverage.patterns.iter().any(|(_, other)| *other == pattern) || told.contains(&pattern) {
            continue;
        }
        found
            .add(
                &PROVIDER_PATTERN,
                Severity::Info,
                format!(
                    "{host} belongs to {}, whose hosts are named `{pattern}` \
                (as of {}).",
                    provider.name, provider.as_of
                ),
            )
            .about(String::from(host.as_str()))
            .step(
                "Nothing has to be done while the MX records stay as they are; the provider's line makes the \
                   policy outlive a change of hosts.",
            )
            .publish(mx_lines(core::slice::from_ref(&pattern)));
        told.push(pattern);
    }
}
