//! Each address of the record (TLSRPT-3-3, TLSRPT-3-14).
use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use strictmx_proto::tlsrpt::{Record, Rua, RuaError};

use super::{
    super::{Check, Context, Family, Findings, Severity, Side, observations::RecordSeen, shown::shown},
    name_of, own_line,
};

pub(super) static SCHEME: Check = Check {
    id: "tlsrpt.scheme",
    family: Family::Tlsrpt,
    title: "a report address is neither mailto: nor https:",
    why: "Only these two are known. Senders pass over any other address, and a plain mail address without mailto: is one of those.",
    requirement: "TLSRPT-3-3",
    side: Side::Dns,
};

pub(super) static ADDRESS: Check = Check {
    id: "tlsrpt.address",
    family: Family::Tlsrpt,
    title: "a report address is not well-formed",
    why: "Senders cannot send to it, and some take the whole record for none.",
    requirement: "TLSRPT-3-3",
    side: Side::Dns,
};

pub(super) static UNESCAPED: Check = Check {
    id: "tlsrpt.unescaped",
    family: Family::Tlsrpt,
    title: "a report address holds an exclamation mark as it is",
    why: "In these addresses a comma, an exclamation mark and a semicolon must be written as %2C, %21 and %3B. There is no size limit \
          behind an exclamation mark as in DMARC.",
    requirement: "TLSRPT-3-14",
    side: Side::Dns,
};

pub(super) static REPEATED: Check = Check {
    id: "tlsrpt.repeated-address",
    family: Family::Tlsrpt,
    title: "a report address stands twice in the record",
    why: "Some senders send each report once to each place in the list, so that reports come twice.",
    requirement: "TLSRPT-3-18",
    side: Side::Dns,
};

pub(super) static MANY: Check = Check {
    id: "tlsrpt.many-addresses",
    family: Family::Tlsrpt,
    title: "the record names more than two report addresses",
    why: "A sender may use one of them only, and some read no more than the first or the first two.",
    requirement: "TLSRPT-3-18",
    side: Side::Dns,
};

pub(super) static INTENDED: Check = Check {
    id: "tlsrpt.rua-missing",
    family: Family::Tlsrpt,
    title: "the intended report address is not in the record",
    why: "The configuration says where reports are to be collected, and senders are not told of that place.",
    requirement: "TLSRPT-3-3",
    side: Side::Dns,
};

pub(super) fn judge(context: &Context<'_>, record: &RecordSeen, list: &str, found: &mut Findings) {
    let entries: Vec<&str> =
        list.split(',').map(|one| one.trim_matches([' ', '\t'])).filter(|one| !one.is_empty()).collect();
    let good: Vec<Rua> = entries.iter().filter_map(|one| Rua::parse(one).ok()).collect();
    let severity = if good.is_empty() { Severity::Error } else { Severity::Warning };
    for entry in &entries {
        match Rua::parse(entry) {
            Err(error) => {
                let (check, words, step, mended) = bad(entry, &error);
                let draft = found.add(check, severity, words).about(name_of(record)).step(step);
                if let Some(mended) = mended {
                    draft.publish(own_line(context, &with(&entries, entry, mended)));
                }
            }
            Ok(_) if entry.contains('!') => {
                found
                    .add(
                        &UNESCAPED,
                        Severity::Warning,
                        format!("The address {} holds an exclamation mark.", shown(entry)),
                    )
                    .about(name_of(record))
                    .step("Write it as %21.");
            }
            Ok(_) => {}
        }
    }
    if let Some(twice) =
        good.iter().enumerate().find(|(index, rua)| good.iter().take(*index).any(|other| other == *rua))
    {
        found
            .add(
                &REPEATED,
                Severity::Info,
                format!("The address {} stands more than once.", shown(&twice.1.to_string())),
            )
            .about(name_of(record))
            .step("Keep one of them.");
    }
    if entries.len() > 2 {
        found
            .add(&MANY, Severity::Info, format!("{} addresses stand in the record.", entries.len()))
            .about(name_of(record))
            .step("One address, or one mailbox and one https address, is enough; whoever reads the reports can pass them on.");
    }
    intended(context, record, &good, found);
}

/// TLSRPT of a domain whose reports are collected by us.
fn intended(context: &Context<'_>, record: &RecordSeen, good: &[Rua], found: &mut Findings) {
    let Some(rua) = &context.intent.rua else {
        return;
    };
    let same = |one: &Rua| Rua::parse(rua).map_or_else(|_| one.to_string() == *rua, |wanted| wanted == *one);
    if !good.iter().any(same) {
        let there: Vec<String> = good.iter().map(|one| shown(&one.to_string())).collect();
        let there = if there.is_empty() { "no usable address".to_string() } else { there.join(", ") };
        found
            .add(&INTENDED, Severity::Error, format!("The record names {there}, not {rua}."))
            .about(name_of(record))
            .step("Publish the record below.")
            .publish(own_line(context, &super::record_text(context)));
    }
}

/// The record with one address mended and the other bad ones left out.
fn with(entries: &[&str], bad: &str, mended: Rua) -> String {
    let one = |entry: &&str| if *entry == bad { Some(mended.clone()) } else { Rua::parse(entry).ok() };
    Record { rua: entries.iter().filter_map(one).collect(), skipped: Vec::new() }.emit()
}

/// The check, what was seen, what to do, and the address that was meant.
fn bad(entry: &str, error: &RuaError) -> (&'static Check, String, &'static str, Option<Rua>) {
    let seen = format!("The address {:?} cannot be used: {error}.", shown(entry));
    let check = if *error == RuaError::Scheme { &SCHEME } else { &ADDRESS };
    let (step, mended) = match error {
        RuaError::Scheme if entry.to_ascii_lowercase().starts_with("http:") => (
            "Reports go to https: only. Serve the endpoint with TLS.",
            entry.get(5..).map(|rest| format!("https:{rest}")),
        ),
        RuaError::Scheme if entry.contains('@') => {
            ("Write mailto: before a mail address.", Some(format!("mailto:{entry}")))
        }
        RuaError::Scheme => (
            "Write mailto: or https: before it. A comma inside an address must be written as %2C, since a bare one ends it.",
            None,
        ),
        _ if entry.contains('!') => (
            "Take away what begins at the exclamation mark: that is a size limit of DMARC, and TLSRPT has none.",
            entry.split_once('!').map(|(head, _)| String::from(head)),
        ),
        _ => (
            "Write a plain address, such as mailto:tls-reports@example.com or https://reports.example.com/v1/tlsrpt.",
            None,
        ),
    };
    (check, seen, step, mended.and_then(|text| Rua::parse(&text).ok()))
}
