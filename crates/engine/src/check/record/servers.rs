//! What each authoritative server of the zone says of the record: senders reach them by chance, so all must say the same.
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

use super::super::{
    Check, Family, Findings, Severity, Side,
    lookup::cause,
    observations::{RecordSeen, ServerSaid},
    shown::shown_bytes,
};
use crate::fact::{CnameSeen, Seen, Txt, TxtSeen};

pub(super) static DIFFER: Check = Check {
    id: "sts.record.servers-differ",
    family: Family::Record,
    title: "the name servers give different _mta-sts records",
    why: "Each sender asks one of the zone's name servers by chance. While they differ, some senders see the record and some do \
          not, or see another id and fetch the policy again and again.",
    requirement: "STS-3.1-3",
    side: Side::NameServers,
};

pub(super) static SILENT: Check = Check {
    id: "sts.record.server-silent",
    family: Family::Record,
    title: "a name server of the zone does not answer for _mta-sts",
    why: "Resolvers that ask this server must wait and try another. If the others fail too, the record cannot be seen at all.",
    requirement: "STS-3.1-1",
    side: Side::NameServers,
};

pub(super) static UNASKED: Check = Check {
    id: "sts.record.servers-unasked",
    family: Family::Record,
    title: "the name servers could not be asked directly",
    why: "The resolver gets answers, but not one server of the zone answered our own questions. Networks often let DNS through to \
          their own resolver only. Whether the servers agree was therefore not seen.",
    requirement: "",
    side: Side::Here,
};

pub(super) static BEHIND: Check = Check {
    id: "sts.record.resolver-behind",
    family: Family::Record,
    title: "our resolver gives another _mta-sts record than the name servers",
    why: "Resolvers keep an answer until its TTL is over. After a change that is normal and passes; if it stays, the resolver \
          here is told something else about the zone than the rest of the world.",
    requirement: "STS-8.1-1",
    side: Side::Here,
};

/// What one server says, as far as it matters for MTA-STS.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Says<'a> {
    /// No MTA-STS record.
    Nothing,
    /// These.
    Records(BTreeSet<&'a [u8]>),
    /// An alias: what stands behind it is another zone's business.
    Alias(&'a Domain),
}

impl<'a> Says<'a> {
    /// `None` for a failure. An alias of a name that is not there shows only in the answer to the question for it.
    fn of(answer: &'a TxtSeen, cname: Option<&'a CnameSeen>) -> Option<Self> {
        let ours = |txt: &&Txt| tags::begin(&txt.0, "v=STSv1") != Begin::Other;
        Some(match answer {
            Seen::Failed(_) => return None,
            Seen::NoData { .. } | Seen::NxDomain { .. } => match cname.and_then(Seen::data) {
                Some(alias) => Self::Alias(alias),
                None => Self::Nothing,
            },
            Seen::Found { data, aliases, .. } => match aliases.first() {
                Some(alias) => Self::Alias(alias),
                None => {
                    let records: BTreeSet<&[u8]> = data.iter().filter(ours).map(|txt| &*txt.0).collect();
                    if records.is_empty() { Self::Nothing } else { Self::Records(records) }
                }
            },
        })
    }
}

impl core::fmt::Display for Says<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Nothing => f.write_str("no MTA-STS record"),
            Self::Alias(alias) => write!(f, "a CNAME to {alias}"),
            Self::Records(records) => {
                let texts: Vec<String> =
                    records.iter().take(5).map(|text| format!("{:?}", shown_bytes(text))).collect();
                f.write_str(&texts.join(" and "))
            }
        }
    }
}

pub(super) fn judge(sts: &RecordSeen, found: &mut Findings) {
    let mut said: BTreeMap<Says<'_>, Vec<&ServerSaid<Vec<Txt>>>> = BTreeMap::new();
    for server in &sts.servers {
        if let Some(says) = Says::of(&server.answer, server.cname.as_ref()) {
            said.entry(says).or_default().push(server);
        }
    }
    silent(sts, said.is_empty(), found);
    let mut all = said.iter();
    match (all.next(), all.next()) {
        (Some(_), Some(_)) => differ(sts, &said, found),
        (Some((says, _)), None) => behind(sts, says, found),
        (None, _) => {}
    }
}

fn differ(sts: &RecordSeen, said: &BTreeMap<Says<'_>, Vec<&ServerSaid<Vec<Txt>>>>, found: &mut Findings) {
    let groups: Vec<String> = said.iter().map(|(says, servers)| told(&names(servers), says)).collect();
    found
        .add(&DIFFER, Severity::Error, format!("{}.", groups.join("; ")))
        .about(String::from(sts.name.as_str()))
        .step(
            "Bring the servers to the same state: compare the zone's SOA serials, and see why the one behind does not transfer \
             the zone. With two DNS providers, make the change at both.",
        );
}

fn told(names: &str, says: &Says<'_>) -> String {
    format!("{names} {} {says}", if names.contains(", ") { "give" } else { "gives" })
}

fn silent(sts: &RecordSeen, all: bool, found: &mut Findings) {
    let silent: Vec<_> = sts.servers.iter().filter(|server| server.answer.failure().is_some()).collect();
    let Some(reason) = silent.first().and_then(|server| server.answer.failure()) else {
        return;
    };
    let name = String::from(sts.name.as_str());
    if all {
        let seen = format!("None of {} answered a direct question: {}.", names(&silent), cause(reason));
        found.add(&UNASKED, Severity::Info, seen).about(name).step(
            "Allow outgoing DNS (port 53, UDP and TCP) from this machine to any server, or check from another network, if you \
             want to know whether the servers agree.",
        );
        return;
    }
    for server in silent {
        let Some(failure) = server.answer.failure() else { continue };
        let seen = format!("{} does not answer for {}: {}.", one(server), sts.name, cause(failure));
        found.add(&SILENT, Severity::Warning, seen).about(String::from(server.server.as_str())).step(format!(
            "See with `dig @{} {} TXT +norecurse` what it says. Mend it, or take it out of the zone's NS records.",
            server.address, sts.name
        ));
    }
}

fn behind(sts: &RecordSeen, all: &Says<'_>, found: &mut Findings) {
    let Some(here) = Says::of(&sts.txt, sts.cname.as_ref()).filter(|here| here != all) else {
        return;
    };
    found
        .add(&BEHIND, Severity::Info, format!("Our resolver gives {here}; the zone's name servers all give {all}."))
        .about(String::from(sts.name.as_str()))
        .step(format!(
            "Check again in {}, when the resolver asks anew.",
            super::calendar::length(u64::from(sts.txt.ttl()))
        ));
}

fn one(server: &ServerSaid<Vec<Txt>>) -> String {
    format!("{} ({})", server.server, server.address)
}

fn names(servers: &[&ServerSaid<Vec<Txt>>]) -> String {
    let names: BTreeSet<String> = servers.iter().map(|server| server.server.to_string()).collect();
    names.into_iter().collect::<Vec<_>>().join(", ")
}
