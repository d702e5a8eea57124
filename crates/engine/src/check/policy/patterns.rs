//! The values of `mx`: whether each is a pattern (D-6, D-7), and whether there is one at all.
use alloc::{format, string::String, vec::Vec};
use core::net::IpAddr;

use strictmx_proto::{
    name::{Domain, NameError},
    sts::{
        Mode, Pattern,
        mx::{PatternError, PatternNote},
    },
};

use crate::check::{
    Check, Context, Family, Findings, Severity, Side, suggest,
    text::{
        lines::{Key, Line, quoted},
        meant::{self, mx_lines, patterns_meant},
    },
};

pub(super) static NO_MX: Check = Check {
    id: "sts.policy.no-mx",
    family: Family::Policy,
    title: "the policy names no MX host",
    why: "Unless the mode is `none`, a policy without `mx` lines is refused.",
    requirement: "STS-3.2-11",
    side: Side::Policy,
};
pub(super) static NONE_WITHOUT_MX: Check = Check {
    id: "sts.policy.none-without-mx",
    family: Family::Policy,
    title: "`mode: none` without `mx` lines",
    why: "The RFC allows it, but Stalwart refuses the policy and keeps enforcing the one it has: MTA-STS is not \
          switched off there.",
    requirement: "STS-3.2-11",
    side: Side::Policy,
};
pub(super) static MX_SEVERAL: Check = Check {
    id: "sts.policy.mx-several",
    family: Family::Policy,
    title: "several hosts stand in one `mx` line",
    why: "A line holds one name. Senders refuse the line, and many the whole policy.",
    requirement: "STS-3.2-9",
    side: Side::Policy,
};
pub(super) static MX_ADDRESS: Check = Check {
    id: "sts.policy.mx-address",
    family: Family::Policy,
    title: "an IP address stands as `mx`",
    why: "Senders compare the names of the MX records, never addresses. The line matches nothing, and many senders \
          refuse the policy for it.",
    requirement: "D-6",
    side: Side::Policy,
};
pub(super) static MX_WILDCARD_PLACE: Check = Check {
    id: "sts.policy.mx-wildcard-place",
    family: Family::Policy,
    title: "`*` stands where it may not",
    why: "`*` may only be the whole first label, as in `*.example.com`. Anything else matches nothing, and many \
          senders refuse the policy for it.",
    requirement: "D-6",
    side: Side::Policy,
};
pub(super) static MX_SYNTAX: Check = Check {
    id: "sts.policy.mx-syntax",
    family: Family::Policy,
    title: "an `mx` value is no host name",
    why: "The value is a host name, or `*.` and a name. Anything else matches nothing, and many senders refuse the \
          policy for it.",
    requirement: "D-6",
    side: Side::Policy,
};
pub(super) static MX_UNDERSCORE: Check = Check {
    id: "sts.policy.mx-underscore",
    family: Family::Policy,
    title: "an `mx` name has an underscore",
    why: "Host names have none. Some senders accept it, others drop the line or the whole policy; and no public CA \
          issues a certificate for such a name.",
    requirement: "D-6",
    side: Side::Policy,
};
pub(super) static MX_TRAILING_DOT: Check = Check {
    id: "sts.policy.mx-trailing-dot",
    family: Family::Policy,
    title: "an `mx` name ends in a dot",
    why: "In a zone file a name ends in a dot, in a policy it may not. Many senders refuse the policy, others find \
          no match.",
    requirement: "D-7",
    side: Side::Policy,
};
pub(super) static MX_U_LABEL: Check = Check {
    id: "sts.policy.mx-u-label",
    family: Family::Policy,
    title: "an `mx` name is not in its ASCII form",
    why: "Internationalised names are written as A-labels (xn--…). Many senders refuse the policy, others find no \
          match.",
    requirement: "STS-3.2-10",
    side: Side::Policy,
};

/// Judges every `mx` line, and their absence.
pub(super) fn judge(context: &Context<'_>, lines: &[Line<'_>], found: &mut Findings) {
    let values: Vec<(&Line<'_>, &str)> = lines.iter().filter_map(|line| Some((line, line.meant(Key::Mx)?))).collect();
    if values.is_empty() {
        return absent(context, lines, found);
    }
    let usable = lines.iter().filter_map(|line| line.read(Key::Mx)).any(|value| Pattern::parse(value).is_ok());
    for (line, value) in values {
        judge_value(context, line, value, found);
        if is_underscored(value) {
            let severity = if usable { Severity::Warning } else { Severity::Error };
            found
                .add(&MX_UNDERSCORE, severity, format!("The name is {}.", quoted(value)))
                .about(line.place())
                .step("Give the host a name without an underscore, in the MX record, in its certificate and here.");
        }
    }
}

fn absent(context: &Context<'_>, lines: &[Line<'_>], found: &mut Findings) {
    let publish = mx_lines(&suggest::patterns(context));
    if meant::mode(lines) == Some(Mode::None) {
        found
            .add(&NONE_WITHOUT_MX, Severity::Warning, "The mode is `none`, and there is no `mx` line.")
            .step(
                "Keep the `mx` lines of the policy before; they mean nothing in this mode, and every sender \
                   accepts them.",
            )
            .publish(publish);
    } else {
        found
            .add(&NO_MX, Severity::Error, "No line says `mx: …`.")
            .step("Add one line for each host of the domain's MX records.")
            .publish(publish);
    }
}

fn judge_value(context: &Context<'_>, line: &Line<'_>, value: &str, found: &mut Findings) {
    let (check, seen) = match Pattern::parse(value) {
        Ok((pattern, notes)) => return noted(line, (value, &pattern), &notes, found),
        Err(_) if is_underscored(value) => return,
        Err(_) if value.is_empty() => (&MX_SYNTAX, "There is no name in the line.".into()),
        Err(_) if value.contains([',', ';', ' ', '\t']) && patterns_meant(value).len() > 1 => {
            (&MX_SEVERAL, format!("The line names {}.", quoted(value)))
        }
        Err(PatternError::Address) => (&MX_ADDRESS, format!("The line names {}.", quoted(value))),
        Err(PatternError::Wildcard) => (&MX_WILDCARD_PLACE, format!("The pattern is {}.", quoted(value))),
        Err(why) => (&MX_SYNTAX, format!("The value is {}: {why}.", quoted(value))),
    };
    let publish = lines_meant(context, value);
    let step = match check.id {
        _ if publish.is_empty() => "Write the name of an MX host, just as the MX record has it, one in each line.",
        id if id == MX_SEVERAL.id => "Replace the line by these.",
        _ => "Replace the line.",
    };
    found.add(check, Severity::Error, seen).about(line.place()).step(step).publish(publish);
}

fn noted(line: &Line<'_>, (value, pattern): (&str, &Pattern), notes: &[PatternNote], found: &mut Findings) {
    for note in notes {
        let check = match note {
            PatternNote::TrailingDot => &MX_TRAILING_DOT,
            PatternNote::ULabel => &MX_U_LABEL,
            _ => continue,
        };
        found
            .add(check, Severity::Error, format!("The name is {}.", quoted(value)))
            .about(line.place())
            .step("Replace the line.")
            .publish(format!("mx: {pattern}"));
    }
}

/// Whether underscores are all that keeps a value from being a pattern.
fn is_underscored(value: &str) -> bool {
    let name = value.strip_prefix("*.").unwrap_or(value);
    name.contains('_') && Pattern::parse(value).is_err() && Domain::parse_lenient(name).is_ok()
}

/// The `mx` lines that a value stands for, or should; empty when that cannot be told.
pub(super) fn lines_meant(context: &Context<'_>, value: &str) -> String {
    if let Err(PatternError::Address | PatternError::Name(NameError::Address)) = Pattern::parse(value) {
        let inner = value.trim_matches(['[', ']']);
        let owner = inner.parse::<IpAddr>().ok().and_then(|address| owner(context, address));
        return owner.map(|host| format!("mx: {host}")).unwrap_or_default();
    }
    mx_lines(&patterns_meant(value))
}

/// The MX host that has this address.
fn owner<'a>(context: &Context<'a>, address: IpAddr) -> Option<&'a Domain> {
    let has = |host: &&alloc::sync::Arc<crate::check::observations::HostSeen>| {
        host.addresses.as_ref().is_some_and(|seen| match &address {
            IpAddr::V4(v4) => seen.a.data().is_some_and(|data| data.contains(v4)),
            IpAddr::V6(v6) => seen.aaaa.data().is_some_and(|data| data.contains(v6)),
        })
    };
    context.seen.hosts.iter().find(has).map(|host| &host.name)
}
