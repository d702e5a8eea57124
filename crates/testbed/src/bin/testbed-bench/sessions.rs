//! Sessions as a busy site has them: of ten with each domain six under MTA-STS and one that fails there, two without a policy, one
//! under DANE.

use std::fmt::Write as _;
use std::io::{BufWriter, Write as _};

/// Sessions after which a domain has the same ones again.
pub(crate) const KINDS: usize = 20;
const ADDRESS: &str = "198.51.100.25";
const REASON: &str = "X509_V_ERR_CERT_HAS_EXPIRED";

enum Kind {
    Sts,
    StsExpired,
    NoPolicy,
    Dane,
}

fn kind(number: usize) -> Kind {
    match number % 10 {
        0..=5 => Kind::Sts,
        6 => Kind::StsExpired,
        7 | 8 => Kind::NoPolicy,
        _ => Kind::Dane,
    }
}

/// Failures come from two hosts in turn.
fn host(domain: &str, number: usize) -> String {
    format!("mx{}.{domain}", number / 10 % 2)
}

fn record(domain: &str) -> String {
    format!("v=TLSRPTv1; rua=mailto:tlsrpt@{domain}")
}

fn lines(domain: &str) -> String {
    format!(r#"["version: STSv1","mode: enforce","mx: mx0.{domain}","mx: mx1.{domain}","max_age: 604800"]"#)
}

fn patterns(domain: &str) -> String {
    format!(r#"["mx0.{domain}","mx1.{domain}"]"#)
}

const TLSA: &str = r#"["3 1 1 0B9FA5A59EED715C26C1020C711B4F6EC42D58B0015E14337A39DAD301C5AFC3"]"#;

/// A domain's session as libtlsrpt tells of it.
pub(crate) fn datagram(domain: &str, number: usize) -> String {
    let mut text = format!(r#"{{"dpv": "1","d": "{domain}","pr": "{}","policies":[{{"policy-type":"#, record(domain));
    let host = host(domain, number);
    let (lines, patterns) = (lines(domain), patterns(domain));
    let rest = match kind(number) {
        Kind::Sts => {
            format!(r#"2,"policy-domain": "{domain}","policy-string":{lines},"mx-host":{patterns},"t":0,"f":0}}]}}"#)
        }
        Kind::StsExpired => format!(
            r#"2,"policy-domain": "{domain}","policy-string":{lines},"mx-host":{patterns},"failure-details":[{{"c":204,"s": "192.0.2.1","n": "{host}","h": "{host}","r": "{ADDRESS}","f": "{REASON}"}}],"t":1,"f":1}}]}}"#
        ),
        Kind::NoPolicy => format!(r#"9,"policy-domain": "{domain}","t":0,"f":0}}]}}"#),
        Kind::Dane => format!(r#"1,"policy-domain": "{host}","policy-string":{TLSA},"t":0,"f":0}}]}}"#),
    };
    text.push_str(&rest);
    text
}

/// The same session in the words of a report, on this day.
fn line(domain: &str, number: usize, day: &str) -> String {
    let mut text = format!(r#"{{"at":"{day}","domain":"{domain}","record":"{}","policy-type":"#, record(domain));
    let host = host(domain, number);
    let (lines, patterns) = (lines(domain), patterns(domain));
    match kind(number) {
        Kind::Sts => write!(text, r#""sts","policy-string":{lines},"mx-host":{patterns}}}"#),
        Kind::StsExpired => write!(
            text,
            r#""sts","policy-string":{lines},"mx-host":{patterns},"result-type":"certificate-expired","sending-mta-ip":"192.0.2.1","receiving-mx-hostname":"{host}","receiving-mx-helo":"{host}","receiving-ip":"{ADDRESS}","failure-reason-code":"{REASON}"}}"#
        ),
        Kind::NoPolicy => write!(text, r#""no-policy-found"}}"#),
        Kind::Dane => write!(text, r#""tlsa","policy-domain":"{host}","policy-string":{TLSA}}}"#),
    }
    .expect("a string");
    text
}

/// Prints so many sessions, a line each, the domains in turn.
pub(crate) fn print(domains: &[String], sessions: usize, day: &str) {
    let mut out = BufWriter::with_capacity(256 * 1024, std::io::stdout().lock());
    for session in 0..sessions {
        let domain = &domains[session % domains.len()];
        writeln!(out, "{}", line(domain, session / domains.len(), day)).expect("somebody reads");
    }
    out.flush().expect("somebody reads");
}
