//! Whether there is an answer for `_smtp._tls`, and whether all servers give the same.
use alloc::{
    collections::{BTreeMap, BTreeSet},
    format,
    string::{String, ToString},
    vec::Vec,
};

use strictmx_proto::{
    name::Domain,
    tags::{self, Begin},
};

use super::{
    super::{
        Check, Context, Family, Findings, Severity, Side, State, lookup::Failed, observations::RecordSeen,
        shown::shown_bytes,
    },
    VERSION, name_of, own_line, record_text,
};
use crate::fact::{Seen, Txt, TxtSeen};

pub(super) static LOOKUP_FAILED: Check =
    failure("tlsrpt.lookup-failed", "the _smtp._tls record cannot be looked up", Side::NameServers);
pub(super) static BOGUS: Check =
    failure("tlsrpt.bogus", "the DNSSEC signatures over _smtp._tls are wrong", Side::NameServers);
pub(super) static UNANSWERED: Check =
    failure("tlsrpt.unanswered", "no name server answered for _smtp._tls", Side::Here);

const fn failure(id: &'static str, title: &'static str, side: Side) -> Check {
    Check {
        id,
        family: Family::Tlsrpt,
        title,
        why: "Senders that get no answer send no report that day. A failure is not the same as no record, so nothing else can be \
              said of it.",
        requirement: "TLSRPT-3-1",
        side,
    }
}

pub(super) static ABSENT: Check = Check {
    id: "tlsrpt.absent",
    family: Family::Tlsrpt,
    title: "no _smtp._tls record",
    why: "Without it no sender reports what goes wrong with TLS, and a policy is put into force blindly. The record is worth having \
          first of all, before any policy: it shows who sends, and what would fail.",
    requirement: "TLSRPT-3-1",
    side: Side::Dns,
};

pub(super) static ALIAS: Check = Check {
    id: "tlsrpt.alias",
    family: Family::Tlsrpt,
    title: "_smtp._tls is an alias",
    why: "A CNAME hands the record to somebody else, usually whoever evaluates the reports. They alone can then change where reports \
          go.",
    requirement: "TLSRPT-3-1",
    side: Side::Dns,
};

pub(super) static SERVERS_DIFFER: Check = Check {
    id: "tlsrpt.servers-differ",
    family: Family::Tlsrpt,
    title: "the name servers give different _smtp._tls records",
    why: "Each sender asks one of the zone's name servers by chance, so some reports go elsewhere or are never made.",
    requirement: "TLSRPT-3-16",
    side: Side::NameServers,
};

/// A look-up without an answer. Whether it was one.
pub(super) fn failed(record: &RecordSeen, found: &mut Findings) -> bool {
    let Some(failure) = record.txt.failure() else {
        return false;
    };
    let checks = Failed { answered: &LOOKUP_FAILED, bogus: &BOGUS, unreachable: &UNANSWERED };
    checks.note(found, Severity::Error, ("TXT", record.name.as_str()), failure, "");
    true
}

/// No record at all.
pub(super) fn absent(context: &Context<'_>, record: &RecordSeen, found: &mut Findings) {
    let seen = match &record.txt {
        Seen::NxDomain { .. } => format!("The name {} does not exist (NXDOMAIN).", record.name),
        Seen::NoData { .. } => format!("The name {} exists, but has no TXT record.", record.name),
        _ => format!("No TXT record at {} begins with {VERSION};.", record.name),
    };
    let severity = match context.state {
        State::Absent | State::Unknown => Severity::Info,
        State::None | State::Testing | State::Enforce | State::Broken => Severity::Warning,
    };
    found
        .add(&ABSENT, severity, seen)
        .about(name_of(record))
        .step(
            "Publish the record, with a mailbox or an https address that a report reader watches. Best is one that does not lie \
             behind the MX hosts it is to report about.",
        )
        .publish(own_line(context, &record_text(context)));
}

pub(super) fn alias(record: &RecordSeen, found: &mut Findings) {
    let last: Option<&Domain> = match (&record.txt, &record.cname) {
        (Seen::Found { aliases, .. }, _) if !aliases.is_empty() => aliases.last(),
        (_, Some(Seen::Found { data, .. })) => Some(data),
        _ => None,
    };
    if let Some(target) = last {
        found
            .add(&ALIAS, Severity::Info, format!("{} is an alias that ends at {target}.", record.name))
            .about(name_of(record))
            .step(format!(
                "Nothing needs to be done, as long as whoever runs {target} is meant to receive the reports."
            ));
    }
}

/// What one server says; `None` for a failure.
fn says(answer: &TxtSeen) -> Option<BTreeSet<String>> {
    let ours = |txt: &&Txt| tags::begin(&txt.0, VERSION) != Begin::Other;
    Some(match answer {
        Seen::Failed(_) => return None,
        Seen::NoData { .. } | Seen::NxDomain { .. } => BTreeSet::new(),
        Seen::Found { data, aliases, .. } => match aliases.first() {
            // What stands behind an alias is another zone's business.
            Some(alias) => BTreeSet::from([format!("a CNAME to {alias}")]),
            None => data.iter().filter(ours).map(|txt| format!("{:?}", shown_bytes(&txt.0))).collect(),
        },
    })
}

pub(super) fn servers(record: &RecordSeen, found: &mut Findings) {
    let mut said: BTreeMap<BTreeSet<String>, BTreeSet<String>> = BTreeMap::new();
    for server in &record.servers {
        if let Some(says) = says(&server.answer) {
            said.entry(says).or_default().insert(server.server.to_string());
        }
    }
    if said.len() < 2 {
        return;
    }
    let groups: Vec<String> = said
        .iter()
        .map(|(says, servers)| {
            let what: Vec<&str> = says.iter().map(String::as_str).collect();
            let servers: Vec<&str> = servers.iter().map(String::as_str).collect();
            let what = if what.is_empty() { "no TLSRPT record".to_string() } else { what.join(" and ") };
            let give = if servers.len() == 1 { "gives" } else { "give" };
            format!("{} {give} {what}", servers.join(", "))
        })
        .collect();
    found
        .add(&SERVERS_DIFFER, Severity::Error, format!("{}.", groups.join("; ")))
        .about(name_of(record))
        .step(
            "Bring the servers to the same state: compare the zone's SOA serials, and see why the one behind does not transfer \
             the zone. With two DNS providers, make the change at both.",
        );
}
