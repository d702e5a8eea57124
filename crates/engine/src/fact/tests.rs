use alloc::{format, vec, vec::Vec};

use super::*;
use crate::{
    fixture::{json, name, servfail, tlsa},
    time::Timestamp,
};

#[test]
fn answers_are_written_out_with_their_records() {
    let mx = |exchange| Mx { preference: 10, exchange };
    let seen = Seen::Found {
        data: vec![
            mx(Exchange::Host(name("mx.example.com"))),
            mx(Exchange::Null),
            mx(Exchange::Unusable("192.0.2.1".into())),
        ],
        aliases: vec![name("alias.example.com")],
        dnssec: Dnssec::Secure,
        ttl: 60,
    };
    assert_eq!(
        json(&seen),
        concat!(
            r#"{"status":"found","data":[{"preference":10,"exchange":"mx.example.com"},{"preference":10,"exchange":"."},"#,
            r#"{"preference":10,"exchange":"192.0.2.1"}],"aliases":["alias.example.com"],"dnssec":"secure","ttl":60}"#
        )
    );
    let seen: TlsaSeen = Seen::Found { data: vec![tlsa(3)], aliases: vec![], dnssec: Dnssec::Secure, ttl: 1 };
    assert!(json(&seen).contains(&format!("\"3 1 1 {}\"", "ab".repeat(32))));
    assert!(format!("{seen:?}").contains("3 1 1 abab"));
    let seen: CnameSeen = Seen::Found { data: name("x.example"), aliases: vec![], dnssec: Dnssec::Insecure, ttl: 1 };
    assert_eq!(json(&seen), r#"{"status":"found","data":"x.example","dnssec":"insecure","ttl":1}"#);
    let seen: MxSeen = Seen::Failed(servfail());
    assert_eq!(json(&seen), r#"{"status":"failed","kind":"servfail","detail":"by test"}"#);
}

#[test]
fn a_text_record_is_shown_as_text() {
    let txt = Txt(b"v=STSv1; id=a"[..].into());
    assert_eq!(json(&txt), "\"v=STSv1; id=a\"");
    assert_eq!(format!("{txt:?}"), "\"v=STSv1; id=a\"");
    assert_eq!(Txt(vec![0xff].into()).text(), "\u{fffd}");
}

#[test]
fn what_is_common_to_all_answers_can_be_asked() {
    let found = Seen::Found { data: 1, aliases: Vec::new(), dnssec: Dnssec::Secure, ttl: 7 };
    assert_eq!(
        (found.data(), found.ttl(), found.dnssec(), found.status()),
        (Some(&1), 7, Some(Dnssec::Secure), "found")
    );
    assert_eq!(found.failure(), None);
    for (seen, status) in [
        (Seen::<u8>::NoData { dnssec: Dnssec::Insecure, ttl: 3 }, "no-data"),
        (Seen::NxDomain { dnssec: Dnssec::Insecure, ttl: 3 }, "nx-domain"),
    ] {
        assert_eq!((seen.data(), seen.ttl(), seen.dnssec(), seen.status()), (None, 3, Some(Dnssec::Insecure), status));
    }
    let failed = Seen::<u8>::Failed(servfail());
    assert_eq!(
        (failed.ttl(), failed.dnssec(), failed.failure(), failed.status()),
        (0, None, Some(&servfail()), "failed")
    );
}

#[test]
fn a_fetch_is_written_out() {
    assert_eq!(json(&FetchSeen::Body(b"version: STSv1\n"[..].into())), r#"{"body":"version: STSv1\n"}"#);
    let failed = FetchSeen::Failed(FetchFailure::Certificate(CertFault::NameMismatch));
    assert_eq!(json(&failed), r#"{"failed":{"cause":"certificate","fault":"name-mismatch"}}"#);
    let failed = FetchSeen::Failed(FetchFailure::Dns(servfail()));
    assert_eq!(json(&failed), r#"{"failed":{"cause":"dns","kind":"servfail","detail":"by test"}}"#);
    let refused = FetchFailure::AddressRefused { addresses: vec![[127, 0, 0, 1].into()] };
    assert_eq!(json(&refused), r#"{"cause":"address-refused","addresses":["127.0.0.1"]}"#);
    assert_eq!(
        format!("{refused}"),
        "the policy host's addresses are special ones that strictmx does not connect to: 127.0.0.1"
    );
    assert_eq!(
        format!("{}", FetchFailure::Status { status: 301, location: Some("https://www.example.com/".into()) }),
        "the policy host answered with status 301, a redirect to https://www.example.com/, and redirects are not followed"
    );
}

#[test]
fn a_session_is_written_out() {
    let seen = TlsSeen {
        host: "mx.example.com".into(),
        address: Some(([192, 0, 2, 1], 25).into()),
        local: None,
        helo: Some("mx".into()),
        outcome: TlsOutcome::Certificate(CertFault::Expired),
        tls_version: Some("TLSv1.3".into()),
        chain: vec![CertSeen {
            subject: "CN=mx".into(),
            issuer: "CN=ca".into(),
            dns_names: vec!["mx.example.com".into()],
            not_before: Timestamp(1),
            not_after: Timestamp(2),
            sha256: "00".into(),
        }],
    };
    assert_eq!(
        json(&seen),
        concat!(
            r#"{"host":"mx.example.com","address":"192.0.2.1:25","local":null,"helo":"mx","#,
            r#""outcome":{"outcome":"certificate","fault":"expired"},"tls_version":"TLSv1.3","#,
            r#""chain":[{"subject":"CN=mx","issuer":"CN=ca","dns_names":["mx.example.com"],"#,
            r#""not_before":1,"not_after":2,"sha256":"00"}]}"#
        )
    );
}

#[test]
fn each_dns_failure_has_a_word_and_a_sentence() {
    use DnsFailureKind::*;
    for kind in [Servfail, Refused, Rcode, Bogus, Timeout, Network, Malformed] {
        assert_eq!(json(&kind), format!("\"{}\"", kind.as_str()));
        assert!(format!("{kind}").len() > 20);
    }
    assert_eq!(format!("{}", servfail()), "the name server answered SERVFAIL (by test)");
}
