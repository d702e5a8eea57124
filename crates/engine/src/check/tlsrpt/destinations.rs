//! Whether reports can arrive: the mail domains and the https addresses of the record.
use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use super::super::{
    Check, Context, Family, Findings, Severity, Side,
    lookup::cause,
    observations::{Asked, Destination, ReportSeen, Visit},
    shown::shown,
};
use crate::fact::{Exchange, FetchFailure, MxSeen, Seen, TlsOutcome};

pub(super) static NO_DOMAIN: Check = mail("tlsrpt.mail-no-domain", "the domain of a report address does not exist");
pub(super) static NO_MX: Check = mail("tlsrpt.mail-no-mx", "the domain of a report address has no MX record");
pub(super) static NULL_MX: Check = mail("tlsrpt.mail-null-mx", "the domain of a report address takes no mail");
pub(super) static MX_UNANSWERED: Check =
    mail("tlsrpt.mail-unanswered", "the MX of a report address cannot be looked up");
pub(super) static REFUSED: Check = mail("tlsrpt.mail-refused", "the mailbox of a report address is refused");
pub(super) static LATER: Check = mail("tlsrpt.mail-later", "the mailbox of a report address is not taken for now");
pub(super) static UNKNOWN: Check = mail("tlsrpt.mail-unknown", "the mailbox of a report address could not be tried");

const fn mail(id: &'static str, title: &'static str) -> Check {
    Check {
        id,
        family: Family::Tlsrpt,
        title,
        why: "Reports that cannot be delivered are tried for a day and then thrown away; nobody is told.",
        requirement: "TLSRPT-3-6",
        side: Side::ReportReceiver,
    }
}

pub(super) static SAME_HOSTS: Check = Check {
    id: "tlsrpt.same-hosts",
    family: Family::Tlsrpt,
    title: "reports go through the MX hosts that they report about",
    why: "Reports are to be delivered in spite of TLS trouble, but a host that takes no mail at all takes no reports either. The ones \
          about the worst faults are then lost.",
    requirement: "TLSRPT-3-7",
    side: Side::Dns,
};

pub(super) static HTTPS_UNREACHABLE: Check =
    https("tlsrpt.https-unreachable", "an https report address does not answer", "TLSRPT-5.4-2");
pub(super) static HTTPS_CERTIFICATE: Check =
    https("tlsrpt.https-certificate", "the certificate of an https report address does not hold", "TLSRPT-3-5");
pub(super) static HTTPS_STATUS: Check =
    https("tlsrpt.https-status", "an https report address answers with an error", "TLSRPT-5.4-2");

const fn https(id: &'static str, title: &'static str, requirement: &'static str) -> Check {
    Check {
        id,
        family: Family::Tlsrpt,
        title,
        why: "Senders POST their reports there and try again for a day. Some ignore faults of the certificate, as they may; others \
              send nothing.",
        requirement,
        side: Side::ReportReceiver,
    }
}

pub(super) fn judge(context: &Context<'_>, report: &ReportSeen, found: &mut Findings) {
    for destination in &report.destinations {
        if let Some(mx) = &destination.mx {
            mail_domain(destination, mx, found);
        }
        if let Some(asked) = &destination.recipient {
            recipient(destination, asked, found);
        }
        if let Some(visit) = &destination.visit {
            endpoint(destination, visit, found);
        }
    }
    same_hosts(context, report, found);
}

fn mail_domain(destination: &Destination, mx: &MxSeen, found: &mut Findings) {
    let uri = shown(&destination.uri);
    let (check, severity, what) = match mx {
        Seen::NxDomain { .. } => (&NO_DOMAIN, Severity::Error, "does not exist (NXDOMAIN)".to_string()),
        Seen::NoData { .. } => {
            (&NO_MX, Severity::Warning, "has no MX record; senders then try its address".to_string())
        }
        Seen::Failed(failure) => {
            (&MX_UNANSWERED, Severity::Warning, format!("cannot be looked up: {}", cause(failure)))
        }
        Seen::Found { data, .. } if data.iter().any(|mx| mx.exchange == Exchange::Null) => {
            (&NULL_MX, Severity::Error, "has a null MX record: it takes no mail".to_string())
        }
        Seen::Found { .. } => return,
    };
    found
        .add(check, severity, format!("The domain of {uri} {what}."))
        .about(uri)
        .step("Name a mailbox in the record that takes mail, or mend the MX records of its domain.");
}

fn recipient(destination: &Destination, asked: &Asked, found: &mut Findings) {
    let uri = shown(&destination.uri);
    let (check, severity, seen, step) = match asked {
        Asked::Reply(200..=299, _) => return,
        Asked::Reply(code @ 400..=499, text) => (
            &LATER,
            Severity::Info,
            format!("Asked for the mailbox of {uri}, its host said {code} {}.", shown(text)),
            "Try again in a quarter of an hour: this is greylisting, or a fault that passes.",
        ),
        Asked::Reply(code, text) => (
            &REFUSED,
            Severity::Error,
            format!("Asked for the mailbox of {uri}, its host said {code} {}.", shown(text)),
            "Create the mailbox, or let it take mail from the null sender and from strangers; or name another one in the record.",
        ),
        Asked::Unknown(why) => (
            &UNKNOWN,
            Severity::Info,
            format!("The mailbox of {uri} could not be tried: {}.", shown(why.trim_end_matches('.'))),
            "Send a mail there by hand, and see whether it arrives.",
        ),
    };
    found.add(check, severity, seen).about(uri).step(step);
}

fn endpoint(destination: &Destination, visit: &Visit, found: &mut Findings) {
    let uri = shown(&destination.uri);
    if let Some(fault) = visit.tls.as_ref().and_then(|made| made.fault.as_ref()) {
        found
            .add(
                &HTTPS_CERTIFICATE,
                Severity::Warning,
                format!("The certificate of {uri}: {}.", shown(&fault.to_string())),
            )
            .about(uri.clone())
            .step("Give the endpoint a certificate of a public authority for its name.");
    }
    // Only the status matters, not how long the page is that comes with it.
    if let Some(stopped) = visit.stopped.as_ref().filter(|stopped| **stopped != FetchFailure::TooLarge) {
        let seen = format!("{uri} at {} does not answer: {}.", visit.address.ip(), shown(&in_words(stopped)));
        found
            .add(&HTTPS_UNREACHABLE, Severity::Error, seen)
            .about(uri)
            .step("Mend the endpoint, or name another address in the record.");
        return;
    }
    let Some((status, severity)) = visit.status.and_then(|status| Some((status, bad(status, destination.posted)?)))
    else {
        return;
    };
    let asked = if destination.posted { "a report that was posted" } else { "the question whether it is there" };
    found
        .add(&HTTPS_STATUS, severity, format!("{uri} answers {asked} with status {status}."))
        .about(uri)
        .step("The endpoint must take a POST of application/tlsrpt+gzip and answer it with 200 or 201, without a redirect or a log-in.");
}

/// How bad a status is. To a POST anything but success is a lost report; to a HEAD many endpoints answer that they know no such
/// method, which says nothing.
const fn bad(status: u16, posted: bool) -> Option<Severity> {
    match (status, posted) {
        (200..=299, _) => None,
        (_, true) => Some(Severity::Error),
        (300..=399 | 401 | 403 | 404 | 410 | 500 | 502..=599, false) => Some(Severity::Warning),
        (_, false) => None,
    }
}

/// What stopped a visit. The words of the engine speak of the policy host.
fn in_words(stopped: &FetchFailure) -> String {
    match stopped {
        FetchFailure::Dns(failure) => failure.to_string(),
        FetchFailure::NoAddress => "it has no address".into(),
        FetchFailure::Connect { detail } => format!("no connection, {detail}"),
        FetchFailure::Tls { detail } => format!("the TLS handshake failed, {detail}"),
        FetchFailure::Timeout { phase } => format!("it took too long ({} phase)", phase.as_str()),
        FetchFailure::Http { detail } => format!("the HTTP exchange broke, {detail}"),
        FetchFailure::AddressRefused { .. } => {
            "its address is a special one, which strictmx does not connect to".into()
        }
        other => other.to_string(),
    }
}

/// All reports go through the domain's own MX hosts. That is common and works while the hosts work, so that it becomes a warning
/// when one of them is seen to fail.
fn same_hosts(context: &Context<'_>, report: &ReportSeen, found: &mut Findings) {
    let own: Vec<&str> = context.live_mx().iter().map(|(_, host)| host.as_str()).collect();
    let behind = |destination: &Destination| match &destination.mx {
        Some(Seen::Found { data, .. }) => {
            !data.is_empty()
                && data.iter().all(|mx| matches!(&mx.exchange, Exchange::Host(host) if own.contains(&host.as_str())))
        }
        _ => false,
    };
    if report.destinations.is_empty() || !report.destinations.iter().all(behind) {
        return;
    }
    let failing: Vec<String> = context
        .seen
        .hosts
        .iter()
        .filter(|host| host.sessions.iter().any(|session| session.outcome != TlsOutcome::Verified))
        .map(|host| host.name.to_string())
        .collect();
    let (severity, more) = if failing.is_empty() {
        (Severity::Info, String::new())
    } else {
        (Severity::Warning, format!(" {} was seen to fail.", failing.join(", ")))
    };
    let uris: Vec<String> = report.destinations.iter().map(|destination| shown(&destination.uri)).collect();
    found
        .add(
            &SAME_HOSTS,
            severity,
            format!("{} is taken by the MX hosts of {} itself.{more}", uris.join(", "), context.domain()),
        )
        .about(format!("_smtp._tls.{}", context.domain()))
        .step("Name a mailbox behind other hosts, or an https address, in the record.");
}
