//! Whether there is an answer, a record in it, and a signature on it.
use alloc::{format, string::String};

use super::{
    super::{
        Check, Context, Family, Findings, Severity, Side, State,
        lookup::Failed,
        observations::{PolicyHostSeen, RecordSeen},
    },
    alias, nearly, new_line,
};
use crate::fact::{Dnssec, Seen};
use strictmx_proto::sts::NoRecord;

pub(super) static LOOKUP_FAILED: Check = Check {
    id: "sts.record.lookup-failed",
    family: Family::Record,
    title: "the _mta-sts record cannot be looked up",
    why: "A name server that answers with an error hides the record from every sender behind such an answer: those who have no \
          policy in their cache deliver as if there were none. An error is not the same as no record, so nothing else can be said.",
    requirement: "STS-3.1-1",
    side: Side::NameServers,
};

pub(super) static BOGUS: Check = Check {
    id: "sts.record.bogus",
    family: Family::Record,
    title: "the DNSSEC signatures over _mta-sts are wrong",
    why: "Every resolver that validates DNSSEC throws the answer away, so senders behind it see no record, and often no MX either.",
    requirement: "STS-3.1-1",
    side: Side::NameServers,
};

pub(super) static UNREACHABLE: Check = Check {
    id: "sts.record.unreachable",
    family: Family::Record,
    title: "no name server answered for _mta-sts",
    why: "Without an answer nothing is known of the record: it may be there or not. The cause can lie on this side, in our \
          network or resolver, or with the name servers.",
    requirement: "STS-3.1-1",
    side: Side::Here,
};

pub(super) static ABSENT: Check = Check {
    id: "sts.record.absent",
    family: Family::Record,
    title: "no _mta-sts record",
    why: "The TXT record at _mta-sts is how senders learn that there is a policy. Without it none looks for one, and mail to the \
          domain can be read or diverted by whoever sits on the way.",
    requirement: "STS-3.1-1",
    side: Side::Dns,
};

pub(super) static UNSIGNED: Check = Check {
    id: "sts.record.unsigned",
    family: Family::Record,
    title: "the _mta-sts record is not signed with DNSSEC",
    why: "MTA-STS does not need DNSSEC. With it, nobody on the way can hide the record from a sender that asks for the first time.",
    requirement: "STS-10.2-0",
    side: Side::Dns,
};

/// A look-up without an answer. Whether it was one.
pub(super) fn failed(sts: &RecordSeen, found: &mut Findings) -> bool {
    let Some(failure) = sts.txt.failure() else {
        return false;
    };
    let checks = Failed { answered: &LOOKUP_FAILED, bogus: &BOGUS, unreachable: &UNREACHABLE };
    let answered = sts.servers.iter().filter(|said| said.answer.failure().is_none()).count();
    let more = match answered {
        0 => String::new(),
        _ => format!(" Asked directly, {answered} of {} name servers answered.", sts.servers.len()),
    };
    checks.note(found, Severity::Error, ("TXT", sts.name.as_str()), failure, &more);
    true
}

/// What is to be said where there was an answer.
pub(super) fn judge(context: &Context<'_>, sts: &RecordSeen, found: &mut Findings) {
    let explained = [&alias::ALIAS_EMPTY, &nearly::VERSION, &nearly::AT_APEX].into_iter().any(|check| found.has(check));
    if matches!(context.record, Some(Err(NoRecord::None))) && !explained {
        absent(context, sts, found);
    }
    if context.seen.resolver.validates == Some(true)
        && sts.txt.dnssec() == Some(Dnssec::Insecure)
        && matches!(context.record, Some(Ok(_)))
    {
        found
            .add(&UNSIGNED, Severity::Info, format!("The answer for {} is not signed.", sts.name))
            .about(String::from(sts.name.as_str()))
            .step("Nothing needs to be done. If your DNS provider can sign the zone, switch it on and hand its DS record to the registrar.");
    }
}

fn absent(context: &Context<'_>, sts: &RecordSeen, found: &mut Findings) {
    let seen = match &sts.txt {
        Seen::NxDomain { .. } if matches!(context.seen.apex_txt, Some(Seen::NxDomain { .. })) => {
            format!("The domain {} does not exist (NXDOMAIN).", context.domain())
        }
        Seen::NxDomain { .. } => format!("The name {} does not exist (NXDOMAIN).", sts.name),
        Seen::NoData { .. } => format!("The name {} exists, but has no TXT record.", sts.name),
        _ => format!("No TXT record at {} begins with v=STSv1;.", sts.name),
    };
    // A policy that is served but not announced was meant to be seen.
    let (severity, step) = if context.state == State::Broken {
        (Severity::Error, "The policy host serves a policy already: publish this record, and senders will see it.")
    } else if context.seen.policy_host.as_ref().is_some_and(has_visit) {
        (Severity::Info, BEGIN)
    } else {
        (
            Severity::Info,
            "To begin, serve a policy with mode: testing on the policy host first, then publish this record.",
        )
    };
    found.add(&ABSENT, severity, seen).about(String::from(sts.name.as_str())).step(step).publish(new_line(context));
}

const BEGIN: &str = "To begin, have the policy host answer with a policy of mode: testing (what it serves now is none), then \
                     publish this record.";

fn has_visit(host: &PolicyHostSeen) -> bool {
    !host.visits.is_empty()
}
