//! Which hosts the `mx` lines stand for, as far as the text alone tells: repeated ones, too many, too wide.
use alloc::{format, vec::Vec};

use strictmx_proto::sts::{FindingKind, Pattern, policy::MAX_MX};

use crate::check::{
    Check, Context, Family, Findings, Severity, Side,
    text::{
        lines::{Line, places},
        meant::{self, is_shared, mx_lines},
    },
};

pub(super) static MX_REPEATED: Check = Check {
    id: "sts.policy.mx-repeated",
    family: Family::Policy,
    title: "an `mx` line stands there more than once",
    why: "It does no harm; one of them is perhaps meant to name another host.",
    requirement: "STS-3.2-14",
    side: Side::Policy,
};
pub(super) static MX_TOO_MANY: Check = Check {
    id: "sts.policy.mx-too-many",
    family: Family::Policy,
    title: "there are very many `mx` lines",
    why: "strictmx reads a thousand of them, and other senders have bounds of their own. Mail to the hosts of the \
          rest may be refused.",
    requirement: "STS-3.2-14",
    side: Side::Policy,
};
pub(super) static MX_WILDCARD_BROAD: Check = Check {
    id: "sts.policy.mx-wildcard-broad",
    family: Family::Policy,
    title: "a wildcard covers names of strangers",
    why: "Anybody can have a name and a certificate under it. An attacker who forges the MX answer then receives the \
          mail, which is what MTA-STS is there to prevent.",
    requirement: "STS-10.4-1",
    side: Side::Policy,
};
pub(super) static MX_WILDCARD_OWN: Check = Check {
    id: "sts.policy.mx-wildcard-own",
    family: Family::Policy,
    title: "a wildcard covers every host of your own domain",
    why: "Whoever has a certificate for any host of the domain, a web server for instance, can pose as its mail \
          server.",
    requirement: "STS-10.4-1",
    side: Side::Policy,
};

/// Judges what the patterns cover.
pub(super) fn judge(context: &Context<'_>, lines: &[Line<'_>], found: &mut Findings) {
    let patterns = meant::published(lines);
    repeated(&patterns, found);
    if let Some(Ok(parsed)) = &context.policy
        && parsed.findings.iter().any(|finding| finding.kind == FindingKind::TooManyMx)
    {
        let seen = format!("There are {} `mx` lines, and {MAX_MX} are read.", patterns.len());
        found.add(&MX_TOO_MANY, Severity::Warning, seen).step("Let a wildcard stand for hosts of one name.");
    }
    for (line, pattern) in &patterns {
        wide(context, *line, pattern, found);
    }
}

fn repeated(patterns: &[(u32, Pattern)], found: &mut Findings) {
    let mut sorted: Vec<&(u32, Pattern)> = patterns.iter().collect();
    let key = |entry: &&(u32, Pattern)| (entry.1.name().clone(), matches!(entry.1, Pattern::Wildcard(_)));
    sorted.sort_by_key(key);
    for same in sorted.chunk_by(|one, other| one.1 == other.1) {
        let [(_, pattern), _, ..] = same else {
            continue;
        };
        let numbers: Vec<u32> = same.iter().map(|(line, _)| *line).collect();
        found
            .add(&MX_REPEATED, Severity::Info, format!("`mx: {pattern}` stands there {} times.", same.len()))
            .about(places(&numbers))
            .step("Keep one of them, or correct the name in the others.");
    }
}

fn wide(context: &Context<'_>, line: u32, pattern: &Pattern, found: &mut Findings) {
    let Pattern::Wildcard(base) = pattern else {
        return;
    };
    let hosts = context.live_mx().into_iter().filter(|(_, host)| pattern.matches(host));
    let exact: Vec<Pattern> = hosts.map(|(_, host)| Pattern::Exact(host.clone())).collect();
    if is_shared(base) {
        found
            .add(&MX_WILDCARD_BROAD, Severity::Warning, format!("`{pattern}` stands for names that anybody can have."))
            .about(format!("line {line}"))
            .step("Name your MX hosts instead.")
            .publish(mx_lines(&exact));
    } else if base == context.domain() {
        found
            .add(
                &MX_WILDCARD_OWN,
                Severity::Info,
                format!("`{pattern}` stands for every host right below your domain."),
            )
            .about(format!("line {line}"))
            .step("Name the MX hosts themselves, if they seldom change.")
            .publish(mx_lines(&exact));
    }
}
