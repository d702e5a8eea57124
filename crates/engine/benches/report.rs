//! Counting a datagram and composing a report, each beside a floor.
//!
//! `cargo bench -p strictmx-engine --bench report`
#![allow(missing_docs, clippy::unwrap_used, reason = "benchmarks")]

use std::collections::HashMap;

use divan::{Bencher, black_box};
use strictmx_engine::report::{
    Bounds, Day, DomainDay, HostScope, Tally,
    compose::{self, Redact, Reporter},
    intake,
    repeats::Repeats,
};
use strictmx_proto::{gzip::Compressor, mail::Address, postfix::tlsrpt_datagram::Datagram};

const DOMAINS: usize = 1_000;
const DAY: Day = Day(20_778);

fn main() {
    divan::main();
}

/// A success under MTA-STS, about each domain.
fn datagrams() -> Vec<String> {
    let one = |number| {
        let domain = format!("domain{number}.example.com");
        format!(
            r#"{{"dpv": "1","d": "{domain}","pr": "v=TLSRPTv1; rua=mailto:tlsrpt@{domain}","policies":[{{"policy-type":2,"policy-domain": "{domain}","policy-string":["version: STSv1","mode: enforce","mx: mx1.{domain}","mx: *.mx.{domain}","max_age: 604800"],"mx-host":["mx1.{domain}","*.mx.{domain}"],"t":0,"f":0}}]}}"#
        )
    };
    (0..DOMAINS).map(one).collect()
}

/// The same with a failure.
fn failed(datagram: &str) -> String {
    let details = r#""failure-details":[{"c":204,"s": "192.0.2.1","n": "mx1.example.com","h": "mx1.example.com","r": "198.51.100.25"}],"t":1,"f":1"#;
    datagram.replace(r#""t":0,"f":0"#, details)
}

/// A thousand datagrams about a thousand domains that are known.
mod counting_a_thousand {
    use super::*;

    #[divan::bench]
    fn read_and_counted(bencher: Bencher<'_, '_>) {
        let all = datagrams();
        let mut tally = Tally::new(Bounds::default());
        bencher.bench_local(|| {
            for text in &all {
                let datagram = Datagram::parse(black_box(text.as_bytes())).unwrap();
                intake::count(&mut tally, DAY, &datagram, HostScope::Off).unwrap();
            }
            tally.len()
        });
    }

    #[divan::bench]
    fn counted(bencher: Bencher<'_, '_>) {
        let all = datagrams();
        let all: Vec<_> = all.iter().map(|text| Datagram::parse(text.as_bytes()).unwrap()).collect();
        let mut tally = Tally::new(Bounds::default());
        bencher.bench_local(|| {
            for datagram in &all {
                intake::count(&mut tally, DAY, black_box(datagram), HostScope::Off).unwrap();
            }
            tally.len()
        });
    }

    #[divan::bench]
    fn come_again(bencher: Bencher<'_, '_>) {
        let all = datagrams();
        let mut repeats = Repeats::new(1024 * 1024);
        all.iter().for_each(|text| repeats.remember(text.as_bytes()));
        bencher.bench_local(|| {
            for text in &all {
                black_box(repeats.again(black_box(text.as_bytes())));
            }
            repeats.octets()
        });
    }

    /// A number for each text.
    #[divan::bench]
    fn floor(bencher: Bencher<'_, '_>) {
        let all = datagrams();
        let mut numbers: HashMap<&str, u64> = all.iter().map(|text| (text.as_str(), 0)).collect();
        bencher.bench_local(|| {
            for text in &all {
                if let Some(number) = numbers.get_mut(black_box(text.as_str())) {
                    *number += 1;
                }
            }
            numbers.len()
        });
    }
}

#[divan::bench_group]
mod composing {
    use super::*;

    fn reporter() -> Reporter {
        Reporter {
            organization: "Example Ltd".into(),
            contact: Address::parse("postmaster@sender.example").unwrap(),
            redact: Redact::default(),
        }
    }

    fn day() -> DomainDay {
        let mut tally = Tally::new(Bounds::default());
        let success = datagrams().swap_remove(0);
        for text in [failed(&success), success] {
            intake::count(&mut tally, DAY, &Datagram::parse(text.as_bytes()).unwrap(), HostScope::Off).unwrap();
        }
        tally.take().pop().unwrap()
    }

    #[divan::bench]
    fn proven_and_compressed(bencher: Bencher<'_, '_>) {
        let (reporter, day, mut compressor) = (reporter(), day(), Compressor::new());
        bencher.bench_local(|| compose::compose(&reporter, black_box(&day), &mut compressor).unwrap());
    }

    #[divan::bench]
    fn as_a_value(bencher: Bencher<'_, '_>) {
        let (reporter, day) = (reporter(), day());
        bencher.bench_local(|| compose::report(&reporter, black_box(&day)));
    }

    /// Compressing the same text alone.
    #[divan::bench]
    fn floor(bencher: Bencher<'_, '_>) {
        let (text, mut compressor) = (compose::report(&reporter(), &day()).emit(), Compressor::new());
        bencher.bench_local(|| compressor.compress(black_box(text.as_bytes())));
    }
}
