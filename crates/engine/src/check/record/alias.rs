//! CNAME records at `_mta-sts` (STS-3.1-11, STS-8.2-1).
use alloc::{format, string::String, vec::Vec};

use strictmx_proto::name::Domain;

use super::super::{Check, Context, Family, Findings, Severity, Side, State, observations::RecordSeen};
use crate::fact::{CnameSeen, Seen, TxtSeen};

pub(super) static ALIAS: Check = Check {
    id: "sts.record.alias",
    family: Family::Record,
    title: "_mta-sts is an alias",
    why: "A CNAME hands the record to somebody else, usually whoever hosts the policy. That is a good way to keep id and policy \
          together; it also means that they alone can change the id.",
    requirement: "STS-3.1-11",
    side: Side::Dns,
};

pub(super) static ALIAS_EMPTY: Check = Check {
    id: "sts.record.alias-empty",
    family: Family::Record,
    title: "_mta-sts is an alias of a name without the record",
    why: "Senders follow the CNAME and find nothing at its end, so for them the domain has no policy. An alias to a name that \
          no longer exists can also be taken over by whoever registers it.",
    requirement: "STS-8.2-1",
    side: Side::Dns,
};

pub(super) static BESIDE_ALIAS: Check = Check {
    id: "sts.record.beside-alias",
    family: Family::Record,
    title: "a TXT record stands beside a CNAME",
    why: "Where a name is an alias, no other record may stand (RFC 1034 §3.6.2). Some resolvers give out the TXT record, some \
          follow the alias, so senders do not agree on whether there is a policy.",
    requirement: "STS-3.1-11",
    side: Side::Dns,
};

pub(super) fn judge(context: &Context<'_>, sts: &RecordSeen, found: &mut Findings) {
    let name = String::from(sts.name.as_str());
    if let Some((who, target)) = beside(sts) {
        found
            .add(&BESIDE_ALIAS, Severity::Error, format!("{who} has both a TXT record and a CNAME to {target} at {name}."))
            .about(name)
            .step("Remove one of the two: the CNAME if you keep the record yourself, the TXT record if somebody else does.");
        return;
    }
    let aliases = aliases(sts);
    let Some(last) = aliases.last() else {
        return;
    };
    let way = aliases.iter().map(|alias| alias.as_str()).collect::<Vec<_>>().join(", then to ");
    match &sts.txt {
        Seen::NxDomain { .. } => {
            found
                .add(
                    &ALIAS_EMPTY,
                    Severity::Error,
                    format!("{name} is an alias to {way}, which does not exist (NXDOMAIN)."),
                )
                .about(name.clone())
                .step(format!("Ask whoever runs {last} to publish the record there, or remove the CNAME of {name}."));
        }
        Seen::NoData { .. } => {
            // A wildcard may well make such an alias of a name that nobody thought of; not where a policy is served.
            let severity = if context.state == State::Broken { Severity::Error } else { Severity::Warning };
            found
                .add(&ALIAS_EMPTY, severity, format!("{name} is an alias to {way}, which has no TXT record."))
                .about(name.clone())
                .step(format!(
                    "Ask whoever runs {last} to publish the record there, or point the CNAME elsewhere. If it comes from a \
                     wildcard, give {name} a record of its own."
                ));
        }
        _ => {
            found
                .add(&ALIAS, Severity::Info, format!("{name} is an alias to {way}."))
                .about(name)
                .step(format!("Nothing needs to be done, as long as whoever runs {last} is meant to keep the record."));
        }
    }
}

/// CNAME targets in order: those followed, or the first alone where nothing stands behind it.
fn aliases(sts: &RecordSeen) -> Vec<&Domain> {
    match (&sts.txt, &sts.cname) {
        (Seen::Found { aliases, .. }, _) if !aliases.is_empty() => aliases.iter().collect(),
        (_, Some(Seen::Found { data, .. })) => Vec::from([data]),
        _ => Vec::new(),
    }
}

/// Who gives a TXT record without following the CNAME that it also gives, and that CNAME's target.
fn beside(sts: &RecordSeen) -> Option<(String, &Domain)> {
    if let Some(target) = target_beside(&sts.txt, sts.cname.as_ref()) {
        return Some((String::from("The zone"), target));
    }
    sts.servers.iter().find_map(|said| {
        let target = target_beside(&said.answer, said.cname.as_ref())?;
        Some((format!("The name server {}", said.server), target))
    })
}

fn target_beside<'a>(txt: &TxtSeen, cname: Option<&'a CnameSeen>) -> Option<&'a Domain> {
    match txt {
        Seen::Found { data, aliases, .. } if aliases.is_empty() && !data.is_empty() => cname?.data(),
        _ => None,
    }
}
