//! What is uneven among the addresses of a host: TLS, names in reverse, families.
use alloc::{
    collections::BTreeSet,
    format,
    string::{String, ToString},
    vec::Vec,
};

use super::{
    super::{Check, Family, Findings, Severity, Side, context::has_address, observations::Session, shown::shown},
    Host,
};
use crate::fact::{Seen, TlsOutcome};

pub(super) static ADDRESSES: Check = Check {
    id: "smtp.addresses-differ",
    family: Family::Smtp,
    title: "the addresses of an MX host do not show the same",
    why: "Senders take any address of a host. While one of them works and another does not, mail gets through by chance, and the \
          fault is hard to find.",
    requirement: "STS-4-2",
    side: Side::MxProvider,
};

pub(super) static PTR_ABSENT: Check = Check {
    id: "smtp.ptr-absent",
    family: Family::Smtp,
    title: "an address of an MX host points back to no name",
    why: "For taking mail no PTR record is needed. Where the host also sends, many servers refuse mail from an address without one.",
    requirement: "",
    side: Side::MxProvider,
};

pub(super) static PTR_OTHER: Check = Check {
    id: "smtp.ptr-other",
    family: Family::Smtp,
    title: "an address of an MX host points back to another name",
    why: "For taking mail this does not matter. Where the host also sends, a PTR record that fits its name makes its mail more \
          welcome.",
    requirement: "",
    side: Side::MxProvider,
};

pub(super) static NO_IPV6: Check = Check {
    id: "smtp.no-ipv6",
    family: Family::Smtp,
    title: "no MX host has an IPv6 address",
    why: "Senders that have IPv6 alone cannot deliver. They are few.",
    requirement: "",
    side: Side::MxProvider,
};

pub(super) fn judge(host: &Host<'_>, found: &mut Findings) {
    addresses(host, found);
    for (address, seen) in &host.seen.ptr {
        let name = host.name();
        match seen {
            Seen::NoData { .. } | Seen::NxDomain { .. } => {
                found
                    .add(&PTR_ABSENT, Severity::Info, format!("{address} of {name} has no PTR record."))
                    .about(name.clone())
                    .step(format!(
                        "If the host also sends mail, have the owner of the address point {address} to {name}."
                    ));
            }
            Seen::Found { data, .. } => {
                let helo = host.seen.sessions.iter().filter(|session| session.address.ip() == *address);
                let mut own: Vec<String> = helo.filter_map(|session| session.helo.clone()).collect();
                own.push(name.clone());
                if !data.iter().any(|back| own.iter().any(|own| own.eq_ignore_ascii_case(back.as_str()))) {
                    let back: Vec<&str> = data.iter().take(5).map(AsRef::as_ref).collect();
                    let seen = format!("{address} of {name} points back to {}.", back.join(", "));
                    found
                        .add(&PTR_OTHER, Severity::Info, seen)
                        .about(name)
                        .step("Nothing needs to be done for taking mail.");
                }
            }
            Seen::Failed(_) => {}
        }
    }
}

/// How far an address came, as far as TLS is concerned; `None`: nothing was learnt.
fn stage(session: &Session) -> Option<&'static str> {
    Some(match &session.outcome {
        TlsOutcome::Verified => "a certificate that holds",
        TlsOutcome::Certificate(_) | TlsOutcome::TlsaMismatch => "a certificate that does not hold",
        TlsOutcome::NoStarttls => "no STARTTLS",
        TlsOutcome::StarttlsRefused { .. } => "STARTTLS refused",
        TlsOutcome::Handshake { .. } => "a handshake that fails",
        TlsOutcome::Unreachable { .. } => return None,
    })
}

fn addresses(host: &Host<'_>, found: &mut Findings) {
    let name = host.name();
    let stages: BTreeSet<&str> = host.seen.sessions.iter().filter_map(stage).collect();
    let leaf = |session: &Session| session.tls.as_ref()?.chain.first().map(|leaf| leaf.shown.sha256.clone());
    let leaves: BTreeSet<String> = host.seen.sessions.iter().filter_map(leaf).collect();
    if stages.len() > 1 {
        let told: Vec<String> = stages
            .iter()
            .filter_map(|one| Some(format!("{one}{}", host.at(|session| stage(session) == Some(one))?)))
            .collect();
        found
            .add(&ADDRESSES, Severity::Warning, format!("{name} shows {}.", told.join("; ")))
            .about(name)
            .step("Give every server behind the name the same configuration and certificate.");
    } else if leaves.len() > 1 {
        let seen = format!("{name} shows {} different certificates at its addresses.", leaves.len());
        found
            .add(&ADDRESSES, Severity::Info, seen)
            .about(name)
            .step("Nothing needs to be done while all of them hold; with DANE, each needs TLSA records of its own.");
    }
}

/// One finding for all hosts together.
pub(super) fn ipv6(hosts: &[Host<'_>], found: &mut Findings) {
    let lacking = |host: &Host<'_>| {
        let addresses = host.seen.addresses.as_ref()?;
        let none = matches!(addresses.aaaa, Seen::NoData { .. } | Seen::NxDomain { .. });
        (none && has_address(addresses)).then(|| host.seen.name.to_string())
    };
    let names: Vec<Option<String>> = hosts.iter().map(lacking).collect();
    let all: Option<Vec<String>> = names.into_iter().collect();
    if let Some(names) = all.filter(|names| !names.is_empty()) {
        let have = if names.len() == 1 { "has" } else { "have" };
        let seen = format!("{} {have} IPv4 addresses only.", shown(&names.join(", ")));
        found
            .add(&NO_IPV6, Severity::Info, seen)
            .step("Nothing needs to be done. To take mail over IPv6 too, publish AAAA records.");
    }
}
