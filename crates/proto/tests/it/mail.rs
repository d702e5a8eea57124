//! Mail: the report's mail, addresses, header fields written and read.
use base64::{Engine as _, engine::general_purpose::STANDARD};
use strictmx_proto::{
    gzip::{Limits, compress, inflate},
    mail::{
        Address, AddressError, Field, FieldError, Message,
        header::{Cut, MAX_FIELDS, MAX_HEADER, Received},
        mime::{Part, base64_lines, multipart},
    },
    tlsrpt::{
        Report,
        mail::{Letter, LetterError, file_name, submitter, summary},
    },
};

use crate::{domain, reports};

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

/// The mail of a report of ours.
fn letter(report: &Report) -> Result<Message, LetterError> {
    Letter {
        report,
        gzip: &compress(report.emit().as_bytes()),
        domain: &domain("example.com"),
        from: &address("tlsrpt-noreply@sender.example"),
        to: &address("reports@example.com"),
        date: reports::START + 90_000,
    }
    .compose()
}

/// The header of the mail, as it stands there, and the body.
fn halves(message: &Message) -> (String, String) {
    let text = String::from_utf8(message.emit()).unwrap();
    let (header, body) = text.split_once("\r\n\r\n").unwrap();
    (header.to_owned(), body.to_owned())
}

// TLSRPT-5.3-1, TLSRPT-5.3-2, TLSRPT-5.3-3, TLSRPT-5.3-5, TLSRPT-5.3.1-1, TLSRPT-3-7, D-53, TLSRPT-E3, R8689-3-2
#[test]
fn the_mail_has_the_header_that_the_rfc_wants() {
    let message = letter(&reports::ours()).unwrap();
    let boundary =
        message.field("Content-Type").unwrap().split("boundary=").nth(1).unwrap().trim_matches('"').to_owned();
    let wanted = format!(
        "From: tlsrpt-noreply@sender.example\r\n\
         To: reports@example.com\r\n\
         Subject: Report Domain: example.com Submitter: sender.example Report-ID:\r\n \
         <20261121.example.com@sender.example>\r\n\
         Date: Sun, 22 Nov 2026 01:00:00 +0000\r\n\
         Message-ID: <20261121.example.com.8a683a57@sender.example>\r\n\
         TLS-Report-Domain: example.com\r\n\
         TLS-Report-Submitter: sender.example\r\n\
         TLS-Required: No\r\n\
         Auto-Submitted: auto-generated\r\n\
         MIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=\"tlsrpt\";\r\n \
         boundary=\"{boundary}\""
    );
    assert_eq!(halves(&message).0, wanted);
}

// TLSRPT-5.1-1, TLSRPT-5.1-3, TLSRPT-5.2-1, TLSRPT-5.3-1, R6522-3-2
#[test]
fn the_mail_has_a_text_for_people_and_then_the_report() {
    let report = reports::ours();
    let message = letter(&report).unwrap();
    let boundary =
        message.field("Content-Type").unwrap().split("boundary=").nth(1).unwrap().trim_matches('"').to_owned();
    let (_, body) = halves(&message);
    let parts: Vec<&str> = body.split(&format!("--{boundary}")).collect();
    assert_eq!((parts.len(), parts[0], parts[3]), (4, "", "--\r\n"));
    let (header, text) = parts[1].split_once("\r\n\r\n").unwrap();
    assert_eq!(header, "\r\nContent-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: 7bit");
    assert!(text.starts_with("This is a TLS report (RFC 8460) about mail to example.com.\r\n"));
    let (header, file) = parts[2].split_once("\r\n\r\n").unwrap();
    let wanted = "\r\nContent-Type: application/tlsrpt+gzip\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: \
                  attachment;\r\n filename=\"sender.example!example.com!1795219200!1795305599!95b5a0a0b0c0d0e0.json.gz\"";
    let unique = |header: &str| header.rsplit_once('!').unwrap().0.to_owned();
    assert_eq!(unique(header), unique(wanted));
    assert!(file.lines().all(|line| line.len() <= 76));
    let octets = STANDARD.decode(file.replace("\r\n", "")).unwrap();
    assert_eq!(inflate(&octets, Limits::REPORT).unwrap(), report.emit().as_bytes());
}

// TLSRPT-5.1-1, TLSRPT-5.1-2, TLSRPT-A19
#[test]
fn the_file_is_named_after_the_report() {
    let report = reports::ours();
    let submitter = submitter(&report).unwrap();
    let id = strictmx_proto::tlsrpt::ReportId::parse(&report.id).unwrap();
    let name = file_name(report.period, &domain("bücher.example"), &submitter, &id);
    let (rest, unique) = name.strip_suffix(".json.gz").unwrap().rsplit_once('!').unwrap();
    assert_eq!(rest, "sender.example!xn--bcher-kva.example!1795219200!1795305599");
    assert!(unique.len() == 16 && unique.bytes().all(|octet| octet.is_ascii_alphanumeric()));
}

// TLSRPT-5.3-6
#[test]
fn the_same_report_gives_the_same_mail_and_another_address_another_id() {
    let report = reports::ours();
    assert_eq!(letter(&report), letter(&report));
    let gzip = compress(report.emit().as_bytes());
    let target = domain("example.com");
    let (from, one, other) = (address("us@sender.example"), address("a@example.com"), address("b@example.com"));
    let to = |to| Letter { report: &report, gzip: &gzip, domain: &target, from: &from, to, date: 0 }.compose().unwrap();
    assert_ne!(to(&one).field("message-id"), to(&other).field("message-id"));
    assert_eq!(to(&one).field("subject"), to(&other).field("subject"));
}

#[test]
fn every_line_of_the_mail_is_short_and_ends_in_crlf() {
    let mut report = reports::ours();
    let long = domain(&format!("{0}.{0}.{0}.{1}", "a".repeat(63), "b".repeat(61)));
    report.contact = Some(format!("{}@{long}", "c".repeat(64)));
    report.id = format!("20261121.{long}@{long}");
    report.entries[0].failures[0].reason = Some(format!("{} \u{202e}\r\n.\r\nQUIT", "x".repeat(5000)));
    let letter = Letter {
        report: &report,
        gzip: &compress(report.emit().as_bytes()),
        domain: &long,
        from: &address(report.contact.as_deref().unwrap()),
        to: &address("reports@example.com"),
        date: 0,
    };
    let text = letter.compose().unwrap().emit();
    let text = String::from_utf8(text).unwrap();
    assert!(text.ends_with("\r\n"));
    for line in text.split_terminator("\r\n") {
        assert!(line.len() <= 998, "{}", line.len());
        assert!(line.bytes().all(|octet| (b' '..=b'~').contains(&octet)), "{line:?}");
    }
    assert!(!text.contains("\r\n.\r\n"));
}

#[test]
fn a_report_that_is_none_of_ours_gives_no_mail() {
    let composed = |contact: Option<&str>, id: &str| {
        let mut report = reports::ours();
        report.contact = contact.map(String::from);
        report.id = id.into();
        letter(&report).map(|_| ())
    };
    assert_eq!(composed(Some("postmaster@sender.example"), "a@sender.example"), Ok(()));
    assert_eq!(composed(None, "a@sender.example"), Err(LetterError::Contact));
    assert_eq!(composed(Some("x\r\nBcc: y@z.example"), "a@sender.example"), Err(LetterError::Contact));
    assert_eq!(composed(Some("postmaster@sender.example"), "a\r\nBcc: x@y.example"), Err(LetterError::Id));
}

// TLSRPT-7-2
#[test]
fn the_text_for_people_is_bounded_and_holds_nothing_that_could_steer_a_terminal() {
    let mut report = reports::ours();
    let entry = report.entries[0].clone();
    report.entries = vec![entry; 50];
    report.entries[0].failures = vec![report.entries[0].failures[0].clone(); 100];
    report.entries[0].failures[0].reason = Some("\u{1b}[31mred\u{7f}\n\nHi".into());
    report.organization = "x".repeat(10_000);
    let text = summary(&report, &domain("example.com"));
    assert!(text.len() < 20_000, "{}", text.len());
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
    assert!(text.contains("    and 80 more kinds of failure\n") && text.contains("\nand 30 more policies\n"));
    assert!(text.contains(
        "    303 failed with certificate-expired at mx1.mx.example.com: \u{fffd}[31mred\u{fffd}\u{fffd}\u{fffd}Hi\n"
    ));
}

//----------- parts --------------------------------------------------------

#[test]
fn a_text_beyond_ascii_is_sent_in_base64() {
    let encoding = |text: &str| Part::text(text).unwrap().fields[1].value().to_owned();
    assert_eq!(encoding("plain\ntext\n"), "7bit");
    assert_eq!(encoding("für\n"), "base64");
    assert_eq!(encoding("a\tb\n"), "base64");
    assert_eq!(encoding(&"x".repeat(999)), "base64");
    assert_eq!(Part::text("a\nb").unwrap().body, b"a\r\nb\r\n");
    assert_eq!(Part::text("ü\n").unwrap().body, b"w7wNCg==\r\n");
}

#[test]
fn parts_are_put_together_with_their_boundaries() {
    let part = Part { fields: vec![Field::new("X", "y").unwrap()], body: b"z\r\n".to_vec() };
    assert_eq!(multipart("b", &[part]), b"--b\r\nX: y\r\n\r\nz\r\n\r\n--b--\r\n");
    assert_eq!(base64_lines(&[0; 58]), [&[b'A'; 76][..], b"\r\nAA==\r\n"].concat());
    assert_eq!(base64_lines(b""), b"");
    assert!(Part::file("a/b", "x\"; y=\"", b"").is_err() && Part::file("a/b", "x\\", b"").is_err());
}

//----------- fields -------------------------------------------------------

#[test]
fn a_field_cannot_hold_another_one() {
    for value in ["a\r\nBcc: x", "a\nb", "a\rb", "a\0b", "a\tb", "é"] {
        assert_eq!(Field::new("X", value), Err(FieldError::Character("X")), "{value:?}");
    }
    for value in ["", " a", "a ", "a  b"] {
        assert_eq!(Field::new("X", value), Err(FieldError::Blank("X")), "{value:?}");
    }
    assert_eq!(Field::new("X", "y".repeat(996)), Err(FieldError::TooLong("X")));
    assert!(Field::new("X", "y".repeat(995)).is_ok());
    assert!(Field::new("X", format!("y {}", "z".repeat(997))).is_ok());
}

#[test]
fn what_is_folded_is_unfolded_to_the_same() {
    for words in [1, 5, 40, 300] {
        let value = vec!["word"; words].join(" ");
        let field = Field::new("Subject", value.clone()).unwrap();
        let mut out = Vec::new();
        field.emit(&mut out);
        assert!(out.split(|octet| *octet == b'\n').all(|line| line.len() <= 79));
        let received = Received::parse(&out);
        assert_eq!(received.value("subject"), Some(value));
    }
}

#[test]
fn a_received_header_is_read_with_its_folds_and_without_its_garbage() {
    let message = b"From u@x Mon Nov 23\nReceived: a\r\n\tb\r\nTO : <x+tok3n@sender.example>,\n  Other <y@z.example>\n: nameless\nno field\nX-\xff: y\nSubject:\n\nbody: 1\n";
    let received = Received::parse(message);
    let names: Vec<_> = received.fields.iter().map(|field| field.name).collect();
    assert_eq!(names, ["Received", "TO", "Subject"]);
    assert_eq!(received.value("to").as_deref(), Some("<x+tok3n@sender.example>, Other <y@z.example>"));
    assert_eq!(received.value("received").as_deref(), Some("a b"));
    assert_eq!(received.value("subject").as_deref(), Some(""));
    assert_eq!((received.body, received.cut, received.value("x")), (&b"body: 1\n"[..], Cut::No, None));
    assert_eq!(Received::parse(b"").fields, []);
    assert_eq!(Received::parse(b"\r\nbody").body, b"body");
    assert_eq!(Received::parse(b"A: b").fields.len(), 1);
}

#[test]
fn a_hostile_header_is_read_within_bounds() {
    let mut message = "X: y\r\n".repeat(MAX_FIELDS + 10);
    message.push_str("\r\nbody");
    let received = Received::parse(message.as_bytes());
    assert_eq!((received.fields.len(), received.cut, received.body), (MAX_FIELDS, Cut::Yes, &b"body"[..]));
    let message = format!("X: {}\r\n y\r\nZ: a\r\n\r\nbody", "x".repeat(MAX_HEADER));
    let received = Received::parse(message.as_bytes());
    assert_eq!((received.fields.len(), received.cut, received.body), (0, Cut::Yes, &b"body"[..]));
    let message = format!("X:{}", "\r\n y".repeat(20_000));
    assert!(Received::parse(message.as_bytes()).value("x").unwrap().len() <= 16 * 1024);
}

//----------- addresses ----------------------------------------------------

#[test]
fn addresses_that_need_no_quoting_are_read() {
    let read = address("Tls-Rpt+a!b@Bücher.Example.");
    assert_eq!((read.local(), read.domain().as_str()), ("Tls-Rpt+a!b", "xn--bcher-kva.example"));
    assert_eq!(read.to_string(), "Tls-Rpt+a!b@xn--bcher-kva.example");
    for bad in [
        "a",
        "",
        "@b.example",
        "a b@c.example",
        "\"a\"@c.example",
        ".a@c.example",
        "a.@c.example",
        "a..b@c.example",
        "a@b@c.example",
        "ü@c.example",
        "<a@c.example>",
        "a\r\n@c.example",
    ] {
        assert!(Address::parse(bad).is_err(), "{bad}");
    }
    assert_eq!(Address::parse(&format!("{}@a.example", "x".repeat(65))), Err(AddressError::Local));
    assert!(matches!(Address::parse("a@[192.0.2.1]"), Err(AddressError::Domain(_))));
}
