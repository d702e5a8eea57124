//! `strictmx check` against a real Postfix that takes what it should not, and one that does not.

use strictmx_testbed::lab::Lab;
use strictmx_testbed::pki::Leaf;

use super::world::{World, ZONE, address, lines};

/// What is found about the versions and ciphers of a Postfix 3.10 with these settings.
fn found(world: &World, label: &str, settings: &[(&str, &str)]) -> Vec<String> {
    let (domain, host, at) = (format!("{label}.{ZONE}"), format!("mx.{label}.{ZONE}"), address());
    Lab::shared().postfix310().receive(at, &world.ca.issue(&host, Leaf::Good), settings);
    world.dns.mx(&domain, &[(10, &host)]);
    world.dns.a(&host, at);
    let verdicts = lines(&world.check(&[&domain, "--only", "smtp", "--format", "jsonl"]));
    let findings = verdicts[0]["findings"].as_array().unwrap();
    let ids = findings.iter().map(|finding| finding["id"].as_str().unwrap().to_owned());
    let mut ids: Vec<String> = ids.filter(|id| !id.contains("ptr") && !id.contains("ipv6")).collect();
    ids.sort();
    ids
}

// RFC 8996, STS-7.2-2
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn old_versions_and_weak_ciphers_are_found_at_a_postfix_that_takes_them_and_at_no_other() {
    let world = World::new();
    let of_yesterday = [("smtpd_tls_protocols", ">=TLSv1"), ("tls_medium_cipherlist", "ALL:eNULL:aNULL:@SECLEVEL=0")];
    let ids = found(&world, "yesterday", &of_yesterday);
    assert_eq!(ids, ["smtp.cipher-anonymous", "smtp.cipher-null", "smtp.tls-1-0", "smtp.tls-1-1"]);
    // Postfix of itself keeps the old versions for those who would send in the clear instead.
    assert_eq!(found(&world, "plain", &[]), ["smtp.cipher-anonymous", "smtp.tls-1-0", "smtp.tls-1-1"]);
    let of_today = [("smtpd_tls_protocols", ">=TLSv1.2"), ("smtpd_tls_exclude_ciphers", "aNULL")];
    assert_eq!(found(&world, "today", &of_today), Vec::<String>::new());
}

// STS-7.2-1
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn a_postfix_that_shares_nothing_with_todays_senders_is_told_why() {
    let world = World::new();
    let too_old = [("smtpd_tls_protocols", "TLSv1.1"), ("tls_medium_cipherlist", "ALL:!aNULL:@SECLEVEL=0")];
    assert_eq!(found(&world, "too-old", &too_old), ["smtp.tls-too-old"]);
    let old_ciphers =
        [("smtpd_tls_protocols", "TLSv1.2"), ("tls_medium_cipherlist", "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0")];
    assert_eq!(found(&world, "old-ciphers", &old_ciphers), ["smtp.old-ciphers-only"]);
}
