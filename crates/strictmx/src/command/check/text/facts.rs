//! Everything that was seen, for `-v`: one row a fact.
use std::fmt::Display;

use strictmx_engine::{
    check::observations::{
        Compression, HelloSeen, HostSeen, MailSeen, Observations, PolicyHostSeen, RecordSeen, ReportSeen, Session,
        TlsMade, Trial, TrialResult, Visit, Way,
    },
    fact::{AddrSeen, Dnssec, Seen, TlsOutcome, TxtSeen},
};

use super::{Page, clean};
use crate::{
    cli::output::{DIM, STRONG},
    when::rfc3339,
};

/// Columns of the first word of a row.
const NAME: usize = 13;

/// Writes all of it.
pub(super) fn all(page: &mut Page, seen: &Observations) {
    page.line(format_args!("\n{STRONG}Seen{STRONG:#} {DIM}at {}{DIM:#}", rfc3339(seen.at)));
    if !seen.resolver.servers.is_empty() {
        row(page, "resolver", format_args!("{}, DNSSEC {}", seen.resolver.servers.join(", "), seen.resolver.dnssec));
    }
    if let Some(zone) = &seen.zone {
        let servers = answer(&zone.ns, |names| joined(names.iter(), ", "));
        row(page, "zone", format_args!("{}, name servers {servers}", zone.apex));
    }
    if let Some(sts) = &seen.sts {
        record(page, "record", sts);
    }
    if let Some(host) = &seen.policy_host {
        policy_host(page, host);
    }
    if let Some(octets) = policy_text(seen) {
        page.line(format_args!("  {STRONG}policy text{STRONG:#}"));
        page.verbatim(4, &String::from_utf8_lossy(octets));
    }
    if let Some(mail) = &seen.mx {
        mx(page, mail);
    }
    for host in &seen.hosts {
        one_host(page, host);
    }
    if let Some(report) = &seen.tlsrpt {
        reports(page, report);
    }
}

fn row(page: &mut Page, name: &str, text: impl Display) {
    let text = text.to_string();
    page.line(format_args!("  {name:<NAME$} {text}"));
}

fn policy_text(seen: &Observations) -> Option<&[u8]> {
    let served = || seen.policy_host.as_ref()?.visits.iter().find_map(|visit| visit.body.as_ref());
    let octets = seen.policy_file.as_ref().or_else(served)?;
    /// A body that is no policy may be a whole web page: its beginning shows what it is.
    const SHOWN: usize = 2000;
    Some(octets.0.get(..SHOWN).unwrap_or(&octets.0))
}

fn record(page: &mut Page, name: &str, seen: &RecordSeen) {
    row(page, name, format_args!("{} {}", seen.name, txt(&seen.txt)));
    if let Some(Seen::Found { data, .. }) = &seen.cname {
        row(page, "", format_args!("CNAME {data}"));
    }
    for said in &seen.servers {
        let same = said.answer.data() == seen.txt.data() && said.answer.status() == seen.txt.status();
        let what = if same { "the same".to_owned() } else { txt(&said.answer) };
        row(page, "", format_args!("{DIM}{} {}: {what}{DIM:#}", said.server, said.address));
    }
}

fn policy_host(page: &mut Page, host: &PolicyHostSeen) {
    row(page, "policy host", format_args!("{} {}", host.name, addresses(&host.addresses)));
    if let Some(Seen::Found { data, .. }) = &host.cname {
        row(page, "", format_args!("CNAME {data}"));
    }
    for visit in &host.visits {
        row(page, "  visit", visited(visit));
        if let Some(tls) = &visit.tls {
            handshake(page, tls);
        }
    }
    trials(page, &host.trials);
    if let Some(caa) = &host.caa {
        let at = caa.at.as_ref().map(|name| format!(" at {name}")).unwrap_or_default();
        let records = answer(&caa.records, |records| {
            joined(
                records.iter().map(|caa| format!("{} {} \"{}\"", caa.flags, clean(&caa.tag), clean(&caa.value))),
                ", ",
            )
        });
        row(page, "  CAA", format_args!("{records}{at}"));
    }
}

/// Handshakes of other kinds, in one row.
fn trials(page: &mut Page, trials: &[Trial]) {
    let one = |trial: &Trial| {
        let way = match &trial.way {
            Way::NoSni => "no server name".to_owned(),
            Way::Sni(name) => format!("server name {name}"),
            Way::Version(version) => version.clone(),
            Way::Ciphers(list) => format!("ciphers {list}"),
            Way::Hello => "hello".to_owned(),
            Way::EarlyData => "early data".to_owned(),
        };
        let result = match &trial.result {
            TrialResult::Hello(hello) if trial.way == Way::Hello => surroundings(hello),
            TrialResult::Made(_) | TrialResult::Hello(_) => "yes".to_owned(),
            TrialResult::Refused(_) => "no".to_owned(),
            TrialResult::Unknown(_) => "not known".to_owned(),
        };
        clean(&format!("{way} {result}"))
    };
    if !trials.is_empty() {
        row(page, "  also tried", joined(trials.iter().map(one), ", "));
    }
}

/// What was agreed on around the cipher: `TLSv1.2 (extended master secret, protected renegotiation)`.
fn surroundings(hello: &HelloSeen) -> String {
    let words = [
        (hello.compression != Compression::None, "compression"),
        (hello.extended_master_secret, "extended master secret"),
        (hello.renegotiation_info, "protected renegotiation"),
        (hello.stapled, "stapled status"),
    ];
    let agreed = joined(words.into_iter().filter_map(|(agreed, word)| agreed.then_some(word)), ", ");
    format!("{} ({})", hello.version, if agreed.is_empty() { "nothing else" } else { &agreed })
}

fn visited(visit: &Visit) -> String {
    let time = visit.timing.done.map(|ms| format!(", {ms} ms")).unwrap_or_default();
    let what = match (&visit.stopped, visit.status) {
        (Some(why), _) => why.to_string(),
        (None, Some(status)) => {
            let kind = visit.headers.iter().find(|(name, _)| name == "content-type").map(|(_, value)| clean(value));
            let size = visit.body.as_ref().map_or(0, |body| body.0.len());
            format!("status {status}, {}, {size} octets", kind.unwrap_or_else(|| "no Content-Type".to_owned()))
        }
        (None, None) => "no answer".to_owned(),
    };
    format!("{} {}{time}", visit.address, clean(&what))
}

fn handshake(page: &mut Page, tls: &TlsMade) {
    let judged =
        tls.fault.as_ref().map_or_else(|| "the certificate holds".to_owned(), |fault| clean(&fault.to_string()));
    row(page, "  TLS", format_args!("{} {}, {judged}", clean(&tls.version), clean(&tls.cipher)));
    for (depth, cert) in tls.chain.iter().enumerate() {
        let shown = &cert.shown;
        let names = if depth == 0 { format!(", names {}", clean(&shown.dns_names.join(", "))) } else { String::new() };
        row(
            page,
            if depth == 0 { "  certificate" } else { "    issued by" },
            format_args!(
                "{}{names}, {} {DIM}to {}{DIM:#}",
                clean(&shown.subject),
                clean(&cert.key),
                rfc3339(shown.not_after)
            ),
        );
    }
}

fn mx(page: &mut Page, mail: &MailSeen) {
    let records = |seen: &Seen<Vec<strictmx_engine::fact::Mx>>| {
        answer(seen, |records| {
            joined(records.iter().map(|mx| format!("{} {}", mx.preference, clean(&mx.exchange.to_string()))), ", ")
        })
    };
    row(page, "MX", records(&mail.mx));
    for said in &mail.servers {
        let same = said.answer.data() == mail.mx.data() && said.answer.status() == mail.mx.status();
        let what = if same { "the same".to_owned() } else { records(&said.answer) };
        row(page, "", format_args!("{DIM}{} {}: {what}{DIM:#}", said.server, said.address));
    }
    if let Some(own) = &mail.addresses {
        row(page, "", format_args!("the domain's own: {}", addresses(own)));
    }
}

fn one_host(page: &mut Page, host: &HostSeen) {
    let at = host.addresses.as_ref().map(addresses).unwrap_or_default();
    row(page, "MX host", format_args!("{STRONG}{}{STRONG:#} {at}", host.name));
    for (name, tlsa) in host.tlsa.iter().flatten() {
        row(
            page,
            "  TLSA",
            format_args!("{name} {}", answer(tlsa, |records| joined(records.iter().map(|one| &one.0), ", "))),
        );
    }
    for one in &host.sessions {
        row(page, "  session", session(one));
        if let Some(tls) = &one.tls {
            handshake(page, tls);
        }
    }
    trials(page, &host.trials);
    for (address, names) in &host.ptr {
        row(page, "  PTR", format_args!("{address} {}", answer(names, |names| joined(names.iter(), ", "))));
    }
    if let Some(tlsrpt) = host.tlsrpt.as_ref().filter(|tlsrpt| tlsrpt.data().is_some()) {
        row(page, "  reports", txt(tlsrpt));
    }
}

fn session(session: &Session) -> String {
    let time = session.timing.done.map(|ms| format!(", {ms} ms")).unwrap_or_default();
    let what = match &session.outcome {
        TlsOutcome::Verified => "STARTTLS, certificate verified".to_owned(),
        TlsOutcome::Certificate(fault) => format!("STARTTLS, certificate: {fault}"),
        TlsOutcome::NoStarttls => "no STARTTLS".to_owned(),
        TlsOutcome::StarttlsRefused { reply } => format!("STARTTLS refused: {reply}"),
        TlsOutcome::TlsaMismatch => "STARTTLS, certificate fits no TLSA record".to_owned(),
        TlsOutcome::Handshake { detail } => format!("the handshake failed: {detail}"),
        TlsOutcome::Unreachable { detail } => format!("not reached: {detail}"),
        other => format!("{other:?}"),
    };
    format!("{} {}{time}", session.address, clean(&what))
}

fn reports(page: &mut Page, report: &ReportSeen) {
    record(page, "reports", &report.record);
    for to in &report.destinations {
        row(page, "  to", clean(&to.uri));
    }
}

//----------- Answers -----------------------------------------------------

fn answer<T>(seen: &Seen<T>, data: impl FnOnce(&T) -> String) -> String {
    let signed = match seen.dnssec() {
        Some(Dnssec::Secure) => ", signed",
        Some(Dnssec::Insecure) | None => "",
    };
    match seen {
        Seen::Found { data: records, aliases, ttl, .. } => {
            let by: String = aliases.iter().map(|alias| format!("CNAME {alias}, ")).collect();
            format!("{by}{} {DIM}(TTL {ttl}{signed}){DIM:#}", data(records))
        }
        Seen::NoData { .. } => format!("none {DIM}(NOERROR{signed}){DIM:#}"),
        Seen::NxDomain { .. } => format!("none {DIM}(NXDOMAIN{signed}){DIM:#}"),
        Seen::Failed(failure) => format!("no answer: {}", clean(&failure.to_string())),
    }
}

fn txt(seen: &TxtSeen) -> String {
    answer(seen, |records| joined(records.iter().map(|record| format!("\"{}\"", clean(&record.text()))), " and "))
}

fn addresses(seen: &AddrSeen) -> String {
    let a = answer(&seen.a, |list| joined(list.iter(), ", "));
    let aaaa = answer(&seen.aaaa, |list| joined(list.iter(), ", "));
    format!("A {a}; AAAA {aaaa}")
}

fn joined<T: Display>(items: impl Iterator<Item = T>, between: &str) -> String {
    items.map(|item| item.to_string()).collect::<Vec<_>>().join(between)
}
