//! What stands before the colon, and lines that have none.
use alloc::{format, string::String, vec::Vec};

use super::patterns;
use crate::check::{
    Check, Context, Family, Findings, Severity, Side,
    text::{
        lines::{Content, End, Key, Line, Slip, places, quoted},
        meant,
    },
};

pub(super) static BLANK_LINE: Check = Check {
    id: "sts.policy.blank-line",
    family: Family::Policy,
    title: "there is a blank line",
    why: "The grammar has no blank lines. mox and postfix-tlspol refuse the whole policy for one, be it at the end, \
          and then treat your domain as unprotected.",
    requirement: "D-1",
    side: Side::Policy,
};
pub(super) static COMMENT: Check = Check {
    id: "sts.policy.comment",
    family: Family::Policy,
    title: "there is a comment",
    why: "A policy knows no comments. Many senders refuse the whole policy for a line that is not `name: value`.",
    requirement: "D-2",
    side: Side::Policy,
};
pub(super) static MALFORMED_LINE: Check = Check {
    id: "sts.policy.malformed-line",
    family: Family::Policy,
    title: "a line is not of the form `name: value`",
    why: "Some senders skip such a line, many refuse the whole policy for it.",
    requirement: "D-2",
    side: Side::Policy,
};
pub(super) static SPACE_BEFORE_KEY: Check = Check {
    id: "sts.policy.space-before-key",
    family: Family::Policy,
    title: "a line begins with white space",
    why: "Nothing may stand before the key. Many senders do not see the field, and refuse the policy.",
    requirement: "D-2",
    side: Side::Policy,
};
pub(super) static SPACE_BEFORE_COLON: Check = Check {
    id: "sts.policy.space-before-colon",
    family: Family::Policy,
    title: "white space stands before a colon",
    why: "The colon must follow the key at once. Many senders do not see the field, and refuse the policy.",
    requirement: "D-2",
    side: Side::Policy,
};
pub(super) static KEY_CASE: Check = Check {
    id: "sts.policy.key-case",
    family: Family::Policy,
    title: "a key has capital letters",
    why: "Keys are compared letter by letter. To senders this is an unknown field, and the one that is meant is \
          missing.",
    requirement: "STS-3.2-12",
    side: Side::Policy,
};
pub(super) static NEAR_MISS_KEY: Check = Check {
    id: "sts.policy.near-miss-key",
    family: Family::Policy,
    title: "a key is misspelled",
    why: "Senders ignore fields they do not know, so that the one that is meant is missing without a word of \
          warning: a host of a misspelled `mx` line gets no mail under `enforce`.",
    requirement: "STS-3.2-12",
    side: Side::Policy,
};
pub(super) static UNKNOWN_KEY: Check = Check {
    id: "sts.policy.unknown-key",
    family: Family::Policy,
    title: "there is a field that nobody knows",
    why: "Senders have to ignore fields they do not know, so it does no harm, and no good.",
    requirement: "STS-3.2-12",
    side: Side::Policy,
};
pub(super) static REPEATED_KEY: Check = Check {
    id: "sts.policy.repeated-key",
    family: Family::Policy,
    title: "a field stands there more than once",
    why: "The RFC says that the first one counts. Stalwart and postfix-mta-sts-resolver take the last one, KumoMTA \
          refuses the policy.",
    requirement: "STS-3.2-13",
    side: Side::Policy,
};

/// Judges every line's form.
pub(super) fn judge(context: &Context<'_>, lines: &[Line<'_>], found: &mut Findings) {
    blank_lines(lines, found);
    for line in lines {
        match line.content {
            Content::Field { key, name, slip: Some(slip), .. } => slipped(context, line, (key, name, slip), found),
            Content::Comment => {
                found
                    .add(&COMMENT, Severity::Error, format!("The line is {}.", quoted(line.text)))
                    .about(line.place())
                    .step("Delete the line.");
            }
            Content::Malformed => {
                found
                    .add(&MALFORMED_LINE, Severity::Error, format!("The line is {}.", quoted(line.text)))
                    .about(line.place())
                    .step(
                        "Delete the line, or write it as `name: value`, the name of at most 32 letters, digits, \
                           `_`, `-` and `.`.",
                    );
            }
            Content::Unknown { name } => {
                found
                    .add(&UNKNOWN_KEY, Severity::Info, format!("The field is {}.", quoted(name)))
                    .about(line.place())
                    .step("Delete the line unless you know who reads it.");
            }
            Content::Field { slip: None, .. } | Content::Blank => {}
        }
    }
    for key in [Key::Version, Key::Mode, Key::MaxAge] {
        repeated(key, lines, found);
    }
}

fn blank_lines(lines: &[Line<'_>], found: &mut Findings) {
    // With bare carriage returns the lines are not what they seem.
    if lines.iter().any(|line| line.end == End::Cr) {
        return;
    }
    let blank: Vec<u32> = lines.iter().filter(|line| line.content == Content::Blank).map(|line| line.number).collect();
    if !blank.is_empty() {
        let seen = if blank.len() == 1 { "There is nothing in the line." } else { "There is nothing in these lines." };
        let delete = format!("Delete {}: mox and postfix-tlspol refuse the policy for it.", places(&blank));
        found.add(&BLANK_LINE, Severity::Error, seen).about(places(&blank)).step(delete);
    }
}

fn slipped(context: &Context<'_>, line: &Line<'_>, (key, name, slip): (Key, &str, Slip), found: &mut Findings) {
    let wanted = key.as_str();
    let (check, seen) = match slip {
        Slip::SpaceBefore => (&SPACE_BEFORE_KEY, format!("White space stands before `{wanted}`.")),
        Slip::SpaceBeforeColon => {
            (&SPACE_BEFORE_COLON, format!("White space stands between `{wanted}` and the colon."))
        }
        Slip::Case => (&KEY_CASE, format!("The key is written {}.", quoted(name))),
        Slip::Spelling => (&NEAR_MISS_KEY, format!("The key is {}, which no sender knows.", quoted(name))),
        Slip::NoColon => {
            (&MALFORMED_LINE, format!("The line is {}: there is no colon after `{wanted}`.", quoted(line.text)))
        }
    };
    let corrected = corrected(context, line, key);
    let step = match slip {
        Slip::Spelling => format!("Did you mean `{wanted}`? Replace the line."),
        _ => String::from("Replace the line."),
    };
    let step = if corrected.is_empty() { format!("{step} Its key has to be `{wanted}:`.") } else { step };
    found.add(check, Severity::Error, seen).about(line.place()).step(step).publish(corrected);
}

/// The line as it should be; empty when its value cannot be guessed.
fn corrected(context: &Context<'_>, line: &Line<'_>, key: Key) -> String {
    let value = line.meant(key).unwrap_or_default();
    match key {
        Key::Version => "version: STSv1".into(),
        Key::Mode => meant::mode_meant(value).map(|mode| format!("mode: {mode}")).unwrap_or_default(),
        Key::MaxAge => meant::seconds_meant(value).map(|seconds| format!("max_age: {seconds}")).unwrap_or_default(),
        Key::Mx => patterns::lines_meant(context, value),
    }
}

fn repeated(key: Key, lines: &[Line<'_>], found: &mut Findings) {
    let all: Vec<(u32, &str)> = lines.iter().filter_map(|line| Some((line.number, line.read(key)?))).collect();
    let [(_, first), others @ ..] = all.as_slice() else {
        return;
    };
    let Some((_, last)) = others.last() else {
        return;
    };
    let name = key.as_str();
    let numbers: Vec<u32> = all.iter().map(|(number, _)| *number).collect();
    let seen = if first == last {
        format!("`{name}: {}` stands there {} times.", tame(first), all.len())
    } else {
        format!("Senders that take the first read {}, those that take the last {}.", quoted(first), quoted(last))
    };
    let others: Vec<u32> = others.iter().map(|(number, _)| *number).collect();
    found
        .add(&REPEATED_KEY, Severity::Error, seen)
        .about(places(&numbers))
        .step(format!("Keep one `{name}` line: delete {}, if the first says what you mean.", places(&others)));
}

fn tame(value: &str) -> String {
    let quoted = quoted(value);
    quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).map_or_else(String::new, String::from)
}
