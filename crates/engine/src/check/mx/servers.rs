//! Whether all name servers of the zone give the same MX records.
use alloc::{format, string::String, vec::Vec};

use crate::{
    check::{
        Check, Context, Family, Findings, Severity, Side,
        lookup::cause,
        observations::{MailSeen, ServerSaid},
    },
    fact::{Mx, Seen},
};

pub(super) static SERVERS_DIFFER: Check = Check {
    id: "mx.servers-differ",
    family: Family::Mx,
    title: "the name servers give different MX records",
    why: "Which hosts a sender sees depends on chance. A host that only one server names is easily missing in the \
          policy.",
    requirement: "STS-8.1-1",
    side: Side::NameServers,
};
pub(super) static SERVER_FAILED: Check = Check {
    id: "mx.server-failed",
    family: Family::Mx,
    title: "a name server gives no answer for the MX records",
    why: "Senders that ask this server wait, and ask another; when the others fail too, mail stays where it is.",
    requirement: "",
    side: Side::NameServers,
};

/// Judges what the zone's servers said.
pub(super) fn judge(context: &Context<'_>, mail: &MailSeen, found: &mut Findings) {
    let (failed, answered): (Vec<&ServerSaid<Vec<Mx>>>, Vec<_>) =
        mail.servers.iter().partition(|server| server.answer.failure().is_some());
    // When all of them fail, the resolver's failure tells of it.
    if !answered.is_empty() {
        for server in failed {
            silent(context, server, found);
        }
    }
    differ(context, &answered, found);
}

fn silent(context: &Context<'_>, server: &ServerSaid<Vec<Mx>>, found: &mut Findings) {
    // A server that fails for `_mta-sts` too has been told of there.
    let told = context.seen.sts.as_ref().is_some_and(|sts| {
        sts.servers.iter().any(|other| other.address == server.address && other.answer.failure().is_some())
    });
    let Some(failure) = server.answer.failure().filter(|_| !told) else {
        return;
    };
    found
        .add(&SERVER_FAILED, Severity::Warning, format!("{} at {}: {}.", server.server, server.address, cause(failure)))
        .about(String::from(server.server.as_str()))
        .step(format!("See that it serves the zone: `dig @{} {} MX +norecurse`.", server.address, context.domain()));
}

fn differ(context: &Context<'_>, answered: &[&ServerSaid<Vec<Mx>>], found: &mut Findings) {
    let mut groups: Vec<(Vec<String>, Vec<String>)> = Vec::new();
    for server in answered {
        let records = told(&server.answer);
        let who = format!("{} ({})", server.server, server.address);
        match groups.iter_mut().find(|(same, _)| *same == records) {
            Some((_, servers)) => servers.push(who),
            None => groups.push((records, Vec::from([who]))),
        }
    }
    if groups.len() < 2 {
        return;
    }
    let seen: Vec<String> = groups
        .iter()
        .map(|(records, servers)| {
            let records = if records.is_empty() { String::from("none") } else { records.join(", ") };
            format!("{}: {records}", servers.join(", "))
        })
        .collect();
    found.add(&SERVERS_DIFFER, Severity::Warning, format!("{}.", seen.join("; "))).step(format!(
        "Bring the servers to the same version of the zone: compare the serials with `dig @SERVER {} SOA +norecurse`. \
             Until then the policy has to name the hosts of all of them.",
        context.domain()
    ));
}

fn told(answer: &Seen<Vec<Mx>>) -> Vec<String> {
    let mut records: Vec<String> =
        answer.data().into_iter().flatten().map(|mx| format!("{} {}", mx.preference, mx.exchange)).collect();
    records.sort_unstable();
    records
}
