//! What a bare hello shows, one thing each.
use alloc::{sync::Arc, vec::Vec};

use super::{
    super::super::{
        Observations, Severity,
        observations::{Compression, HelloSeen, TrialResult, Way},
    },
    ids, made, one, version, with_trial,
};

pub(super) fn hello(version: &str) -> HelloSeen {
    HelloSeen {
        version: version.into(),
        cipher: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256".into(),
        compression: Compression::None,
        extended_master_secret: true,
        renegotiation_info: true,
        stapled: false,
    }
}

fn with_hello(change: impl FnOnce(&mut HelloSeen)) -> Observations {
    let mut seen = hello("TLSv1.2");
    change(&mut seen);
    with_trial(Way::Hello, TrialResult::Hello(seen))
}

/// R9325-3.1.1-1
#[test]
fn versions_before_tls_are_told_by_a_hello_alone() {
    assert_eq!(ids(&with_trial(version("SSLv3"), TrialResult::Hello(hello("SSLv3")))), ["smtp.sslv3"]);
    let old = |cipher: &str| {
        let seen = HelloSeen { cipher: cipher.into(), renegotiation_info: false, ..hello("SSLv2") };
        with_trial(version("SSLv2"), TrialResult::Hello(seen))
    };
    assert_eq!(ids(&old("SSL_CK_RC4_128_WITH_MD5")), ["smtp.sslv2"]);
    let words = one(&old("SSL_CK_RC4_128_WITH_MD5"), "smtp.sslv2").seen;
    assert_eq!(words, "mx.example.com answers SSL 2.0, with SSL_CK_RC4_128_WITH_MD5.");
    assert!(one(&old(""), "smtp.sslv2").seen.contains("no cipher"));
    for result in [TrialResult::Refused("alert".into()), TrialResult::Unknown("too long".into())] {
        assert_eq!(ids(&with_trial(version("SSLv2"), result)), Vec::<&str>::new());
    }
}

/// RFC 9325 §3.3, §3.5
#[test]
fn what_surrounds_the_cipher_is_told_piece_by_piece() {
    assert_eq!(ids(&with_hello(|_| ())), Vec::<&str>::new());
    assert_eq!(ids(&with_trial(Way::Hello, TrialResult::Refused("protocol_version".into()))), Vec::<&str>::new());
    let seen = with_hello(|hello| hello.compression = Compression::Deflate);
    assert_eq!(ids(&seen), ["smtp.tls-compression"]);
    assert!(one(&seen, "smtp.tls-compression").seen.contains("DEFLATE in TLSv1.2"));
    assert_eq!(ids(&with_hello(|hello| hello.compression = Compression::Other(64))), ["smtp.tls-compression"]);
    let seen = with_hello(|hello| hello.renegotiation_info = false);
    assert_eq!(ids(&seen), ["smtp.tls-renegotiation"]);
    assert_eq!(one(&seen, "smtp.tls-renegotiation").severity, Severity::Warning);
    let seen = with_hello(|hello| hello.extended_master_secret = false);
    assert_eq!(ids(&seen), ["smtp.no-extended-master-secret"]);
    assert_eq!(one(&seen, "smtp.no-extended-master-secret").severity, Severity::Info);
}

/// RFC 9325 §3.10
#[test]
fn early_data_is_information() {
    let seen = with_trial(Way::EarlyData, made(""));
    assert_eq!(ids(&seen), ["smtp.early-data"]);
    assert_eq!(one(&seen, "smtp.early-data").severity, Severity::Info);
    assert_eq!(ids(&with_trial(Way::EarlyData, TrialResult::Refused("no".into()))), Vec::<&str>::new());
}

/// RFC 7633
#[test]
fn a_missing_staple_matters_only_where_the_certificate_demands_it() {
    let with_staple = |demanded: bool, stapled: bool| {
        let mut seen = with_hello(|hello| hello.stapled = stapled);
        let host = Arc::make_mut(&mut seen.hosts[0]);
        host.sessions[0].tls.as_mut().unwrap().chain[0].must_staple = demanded;
        seen
    };
    assert_eq!(ids(&with_staple(true, false)), ["smtp.must-staple-unmet"]);
    assert_eq!(ids(&with_staple(true, true)), Vec::<&str>::new());
    assert_eq!(ids(&with_staple(false, false)), Vec::<&str>::new());
    let mut unasked = with_staple(true, false);
    Arc::make_mut(&mut unasked.hosts[0]).trials.retain(|trial| trial.way != Way::Hello);
    assert_eq!(ids(&unasked), Vec::<&str>::new());
}

#[test]
fn observations_of_a_hello_survive_json_and_older_files_are_read() {
    let mut seen = with_hello(|hello| hello.compression = Compression::Other(64));
    assert!(!serde_json::to_string(&seen).unwrap().contains("must-staple"));
    Arc::make_mut(&mut seen.hosts[0]).sessions[0].tls.as_mut().unwrap().chain[0].must_staple = true;
    let text = serde_json::to_string(&seen).unwrap();
    assert!(text.contains(r#""way":"hello","result":{"hello":{"version":"TLSv1.2""#), "{text}");
    assert!(text.contains(r#""compression":{"other":64}"#) && text.contains(r#""must-staple":true"#));
    assert_eq!(serde_json::from_str::<Observations>(&text).unwrap(), seen);
}
