//! The explanation for people: short lines, aligned, the conclusion last where the eye rests.
use std::fmt::{Display, Write};

use strictmx_engine::{
    fact::{AddrSeen, CertSeen, Dnssec, FetchTrace, MxSeen, Seen, TlsaSeen, TxtSeen},
    route::{Allowed, Cover, WhyDropped},
    trust::Trust,
};

use crate::{
    cli::output::{BAD, DIM, GOOD, STRONG, WARN},
    flow::explain::{Explanation, HostSeen, MtaSts, Resolver},
    when::rfc3339,
};

/// The whole text, with colours (the writer takes them out where nobody wants them).
pub(super) fn render(e: &Explanation) -> String {
    let mut page = Page::default();
    page.line(format_args!("{STRONG}{}{STRONG:#}", e.next_hop));
    resolver(&mut page, &e.resolver);
    mta_sts(&mut page, &e.mta_sts);
    mx(&mut page, e);
    decision(&mut page, e);
    page.0
}

#[derive(Default)]
struct Page(String);

impl Page {
    fn line(&mut self, text: impl Display) {
        // Writing to a String cannot fail.
        let _never_fails = writeln!(self.0, "{text}");
    }

    fn head(&mut self, text: &str) {
        self.line(format_args!("\n{STRONG}{text}{STRONG:#}"));
    }

    /// A name in a column of its own, then what is to be said of it.
    fn row(&mut self, name: &str, text: impl Display) {
        self.line(format_args!("  {name:<13} {text}"));
    }

    fn more(&mut self, text: impl Display) {
        self.row("", text);
    }
}

fn resolver(page: &mut Page, resolver: &Resolver) {
    page.head("Resolver");
    page.row("servers", resolver.servers.join(", "));
    page.row("DNSSEC", resolver.dnssec);
    match &resolver.self_test {
        None => page.row("self-test", format_args!("{DIM}off{DIM:#}")),
        Some(trust @ Trust::Validates) => page.row("self-test", format_args!("{GOOD}{trust}{GOOD:#}")),
        Some(trust) => page.row("self-test", format_args!("{WARN}{trust}{WARN:#}")),
    }
}

fn mta_sts(page: &mut Page, sts: &MtaSts) {
    page.head("MTA-STS");
    if let Some(txt) = &sts.txt {
        page.row("TXT", format_args!("{} {}", sts.txt_name, txt_answer(txt)));
    }
    match (&sts.id, &sts.record_problem) {
        (Some(id), _) => page.row("id", id),
        (None, Some(problem)) => page.row("id", format_args!("none: {problem}")),
        (None, None) => {}
    }
    if let Some(addresses) = &sts.addresses {
        page.row("policy host", addresses_answer(addresses));
    }
    if let Some(fetch) = &sts.fetch {
        fetched(page, fetch);
    }
    if let Some(failure) = &sts.fetch_failure {
        page.row("fetch", format_args!("{BAD}failed{BAD:#}: {failure}"));
    }
    if let Some(problem) = &sts.policy_problem {
        page.row("policy", format_args!("{BAD}not valid{BAD:#}: {problem}"));
    }
    if let Some(policy) = &sts.policy {
        page.row("policy", format_args!("{STRONG}{}{STRONG:#}, max_age {}", policy.mode, span(policy.max_age)));
        for pattern in &policy.mx {
            page.row("  mx", pattern);
        }
    }
    for finding in &sts.findings {
        let place = if finding.line == 0 { String::new() } else { format!("line {}: ", finding.line) };
        page.row("finding", format_args!("{WARN}{place}{}{WARN:#}", finding.what));
    }
    if let Some(report) = &sts.report {
        page.row("report", format_args!("a TLS report would say {report}"));
    }
}

fn fetched(page: &mut Page, fetch: &FetchTrace) {
    for tried in &fetch.tried {
        match &tried.error {
            None => page.row("connect", tried.address),
            Some(error) => page.row("connect", format_args!("{}: {error}", tried.address)),
        }
    }
    if let Some(version) = &fetch.tls_version {
        page.row("TLS", version);
    }
    for (depth, cert) in fetch.chain.iter().enumerate() {
        certificate(page, depth, cert);
    }
    if let Some(status) = fetch.status {
        let kind = fetch.content_type.as_deref().unwrap_or("no Content-Type");
        let size = fetch.body_len.map(|len| format!(", {len} octets")).unwrap_or_default();
        page.row("HTTP", format_args!("{status}, {kind}{size}, {} ms", fetch.elapsed_ms));
    }
}

fn certificate(page: &mut Page, depth: usize, cert: &CertSeen) {
    let name = if depth == 0 { "certificate" } else { "  issued by" };
    page.row(name, format_args!("{} {DIM}by {}{DIM:#}", cert.subject, cert.issuer));
    if depth == 0 {
        page.more(format_args!(
            "names {}",
            if cert.dns_names.is_empty() { "none".to_owned() } else { cert.dns_names.join(", ") }
        ));
    }
    page.more(format_args!("valid {} to {}", rfc3339(cert.not_before), rfc3339(cert.not_after)));
}

fn mx(page: &mut Page, e: &Explanation) {
    page.head("MX and DANE");
    if let Some(answer) = &e.mx.answer {
        page.row("MX", mx_answer(answer));
    }
    page.row("", &e.mx.summary);
    for dropped in &e.mx.dropped {
        page.row("left out", format_args!("{} {}: {}", dropped.preference, dropped.exchange, why_dropped(dropped.why)));
    }
    for host in &e.mx.hosts {
        one_host(page, host);
    }
}

fn one_host(page: &mut Page, host: &HostSeen) {
    page.line(format_args!("  {STRONG}{} {}{STRONG:#}", host.preference, host.host));
    page.row("  address", addresses_answer(&host.addresses));
    if let Some(alias) = &host.alias {
        page.row("  alias", answer(alias, |target| format!("CNAME {target}")));
    }
    for tlsa in &host.tlsa {
        page.row("  TLSA", format_args!("{} {}", tlsa.name, tlsa_answer(&tlsa.answer)));
    }
    page.row("  DANE", &host.dane_reason);
    page.row("  policy", covered(&host.cover));
    let style = match host.allowed {
        Allowed::NotInPolicy | Allowed::LookupFailed | Allowed::NoAddress => BAD,
        Allowed::InAnyCase => DIM,
        _ => GOOD,
    };
    page.row("  verdict", format_args!("{style}{}{style:#}", host.verdict));
}

fn decision(page: &mut Page, e: &Explanation) {
    page.head("Decision");
    page.row("level", format_args!("{STRONG}{}{STRONG:#}", e.decision.level));
    for reason in &e.decision.reasons {
        page.row("because", reason);
    }
    if let Some(rule) = &e.decision.overridden {
        page.row("override", format_args!("{WARN}{rule}{WARN:#}"));
    }
    if e.decision.observed {
        page.row("observe", format_args!("{WARN}observe mode: the mail server is told \"not found\" instead{WARN:#}"));
    }
    page.head("Answers");
    for answer in &e.answers {
        page.row(answer.map, answer.reply.trim_end());
    }
}

fn why_dropped(why: WhyDropped) -> &'static str {
    match why {
        WhyDropped::NotAHost => "it is no host name",
        WhyDropped::NullBesideOthers => "a null MX beside other records",
        WhyDropped::Twice => "the host is listed with a better preference already",
        WhyDropped::TooMany => "more hosts than are looked at",
    }
}

fn covered(cover: &Cover) -> String {
    match cover {
        Cover::By(pattern) => format!("named by mx {pattern}"),
        Cover::NoPattern => format!("{BAD}no mx pattern names it{BAD:#}"),
        Cover::NoPolicy => "no policy that would have to name it".to_owned(),
    }
}

//----------- Answers -----------------------------------------------------

fn answer<T>(seen: &Seen<T>, data: impl FnOnce(&T) -> String) -> String {
    match seen {
        Seen::Found { data: records, aliases, dnssec, ttl } => {
            let by: String = aliases.iter().map(|alias| format!("CNAME {alias}, ")).collect();
            format!("{by}{} {DIM}(NOERROR, {}, TTL {ttl}){DIM:#}", data(records), state(*dnssec))
        }
        Seen::NoData { dnssec, ttl } => format!("no such record {DIM}(NOERROR, {}, TTL {ttl}){DIM:#}", state(*dnssec)),
        Seen::NxDomain { dnssec, ttl } => format!("no such name {DIM}(NXDOMAIN, {}, TTL {ttl}){DIM:#}", state(*dnssec)),
        Seen::Failed(failure) => format!("{BAD}failed{BAD:#}: {failure}"),
    }
}

fn state(dnssec: Dnssec) -> &'static str {
    match dnssec {
        Dnssec::Secure => "secure",
        Dnssec::Insecure => "insecure",
    }
}

fn txt_answer(seen: &TxtSeen) -> String {
    answer(seen, |records| joined(records.iter().map(|txt| format!("{:?}", txt.text())), " and "))
}

fn mx_answer(seen: &MxSeen) -> String {
    answer(seen, |records| joined(records.iter().map(|mx| format!("{} {}", mx.preference, mx.exchange)), ", "))
}

fn tlsa_answer(seen: &TlsaSeen) -> String {
    answer(seen, |records| joined(records.iter().map(|record| record.0.to_string()), ", "))
}

fn addresses_answer(seen: &AddrSeen) -> String {
    let a = answer(&seen.a, |records| joined(records.iter().map(ToString::to_string), ", "));
    let aaaa = answer(&seen.aaaa, |records| joined(records.iter().map(ToString::to_string), ", "));
    format!("A {a}; AAAA {aaaa}")
}

fn joined(texts: impl Iterator<Item = String>, between: &str) -> String {
    texts.collect::<Vec<_>>().join(between)
}

//----------- Times -------------------------------------------------------

fn span(seconds: u32) -> String {
    match seconds {
        s if s >= 2 * 86_400 => format!("{seconds} s ({} days)", s / 86_400),
        s if s >= 2 * 3_600 => format!("{seconds} s ({} hours)", s / 3_600),
        _ => format!("{seconds} s"),
    }
}
