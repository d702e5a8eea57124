//! The catalogue of providers: each host is found, and each pattern has the right depth.
use alloc::{format, string::ToString};

use super::*;
use crate::check::fixture::name;

fn pattern(host: &str) -> Option<alloc::string::String> {
    let host = name(host);
    of(&host)?.pattern(&host).map(|pattern| pattern.to_string())
}

/// STS-4.1-1
#[test]
fn a_wildcard_for_microsofts_new_names_goes_down_to_the_last_label_but_one() {
    assert_eq!(pattern("contoso-com.o-v1.mx.microsoft").unwrap(), "*.o-v1.mx.microsoft");
    assert_eq!(pattern("contoso-com.mail.protection.outlook.com").unwrap(), "*.mail.protection.outlook.com");
    assert_eq!(of(&name("contoso.mx.microsoft")).unwrap().name, "Microsoft 365 with DNSSEC");
    assert_eq!(pattern("contoso.mx.microsoft"), None);
}

#[test]
fn hosts_are_told_by_whole_labels() {
    assert_eq!(of(&name("mx1.evilgoogle.com")), None);
    assert_eq!(of(&name("fakemx.microsoft")), None);
    assert_eq!(of(&name("mail.google.com")), None);
    assert_eq!(of(&name("mx.example.com")), None);
}

#[test]
fn providers_without_a_suffix_own_only_what_their_patterns_match() {
    assert_eq!(pattern("inbound-smtp.eu-west-1.amazonaws.com").unwrap(), "inbound-smtp.eu-west-1.amazonaws.com");
    assert_eq!(of(&name("ec2-192-0-2-1.compute.amazonaws.com")), None);
}

#[test]
fn the_usual_hosts_of_each_provider_are_covered() {
    for host in [
        "smtp.google.com",
        "alt4.aspmx.l.google.com",
        "aspmx5.googlemail.com",
        "mx02.mail.icloud.com",
        "mailsec.protonmail.ch",
        "in2-smtp.messagingengine.com",
        "mx3.zoho.com.au",
        "mta7.am0.yahoodns.net",
        "mx-aol.mail.gm0.yahoodns.net",
        "mxext3.mailbox.org",
        "aspmx2.migadu.com",
        "mx3.mail.ovh.net",
        "mx00.ionos.de",
        "spool.mail.gandi.net",
        "mta-gw.infomaniak.ch",
        "mx2.hostinger.com",
        "mx1.privateemail.com",
        "mx2.emailsrvr.com",
        "eu-smtp-inbound-1.mimecast.com",
        "mx0a-00176a04.pphosted.com",
        "mxb-00190b01.gslb.pphosted.com",
        "mx1-us1.ppe-hosted.com",
        "d312104a.ess.barracudanetworks.com",
        "d226511.b.ess.uk.barracudanetworks.com",
        "route2.mx.cloudflare.net",
        "mx.yandex.net",
        "emx.mail.ru",
        "mail.tutanota.de",
        "mx02a.posteo.de",
    ] {
        assert!(pattern(host).is_some(), "{host}");
    }
}

#[test]
fn every_entry_is_complete_and_every_pattern_is_one() {
    for provider in TABLE {
        assert!(!provider.name.is_empty() && !provider.source.is_empty(), "{}", provider.name);
        assert_eq!(provider.as_of.len(), 10, "{}", provider.name);
        for suffix in provider.suffixes {
            assert_eq!(of(&name(&format!("a.b.{suffix}"))).unwrap().name, provider.name);
        }
        for pattern in provider.patterns {
            let (_, notes) = Pattern::parse(&pattern.replace(LABEL, "x")).unwrap();
            assert!(notes.is_empty(), "{pattern}");
        }
    }
}
