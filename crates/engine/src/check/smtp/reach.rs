//! Whether anybody answers on port 25, and what a host that does not want to talk said (checks that tell nothing about TLS).
use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use super::{
    super::{Check, Family, Findings, Severity, Side, observations::Session, shown::shown},
    Host,
};
use crate::fact::TlsOutcome;

pub(super) static PORT_BLOCKED: Check = Check {
    id: "smtp.port-25-blocked",
    family: Family::Smtp,
    title: "no MX host answers on port 25 from here",
    why: "Many networks let no connection out to port 25. When not one address answers, that is likelier than all hosts being \
          down, so nothing is said of the hosts.",
    requirement: "",
    side: Side::Here,
};

pub(super) static NO_IPV6_HERE: Check = Check {
    id: "smtp.no-ipv6-here",
    family: Family::Smtp,
    title: "no IPv6 address answers from here",
    why: "When every IPv4 address answers and no IPv6 address does, this machine likely has no IPv6. What the hosts show there \
          was not seen.",
    requirement: "",
    side: Side::Here,
};

pub(super) static HOST_UNREACHABLE: Check = Check {
    id: "smtp.host-unreachable",
    family: Family::Smtp,
    title: "an MX host takes no connection",
    why: "Senders try every address of the host in vain and go on to the next MX host, if there is one. With none left, mail \
          waits in their queues and comes back after some days.",
    requirement: "R5321-5.1-6",
    side: Side::MxProvider,
};

pub(super) static ADDRESS_UNREACHABLE: Check = Check {
    id: "smtp.address-unreachable",
    family: Family::Smtp,
    title: "one address of an MX host takes no connection",
    why: "Senders that try this address first lose time with each message, and some try no other address.",
    requirement: "R5321-5.1-6",
    side: Side::MxProvider,
};

pub(super) static SPECIAL_ADDRESS: Check = Check {
    id: "smtp.special-address",
    family: Family::Smtp,
    title: "an MX host has an address that is not of the public Internet",
    why: "A loopback, private or otherwise special address leads each sender somewhere else. Mail cannot arrive through it, and \
          an enforced policy cannot be kept there.",
    requirement: "D-11",
    side: Side::MxProvider,
};

pub(super) static NO_GREETING: Check = Check {
    id: "smtp.no-greeting",
    family: Family::Smtp,
    title: "an MX host takes the connection and does not speak SMTP",
    why: "Without a greeting and a reply to EHLO there is no session. Some hosts let strangers wait on purpose; others are broken.",
    requirement: "",
    side: Side::MxProvider,
};

pub(super) static BUSY: Check = Check {
    id: "smtp.refused-temporarily",
    family: Family::Smtp,
    title: "an MX host asks to try again later",
    why: "A reply of the 400s before TLS is greylisting, a limit or a fault that passes. It says nothing about TLS, which was \
          therefore not seen.",
    requirement: "DANE-A7",
    side: Side::MxProvider,
};

pub(super) static REFUSED: Check = Check {
    id: "smtp.refused",
    family: Family::Smtp,
    title: "an MX host refuses to talk to this machine",
    why: "A reply of the 500s before TLS is often meant for the address that asks, which may stand on a block list. It says \
          nothing about TLS, which was therefore not seen.",
    requirement: "DANE-A7",
    side: Side::Here,
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// It came to STARTTLS, or to its absence.
    Reached,
    /// Not tried: a special address.
    Special,
    /// No connection.
    NoConnection,
    /// A connection, and no SMTP.
    Silent,
    /// 4xx.
    Busy,
    /// 5xx.
    Refused,
}

impl Reach {
    const fn of(session: &Session) -> Self {
        match (&session.outcome, session.refused_with) {
            (TlsOutcome::Unreachable { .. }, Some(400..=499)) => Self::Busy,
            (TlsOutcome::Unreachable { .. }, Some(_)) => Self::Refused,
            (TlsOutcome::Unreachable { .. }, None) => match (session.timing.connected, session.timing.done) {
                (None, None) => Self::Special,
                (None, Some(_)) => Self::NoConnection,
                (Some(_), _) => Self::Silent,
            },
            _ => Self::Reached,
        }
    }
}

pub(super) fn judge(hosts: &[Host<'_>], found: &mut Findings) {
    let tried: Vec<(&Session, Reach)> = hosts
        .iter()
        .flat_map(|host| &host.seen.sessions)
        .map(|session| (session, Reach::of(session)))
        .filter(|(_, reach)| *reach != Reach::Special)
        .collect();
    let dead = |sessions: &[&(&Session, Reach)]| sessions.iter().all(|(_, reach)| *reach == Reach::NoConnection);
    let (v6, v4): (Vec<_>, Vec<_>) = tried.iter().partition(|(session, _)| session.address.is_ipv6());
    let nothing = !tried.is_empty() && dead(&v4) && dead(&v6);
    if nothing {
        blocked(&tried, found);
    }
    let no_ipv6 = !nothing && !v6.is_empty() && !v4.is_empty() && dead(&v6);
    if no_ipv6 {
        let seen = match v6.len() {
            1 => String::from("The IPv6 address takes no connection, while IPv4 addresses do."),
            many => format!("Not one of {many} IPv6 addresses takes a connection, while IPv4 addresses do."),
        };
        found
            .add(&NO_IPV6_HERE, Severity::Info, seen)
            .step("Check again from a machine that has IPv6, to see what the hosts show there.");
    }
    let skip = |session: &Session| nothing || (no_ipv6 && session.address.is_ipv6());
    for host in hosts {
        connections(host, &skip, found);
        for session in &host.seen.sessions {
            replies(host, session, found);
        }
    }
}

fn blocked(tried: &[(&Session, Reach)], found: &mut Findings) {
    let first = tried.first().map_or("", |(session, _)| detail(session));
    let seen = match tried.len() {
        1 => format!("The only address takes no connection: {}.", shown(first)),
        many => format!("None of {many} addresses takes a connection; the first: {}.", shown(first)),
    };
    found.add(&PORT_BLOCKED, Severity::Warning, seen).step(
        "See whether this network lets connections out to port 25 (`nc -vz gmail-smtp-in.l.google.com 25`); if it does not, \
         check from another one.",
    );
}

/// Addresses that take no connection, and those that are not tried.
fn connections(host: &Host<'_>, skip: &impl Fn(&Session) -> bool, found: &mut Findings) {
    let alive = host
        .seen
        .sessions
        .iter()
        .any(|session| !matches!(Reach::of(session), Reach::NoConnection | Reach::Special) || skip(session));
    let severity = if alive { Severity::Warning } else { Severity::Error };
    for session in &host.seen.sessions {
        let address = session.address.ip();
        match Reach::of(session) {
            Reach::Special => {
                found
                    .add(&SPECIAL_ADDRESS, severity, format!("{} of {} is a special address.", address, host.name()))
                    .about(host.name())
                    .step(format!(
                        "Take {address} out of the address records of {}, or give it a public address.",
                        host.name()
                    ));
            }
            Reach::NoConnection if !skip(session) && alive => {
                let seen = format!("{} of {}: {}.", address, host.name(), shown(detail(session)));
                found.add(&ADDRESS_UNREACHABLE, Severity::Warning, seen).about(host.name()).step(format!(
                    "Have a mail server listen on port 25 of {address} and let connections through, or take the address out of \
                     the records of {}.",
                    host.name()
                ));
            }
            _ => {}
        }
    }
    let unreachable = |session: &&Session| Reach::of(session) == Reach::NoConnection && !skip(session);
    if let Some(first) = host.seen.sessions.iter().find(unreachable).filter(|_| !alive) {
        let addresses: Vec<_> = host.seen.sessions.iter().map(|session| session.address.ip().to_string()).collect();
        let seen = format!("{} answers at none of {}: {}.", host.name(), addresses.join(", "), shown(detail(first)));
        found.add(&HOST_UNREACHABLE, Severity::Error, seen).about(host.name()).step(format!(
            "Have the mail server of {} listen on port 25 and let connections through, or take it out of the MX records.",
            host.name()
        ));
    }
}

/// What hosts said that took the connection and went no further.
fn replies(host: &Host<'_>, session: &Session, found: &mut Findings) {
    let (check, severity, step) = match Reach::of(session) {
        Reach::Silent => (
            &NO_GREETING,
            Severity::Warning,
            "Check again later. If it stays, see in the host's log why it does not greet, or talks something else than SMTP.",
        ),
        Reach::Busy => (&BUSY, Severity::Info, "Check again in a quarter of an hour, from the same address."),
        Reach::Refused => (
            &REFUSED,
            Severity::Warning,
            "Check from another address. If the host says so to everybody, it takes no mail: take it out of the MX records.",
        ),
        _ => return,
    };
    let seen = format!("{} at {}: {}.", host.name(), session.address.ip(), shown(detail(session)));
    found.add(check, severity, seen).about(host.name()).step(step);
}

fn detail(session: &Session) -> &str {
    match &session.outcome {
        TlsOutcome::Unreachable { detail } => detail.trim_end_matches('.'),
        _ => "",
    }
}
