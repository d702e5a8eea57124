//! The record of an MX host: reports about DANE are for the host's name, not for the mail domain (TLSRPT-1.1-2).
use alloc::{format, string::ToString};

use strictmx_proto::tlsrpt::{NoRecord, Record};

use super::{
    super::{Check, Context, Family, Findings, Severity, Side, dane, lookup::cause, observations::HostSeen},
    line, record_text, texts,
};
use crate::fact::Seen;

pub(super) static ABSENT: Check = Check {
    id: "tlsrpt.host-absent",
    family: Family::Tlsrpt,
    title: "an MX host with DANE has no TLSRPT record of its own",
    why: "For DANE the policy domain of a report is the MX host's name. Senders that follow this look for _smtp._tls below that name, \
          and report nothing about DANE when it is not there.",
    requirement: "TLSRPT-1.1-2",
    side: Side::MxProvider,
};

pub(super) static INVALID: Check = Check {
    id: "tlsrpt.host-invalid",
    family: Family::Tlsrpt,
    title: "the TLSRPT record of an MX host cannot be used",
    why: "Senders that look there for where to report about DANE find nothing they can use.",
    requirement: "TLSRPT-1.1-2",
    side: Side::MxProvider,
};

pub(super) fn judge(context: &Context<'_>, found: &mut Findings) {
    for host in &context.seen.hosts {
        if dane::publishes(host) {
            of(context, host, found);
        }
    }
}

fn of(context: &Context<'_>, host: &HostSeen, found: &mut Findings) {
    let Some(seen) = &host.tlsrpt else { return };
    let owner = format!("_smtp._tls.{}", host.name);
    // Somebody else's host is somebody else's reports.
    let own = host.name == *context.domain() || host.name.as_str().ends_with(&format!(".{}", context.domain()));
    let severity = if own { Severity::Warning } else { Severity::Info };
    let (check, words) = match seen {
        Seen::Failed(failure) => (&INVALID, format!("{owner} cannot be looked up: {}.", cause(failure))),
        _ => match Record::select(texts(seen)) {
            Ok(_) => return,
            Err(NoRecord::None) => (&ABSENT, format!("{owner} has no TLSRPT record.")),
            Err(other) => (&INVALID, format!("At {owner}: {other}.")),
        },
    };
    let draft = found.add(check, severity, words).about(host.name.to_string());
    if own {
        draft
            .step("Publish the record for the host too, with the same address.")
            .publish(line(&owner, &record_text(context)));
    } else {
        draft.step("Nothing can be done here; whoever runs the host gets or misses these reports.");
    }
}
