//! The `_smtp._tls` record, report addresses, result types.
use strictmx_proto::tlsrpt::{NoRecord, Record, RecordError, ResultType, Rua, RuaError};

fn parse(txt: &str) -> Option<Result<Record, RecordError>> {
    Record::parse(txt.as_bytes())
}

fn mail(address: &str) -> Rua {
    Rua::Mailto(address.into())
}

// TLSRPT-3-2, TLSRPT-3-3, TLSRPT-3-17, TLSRPT-3-20
#[test]
fn valid_records_give_their_addresses_in_order() {
    let record = parse("v=TLSRPTv1;rua=mailto:r@example.com").unwrap().unwrap();
    assert_eq!(record.rua, [mail("r@example.com")]);
    let record = parse("v=TLSRPTv1; x=y; rua=mailto:a@b.example , https://c.example/v1;").unwrap().unwrap();
    assert_eq!(record.rua, [mail("a@b.example"), Rua::Https("https://c.example/v1".into())]);
    assert!(record.skipped.is_empty());
}

// TLSRPT-3-3
#[test]
fn records_without_a_usable_address_are_invalid() {
    assert_eq!(parse("v=TLSRPTv1"), Some(Err(RecordError::MissingRua)));
    assert_eq!(parse("v=TLSRPTv1; x=y"), Some(Err(RecordError::MissingRua)));
    assert!(matches!(parse("v=TLSRPTv1; rua="), Some(Err(RecordError::MalformedField(_)))));
    assert_eq!(parse("v=TLSRPTv1; rua=mailto:a@b.example,"), Some(Err(RecordError::EmptyRua)));
    assert!(matches!(parse("v=TLSRPTv1; rua=ftp://a.example/"), Some(Err(RecordError::NoUsableRua(_)))));
    assert_eq!(parse("v=tlsrptv1; rua=mailto:a@b.example"), None);
    assert_eq!(parse("rua=mailto:a@b.example; v=TLSRPTv1"), None);
}

// TLSRPT-3-3
#[test]
fn other_schemes_are_skipped_and_the_rest_is_used() {
    let record = parse("v=TLSRPTv1; rua=ftp://a.example/,mailto:a@b.example,https://u:p@c.example/").unwrap().unwrap();
    assert_eq!(record.rua, [mail("a@b.example")]);
    assert_eq!(
        record.skipped,
        [
            "ftp://a.example/: it begins neither with mailto: nor with https:",
            "https://u:p@c.example/: it is no well-formed https URI",
        ]
    );
}

// TLSRPT-3-15, TLSRPT-3-16
#[test]
fn exactly_one_record_is_wanted() {
    let good = "v=TLSRPTv1; rua=mailto:a@b.example";
    assert!(Record::select(&["v=spf1 -all", good]).is_ok());
    assert_eq!(Record::select(&[good, good]), Err(NoRecord::Many(2)));
    assert_eq!(Record::select(&["v=spf1 -all"]), Err(NoRecord::None));
    assert_eq!(Record::select(&["v=TLSRPTv1;"]), Err(NoRecord::Invalid(RecordError::MissingRua)));
}

// TLSRPT-3-6, TLSRPT-3-14
#[test]
fn mail_addresses_are_decoded_and_their_header_fields_dropped() {
    for (uri, address) in [
        ("mailto:a@b.example", "a@b.example"),
        ("MAILTO:a@B.Example.", "a@b.example"),
        ("mailto:tls%2Drpt%2B1%21@b.example?subject=hello%0d%0a", "tls-rpt+1!@b.example"),
        ("mailto:a@b.example%2Cc@d.example", "a@b.example"),
        ("mailto:a@b%C3%BCcher.example", "a@xn--bcher-kva.example"),
    ] {
        assert_eq!(Rua::parse(uri), Ok(mail(address)), "{uri}");
    }
}

#[test]
fn a_mail_address_cannot_carry_a_command_or_a_header() {
    for uri in [
        "mailto:a%0D%0ADATA@b.example",
        "mailto:a@b.example%0D%0ARCPT%20TO:%3Cx@y.example%3E",
        "mailto:%3Ca@b.example%3E",
        "mailto:\"a b\"@c.example",
        "mailto:a%00@b.example",
        "mailto:a@[192.0.2.1]",
        "mailto:a@",
        "mailto:@b.example",
        "mailto:",
        "mailto:a%2@b.example",
        "mailto:a%ff@b.example",
        "mailto:.a@b.example",
        "mailto:a..b@b.example",
    ] {
        assert!(Rua::parse(uri).is_err(), "{uri}");
    }
}

// TLSRPT-3-4
#[test]
fn https_addresses_are_kept_as_written_and_must_be_well_formed() {
    for uri in
        ["https://a.example", "HTTPS://A.example:8443/x%2Cy?z=1#f", "https://192.0.2.1/", "https://[2001:db8::1]:1/"]
    {
        assert_eq!(Rua::parse(uri), Ok(Rua::Https(uri.into())));
    }
    for uri in [
        "https:a.example",
        "https://",
        "https:///x",
        "https://a b/",
        "https://a.example:/",
        "https://a.example:0/",
        "https://a.example:70000/",
        "https://[::1",
        "https://[::1]x/",
        "https://u@a.example/",
        "https://a.example/\u{7f}",
        "https://a.example/%zz",
        "https://a.example/ü",
    ] {
        assert!(Rua::parse(uri).is_err(), "{uri}");
    }
    assert_eq!(Rua::parse("http://a.example/"), Err(RuaError::Scheme));
    assert_eq!(Rua::parse(&format!("https://a.example/{}", "x".repeat(2048))), Err(RuaError::TooLong));
}

#[test]
fn addresses_are_bounded_in_number() {
    let list: Vec<String> = (0..60).map(|n| format!("mailto:a{n}@b.example")).collect();
    let record = parse(&format!("v=TLSRPTv1; rua={}", list.join(","))).unwrap().unwrap();
    assert_eq!((record.rua.len(), record.skipped.len()), (20, 40));
}

#[test]
fn result_types_have_their_registered_words() {
    for result in ResultType::ALL {
        assert_eq!(ResultType::parse(result.as_str()), Some(result));
    }
    assert_eq!(ResultType::parse("sts-webpki-invalid"), Some(ResultType::StsWebpkiInvalid));
    assert_eq!(ResultType::parse("STARTTLS-not-supported"), None);
}
