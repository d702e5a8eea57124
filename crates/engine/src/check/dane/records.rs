//! The TLSA records as such: whether senders can use them, and whether a key can be changed without losing mail.
use alloc::{format, string::String, vec::Vec};

use strictmx_proto::dane::Tlsa;

use super::{
    super::{Check, Family, Findings, Severity, Side, calendar},
    Guard, fit, line, lines_for,
};

pub(in crate::check) static UNUSABLE: Check = Check {
    id: "dane.tlsa-unusable",
    family: Family::Dane,
    title: "a TLSA record cannot be used for mail",
    why: "For SMTP only the usages 2 and 3 count, with selector 0 or 1, matching type 0 to 2 and data of the right length. Senders \
          ignore others, but their presence still makes TLS a must.",
    requirement: "DANE-3.1.3-1",
    side: Side::MxProvider,
};

pub(in crate::check) static NONE_USABLE: Check = Check {
    id: "dane.tlsa-none-usable",
    family: Family::Dane,
    title: "no TLSA record of an MX host can be used",
    why: "Senders that use DANE then demand TLS and cannot verify it: neither the host nor the mail is protected from somebody on \
          the way, and a host without STARTTLS loses mail.",
    requirement: "DANE-2.2-2",
    side: Side::MxProvider,
};

pub(in crate::check) static OF_NOTHING: Check = Check {
    id: "dane.tlsa-of-nothing",
    family: Family::Dane,
    title: "a TLSA record holds the digest of nothing",
    why: "The digest is that of an empty input (e3b0c442… or cf83e135…): the script that made it found no certificate. No key can \
          ever fit it, so senders that use DANE refuse the host unless another record fits.",
    requirement: "DANE-3.1.1-1",
    side: Side::MxProvider,
};

pub(in crate::check) static ALONE: Check = Check {
    id: "dane.tlsa-alone",
    family: Family::Dane,
    title: "an MX host has one TLSA record and none for its next key",
    why: "When the key changes, the new record must have been there for some time. A host with a second record, for the next key or \
          for its authority, can change keys without losing mail.",
    requirement: "DANE-4-1",
    side: Side::MxProvider,
};

pub(super) fn judge(guard: &Guard<'_>, found: &mut Findings) {
    for record in guard.records {
        if is_of_nothing(record) {
            found
                .add(&OF_NOTHING, Severity::Error, format!("{} holds {record}.", guard.owner))
                .about(guard.name())
                .step("Replace it by the record of the key that the host shows, and have the script that makes it fail loudly.")
                .publish(lines_for(guard.host, guard.owner));
        } else if let Err(why) = record.usable() {
            found
                .add(&UNUSABLE, Severity::Warning, format!("{}: {why} ({}).", guard.owner, short(record)))
                .about(guard.name())
                .step("Take it out, or replace it by a record `3 1 1` of the host's key.")
                .publish(lines_for(guard.host, guard.owner));
        }
    }
    if guard.records.iter().all(|record| record.usable().is_err()) {
        found
            .add(
                &NONE_USABLE,
                Severity::Warning,
                match guard.records.len() {
                    1 => format!("The one record at {} cannot be used.", guard.owner),
                    many => format!("Not one of {many} records at {} can be used.", guard.owner),
                },
            )
            .about(guard.name())
            .step("Publish the record of the host's key beside them, then take the others out.")
            .publish(lines_for(guard.host, guard.owner));
    }
    alone(guard, found);
}

/// The digest of an empty input, whatever the usage.
fn is_of_nothing(record: &Tlsa) -> bool {
    matches!(record.matching, 1 | 2) && Tlsa { usage: 3, selector: 0, ..record.clone() }.matches(&[], &[])
}

fn short(record: &Tlsa) -> String {
    let mut text = format!("{record}");
    if text.len() > 40 {
        // Digits and spaces alone, so every place is between two characters.
        text.truncate(40);
        text.push('…');
    }
    text
}

/// One record that fits. That matters most when a renewal is near, which often changes the key.
fn alone(guard: &Guard<'_>, found: &mut Findings) {
    let effective = Tlsa::effective(guard.records);
    let ([record], Some(made)) = (effective.as_slice(), guard.shown().next()) else {
        return;
    };
    if record.usage != 3 || fit::of(guard, made) != fit::Fit::Fits {
        return;
    }
    let (now, days) = (guard.context.seen.at, u64::from(guard.context.intent.certificate_days));
    let near = made.chain.first().is_some_and(|leaf| leaf.shown.not_after < now.plus(days * calendar::DAY));
    let (severity, more) = if near {
        (Severity::Warning, ", and the certificate is to be renewed within days")
    } else {
        (Severity::Info, "")
    };
    let issuer: Vec<String> = made
        .chain
        .get(1)
        .filter(|issuer| !issuer.spki.0.is_empty())
        .map(|issuer| line(guard.owner, &Tlsa::of_key(2, &issuer.spki.0)))
        .into_iter()
        .collect();
    found
        .add(&ALONE, severity, format!("{} has one usable record{more}.", guard.owner))
        .about(guard.name())
        .step(
            "Before the key changes, publish the record of the next key beside it and wait until the TTL has run out twice. Or keep \
             the key when renewing. Or publish the record of the issuing authority's key too, as below.",
        )
        .publish(issuer.join("\n"));
}
