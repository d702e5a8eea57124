//! SMTP replies.
use strictmx_proto::smtp::{Ehlo, Reader, Reply, ReplyError, ehlo::greeted_name, reply::Progress};

fn read(octets: &[u8]) -> Result<Progress, ReplyError> {
    Reader::new().feed(octets)
}

fn reply(octets: &[u8]) -> Reply {
    match read(octets) {
        Ok(Progress::Done { reply, used }) if used == octets.len() => reply,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_reply_of_one_or_more_lines_is_read() {
    assert_eq!(reply(b"220 mx.example ESMTP\r\n"), Reply { code: 220, lines: vec!["mx.example ESMTP".into()] });
    assert_eq!(reply(b"250-a\r\n250-\r\n250 c\n").lines, ["a", "", "c"]);
    assert_eq!(reply(b"354\r\n"), Reply { code: 354, lines: vec![String::new()] });
    assert!(reply(b"250 ok\r\n").is_positive() && reply(b"454 no TLS now\r\n").is_transient());
    assert_eq!(reply(b"250-a\r\n250 b\r\n").to_string(), "250 a / b");
}

#[test]
fn a_reply_may_come_in_pieces() {
    let mut reader = Reader::new();
    assert!(!reader.is_midway());
    assert_eq!(reader.feed(b"25"), Ok(Progress::NeedMore));
    assert!(reader.is_midway());
    assert_eq!(reader.feed(b"0-a\r"), Ok(Progress::NeedMore));
    assert_eq!(reader.feed(b"\n250 b\r"), Ok(Progress::NeedMore));
    let Ok(Progress::Done { reply, used: 1 }) = reader.feed(b"\n221 bye\r\n") else { panic!() };
    assert_eq!(reply.lines, ["a", "b"]);
    assert!(!reader.is_midway());
    assert!(matches!(reader.feed(b"221 bye\r\n"), Ok(Progress::Done { used: 9, .. })));
}

// R3207-4-3
#[test]
fn octets_behind_a_reply_are_left_for_the_caller_to_see() {
    let Ok(Progress::Done { reply, used }) = read(b"220 go ahead\r\n250 injected\r\n") else { panic!() };
    assert_eq!((reply.code, used), (220, 14));
}

#[test]
fn what_is_no_reply_is_refused() {
    for (octets, error) in [
        (&b"hello\r\n"[..], ReplyError::Malformed),
        (b"199 a\r\n", ReplyError::Malformed),
        (b"600 a\r\n", ReplyError::Malformed),
        (b"25x a\r\n", ReplyError::Malformed),
        (b"250a\r\n", ReplyError::Malformed),
        (b"\r\n", ReplyError::Malformed),
        (b"250-a\r\n251 b\r\n", ReplyError::MixedCodes),
    ] {
        assert_eq!(read(octets), Err(error), "{octets:?}");
    }
}

#[test]
fn lines_and_replies_are_bounded() {
    let longest = format!("250 {}\r\n", "a".repeat(996));
    assert_eq!(reply(longest.as_bytes()).lines[0].len(), 996);
    assert_eq!(read(format!("250 {}\r\n", "a".repeat(997)).as_bytes()), Err(ReplyError::LineTooLong));
    assert_eq!(read(&[b'2'; 2000]), Err(ReplyError::LineTooLong));
    let mut reader = Reader::new();
    let fed = (0..100_000).find_map(|_| reader.feed(b"250-aaaaaaaaaa\r\n").err());
    assert_eq!(fed, Some(ReplyError::TooLong));
}

#[test]
fn texts_are_made_safe() {
    assert_eq!(reply(b"250 a\x1b[31m\0\xff\r\n").lines, ["a\u{fffd}[31m\u{fffd}\u{fffd}"]);
    assert_eq!(reply(b"250 a\rb\r\n").lines, ["a\u{fffd}b"]);
}

// STS-4-2, R3207-4-1
#[test]
fn keywords_are_compared_without_case() {
    let ehlo = Ehlo::read(&reply(
        b"250-mx.example greets you\r\n250-StartTLS\r\n250-AUTH=LOGIN PLAIN\r\n250-\r\n250 size 1000\r\n",
    ))
    .unwrap();
    assert_eq!(ehlo.name, "mx.example");
    assert!(ehlo.offers_starttls());
    assert_eq!(ehlo.keyword("SIZE").unwrap().params, "1000");
    assert_eq!(ehlo.keyword("AUTH").unwrap().params, "LOGIN PLAIN");
    assert_eq!(ehlo.keywords.len(), 3);
    // The greeting's first line names the server and offers nothing.
    assert!(!Ehlo::read(&reply(b"250 STARTTLS\r\n")).unwrap().offers_starttls());
    assert_eq!(Ehlo::read(&reply(b"502 what\r\n")), None);
}

#[test]
fn the_banner_names_the_server() {
    assert_eq!(greeted_name(&reply(b"220-mx.example ESMTP\r\n220 hi\r\n")), Some("mx.example"));
    assert_eq!(greeted_name(&reply(b"220\r\n")), None);
}
