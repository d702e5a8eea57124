//! DKIM: the canonical forms, the octets to sign, and the record of the key.
use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};
use strictmx_proto::mail::{
    Field, Message,
    dkim::{Algorithm, KeyRecord, KeyRecordError, SIGNED, Selector, Services, Signer, canonical},
};

use crate::domain;

/// The message of RFC 8463, appendix A.
const FIELDS: [(&str, &[u8]); 5] = [
    ("From", b" Joe SixPack <joe@football.example.com>"),
    ("To", b" Suzie Q <suzie@shopping.example.net>"),
    ("Subject", b" Is dinner ready?"),
    ("Date", b" Fri, 11 Jul 2003 21:00:37 -0700 (PDT)"),
    ("Message-ID", b" <20030712040037.46341.5F8J@football.example.com>"),
];
const BODY: &[u8] = b"Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n";

fn hex(octets: impl AsRef<[u8]>) -> String {
    octets.as_ref().iter().map(|octet| format!("{octet:02x}")).collect()
}

#[test]
fn the_body_of_rfc_8463_has_the_hash_that_it_gives() {
    assert_eq!(STANDARD.encode(Sha256::digest(canonical::body(BODY))), "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");
}

/// The two signatures in RFC 8463, appendix A.3, verify over octets of these hashes (checked with another implementation).
#[test]
fn the_header_of_rfc_8463_has_the_canonical_form_that_its_signatures_are_of() {
    let names = ["from", "to", "subject", "date", "message-id", "from", "subject", "date"];
    for (signature, hash) in [
        (
            " v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n d=football.example.com; i=@football.example.com;\r\n q=dns/txt; \
             s=brisbane; t=1528637909; h=from : to :\r\n subject : date : message-id : from : subject : date;\r\n \
             bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n b=",
            "48ce9a2c710ece1710ff156996b836a7f45470e43efe5643074d6e1690ed62e7",
        ),
        (
            " v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n d=football.example.com; i=@football.example.com;\r\n q=dns/txt; s=test; \
             t=1528637909; h=from : to : subject :\r\n date : message-id : from : subject : date;\r\n \
             bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n b=",
            "fed71e6d70fb123bb5c353adc42821b304b6b9d54fc867f304f7c61daaaa1111",
        ),
    ] {
        let mut octets = canonical::header(&FIELDS, &names);
        canonical::push_field(&mut octets, "DKIM-Signature", signature.as_bytes());
        octets.truncate(octets.len() - 2);
        assert_eq!(hex(Sha256::digest(&octets)), hash);
    }
}

/// The example of RFC 6376 §3.4.5.
#[test]
fn the_example_of_rfc_6376_has_the_canonical_form_that_it_gives() {
    let fields: [(&str, &[u8]); 2] = [("A", b" X"), ("B ", b" Y\t\r\n\tZ  ")];
    let fields = fields.map(|(name, value)| (name.trim_end(), value));
    assert_eq!(canonical::header(&fields, &["a", "b"]), b"a:X\r\nb:Y Z\r\n");
    assert_eq!(canonical::body(b" C \r\nD \t E\r\n\r\n\r\n"), b" C\r\nD E\r\n");
}

#[test]
fn bodies_at_the_edge_have_their_canonical_forms() {
    for (body, wanted) in [
        (&b""[..], &b""[..]),
        (b"\r\n", b""),
        (b"\r\n\r\n \t\r\n", b""),
        (b"a", b"a\r\n"),
        (b"a\r\n", b"a\r\n"),
        (b"\r\na", b"\r\na\r\n"),
        (b"a \t b \r\n\r\nc\r\n \r\n", b"a b\r\n\r\nc\r\n"),
        (b"a\nb\rc\r\n", b"a\nb\rc\r\n"),
        (b"a\r\n\n\r\n", b"a\r\n\n\r\n"),
    ] {
        assert_eq!(canonical::body(body), wanted, "{body:?}");
    }
}

#[test]
fn fields_of_one_name_are_taken_from_below_and_missing_ones_stand_for_nothing() {
    let fields: [(&str, &[u8]); 3] = [("X", b"1"), ("x", b"2"), ("Y", b"3")];
    assert_eq!(canonical::header(&fields, &["x", "X", "x", "z", "y"]), b"x:2\r\nx:1\r\ny:3\r\n");
}

fn message() -> Message {
    let field = |name, value: &str| Field::new(name, value).unwrap();
    Message {
        fields: vec![
            field("Received", "from nowhere"),
            field("From", "us@sender.example"),
            field("To", "them@example.com"),
            field("Subject", "Report Domain: example.com Submitter: sender.example Report-ID: <x@sender.example>"),
            field("TLS-Report-Domain", "example.com"),
            field("TLS-Report-Submitter", "sender.example"),
        ],
        body: b"Hi.\r\n".to_vec(),
    }
}

fn signer(algorithm: Algorithm) -> Signer {
    Signer {
        domain: domain("sender.example"),
        selector: Selector::parse("TLSrpt.2026").unwrap(),
        algorithm,
        signed_at: 1_795_305_791,
        expires_at: Some(1_795_910_591),
    }
}

// TLSRPT-3-9, TLSRPT-3-11, TLSRPT-5.3-4, R6376-5.4-1, R6376-3.5-1
#[test]
fn a_signature_covers_the_fields_that_identify_the_report_and_lets_none_be_added() {
    let pending = signer(Algorithm::RsaSha256).signing_input(&message()).unwrap();
    let hash = STANDARD.encode(Sha256::digest(b"Hi.\r\n"));
    let value = format!(
        "v=1; a=rsa-sha256; c=relaxed/relaxed; d=sender.example; s=tlsrpt.2026; t=1795305791; x=1795910591; h=From: To: \
         Subject: TLS-Report-Domain: TLS-Report-Submitter: From: Subject: TLS-Report-Domain: TLS-Report-Submitter; bh={hash}; b="
    );
    let wanted = format!(
        "from:us@sender.example\r\nto:them@example.com\r\nsubject:Report Domain: example.com Submitter: sender.example Report-ID: \
         <x@sender.example>\r\ntls-report-domain:example.com\r\ntls-report-submitter:sender.example\r\ndkim-signature:{value}"
    );
    assert_eq!(core::str::from_utf8(pending.octets()).unwrap(), wanted);
    let field = pending.finish(&[0xff; 256]).unwrap();
    assert_eq!(field.name(), "DKIM-Signature");
    let signature = field.value().strip_prefix(&value).unwrap();
    assert_eq!(STANDARD.decode(signature.replace(' ', "")).unwrap(), [0xff; 256]);
    assert!(!field.value().contains(" l="));
    let mut out = Vec::new();
    field.emit(&mut out);
    assert!(out.split(|octet| *octet == b'\n').all(|line| line.len() <= 79), "{}", String::from_utf8_lossy(&out));
}

#[test]
fn what_a_verifier_computes_from_the_finished_field_is_what_was_signed() {
    let mut message = message();
    let pending = signer(Algorithm::RsaSha256).signing_input(&message).unwrap();
    let signed = pending.octets().to_vec();
    message.fields.insert(0, pending.finish(&[7; 128]).unwrap());
    let received = message.emit();
    let received = strictmx_proto::mail::header::Received::parse(&received);
    let raw = received.all("DKIM-Signature").next().unwrap().raw;
    let end = raw.windows(3).rposition(|part| part == b" b=").unwrap() + 3;
    let unfolded = received.value("DKIM-Signature").unwrap();
    let names = unfolded.split("h=").nth(1).unwrap().split(';').next().unwrap();
    let names: Vec<&str> = names.split(':').map(str::trim).collect();
    let fields: Vec<_> = received.fields.iter().map(|field| (field.name, field.raw)).collect();
    let mut octets = canonical::header(&fields, &names);
    canonical::push_field(&mut octets, "DKIM-Signature", &raw[..end]);
    octets.truncate(octets.len() - 2);
    assert_eq!(octets, signed);
}

#[test]
fn ed25519_signs_the_hash_of_what_rsa_signs() {
    let rsa = signer(Algorithm::RsaSha256).signing_input(&message()).unwrap();
    let ed25519 = signer(Algorithm::Ed25519Sha256).signing_input(&message()).unwrap();
    let octets = String::from_utf8(rsa.octets().to_vec()).unwrap().replace("a=rsa-sha256", "a=ed25519-sha256");
    assert_eq!(ed25519.octets(), Sha256::digest(octets).as_slice());
    assert!(ed25519.finish(&[1; 64]).unwrap().value().contains("a=ed25519-sha256;"));
    assert!(rsa.finish(&[]).is_err());
}

// R8616-5-1
#[test]
fn a_domain_of_other_letters_signs_under_its_a_labels() {
    let domain = strictmx_proto::name::Domain::parse_lenient("bücher.example").unwrap();
    let pending = Signer { domain, ..signer(Algorithm::RsaSha256) }.signing_input(&message()).unwrap();
    assert!(pending.finish(&[1; 256]).unwrap().value().contains(" d=xn--bcher-kva.example;"));
}

#[test]
fn every_signed_field_is_signed_where_it_is_there() {
    let all = Message { fields: SIGNED.map(|name| Field::new(name, "x").unwrap()).to_vec(), body: vec![] };
    let mut short = signer(Algorithm::RsaSha256);
    short.expires_at = None;
    let pending = short.signing_input(&all).unwrap();
    let text = core::str::from_utf8(pending.octets()).unwrap();
    assert_eq!(text.matches(":x\r\n").count(), SIGNED.len());
    let sealed = "From: Subject: TLS-Report-Domain: TLS-Report-Submitter";
    assert!(text.contains(&format!("h={}: {sealed};", SIGNED.join(": "))) && !text.contains("x=1"));
}

#[test]
fn selectors_are_labels() {
    for good in ["tlsrpt", "20261122", "a.b", "A-1"] {
        assert_eq!(Selector::parse(good).unwrap().as_str(), good.to_ascii_lowercase());
    }
    for bad in ["", ".", "a.", "-a", "a-", "a_b", "a b", "a;b", "ü", &"a".repeat(64), &"a.".repeat(60)] {
        assert!(Selector::parse(bad).is_err(), "{bad}");
    }
    let name = Selector::parse("2026").unwrap().record_name(&domain("sender.example"));
    assert_eq!(name.unwrap().as_str(), "2026._domainkey.sender.example");
}

//----------- records ------------------------------------------------------

// D-52, TLSRPT-3-12, TLSRPT-A8
#[test]
fn a_key_is_published_for_mail_and_reports() {
    for (services, text) in [(Services::All, ""), (Services::MailAndReports, " s=email:tlsrpt;")] {
        let record = KeyRecord::new(Algorithm::Ed25519Sha256, &[0; 32], services);
        assert_eq!(record.text(), format!("v=DKIM1; k=ed25519;{text} p={}=", "A".repeat(43)));
        assert!(record.serves_reports() && record.serves_mail() && !record.is_revoked());
        assert_eq!(KeyRecord::parse(record.text().as_bytes()), Ok(record));
    }
}

#[test]
fn a_long_key_is_published_in_strings_of_255_octets() {
    let record = KeyRecord::new(Algorithm::RsaSha256, &[0xfb; 550], Services::MailAndReports);
    let line = record.zone_line("tlsrpt._domainkey.sender.example");
    let (name, strings) = line.split_once(" ( ").unwrap();
    assert_eq!(name, "tlsrpt._domainkey.sender.example. 3600 IN TXT");
    let strings: Vec<&str> =
        strings.strip_suffix(" )").unwrap().split(' ').collect::<Vec<_>>().join(" ").leak().split("\" \"").collect();
    let strings: Vec<&str> = strings.iter().map(|string| string.trim_matches('"')).collect();
    assert!(strings.len() == 4 && strings.iter().all(|string| string.len() <= 255));
    assert_eq!(strings.concat(), record.text());
}

// TLSRPT-3-13
#[test]
fn records_that_others_publish_are_read() {
    let read = |text: &str| KeyRecord::parse(text.as_bytes());
    let plain = read("p=AAEC").unwrap();
    assert_eq!((plain.key_type.as_str(), plain.key.as_slice(), plain.services.len()), ("rsa", &[0, 1, 2][..], 0));
    assert!(plain.serves_reports() && plain.serves_mail());
    let odd = read(" v = DKIM1 ; h=sha256; k=rsa ; t=s; s= tlsrpt ; n=x=y; p=AA EC\t; ").unwrap();
    assert!(odd.serves_reports() && !odd.serves_mail() && odd.key == [0, 1, 2]);
    assert!(read("s=email; p=AA==").is_ok_and(|record| !record.serves_reports() && record.serves_mail()));
    assert!(read("s=*; p=AA").is_ok_and(|record| record.serves_reports()));
    assert!(read("v=DKIM1; p=").unwrap().is_revoked());
    for (text, error) in [
        ("", KeyRecordError::NotATag),
        ("v=DKIM1", KeyRecordError::NoKey),
        ("v=DKIM1;; p=AA", KeyRecordError::NotATag),
        ("v=DKIM2; p=AA", KeyRecordError::Version),
        ("p=AA; v=DKIM1", KeyRecordError::Version),
        ("v=DKIM1; p=AA; p=AA", KeyRecordError::Twice),
        ("v=DKIM1; p=%", KeyRecordError::Base64),
        ("v=DKIM1; =x; p=AA", KeyRecordError::NotATag),
        ("v=DKIM1; n=ü; p=AA", KeyRecordError::Character),
        ("v=DKIM1; n=\0; p=AA", KeyRecordError::Character),
        (&format!("p={}", "A".repeat(5000)), KeyRecordError::TooLong),
        (&(0..40).map(|n| format!("t{n}=x;")).collect::<String>(), KeyRecordError::TooLong),
    ] {
        assert_eq!(read(text), Err(error), "{text}");
    }
}
