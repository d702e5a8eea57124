//! What the record says, field by field (TLSRPT-3-2, TLSRPT-3-3, TLSRPT-3-15, TLSRPT-3-16, TLSRPT-3-20).
use alloc::{borrow::Cow, format, string::String, vec::Vec};

use strictmx_proto::{
    tags::{self, Begin},
    tlsrpt::{NoRecord, Record, RecordError, Rua},
};

use super::{
    super::{
        Check, Context, Family, Findings, Severity, Side,
        observations::RecordSeen,
        shown::{shown, shown_bytes},
    },
    VERSION, addresses, answer, name_of, own_line, places, record_text, texts,
};
use crate::fact::Txt;

pub(super) static MANY: Check = Check {
    id: "tlsrpt.many",
    family: Family::Tlsrpt,
    title: "more than one TLSRPT record",
    why: "With two records a sender must behave as if there were none, and sends no report.",
    requirement: "TLSRPT-3-16",
    side: Side::Dns,
};

pub(super) static VERSION_NEARLY: Check = Check {
    id: "tlsrpt.version",
    family: Family::Tlsrpt,
    title: "a TXT record nearly begins as a TLSRPT record",
    why: "A record counts only when it begins with exactly v=TLSRPTv1; in these letters. One that does not is passed over in silence.",
    requirement: "TLSRPT-3-2",
    side: Side::Dns,
};

pub(super) static OTHER_TEXT: Check = Check {
    id: "tlsrpt.other-text",
    family: Family::Tlsrpt,
    title: "other TXT records stand at _smtp._tls",
    why: "Senders pass them over. They often come from a wildcard record that was meant for something else.",
    requirement: "TLSRPT-3-15",
    side: Side::Dns,
};

pub(super) static NO_RUA: Check = Check {
    id: "tlsrpt.no-rua",
    family: Family::Tlsrpt,
    title: "the TLSRPT record names no address",
    why: "Without a rua field there is nowhere to send reports, and the record is not valid.",
    requirement: "TLSRPT-3-3",
    side: Side::Dns,
};

pub(super) static EMPTY_ENTRY: Check = Check {
    id: "tlsrpt.empty-entry",
    family: Family::Tlsrpt,
    title: "the list of report addresses has an empty place",
    why: "Two commas in a row, or one at an end of the list, break the grammar, and many senders then take the record for none.",
    requirement: "TLSRPT-3-3",
    side: Side::Dns,
};

pub(super) static MALFORMED: Check = Check {
    id: "tlsrpt.malformed",
    family: Family::Tlsrpt,
    title: "the TLSRPT record breaks the grammar",
    why: "A field is a name, an equals sign and a value, without spaces round the sign, and with one semicolon between fields. A \
          record that breaks this is taken for none.",
    requirement: "TLSRPT-A7",
    side: Side::Dns,
};

pub(super) static SPACE_BEFORE_SEMICOLON: Check = Check {
    id: "tlsrpt.space-before-semicolon",
    family: Family::Tlsrpt,
    title: "a space stands before the first semicolon",
    why: "The grammar of the RFC allows it, its prose does not: some senders look for v=TLSRPTv1; letter by letter and pass this \
          record over.",
    requirement: "TLSRPT-A9",
    side: Side::Dns,
};

pub(super) static REPEATED_FIELD: Check = Check {
    id: "tlsrpt.repeated-field",
    family: Family::Tlsrpt,
    title: "a field of the TLSRPT record is repeated",
    why: "Senders take the first, the last, or none. Several addresses belong into one rua field, with commas between them.",
    requirement: "TLSRPT-A7",
    side: Side::Dns,
};

pub(super) static UNKNOWN_FIELD: Check = Check {
    id: "tlsrpt.unknown-field",
    family: Family::Tlsrpt,
    title: "the TLSRPT record has an unknown field",
    why: "Senders pass over fields that they do not know. It is often a field of a DMARC record, which means nothing here.",
    requirement: "TLSRPT-3-20",
    side: Side::Dns,
};

pub(super) fn judge(context: &Context<'_>, record: &RecordSeen, found: &mut Findings) {
    let data = texts(&record.txt);
    others(context, record, data, found);
    match Record::select(data) {
        Ok(_) => {}
        Err(NoRecord::None) => {
            let explained =
                [&VERSION_NEARLY, &places::AT_APEX, &places::MISPLACED].into_iter().any(|check| found.has(check));
            if !explained {
                answer::absent(context, record, found);
            }
            return;
        }
        Err(NoRecord::Many(count)) => {
            let seen = format!("{count} records at {} begin with {VERSION};.", record.name);
            found
                .add(&MANY, Severity::Error, seen)
                .about(name_of(record))
                .step("Keep one record and take the others out; several addresses go into one record, with commas between them.")
                .publish(own_line(context, &merged(context, data)));
            return;
        }
        Err(NoRecord::Invalid(error)) => invalid(context, record, &error, found),
    }
    if let Ok(txt) = tags::only_one(data, VERSION) {
        fields(context, record, txt, found);
    }
}

/// One record with the addresses of all.
fn merged(context: &Context<'_>, data: &[Txt]) -> String {
    let mut all: Vec<_> = Vec::new();
    for rua in data.iter().filter_map(|txt| Record::parse(&txt.0)?.ok()).flat_map(|record| record.rua) {
        if !all.contains(&rua) {
            all.push(rua);
        }
    }
    if all.is_empty() { record_text(context) } else { Record { rua: all, skipped: Vec::new() }.emit() }
}

fn invalid(context: &Context<'_>, record: &RecordSeen, error: &RecordError, found: &mut Findings) {
    let (check, step) = match error {
        // Each address is told by itself.
        RecordError::NoUsableRua(_) => return,
        RecordError::MissingRua => (&NO_RUA, "Add a rua field with the address that reports are to go to."),
        RecordError::EmptyRua => {
            (&EMPTY_ENTRY, "Write the addresses with one comma between two of them, and none at the ends.")
        }
        _ => (&MALFORMED, "Write the record anew, in the form below."),
    };
    found
        .add(check, Severity::Error, format!("At {}: {error}.", record.name))
        .about(name_of(record))
        .step(step)
        .publish(own_line(context, &meant(texts(&record.txt)).unwrap_or_else(|| record_text(context))));
}

/// A good record with the addresses of a bad one, as far as they can be told.
fn meant(data: &[Txt]) -> Option<String> {
    let text = String::from_utf8_lossy(tags::only_one(data, VERSION).ok()?);
    let (_, list) = text.split_once("rua")?.1.trim_start().split_once('=')?;
    let list = list.split(';').next().unwrap_or_default();
    let rua: Vec<Rua> = list.split(',').filter_map(|one| Rua::parse(one.trim()).ok()).collect();
    (!rua.is_empty()).then(|| Record { rua, skipped: Vec::new() }.emit())
}

/// TXT records that do not count.
fn others(context: &Context<'_>, record: &RecordSeen, data: &[Txt], found: &mut Findings) {
    let mut rest: Vec<String> = Vec::new();
    for txt in data.iter().filter(|txt| tags::begin(&txt.0, VERSION) == Begin::Other) {
        let text = txt.text();
        if is_nearly(&text) {
            let draft = found
                .add(&VERSION_NEARLY, Severity::Error, format!("{} holds {:?}.", record.name, shown(&text)))
                .about(name_of(record))
                .step("Write the beginning exactly as v=TLSRPTv1; with nothing before it.");
            draft.publish(own_line(context, &mended(&text).unwrap_or_else(|| record_text(context))));
        } else {
            rest.push(format!("{:?}", shown_bytes(&txt.0)));
        }
    }
    if !rest.is_empty() {
        let more = rest.len().saturating_sub(3);
        rest.truncate(3);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        found
            .add(&OTHER_TEXT, Severity::Info, format!("{} also holds {}{more}.", record.name, rest.join(", ")))
            .about(name_of(record))
            .step("If they come from a wildcard TXT record, give this name its own record and mind what else the wildcard answers for.");
    }
}

/// Meant as a TLSRPT record, and not begun as one.
fn is_nearly(text: &str) -> bool {
    let head: String = text.chars().take(64).filter(|c| !c.is_whitespace()).collect();
    let head = head.to_ascii_lowercase();
    head.contains("v=tlsrpt") || head.starts_with("tlsrpt") || head.starts_with("v=tls-rpt") || head.starts_with("rua=")
}

/// The same with a right beginning, when that makes it a good record.
fn mended(text: &str) -> Option<String> {
    let rest = text.split_once(';').map_or(text, |(_, rest)| rest);
    let rest = if rest.trim_start().starts_with("rua=") { rest } else { text };
    let whole = format!("{VERSION}; {}", rest.trim().trim_matches('"'));
    Some(Record::parse(whole.as_bytes())?.ok()?.emit())
}

/// The fields of the one record, whether or not it is valid.
fn fields(context: &Context<'_>, record: &RecordSeen, txt: &[u8], found: &mut Findings) {
    let text = String::from_utf8_lossy(txt);
    if !text.get(VERSION.len()..).is_none_or(|rest| rest.is_empty() || rest.starts_with(';')) {
        found
            .add(&SPACE_BEFORE_SEMICOLON, Severity::Warning, format!("{} holds {:?}.", record.name, shown(&text)))
            .about(name_of(record))
            .step("Take the space out.")
            .publish(own_line(context, &record_text(context)));
    }
    let Begin::Fields(fields) = tags::begin(txt, VERSION) else {
        return;
    };
    let mut names: Vec<&str> = Vec::new();
    let mut rua: Option<&str> = None;
    for field in fields.flatten() {
        let about = Cow::<'static, str>::Owned(name_of(record));
        if names.contains(&field.name) {
            found
                .add(&REPEATED_FIELD, Severity::Warning, format!("The field {} stands more than once.", field.name))
                .about(about)
                .step("Keep one; several addresses go into one rua field, with commas between them.");
            continue;
        }
        names.push(field.name);
        if field.name == "rua" {
            rua = Some(field.value);
        } else {
            found
                .add(&UNKNOWN_FIELD, Severity::Info, format!("The field {} is unknown here.", shown(field.name)))
                .about(about)
                .step("Take it out, unless you know what it is for.");
        }
    }
    if let Some(rua) = rua {
        addresses::judge(context, record, rua, found);
    }
}
