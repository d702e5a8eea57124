//! Texts that are not the record: almost it, something else, or the record in another place.
use alloc::{format, string::String};

use strictmx_proto::{
    sts::record::MAX_ID,
    tags::{self, Begin},
};

use super::{
    super::{Check, Context, Family, Findings, Severity, Side, State, observations::RecordSeen, shown::shown},
    line, new_line,
};
use crate::fact::Seen;

pub(super) static VERSION: Check = Check {
    id: "sts.record.version",
    family: Family::Record,
    title: "a record does not begin exactly with v=STSv1;",
    why: "Senders look for records that begin with the eight characters `v=STSv1;`, capitals as here. They pass over any other \
          text, so the domain has no policy for them.",
    requirement: "STS-3.1-5",
    side: Side::Dns,
};

pub(super) static SPF: Check = Check {
    id: "sts.record.spf",
    family: Family::Record,
    title: "an SPF or DMARC record stands at _mta-sts",
    why: "Such a text has no meaning there. As a rule a wildcard TXT record of the zone answers for every name, which hides \
          mistakes and confuses tools.",
    requirement: "STS-3.1-6",
    side: Side::Dns,
};

pub(super) static OTHER_TEXT: Check = Check {
    id: "sts.record.other-text",
    family: Family::Record,
    title: "another TXT record stands at _mta-sts",
    why: "Senders pass over it. It does no harm, but belongs elsewhere.",
    requirement: "STS-3.1-6",
    side: Side::Dns,
};

pub(super) static AT_APEX: Check = Check {
    id: "sts.record.at-apex",
    family: Family::Record,
    title: "the MTA-STS record stands at the domain itself",
    why: "Senders ask for the record at _mta-sts in front of the domain and never see one at the domain itself.",
    requirement: "STS-3.1-1",
    side: Side::Dns,
};

/// Most texts that are looked at.
const MAX_TEXTS: usize = 50;

pub(super) fn judge(context: &Context<'_>, sts: &RecordSeen, found: &mut Findings) {
    let Seen::Found { data, .. } = &sts.txt else {
        return;
    };
    let name = || String::from(sts.name.as_str());
    // Beside a good record it does no harm.
    let severity = if matches!(context.record, Some(Ok(_))) { Severity::Warning } else { Severity::Error };
    for txt in data.iter().filter(|txt| tags::begin(&txt.0, "v=STSv1") == Begin::Other).take(MAX_TEXTS) {
        let text = txt.text();
        let lower = text.trim().to_ascii_lowercase();
        let seen = format!("At {} stands {:?}", sts.name, shown(&text));
        if let Some(why) = near_miss(&text) {
            let step = "Publish the record in exactly this form, and remove the other.";
            let line = id_in(&text).map_or_else(|| new_line(context), |id| line(context, id));
            found.add(&VERSION, severity, format!("{seen}: {why}.")).about(name()).step(step).publish(line);
        } else if lower.starts_with("v=spf1") || lower.starts_with("v=dmarc1") {
            found.add(&SPF, Severity::Warning, format!("{seen}.")).about(name()).step(
                "Look for a wildcard TXT record (`*`) in the zone and replace it by records at the names that need it.",
            );
        } else {
            found.add(&OTHER_TEXT, Severity::Info, format!("{seen}.")).about(name()).step(
                if lower.starts_with("v=tlsrpt") {
                    "This is a TLS reporting record: publish it at _smtp._tls in front of the domain instead."
                } else {
                    "Remove it, if nothing needs it there."
                },
            );
        }
    }
}

/// The record at the domain itself.
pub(super) fn apex(context: &Context<'_>, found: &mut Findings) {
    let Some(Seen::Found { data, .. }) = &context.seen.apex_txt else {
        return;
    };
    let is_record = |text: &str| text.trim().to_ascii_lowercase().starts_with("v=stsv1");
    let Some(text) = data.iter().take(MAX_TEXTS).map(|txt| txt.text()).find(|text| is_record(text)) else {
        return;
    };
    let domain = context.domain();
    let seen = format!("At {domain} stands {:?}", shown(&text));
    if matches!(context.record, Some(Ok(_))) {
        found
            .add(&AT_APEX, Severity::Info, format!("{seen}, and there is one at _mta-sts.{domain} too."))
            .about(String::from(domain.as_str()))
            .step("Remove the one at the domain itself: it has no effect.");
    } else {
        let line = id_in(&text).map_or_else(|| new_line(context), |id| line(context, id));
        // A policy is served, and this was to tell of it.
        let severity = if context.state == State::Broken { Severity::Error } else { Severity::Warning };
        found
            .add(&AT_APEX, severity, format!("{seen}."))
            .about(String::from(domain.as_str()))
            .step("Move the record to the name _mta-sts in front of the domain.")
            .publish(line);
    }
}

/// Why a text that was meant to be the record is none. `None`: it was not meant to be.
fn near_miss(text: &str) -> Option<&'static str> {
    let bare =
        text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '\\' | '“' | '”' | '\u{feff}'));
    let packed: String = bare.chars().take(300).filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase();
    if bare.starts_with("v=STSv1;") && bare.len() < text.len() {
        return Some(if text.starts_with(char::is_whitespace) {
            "a space stands before it"
        } else {
            "quotation marks are part of the text"
        });
    }
    if packed.starts_with("version:stsv1") || packed.starts_with("mode:") {
        return Some("this is the text of the policy, which belongs on the policy host");
    }
    if packed.starts_with("stsv1;") || packed.starts_with("stsv1,") {
        return Some("the v= before STSv1 is missing");
    }
    if !packed.starts_with("v=sts") {
        let version_later = packed.contains(";v=stsv1") || packed.contains(",v=stsv1");
        return (version_later && packed.starts_with("id=")).then_some("v=STSv1 must come first");
    }
    Some(match packed.get(..7) {
        Some("v=stsv1")
            if bare.starts_with("v=STSv1") && packed.get(7..8).is_some_and(|c| c.starts_with(char::is_numeric)) =>
        {
            "there is no such version"
        }
        Some("v=stsv1") if bare.starts_with("v=STSv1") => "no semicolon follows v=STSv1",
        Some("v=stsv1") if bare.to_ascii_lowercase().starts_with("v=stsv1") => "capitals and small letters count",
        Some("v=stsv1") => "there may be no space round the =",
        _ => "the only version is STSv1",
    })
}

/// A good id somewhere in a text that is no good record.
pub(super) fn id_in(text: &str) -> Option<&str> {
    let parts = text.split(|c: char| matches!(c, ';' | ',' | '"' | '\\') || c.is_whitespace());
    let id = parts.filter_map(|part| part.strip_prefix("id=").or_else(|| part.strip_prefix("ID="))).next()?;
    (!id.is_empty() && id.len() <= MAX_ID && id.bytes().all(|octet| octet.is_ascii_alphanumeric())).then_some(id)
}
