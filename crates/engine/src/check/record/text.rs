//! What the record says: RFC 8461 §3.1, its grammar and its fields.
use alloc::{format, string::String, vec::Vec};

use strictmx_proto::{
    sts::{NoRecord, RecordError, record::MAX_ID},
    tags::{self, Begin, Field},
};

use super::{
    super::{Check, Context, Family, Findings, Severity, Side, observations::RecordSeen, shown::shown},
    line, nearly, new_line,
};
use crate::fact::{Seen, Txt};

pub(super) static MANY: Check = Check {
    id: "sts.record.many",
    family: Family::Record,
    title: "more than one MTA-STS record",
    why: "With two records a sender cannot know which id counts, so it must act as if there were no policy, even if both are equal.",
    requirement: "STS-3.1-7",
    side: Side::Dns,
};

pub(super) static NO_ID: Check = Check {
    id: "sts.record.no-id",
    family: Family::Record,
    title: "the record has no id",
    why: "The id tells senders when to fetch the policy again. A record without it is not valid, and senders act as if there were none.",
    requirement: "STS-3.1-2",
    side: Side::Dns,
};

pub(super) static BAD_ID: Check = Check {
    id: "sts.record.bad-id",
    family: Family::Record,
    title: "the id is not 1 to 32 letters and digits",
    why: "An id with any other character, or a longer one, makes the record invalid, and senders act as if there were none.",
    requirement: "STS-3.1-8",
    side: Side::Dns,
};

pub(super) static MALFORMED: Check = Check {
    id: "sts.record.malformed",
    family: Family::Record,
    title: "the record breaks the form of name=value fields",
    why: "A record is a list of name=value fields with one semicolon between them and no space inside. One that is written in \
          another way is not valid, and senders act as if there were none.",
    requirement: "STS-3.1-8",
    side: Side::Dns,
};

pub(super) static REPEATED_FIELD: Check = Check {
    id: "sts.record.repeated-field",
    family: Family::Record,
    title: "a field of the record is repeated",
    why: "The first one counts, but not for all: some senders refuse a record with two ids.",
    requirement: "STS-3.2-13",
    side: Side::Dns,
};

pub(super) static UNKNOWN_FIELD: Check = Check {
    id: "sts.record.unknown-field",
    family: Family::Record,
    title: "the record has a field nobody knows",
    why: "Only v and id have a meaning; senders ignore the rest. It may be a slip of the pen.",
    requirement: "STS-3.2-12",
    side: Side::Dns,
};

pub(super) static SPACE_BEFORE_SEMICOLON: Check = Check {
    id: "sts.record.space-before-semicolon",
    family: Family::Record,
    title: "white space between v=STSv1 and its semicolon",
    why: "The grammar of RFC 8461 allows it, its prose does not: a sender may look for exactly `v=STSv1;` and see no record.",
    requirement: "E-2",
    side: Side::Dns,
};

/// The version with its tag, as every record must begin.
const VERSION: &str = "v=STSv1";

pub(super) fn judge(context: &Context<'_>, sts: &RecordSeen, found: &mut Findings) {
    let Seen::Found { data, .. } = &sts.txt else {
        return;
    };
    let name = || String::from(sts.name.as_str());
    match &context.record {
        Some(Err(NoRecord::Many(count))) => {
            let keep = "Keep one of them and remove the others. If a hosting provider publishes one by CNAME, remove your own.";
            let seen = format!("{count} records begin with v=STSv1: {}.", quoted(data));
            found.add(&MANY, Severity::Error, seen).about(name()).step(keep).publish(new_line(context));
        }
        Some(Err(NoRecord::Invalid(error))) => {
            let Ok(text) = tags::only_one(data, VERSION) else { return };
            invalid(context, sts, (error, &String::from_utf8_lossy(text)), found);
        }
        Some(Ok(record)) => {
            let Ok(text) = tags::only_one(data, VERSION) else { return };
            let line = line(context, &record.id);
            if !text.starts_with(b"v=STSv1;") {
                let seen = format!("The record is {:?}.", shown(&String::from_utf8_lossy(text)));
                found
                    .add(&SPACE_BEFORE_SEMICOLON, Severity::Warning, seen)
                    .about(name())
                    .step("Take out the space before the first semicolon; the id may stay.")
                    .publish(line.clone());
            }
            fields(sts, text, &line, found);
        }
        _ => {}
    }
}

fn invalid(context: &Context<'_>, sts: &RecordSeen, (error, text): (&RecordError, &str), found: &mut Findings) {
    let short = shown(text);
    let (check, seen, step, line) = match error {
        RecordError::MissingId => (
            &NO_ID,
            format!("The record is {short:?}, without an id field."),
            "Publish the record with an id; any letters and digits will do, as long as they change with the policy.",
            new_line(context),
        ),
        RecordError::BadId => {
            let id = tags::begin(text.as_bytes(), VERSION);
            let id = if let Begin::Fields(mut fields) = id { first_id(&mut fields) } else { None }.unwrap_or_default();
            (
                &BAD_ID,
                format!("The id is {:?}: {}.", shown(id), why_bad(id)),
                "Publish the record with an id of 1 to 32 letters and digits.",
                cleaned(id).map_or_else(|| new_line(context), |id| line(context, &id)),
            )
        }
        RecordError::TooLong => (
            &MALFORMED,
            format!("The record has {} octets, and 4096 are read.", text.len()),
            "Publish the record with its two fields alone.",
            new_line(context),
        ),
        _ => (
            &MALFORMED,
            format!("The record is {short:?}: {error}."),
            "Publish the record in its plain form: one semicolon between the fields, no space round the =.",
            nearly::id_in(text).map_or_else(|| new_line(context), |id| line(context, id)),
        ),
    };
    found.add(check, Severity::Error, seen).about(String::from(sts.name.as_str())).step(step).publish(line);
}

/// Fields of a valid record that are too many.
fn fields(sts: &RecordSeen, text: &[u8], line: &str, found: &mut Findings) {
    let Begin::Fields(all) = tags::begin(text, VERSION) else {
        return;
    };
    let mut seen: Vec<&str> = Vec::from(["v"]);
    for Field { name, value } in all.filter_map(Result::ok) {
        let about = String::from(sts.name.as_str());
        let shown = shown(&format!("{name}={value}"));
        if seen.contains(&name) {
            found
                .add(&REPEATED_FIELD, Severity::Warning, format!("The field {shown:?} is the second of its name."))
                .about(about)
                .step("Keep each field once.")
                .publish(String::from(line));
        } else if name != "id" {
            // RFC 8461 §3.1 bars `=` in a value, which some readers take at its word.
            let (severity, more) = if value.contains('=') {
                (Severity::Warning, ", with an = in its value")
            } else {
                (Severity::Info, "")
            };
            found
                .add(&UNKNOWN_FIELD, severity, format!("The record has the field {shown:?}{more}."))
                .about(about)
                .step("If you do not need it, take it out.")
                .publish(String::from(line));
        }
        seen.push(name);
    }
}

fn first_id<'a>(fields: &mut tags::Fields<'a>) -> Option<&'a str> {
    fields.filter_map(Result::ok).find(|field| field.name == "id").map(|field| field.value)
}

fn why_bad(id: &str) -> String {
    match id.chars().find(|c| !c.is_ascii_alphanumeric()) {
        Some(c) => format!("{:?} is neither letter nor digit", if c.is_control() { '\u{fffd}' } else { c }),
        None => format!("it has {} characters, and 32 are allowed", id.len()),
    }
}

/// The id without what may not stand in it.
fn cleaned(id: &str) -> Option<String> {
    let id: String = id.chars().filter(char::is_ascii_alphanumeric).take(MAX_ID).collect();
    (!id.is_empty()).then_some(id)
}

fn quoted(data: &[Txt]) -> String {
    let ours = data.iter().filter(|txt| tags::begin(&txt.0, VERSION) != Begin::Other);
    let texts: Vec<String> = ours.take(5).map(|txt| format!("{:?}", shown(&txt.text()))).collect();
    texts.join(", ")
}
