//! The `_smtp._tls` record (RFC 8460 §3): whether it is there, what it says, and whether reports can arrive.
//!
//! Left out: whether a report that is sent to the address comes out again at the other end, which only its reader can tell.
mod addresses;
mod answer;
mod destinations;
mod host;
mod places;
#[cfg(test)]
mod tests;
mod text;

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use strictmx_proto::tlsrpt::Record;

use super::{Check, Context, Findings};
use crate::fact::{Seen, Txt};

/// How a record of ours begins (TLSRPT-3-2).
const VERSION: &str = "v=TLSRPTv1";

/// The checks of this family.
pub(super) const CHECKS: &[&Check] = &[
    &answer::LOOKUP_FAILED,
    &answer::BOGUS,
    &answer::UNANSWERED,
    &answer::ABSENT,
    &answer::ALIAS,
    &answer::SERVERS_DIFFER,
    &text::MANY,
    &text::VERSION_NEARLY,
    &text::OTHER_TEXT,
    &text::NO_RUA,
    &text::EMPTY_ENTRY,
    &text::MALFORMED,
    &text::SPACE_BEFORE_SEMICOLON,
    &text::REPEATED_FIELD,
    &text::UNKNOWN_FIELD,
    &addresses::SCHEME,
    &addresses::ADDRESS,
    &addresses::UNESCAPED,
    &addresses::REPEATED,
    &addresses::MANY,
    &addresses::INTENDED,
    &places::AT_APEX,
    &places::MISPLACED,
    &host::ABSENT,
    &host::INVALID,
    &destinations::NO_DOMAIN,
    &destinations::NO_MX,
    &destinations::NULL_MX,
    &destinations::MX_UNANSWERED,
    &destinations::REFUSED,
    &destinations::LATER,
    &destinations::UNKNOWN,
    &destinations::SAME_HOSTS,
    &destinations::HTTPS_UNREACHABLE,
    &destinations::HTTPS_CERTIFICATE,
    &destinations::HTTPS_STATUS,
];

/// Judges this family.
pub(super) fn judge(context: &Context<'_>, found: &mut Findings) {
    let Some(report) = &context.seen.tlsrpt else {
        return;
    };
    if !answer::failed(&report.record, found) {
        answer::servers(&report.record, found);
        answer::alias(&report.record, found);
        places::judge(context, report, found);
        text::judge(context, &report.record, found);
        destinations::judge(context, report, found);
    }
    host::judge(context, found);
}

/// The TXT records of an answer; none for a name that has none.
fn texts(seen: &Seen<Vec<Txt>>) -> &[Txt] {
    seen.data().map_or(&[], Vec::as_slice)
}

/// The domain's own record, when it is a good one.
fn record(context: &Context<'_>) -> Option<Record> {
    Record::select(texts(&context.seen.tlsrpt.as_ref()?.record.txt)).ok()
}

/// The record to publish: the good one there is, the declared address, or a mailbox to begin with.
fn record_text(context: &Context<'_>) -> String {
    match (&context.intent.rua, record(context)) {
        (Some(rua), _) => format!("{VERSION}; rua={rua};"),
        (None, Some(record)) => record.emit(),
        (None, None) => format!("{VERSION}; rua=mailto:tls-reports@{};", context.domain()),
    }
}

/// A TXT record in zone-file form; a string of one holds at most 255 octets, so that a longer text is cut into several.
fn line(name: &str, text: &str) -> String {
    let characters: Vec<char> = text.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').collect();
    let strings: Vec<String> = characters
        .chunks(250)
        .map(|chunk| {
            let quoted: String = chunk
                .iter()
                .flat_map(|c| if matches!(c, '"' | '\\') { Vec::from(['\\', *c]) } else { Vec::from([*c]) })
                .collect();
            format!("\"{quoted}\"")
        })
        .collect();
    format!("{name}. 3600 IN TXT {}", strings.join(" "))
}

/// The domain's record in zone-file form.
fn own_line(context: &Context<'_>, text: &str) -> String {
    line(&format!("_smtp._tls.{}", context.domain()), text)
}

/// The name of a record's owner.
fn name_of(record: &super::observations::RecordSeen) -> String {
    record.name.to_string()
}
