//! Domain names.
use std::collections::HashSet;

use strictmx_proto::name::{Domain, NameError};

use crate::domain;

// R9525-6.3-1
#[test]
fn names_are_lower_cased_and_lose_one_trailing_dot() {
    assert_eq!(domain("MX1.Example.").as_str(), "mx1.example");
    assert_eq!(domain("MX1.Example"), domain("mx1.example"));
    assert_eq!(Domain::parse("a.."), Err(NameError::EmptyLabel));
}

/// D-34, R9525-6.3-2
#[test]
fn u_labels_become_a_labels() {
    assert_eq!(domain("BÜCHER.example").as_str(), "xn--bcher-kva.example");
    assert_eq!(domain("faß.example").as_str(), "xn--fa-hia.example");
    assert_eq!(domain("例え。テスト").as_str(), "xn--r8jz45g.xn--zckzah");
    assert_eq!(Domain::parse("xn--ü.example"), Err(NameError::Idna));
    assert_eq!(Domain::parse("a\u{200d}b.example"), Err(NameError::Idna));
}

// R5321-4.1.2-1
#[test]
fn only_letters_digits_and_inner_hyphens_are_taken() {
    for (text, error) in [
        ("", NameError::Empty),
        (".", NameError::Empty),
        ("a b.example", NameError::Character(' ')),
        ("a_b.example", NameError::Character('_')),
        ("a/b.example", NameError::Character('/')),
        ("a\0.example", NameError::Character('\0')),
        (".example", NameError::EmptyLabel),
        ("a..example", NameError::EmptyLabel),
        ("-a.example", NameError::Hyphen),
        ("a-.example", NameError::Hyphen),
    ] {
        assert_eq!(Domain::parse(text), Err(error), "{text:?}");
    }
}

// STS-3.4-3
#[test]
fn addresses_are_no_names() {
    for text in [
        "192.0.2.1",
        "[192.0.2.1]",
        "2001:db8::1",
        "[IPv6:2001:db8::1]",
        "[2001:db8::1]",
        "1.2.3",
        "127.1",
        "mx.123",
        "１２７.0.0.１",
    ] {
        assert_eq!(Domain::parse(text), Err(NameError::Address), "{text}");
        assert_eq!(Domain::parse_lenient(text), Err(NameError::Address), "{text}");
    }
    assert!(Domain::parse("1.2.3.4.in-addr.arpa").is_ok());
    assert!(Domain::parse("4u.example").is_ok());
}

#[test]
fn lengths_are_bounded() {
    let label = "a".repeat(63);
    assert!(Domain::parse(&format!("{label}.example")).is_ok());
    assert_eq!(Domain::parse(&format!("{label}a.example")), Err(NameError::TooLong));
    let full = format!("{label}.{label}.{label}.{}", "b".repeat(61));
    assert_eq!(domain(&full).as_str().len(), 253);
    assert_eq!(Domain::parse(&format!("{full}b")), Err(NameError::TooLong));
    assert_eq!(Domain::parse(&"ü".repeat(100_000)), Err(NameError::TooLong));
}

#[test]
fn names_from_dns_data_may_hold_underscores() {
    assert_eq!(Domain::parse_lenient("Mail_1.example").unwrap().as_str(), "mail_1.example");
    assert!(Domain::parse_lenient("a b.example").is_err());
}

#[test]
fn going_down_and_up_gives_the_same_name() {
    let name = domain("example.com");
    let child = name.child("_MTA-STS").unwrap();
    assert_eq!(child.as_str(), "_mta-sts.example.com");
    assert_eq!(child.parent(), Some(name.clone()));
    assert_eq!(name.child("_25._tcp").unwrap().as_str(), "_25._tcp.example.com");
    assert_eq!(domain("com").parent(), None);
    assert_eq!(name.child("a b"), None);
    assert_eq!(name.child(""), None);
    assert_eq!(domain(&format!("{0}.{0}.{0}.{0}", "a".repeat(62))).child("mta-sts"), None);
    assert_eq!(name.labels().collect::<Vec<_>>(), ["example", "com"]);
    assert!(domain("com").is_single_label() && !name.is_single_label());
}

#[test]
fn a_set_of_names_is_asked_with_a_text() {
    let set: HashSet<Domain> = [domain("example.com")].into();
    assert!(set.contains("example.com") && !set.contains("example.org"));
    assert_eq!(format!("{0}|{0:>12}|{0:?}", domain("a.example")), "a.example|   a.example|a.example");
}
