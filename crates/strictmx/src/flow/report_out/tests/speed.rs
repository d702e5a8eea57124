//! How long composing takes, and how much memory: the goals are 100 000 domains in 30 s within 200 MiB, and 1000 domains with a
//! million sessions in 2 s. Run with `cargo test --profile ci -p strictmx --lib -- --ignored composing --nocapture`.
#![allow(clippy::print_stderr, reason = "figures for people")]
use std::{sync::Arc, time::Instant};

use strictmx_engine::report::{Counts, Detail, DomainDay, PolicyDay, PolicyKey, PolicyType, Scope};
use strictmx_io::store::counting::Delta;

use super::super::compose;
use super::world::{DAY, World, name};

/// A domain with three policies and a few failures, as busy ones have.
fn busy(number: u32) -> DomainDay {
    let domain = name(&format!("domain{number}.example.test"));
    let policies = [PolicyType::Sts, PolicyType::Tlsa, PolicyType::NoPolicyFound].map(|kind| {
        let lines: &[&str] = match kind {
            PolicyType::Sts => &["version: STSv1", "mode: enforce", "mx: *.mx.example.test", "max_age: 604800"],
            PolicyType::Tlsa => &["3 1 1 0B9FA5A59EED715C26C1020C711B4F6EC42D58B0015E14337A39DAD301C5AFC3"],
            PolicyType::NoPolicyFound => &[],
        };
        let text = lines.iter().map(|line| (*line).into()).collect();
        let policy = PolicyKey { kind, domain: domain.clone(), text, mx: Box::default() };
        let details = (0..2).map(|host| {
            let detail = Detail {
                result_type: "certificate-expired".into(),
                sending_mta_ip: Some("192.0.2.1".into()),
                receiving_mx_hostname: Some(format!("mx{host}.{domain}").into()),
                receiving_mx_helo: Some(format!("mx{host}.{domain}").into()),
                receiving_ip: Some("198.51.100.25".into()),
                additional_information: None,
                failure_reason_code: Some("X509_V_ERR_CERT_HAS_EXPIRED".into()),
            };
            (detail, 8)
        });
        PolicyDay { policy, counts: Counts { success: 317, failure: 16 }, details: details.collect() }
    });
    let record = Some("v=TLSRPTv1; rua=mailto:tlsrpt@example.test".into());
    DomainDay { day: DAY, domain, scope: Scope::Domain, record, policies: policies.into() }
}

async fn figures(domains: u32) {
    let world = World::new();
    for from in (0..domains).step_by(1000) {
        let some = (from..domains.min(from + 1000)).map(busy).collect();
        world.store.add_counts(Arc::new(Delta { domains: some, ..Delta::default() })).await.unwrap();
    }
    let reporter = world.reporter(world.rules()).await;
    let began = Instant::now();
    compose::finished_days(&reporter.0).await.unwrap();
    let took = began.elapsed();
    assert_eq!(world.store.reported_days().await.unwrap(), [(DAY, u64::from(domains))]);
    let peak = strictmx_testbed::proc::proc_status_kib(std::process::id(), "VmHWM:");
    eprintln!("{domains} domains composed in {took:?}, at most {} MiB resident", peak / 1024);
}

#[tokio::test]
#[ignore = "takes long"]
async fn composing_a_day_of_1000_domains() {
    figures(1_000).await;
}

#[tokio::test]
#[ignore = "takes long"]
async fn composing_a_day_of_100_000_domains() {
    figures(100_000).await;
}
