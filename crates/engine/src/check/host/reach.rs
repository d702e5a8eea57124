//! Whether each address of the policy host takes a connection and answers in time.
use alloc::{format, string::String};
use core::net::IpAddr;

use super::super::{
    Check, Family, Severity, Side,
    observations::{PolicyHostSeen, Visit},
    shown::shown,
};
use super::gathered::Gathered;
use crate::fact::{FetchFailure, FetchPhase};

pub(super) static UNREACHABLE: Check = Check {
    id: "sts.host.unreachable",
    family: Family::Host,
    title: "the policy host takes no connection",
    why: "Senders that have no policy in their cache cannot fetch one, and deliver as if there were none. The others go on with the \
          one they have until it runs out.",
    requirement: "STS-3.3-12",
    side: Side::PolicyHost,
};

pub(super) static ADDRESS_UNREACHABLE: Check = Check {
    id: "sts.host.address-unreachable",
    family: Family::Host,
    title: "an address of the policy host takes no connection",
    why: "Each sender picks one of the addresses, and not every sender tries another when that one is dead. So some senders see no \
          policy, which is hard to find out from reports.",
    requirement: "STS-3.3-12",
    side: Side::PolicyHost,
};

pub(super) static IPV6_UNTESTED: Check = Check {
    id: "sts.host.ipv6-untested",
    family: Family::Host,
    title: "the policy host's IPv6 addresses could not be tried from here",
    why: "This machine has no way to the IPv6 Internet. Senders that have one may meet faults that were not seen here.",
    requirement: "",
    side: Side::Here,
};

pub(super) static TIMEOUT: Check = Check {
    id: "sts.host.timeout",
    family: Family::Host,
    title: "the policy host does not answer in time",
    why: "Senders give up after a minute at most, many after a few seconds, and deliver as if there were no policy.",
    requirement: "STS-3.3-11",
    side: Side::PolicyHost,
};

pub(super) static HANDSHAKE: Check = Check {
    id: "sts.host.handshake",
    family: Family::Host,
    title: "the TLS handshake with the policy host fails",
    why: "Without TLS no sender fetches the policy. As a rule the web server does not know the name mta-sts, or shares no protocol \
          version or cipher with up-to-date clients.",
    requirement: "STS-3.3-1",
    side: Side::PolicyHost,
};

pub(super) static SLOW: Check = Check {
    id: "sts.host.slow",
    family: Family::Host,
    title: "the policy host is slow",
    why: "Some senders wait only 4 or 5 seconds for the policy, name look-up and handshake included, before they deliver without \
          one.",
    requirement: "STS-3.3-11",
    side: Side::PolicyHost,
};

/// The shortest time that a sender in use waits, milliseconds: postfix-mta-sts-resolver's.
const PATIENCE: u32 = 4000;

pub(super) fn judge(host: &PolicyHostSeen, visit: &Visit, weight: Severity, gathered: &mut Gathered<'_>) {
    let Some(stopped) = &visit.stopped else {
        slow(visit, weight, gathered);
        return;
    };
    match stopped {
        FetchFailure::Connect { detail } => connect(host, visit, &without_address(detail, visit), weight, gathered),
        FetchFailure::Timeout { phase: FetchPhase::Dns | FetchPhase::Connect } => {
            connect(host, visit, "no answer in time", weight, gathered);
        }
        FetchFailure::Timeout { phase } => {
            let seen = match phase {
                FetchPhase::Tls => "The TLS handshake does not come to its end in time.",
                FetchPhase::Headers => "The handshake is done, but no answer to the request comes in time.",
                _ => "The answer begins, but its body does not come in time.",
            };
            let step =
                "Look at the web server's load and log, and at what it waits for: a file of a few lines needs no time.";
            gathered.note(visit, &TIMEOUT, weight, String::from(seen), step);
        }
        FetchFailure::Tls { detail } => {
            let seen = format!("The handshake fails: {}.", sentence(&without_address(detail, visit)));
            let step = format!(
                "Set up a TLS site for the name {0} with a certificate of its own; test it with `openssl s_client -connect \
                 {0}:443 -servername {0}`.",
                host.name
            );
            gathered.note(visit, &HANDSHAKE, weight, seen, step);
        }
        _ => {}
    }
}

fn connect(host: &PolicyHostSeen, visit: &Visit, why: &str, weight: Severity, gathered: &mut Gathered<'_>) {
    let others = host.visits.iter().any(|visit| visit.timing.connected.is_some());
    if visit.address.is_ipv6() && is_no_route(why) {
        let seen = format!("No way from here: {}.", sentence(why));
        gathered.note(visit, &IPV6_UNTESTED, Severity::Info, seen, "Check again from a machine that has IPv6.");
        return;
    }
    let seen = format!("No connection to port {}: {}.", visit.address.port(), sentence(why));
    if others {
        let step = match visit.address.ip() {
            IpAddr::V6(_) => {
                "Have the web server listen on this IPv6 address too, open the firewall for it, or remove the AAAA record."
            }
            IpAddr::V4(_) => {
                "Have the web server listen on this address too, open the firewall for it, or remove the A record."
            }
        };
        gathered.note(visit, &ADDRESS_UNREACHABLE, weight, seen, step);
    } else {
        let step = format!("Have a web server listen on port 443 of {}, and let everybody through to it.", host.name);
        gathered.note(visit, &UNREACHABLE, weight, seen, step);
    }
}

fn slow(visit: &Visit, weight: Severity, gathered: &mut Gathered<'_>) {
    let Timed { total, slowest } = Timed::of(visit);
    if total > PATIENCE {
        let seen =
            format!("The policy took {}.{} seconds, most of them for {slowest}.", total / 1000, total % 1000 / 100);
        let step =
            "Serve the policy as a plain file from a host that is always awake; it should take well under a second.";
        gathered.note(visit, &SLOW, weight.min(Severity::Warning), seen, step);
    }
}

struct Timed {
    total: u32,
    slowest: &'static str,
}

impl Timed {
    fn of(visit: &Visit) -> Self {
        let total = visit.timing.done.unwrap_or_default();
        let connected = visit.timing.connected.unwrap_or_default();
        let encrypted = visit.timing.encrypted.unwrap_or(connected);
        let phases = [
            (connected, "the connection"),
            (encrypted.saturating_sub(connected), "the TLS handshake"),
            (total.saturating_sub(encrypted), "the answer"),
        ];
        let slowest = phases.iter().max_by_key(|(time, _)| *time).map_or("the answer", |(_, phase)| phase);
        Self { total, slowest }
    }
}

/// What the system says when there is no way to the other family at all, as opposed to a dead host.
fn is_no_route(why: &str) -> bool {
    let why = why.to_ascii_lowercase();
    ["network is unreachable", "address family not supported", "cannot assign requested address"]
        .iter()
        .any(|said| why.contains(said))
}

/// The same words for each address, so that one finding does for all.
fn without_address(detail: &str, visit: &Visit) -> String {
    let address = format!("{}: ", visit.address);
    shown(detail.strip_prefix(address.as_str()).unwrap_or(detail))
}

fn sentence(text: &str) -> &str {
    text.trim_end_matches(['.', ' '])
}
