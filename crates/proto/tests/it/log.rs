//! Postfix's log lines, in the forms that `src/tls/tlsrpt_wrapper.c`, `src/tls/tls_misc.c` and `src/global/log_adhoc.c` give them.
use strictmx_proto::{
    date::Civil,
    postfix::tlsrpt_log::{Event, Failure, Line, MAX_LINE, Peer, Stamp, Status, Trust},
    tlsrpt::ResultType,
};

use crate::domain;

fn parse(line: &str) -> Option<Line<'_>> {
    Line::parse(line.as_bytes())
}

/// The event of a line with this message.
fn event(message: &str) -> Option<Event<'static>> {
    let line = format!("Nov 22 03:43:11 out postfix/smtp[71]: {message}");
    Line::parse(Box::leak(line.into_boxed_str()).as_bytes()).map(|line| line.event)
}

fn peer(host: &'static str, ip: &str, port: Option<u16>) -> Peer<'static> {
    Peer { host: host.into(), ip: ip.parse().ok(), port }
}

#[test]
fn a_reported_success_is_read() {
    let line = parse(
        "Nov 22 03:43:11 out postfix/smtp[71]: TLSRPT: status=success, domain=Example.COM, receiving_mx=mx.example.com[192.0.2.1]\r\n",
    );
    let line = line.unwrap();
    assert_eq!((line.host, line.program, line.pid), ("out", "postfix/smtp", Some(71)));
    assert_eq!(line.stamp, Stamp::Yearless { month: 11, day: 22, hour: 3, minute: 43, second: 11 });
    let mx = Some(peer("mx.example.com", "192.0.2.1", None));
    assert_eq!(line.event, Event::Tlsrpt { domain: domain("example.com"), mx, failure: None });
}

#[test]
fn reported_failures_are_read_with_and_without_a_reason() {
    for (rest, failure) in [
        (
            "failure_type=certificate_expired",
            Failure { result: Some(ResultType::CertificateExpired), word: "certificate_expired", reason: None },
        ),
        (
            "failure_type=validation_failure, failure_reason=self-signed certificate, in chain",
            Failure {
                result: Some(ResultType::ValidationFailure),
                word: "validation_failure",
                reason: Some("self-signed certificate, in chain"),
            },
        ),
        // As Postfix spells it.
        ("failure_type=unfinished_policY", Failure { result: None, word: "unfinished_policY", reason: None }),
        ("failure_type=failure_type_999", Failure { result: None, word: "failure_type_999", reason: None }),
    ] {
        let message =
            format!("TLSRPT: status=failure, domain=example.com, receiving_mx=mx.example.com[2001:db8::1], {rest}");
        let mx = Some(peer("mx.example.com", "2001:db8::1", None));
        assert_eq!(event(&message), Some(Event::Tlsrpt { domain: domain("example.com"), mx, failure: Some(failure) }));
    }
}

#[test]
fn a_failure_before_any_connection_has_no_mx_host() {
    let message =
        "TLSRPT: status=failure, domain=example.com, receiving_mx=(null)[(null)], failure_type=sts_policy_fetch_error";
    assert!(matches!(event(message), Some(Event::Tlsrpt { mx: None, failure: Some(_), .. })));
}

#[test]
fn sessions_of_every_trust_are_read() {
    for (word, trust) in [
        ("Anonymous", Trust::Anonymous),
        ("Untrusted", Trust::Untrusted),
        ("Trusted", Trust::Trusted),
        ("Verified", Trust::Verified),
    ] {
        let message = format!(
            "{word} TLS connection established to MX.example.com[192.0.2.1]:25: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 \
             (256/256 bits) key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256"
        );
        let wanted = Event::Established {
            trust,
            mx: peer("mx.example.com", "192.0.2.1", Some(25)),
            protocol: "TLSv1.3",
            cipher: "TLS_AES_256_GCM_SHA384",
        };
        assert_eq!(event(&message), Some(wanted));
    }
    let old = "Trusted TLS connection established to mx.example.com[192.0.2.1]:25: TLSv1 with cipher ADH-AES256-SHA (256/256 bits)";
    assert!(matches!(event(old), Some(Event::Established { protocol: "TLSv1", cipher: "ADH-AES256-SHA", .. })));
}

#[test]
fn deliveries_tell_the_domain_that_sessions_do_not_name() {
    let rest = "delay=0.5, delays=0.1/0/0.2/0.2, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued (as X))";
    for (to, relay, wanted) in [
        (
            "to=<user@Example.com>, ",
            "mx.example.com[192.0.2.1]:25",
            Some(peer("mx.example.com", "192.0.2.1", Some(25))),
        ),
        ("to=<u@example.com>, orig_to=<alias@here.example>, ", "none", None),
        (
            "to=<\"a@b\"@example.com>, ",
            "mx.example.com[2001:db8::1]:587",
            Some(peer("mx.example.com", "2001:db8::1", Some(587))),
        ),
    ] {
        let message = format!("4dFk2Z1wXyz: {to}relay={relay}, conn_use=2, {rest}");
        let wanted = Event::Delivery {
            queue_id: "4dFk2Z1wXyz",
            domain: domain("example.com"),
            relay: wanted,
            status: Status::Sent,
            detail: "250 2.0.0 Ok: queued (as X)",
        };
        assert_eq!(event(&message), Some(wanted), "{message}");
    }
    let deferred = "ABC123: to=<u@example.com>, relay=mx.example.com[192.0.2.1]:25, delay=1, delays=0/0/1/0, dsn=4.7.5, status=deferred (Server certificate not trusted)";
    assert!(matches!(
        event(deferred),
        Some(Event::Delivery { status: Status::Deferred, detail: "Server certificate not trusted", .. })
    ));
    let bounced = "ABC123: to=<u@example.com>, relay=mx.example.com[192.0.2.1]:25, delay=1, delays=0/0/1/0, dsn=5.1.1, status=bounced";
    assert!(matches!(event(bounced), Some(Event::Delivery { status: Status::Bounced, detail: "", .. })));
}

#[test]
fn both_forms_of_the_time_are_read_and_the_priority_is_passed_over() {
    let rest =
        "out postfix/smtp[71]: TLSRPT: status=success, domain=example.com, receiving_mx=mx.example.com[192.0.2.1]";
    let at = Civil { year: 2026, month: 11, day: 2, hour: 3, minute: 43, second: 11 }.seconds().unwrap();
    for (stamp, wanted) in [
        ("Nov  2 03:43:11", Stamp::Yearless { month: 11, day: 2, hour: 3, minute: 43, second: 11 }),
        ("<22>Nov  2 03:43:11", Stamp::Yearless { month: 11, day: 2, hour: 3, minute: 43, second: 11 }),
        ("2026-11-02T03:43:11.123456+00:00", Stamp::Moment(at)),
        ("2026-11-02T04:43:11+0100", Stamp::Moment(at)),
        ("2026-11-02T03:43:11Z", Stamp::Moment(at)),
        ("2026-11-02T03:43:11", Stamp::Local(at)),
    ] {
        assert_eq!(parse(&format!("{stamp} {rest}")).unwrap().stamp, wanted, "{stamp}");
    }
    for stamp in [
        "Nov 32 03:43:11",
        "Nov  0 03:43:11",
        "Nox  2 03:43:11",
        "Nov  2 24:00:00",
        "Nov  2 03:43",
        "2026-13-02T03:43:11Z",
        "x",
    ] {
        assert_eq!(parse(&format!("{stamp} {rest}")), None, "{stamp}");
    }
}

#[test]
fn a_time_without_year_is_of_the_last_year_that_puts_it_into_the_past() {
    let moment = |year, month, day, hour| Civil { year, month, day, hour, minute: 0, second: 0 }.seconds().unwrap();
    let stamp = |month, day| Stamp::Yearless { month, day, hour: 12, minute: 0, second: 0 };
    let new_year = moment(2027, 1, 1, 1);
    assert_eq!(stamp(12, 31).resolve(new_year, 0), Some(moment(2026, 12, 31, 12)));
    assert_eq!(stamp(1, 1).resolve(new_year, 0), Some(moment(2027, 1, 1, 12)));
    // Logged by a machine further east, where the new year is already there.
    assert_eq!(stamp(1, 1).resolve(moment(2026, 12, 31, 23), 0), Some(moment(2027, 1, 1, 12)));
    assert_eq!(stamp(6, 1).resolve(new_year, 7200), Some(moment(2026, 6, 1, 10)));
    // No leap day in either year.
    assert_eq!(stamp(2, 29).resolve(new_year, 0), None);
    assert_eq!(stamp(2, 29).resolve(moment(2028, 3, 1, 0), 0), Some(moment(2028, 2, 29, 12)));
    assert_eq!(Stamp::Local(3600).resolve(0, 3600), Some(0));
    assert_eq!(Stamp::Moment(5).resolve(0, 3600), Some(5));
}

#[test]
fn programs_of_other_instances_and_tlsproxy_are_read_and_others_are_not() {
    let line = |program: &str| {
        format!(
            "Nov 22 03:43:11 out {program}: TLSRPT: status=success, domain=example.com, receiving_mx=mx.example.com[192.0.2.1]"
        )
    };
    for program in
        ["postfix/smtp[1]", "postfix-out/smtp[1]", "postfix/relay/smtp[1]", "postfix/tlsproxy[1]", "postfix/smtp"]
    {
        assert!(parse(&line(program)).is_some(), "{program}");
    }
    for program in ["postfix/smtpd[1]", "postfix/qmgr[1]", "smtp[1]", "postfix/smtp[x]", "postfix/smtp[1"] {
        assert_eq!(parse(&line(program)), None, "{program}");
    }
}

#[test]
fn other_lines_are_passed_over() {
    for message in [
        "",
        "TLSRPT: status=success",
        "TLSRPT: status=maybe, domain=example.com, receiving_mx=mx.example.com[192.0.2.1]",
        "TLSRPT: status=failure, domain=example.com, receiving_mx=mx.example.com[192.0.2.1]",
        "TLSRPT: status=success, domain=, receiving_mx=mx.example.com[192.0.2.1]",
        "Untrusted TLS connection reused to mx.example.com[192.0.2.1]:25: TLSv1.3 with cipher X (256/256 bits)",
        "Odd TLS connection established to mx.example.com[192.0.2.1]:25: TLSv1.3 with cipher X (256/256 bits)",
        "Untrusted TLS connection established to mx.example.com[192.0.2.1]:99999: TLSv1.3 with cipher X",
        "warning: TLS policy lookup error for example.com",
        "ABC123: to=<u@example.com>, relay=mx.example.com[192.0.2.1]:25, status=undeliverable (x)",
        "ABC123: to=<u>, relay=mx.example.com[192.0.2.1]:25, status=sent (x)",
        "A-B: to=<u@example.com>, relay=none, status=sent (x)",
        "ABC123: host mx.example.com[192.0.2.1] said: 450 try later",
    ] {
        assert_eq!(event(message), None, "{message}");
    }
    assert_eq!(Line::parse(b"Nov 22 03:43:11 out postfix/smtp[71]: \xff"), None);
    let long = format!(
        "Nov 22 03:43:11 out postfix/smtp[71]: TLSRPT: status=failure, domain=example.com, receiving_mx=a[192.0.2.1], failure_type=x, failure_reason={}",
        "y".repeat(MAX_LINE)
    );
    assert_eq!(parse(&long), None);
}
