//! Datagrams, reports and their mail, each beside a floor or a common way of doing the same.
//!
//! `cargo bench -p strictmx-proto --bench reports`
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, reason = "benchmarks")]

use divan::{Bencher, black_box, counter::BytesCount};
use strictmx_proto::{
    date::DAY,
    gzip::{Compressor, Limits, compress, inflate},
    mail::{
        Address,
        dkim::{Algorithm, Selector, Signer},
    },
    name::Domain,
    postfix::{tlsrpt_datagram::Datagram, tlsrpt_log::Line},
    tlsrpt::{
        PolicyType, Report, ReportId, ResultType, Scope,
        mail::Letter,
        report::{Entry, Failure, Period, Policy, Term},
    },
};

/// 174 octets: a success without policy, as Debian's Postfix sends it.
const PLAIN: &[u8] = br#"{"d": "opportunistic.example.com","pr": "v=TLSRPTv1; rua=mailto:tlsrpt@opportunistic.example.com","policies":[{"policy-type":9,"policy-domain": "opportunistic.example.com","t":0,"f":0}]}"#;
/// 300 octets: a success under MTA-STS.
const STS: &[u8] = br#"{"dpv": "1","d": "example.com","pr": "v=TLSRPTv1; rua=mailto:tlsrpt@example.com","policies":[{"policy-type":2,"policy-domain": "example.com","policy-string":["version: STSv1","mode: enforce","mx: mx1.example.com","mx: *.mx.example.com","max_age: 604800"],"mx-host":["mx1.example.com","*.mx.example.com"],"t":0,"f":0}]}"#;
/// 480 octets: a failure of DANE with the whole EHLO reply.
const DANE: &[u8] = br#"{"dpv": "1","d": "dane-bad.test","pr": "v=TLSRPTv1; rua=mailto:tlsrpt@dane-bad.test","policies":[{"policy-type":1,"policy-domain": "bad.dane.test","policy-string":["3 1 1 0000000000000000000000000000000000000000000000000000000000000000"],"failure-details":[{"c":203,"s": "127.0.0.1","n": "bad.dane.test","h": "250-bad.dane.test Hello caf?\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-STARTTLS\r\n250 8BITMIME","r": "127.0.2.12"}],"t":1,"f":1}]}"#;

const DATAGRAMS: [(&str, &[u8]); 3] = [("plain", PLAIN), ("sts", STS), ("dane", DANE)];

fn main() {
    divan::main();
}

fn of(name: &str) -> &'static [u8] {
    DATAGRAMS.iter().find(|(one, _)| *one == name).unwrap().1
}

mod datagram {
    use super::*;

    #[divan::bench(args = ["plain", "sts", "dane"])]
    fn parse(bencher: Bencher<'_, '_>, name: &str) {
        let octets = of(name);
        bencher
            .counter(BytesCount::new(octets.len()))
            .bench_local(|| Datagram::parse(black_box(octets)).unwrap().policies.len());
    }

    #[divan::bench(args = ["plain", "sts", "dane"])]
    fn common_tree_of_values(bencher: Bencher<'_, '_>, name: &str) {
        let octets = of(name);
        bencher
            .counter(BytesCount::new(octets.len()))
            .bench_local(|| serde_json::from_slice::<serde_json::Value>(black_box(octets)).unwrap().is_object());
    }

    #[divan::bench(args = ["plain", "sts", "dane"])]
    fn floor_utf8(bencher: Bencher<'_, '_>, name: &str) {
        let octets = of(name);
        bencher
            .counter(BytesCount::new(octets.len()))
            .bench_local(|| core::str::from_utf8(black_box(octets)).unwrap().len());
    }

    #[divan::bench]
    fn emit(bencher: Bencher<'_, '_>) {
        let datagram = Datagram::parse(STS).unwrap();
        bencher.bench_local(|| black_box(&datagram).emit());
    }
}

mod log {
    use super::*;

    #[divan::bench]
    fn tlsrpt_line() -> Option<Line<'static>> {
        Line::parse(black_box(b"Nov 22 03:43:11 out postfix/smtp[71]: TLSRPT: status=success, domain=example.com, receiving_mx=mx.example.com[192.0.2.1]"))
    }

    #[divan::bench]
    fn line_about_something_else() -> Option<Line<'static>> {
        Line::parse(black_box(
            b"Nov 22 03:43:11 out postfix/qmgr[70]: 4dFk2Z1: from=<a@example.com>, size=1234, nrcpt=1 (queue active)",
        ))
    }
}

fn domain(text: &str) -> Domain {
    Domain::parse(text).unwrap()
}

/// A report of a domain with an MTA-STS policy and `failures` kinds of failure.
fn report(failures: u64) -> Report {
    let target = domain("example.com");
    let submitter = domain("sender.example");
    let day = 20_000 * DAY;
    let lines = ["version: STSv1", "mode: enforce", "mx: mx1.example.com", "mx: *.mx.example.com", "max_age: 604800"];
    let failure = |number: u64| Failure {
        sending_ip: Some("192.0.2.10".parse().unwrap()),
        mx: Some(format!("mx{number}.mx.example.com")),
        receiving_ip: Some("198.51.100.25".parse().unwrap()),
        reason: Some("X509_V_ERR_CERT_HAS_EXPIRED".into()),
        ..Failure::new(ResultType::CertificateExpired, number + 1)
    };
    Report {
        organization: "Example Ltd".into(),
        period: Period::day(day),
        contact: Some("postmaster@sender.example".into()),
        id: ReportId::new(day, &target, Scope::Recipient, &submitter).to_string(),
        entries: vec![Entry {
            policy: Policy {
                kind: Term::Known(PolicyType::Sts),
                strings: lines.map(String::from).to_vec(),
                domain: Some(target),
                mx: vec!["mx1.example.com".into(), "*.mx.example.com".into()],
            },
            successful: 1234,
            failed: failures * (failures + 1) / 2,
            failures: (0..failures).map(failure).collect(),
        }],
    }
}

#[divan::bench_group]
mod of_a_report {
    use super::*;

    #[divan::bench(args = [0, 3, 100])]
    fn emit(bencher: Bencher<'_, '_>, failures: u64) {
        let report = report(failures);
        bencher.bench_local(|| black_box(&report).emit());
    }

    #[divan::bench(args = [0, 3, 100])]
    fn check(bencher: Bencher<'_, '_>, failures: u64) {
        let report = report(failures);
        bencher.bench_local(|| black_box(&report).check().len());
    }

    #[divan::bench(args = [0, 3, 100])]
    fn read(bencher: Bencher<'_, '_>, failures: u64) {
        let text = report(failures).emit();
        bencher
            .counter(BytesCount::new(text.len()))
            .bench_local(|| Report::read(black_box(text.as_bytes())).unwrap().report.entries.len());
    }

    #[divan::bench(args = [0, 3, 100])]
    fn compress_with_one_compressor(bencher: Bencher<'_, '_>, failures: u64) {
        let text = report(failures).emit();
        let mut compressor = Compressor::new();
        bencher.counter(BytesCount::new(text.len())).bench_local(|| compressor.compress(black_box(text.as_bytes())));
    }

    #[divan::bench(args = [0, 3, 100])]
    fn compress_with_a_new_compressor(bencher: Bencher<'_, '_>, failures: u64) {
        let text = report(failures).emit();
        bencher.counter(BytesCount::new(text.len())).bench_local(|| compress(black_box(text.as_bytes())));
    }

    #[divan::bench(args = [0, 3, 100])]
    fn inflate_it(bencher: Bencher<'_, '_>, failures: u64) {
        let octets = compress(report(failures).emit().as_bytes());
        bencher.bench_local(|| inflate(black_box(&octets), Limits::REPORT).unwrap());
    }

    /// Composed, compressed, put into a mail and made ready for the key: what 100 000 domains cost, but for the signature.
    #[divan::bench(args = [0, 3, 100])]
    fn whole_mail(bencher: Bencher<'_, '_>, failures: u64) {
        let report = report(failures);
        let target = domain("example.com");
        let from = Address::parse("tlsrpt-noreply@sender.example").unwrap();
        let to = Address::parse("tlsrpt@example.com").unwrap();
        let signer = Signer {
            domain: domain("sender.example"),
            selector: Selector::parse("tlsrpt").unwrap(),
            algorithm: Algorithm::RsaSha256,
            signed_at: 0,
            expires_at: None,
        };
        let mut compressor = Compressor::new();
        bencher.bench_local(|| {
            let gzip = compressor.compress(black_box(&report).emit().as_bytes());
            let letter = Letter { report: &report, gzip: &gzip, domain: &target, from: &from, to: &to, date: 0 };
            let message = letter.compose().unwrap();
            signer.signing_input(&message).unwrap().octets().len()
        });
    }
}
