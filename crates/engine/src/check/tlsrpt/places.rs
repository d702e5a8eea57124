//! The record in a place where nobody looks for it.
use alloc::{
    format,
    string::{String, ToString},
};

use strictmx_proto::{
    tags::{self, Begin},
    tlsrpt::Record,
};

use super::{
    super::{Check, Context, Family, Findings, Severity, Side, observations::ReportSeen, shown::shown_bytes},
    VERSION, own_line, record_text, texts,
};
use crate::fact::Txt;

pub(super) static AT_APEX: Check = misplaced("tlsrpt.at-apex", "a TLSRPT record stands at the domain itself");
pub(super) static MISPLACED: Check = misplaced("tlsrpt.misplaced", "a TLSRPT record stands at _mta-sts._tls");

const fn misplaced(id: &'static str, title: &'static str) -> Check {
    Check {
        id,
        family: Family::Tlsrpt,
        title,
        why: "Senders ask for _smtp._tls and nowhere else, so a record in another place does nothing.",
        requirement: "TLSRPT-3-1",
        side: Side::Dns,
    }
}

pub(super) fn judge(context: &Context<'_>, report: &ReportSeen, found: &mut Findings) {
    let domain = context.domain().to_string();
    if let Some(txt) = context.seen.apex_txt.as_ref().and_then(|seen| ours(texts(seen))) {
        tell(context, &AT_APEX, domain.clone(), txt, found);
    }
    if let Some(txt) = report.misplaced.as_ref().and_then(|seen| ours(texts(seen))) {
        tell(context, &MISPLACED, format!("_mta-sts._tls.{domain}"), txt, found);
    }
}

fn ours(data: &[Txt]) -> Option<&Txt> {
    data.iter().find(|txt| tags::begin(&txt.0, VERSION) != Begin::Other)
}

fn tell(context: &Context<'_>, check: &'static Check, at: String, txt: &Txt, found: &mut Findings) {
    let moved = match (super::record(context), Record::parse(&txt.0)) {
        (None, Some(Ok(record))) => record.emit(),
        _ => record_text(context),
    };
    found
        .add(check, Severity::Warning, format!("{at} holds {:?}.", shown_bytes(&txt.0)))
        .about(at)
        .step("Take it away there, and see that the record below is at _smtp._tls.")
        .publish(own_line(context, &moved));
}
