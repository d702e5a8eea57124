use alloc::{format, string::ToString};

use super::*;

fn asks(key: &str) -> alloc::string::String {
    match parse(key) {
        NextHop::Ask(route) => route.to_string(),
        NextHop::Nothing(why) => format!("{why:?}"),
    }
}

#[test]
fn a_domain_is_asked_for_as_it_stands() {
    for key in ["example.com", "EXAMPLE.com", "example.com.", " example.com "] {
        assert_eq!(asks(key), "example.com", "{key}");
    }
    assert_eq!(asks("a-b.c1.example"), "a-b.c1.example");
}

/// D-33, STS-3.4-1
#[test]
fn brackets_and_ports_are_stripped_and_remembered() {
    assert_eq!(asks("[mx.example.com]"), "[mx.example.com]");
    assert_eq!(asks("[MX.example.com]:587"), "[mx.example.com]:587");
    assert_eq!(asks("example.com:25"), "example.com:25");
    assert_eq!(asks("[mx.example.com]:submission"), "[mx.example.com]:587");
    assert_eq!(asks("example.com:smtp"), "example.com:25");
    let NextHop::Ask(route) = parse("[mx.example.com]:587") else { panic!("a route") };
    assert_eq!((route.domain.as_str(), route.smtp_port(25), route.kind), ("mx.example.com", 587, Kind::Host));
    let NextHop::Ask(route) = parse("example.com") else { panic!("a route") };
    assert_eq!((route.port, route.smtp_port(25), route.kind), (None, 25, Kind::Domain));
}

/// D-32, STS-3.4-2
#[test]
fn parents_are_answered_without_a_look_up() {
    for key in [".example.com", ".com", ".", "..", ".[x]"] {
        assert_eq!(parse(key), NextHop::Nothing(WhyNothing::Parent), "{key}");
    }
}

/// D-33, STS-3.4-3, DANE-2.2-5
#[test]
fn addresses_and_what_is_no_name_are_not_found() {
    for (key, why) in [
        ("", WhyNothing::Empty),
        (" ", WhyNothing::Empty),
        ("[]", WhyNothing::Empty),
        ("192.0.2.1", WhyNothing::Address),
        ("[192.0.2.1]", WhyNothing::Address),
        ("[192.0.2.1]:25", WhyNothing::Address),
        ("192.0.2.1:25", WhyNothing::Address),
        ("2001:db8::1", WhyNothing::Address),
        ("[2001:db8::1]", WhyNothing::Address),
        ("[IPv6:2001:db8::1]:25", WhyNothing::Address),
        ("example.1", WhyNothing::Address),
        ("localhost", WhyNothing::SingleLabel),
        ("[localhost]:25", WhyNothing::SingleLabel),
        ("com.", WhyNothing::SingleLabel),
        ("_mta-sts.example.com", WhyNothing::NotAName),
        ("a_b.example.com", WhyNothing::NotAName),
        ("-a.example.com", WhyNothing::NotAName),
        ("a..example.com", WhyNothing::NotAName),
        ("example.com..", WhyNothing::NotAName),
        ("exa mple.com", WhyNothing::NotAName),
        ("user@example.com", WhyNothing::NotAName),
        ("/var/run/lmtp", WhyNothing::Path),
        ("private/dovecot-lmtp", WhyNothing::Path),
        ("[example.com", WhyNothing::NotAName),
        ("[example.com]x", WhyNothing::NotAName),
        ("example.com:0", WhyNothing::NotAName),
        ("example.com:65536", WhyNothing::NotAName),
        ("example.com:+25", WhyNothing::NotAName),
        ("example.com:", WhyNothing::NotAName),
        ("example.com:gopher", WhyNothing::NotAName),
        ("\0", WhyNothing::NotAName),
    ] {
        assert_eq!(parse(key), NextHop::Nothing(why), "{key:?}");
    }
    assert_eq!(parse(&"a.".repeat(100_000)), NextHop::Nothing(WhyNothing::NotAName));
}

/// D-34
#[test]
fn u_labels_become_a_labels_first() {
    assert_eq!(asks("bücher.example"), "xn--bcher-kva.example");
    assert_eq!(asks("[mail.BÜCHER.example]:25"), "[mail.xn--bcher-kva.example]:25");
}

#[test]
fn a_glance_knows_a_canonical_domain_and_nothing_else() {
    for key in ["example.com", "a.b", "1.example", "a.1b", "a.1-2", "xn--bcher-kva.example"] {
        assert_eq!(glance(key), Glance::Plain(key));
        assert_eq!(asks(key), key);
    }
    for key in [
        "",
        "com",
        "Example.com",
        "example.com.",
        "a..b",
        "a.-b",
        "a-.b",
        "a.b-",
        "a.1",
        "192.0.2.1",
        "a_b.c",
        "[a.b]",
        "a.b:25",
        "ü.b",
    ] {
        assert_eq!(glance(key), Glance::Other, "{key}");
    }
    assert_eq!(glance(".example.com"), Glance::Nothing(WhyNothing::Parent));
    let label = "a".repeat(63);
    assert_eq!(glance(&format!("{label}.com")), Glance::Plain(&format!("{label}.com")));
    assert_eq!(glance(&format!("{label}a.com")), Glance::Other);
    assert_eq!(glance(&"a.".repeat(127)), Glance::Other);
    assert_eq!(glance(&format!("{}b", "a.".repeat(126))), Glance::Plain(&format!("{}b", "a.".repeat(126))));
    assert_eq!(glance(&format!("{}b", "a.".repeat(127))), Glance::Other);
}

#[test]
fn the_canonical_text_of_a_route_reads_back_as_itself() {
    for key in ["example.com", "example.com:587", "[mx.example.com]", "[mx.example.com]:465"] {
        let NextHop::Ask(route) = parse(key) else { panic!("{key}") };
        assert_eq!(parse(&route.to_string()), NextHop::Ask(route));
    }
}
