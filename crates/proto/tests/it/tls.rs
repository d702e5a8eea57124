//! The first words of a handshake: hellos in the form laid down, answers however they are cut.

use proptest::prelude::*;
use strictmx_proto::tls::{
    self, Answer, AnswerError, MAX_ANSWER, Progress, Reader, Weakness, hello,
    ssl2::{self, Progress as Progress2},
};

use crate::domain;

const RANDOM: [u8; 32] = [7; 32];

fn be(octets: &[u8]) -> usize {
    octets.iter().fold(0, |number, octet| number << 8 | usize::from(*octet))
}

fn vector(width: usize, content: &[u8]) -> Vec<u8> {
    [&content.len().to_be_bytes()[8 - width..], content].concat()
}

fn record(kind: u8, content: &[u8]) -> Vec<u8> {
    [&[kind, 3, 3][..], &vector(2, content)].concat()
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind][..], &vector(3, body)].concat()
}

fn server_hello(compression: u8, extensions: &[u16]) -> Vec<u8> {
    let extensions: Vec<u8> = extensions.iter().flat_map(|number| [number.to_be_bytes(), [0, 0]].concat()).collect();
    let fixed = [&[3, 3][..], &RANDOM, &[0, 0xc0, 0x2f, compression]].concat();
    message(2, &[fixed, vector(2, &extensions)].concat())
}

fn read(octets: &[u8]) -> Result<Progress, AnswerError> {
    Reader::new().feed(octets)
}

fn done(octets: &[u8]) -> Answer {
    match read(octets) {
        Ok(Progress::Done(answer)) => answer,
        other => panic!("{other:?}"),
    }
}

//----------- Hellos ------------------------------------------------------

/// Splits a vector off whose length has so many octets.
fn cut<'a>(octets: &mut &'a [u8], width: usize) -> &'a [u8] {
    let length = be(&octets[..width]);
    let (content, rest) = octets[width..].split_at(length);
    *octets = rest;
    content
}

type Extension = (usize, Vec<u8>);

/// Version, ciphers, compressions, extensions of a ClientHello in one record.
fn client_hello(octets: &[u8]) -> (usize, Vec<usize>, Vec<u8>, Vec<Extension>) {
    assert_eq!((octets[0], octets[1]), (22, 3));
    assert_eq!(be(&octets[3..5]), octets.len() - 5);
    assert_eq!(octets[5], 1);
    let mut rest = &octets[6..];
    let mut body = cut(&mut rest, 3);
    assert!(rest.is_empty());
    let version = be(&body[..2]);
    assert_eq!(body[2..34], RANDOM);
    body = &body[34..];
    assert!(cut(&mut body, 1).is_empty(), "no session is resumed");
    let ciphers = cut(&mut body, 2).chunks(2).map(be).collect();
    let compressions = cut(&mut body, 1).to_vec();
    let mut extensions = Vec::new();
    if !body.is_empty() {
        let mut list = cut(&mut body, 2);
        while !list.is_empty() {
            let number = be(&list[..2]);
            list = &list[2..];
            extensions.push((number, cut(&mut list, 2).to_vec()));
        }
    }
    assert!(body.is_empty());
    (version, ciphers, compressions, extensions)
}

/// RFC 5246 §7.4.1.2, RFC 6066 §3 and §8, RFC 5746 §3.4, RFC 7627 §5.1
#[test]
fn the_hello_of_tls_1_2_offers_everything_that_is_asked_about() {
    let (version, ciphers, compressions, extensions) = client_hello(&hello::tls12(&domain("mx.example.com"), &RANDOM));
    assert_eq!((version, compressions), (0x0303, vec![1, 0]));
    let numbers: Vec<usize> = extensions.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, [0, 5, 10, 11, 13, 23, 0xff01]);
    assert_eq!(extensions[0].1, [&[0, 17, 0, 0, 14][..], b"mx.example.com"].concat());
    assert_eq!(extensions[1].1, [1, 0, 0, 0, 0]);
    assert_eq!(extensions[6].1, [0]);
    assert!(ciphers.contains(&0xc02f) && ciphers.contains(&0x002f) && ciphers.len() > 30);
    assert!(!ciphers.contains(&0x0003), "nobody is tempted with export ciphers");
    for cipher in ciphers {
        assert!(tls::cipher_name(cipher.try_into().unwrap()).starts_with("TLS_"));
    }
}

/// RFC 6101 §5.6.1.2, RFC 5746 §3.3
#[test]
fn the_hello_of_ssl_3_has_no_extensions_and_no_cipher_that_is_younger() {
    let octets = hello::ssl3(&RANDOM);
    assert_eq!(octets[1..3], [3, 0]);
    let (version, ciphers, compressions, extensions) = client_hello(&octets);
    assert_eq!((version, compressions, extensions), (0x0300, vec![0], Vec::new()));
    assert_eq!(ciphers.last(), Some(&0x00ff));
    assert!(ciphers.contains(&0x0004) && ciphers.contains(&0x000a) && ciphers.contains(&0x0003));
    assert!(!ciphers.contains(&0xc02f));
}

/// RFC 4346 §7.4.1.2; R9325-3.1.1-1
#[test]
fn the_hello_of_an_old_version_says_it_and_offers_what_that_version_knows() {
    for version in [tls::TLS10, tls::TLS11] {
        let octets = hello::old(version, &domain("mx.example.com"), &RANDOM);
        assert_eq!(octets[1..3], [3, 1], "the record is one that every server reads");
        let (said, ciphers, compressions, extensions) = client_hello(&octets);
        assert_eq!((said, compressions), (usize::from(version), vec![0]));
        assert_eq!(extensions[0].1, [&[0, 17, 0, 0, 14][..], b"mx.example.com"].concat());
        assert!(ciphers.contains(&0xc014) && ciphers.contains(&0x0005) && ciphers.contains(&0x0009));
        assert!(!ciphers.contains(&0xc02f), "GCM came with TLS 1.2");
    }
}

/// STS-7.2-2
#[test]
fn the_hello_that_asks_for_weak_suites_offers_those_of_the_kinds_asked_for_and_no_other() {
    let offered = |kinds: &[Weakness]| client_hello(&hello::weak(kinds, &domain("mx.example.com"), &RANDOM)).1;
    let all = offered(&Weakness::ALL);
    let mut sum = 0;
    for kind in Weakness::ALL {
        let suites = offered(&[kind]);
        assert!(!suites.is_empty(), "{kind:?}");
        for suite in &suites {
            let name = tls::cipher_name(u16::try_from(*suite).unwrap());
            assert_eq!(Weakness::of(&name), Some(kind), "{name}");
            assert!(all.contains(suite));
        }
        sum += suites.len();
    }
    assert_eq!(sum, all.len());
    assert!([0x0005, 0x000a, 0x0009, 0x0003, 0x003b, 0x00a6, 0x0007].iter().all(|suite| all.contains(suite)));
    assert!(!all.contains(&0xc02f) && !all.contains(&0x002f));
    assert_eq!(client_hello(&hello::weak(&Weakness::ALL, &domain("a.example"), &RANDOM)).0, 0x0303);
}

#[test]
fn a_suite_has_the_kind_that_is_worst_in_either_naming() {
    for (suite, kind) in [
        ("TLS_RSA_WITH_NULL_SHA256", Some(Weakness::Null)),
        ("TLS_ECDH_anon_WITH_NULL_SHA", Some(Weakness::Null)),
        ("TLS_RSA_EXPORT_WITH_DES40_CBC_SHA", Some(Weakness::Export)),
        ("EXP-RC4-MD5", Some(Weakness::Export)),
        ("TLS_DH_anon_WITH_RC4_128_MD5", Some(Weakness::Anonymous)),
        ("ADH-AES256-SHA", Some(Weakness::Anonymous)),
        ("TLS_ECDHE_RSA_WITH_RC4_128_SHA", Some(Weakness::Rc4)),
        ("DES-CBC3-SHA", Some(Weakness::TripleDes)),
        ("TLS_DHE_DSS_WITH_DES_CBC_SHA", Some(Weakness::Des)),
        ("TLS_RSA_WITH_IDEA_CBC_SHA", Some(Weakness::Idea)),
        ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", None),
        ("", None),
    ] {
        assert_eq!(Weakness::of(suite), kind, "{suite}");
    }
    for kind in Weakness::ALL {
        assert_eq!(Weakness::named(kind.word()), Some(kind));
    }
    assert_eq!(Weakness::named("LOW"), None);
}

#[test]
fn the_hello_of_ssl_2_says_its_lengths_and_every_cipher() {
    let octets = ssl2::client_hello(&[9; 16]);
    assert_eq!(be(&octets[..2]), 0x8000 | (octets.len() - 2));
    assert_eq!(octets[2..11], [1, 0, 2, 0, 21, 0, 0, 0, 16]);
    assert_eq!(octets.len(), 11 + 21 + 16);
    for cipher in octets[11..32].chunks(3) {
        assert!(ssl2::cipher_name(be(cipher).try_into().unwrap()).starts_with("SSL_CK_"));
    }
    assert!(octets.ends_with(&[9; 16]));
}

/// RFC 5246 §7.2.1, §7.2.2
#[test]
fn leave_is_taken_with_warnings_that_the_version_knows() {
    assert_eq!(tls::farewell(0x0303), [21, 3, 3, 0, 2, 1, 90, 21, 3, 3, 0, 2, 1, 0]);
    assert_eq!(tls::farewell(tls::SSL3), [21, 3, 0, 0, 2, 1, 0]);
    assert_eq!(ssl2::farewell(), [0x80, 3, 0, 0, 1]);
}

//----------- Answers -----------------------------------------------------

#[test]
fn what_the_server_chose_is_read() {
    let flight = [server_hello(0, &[23, 0xff01]), message(11, &[0; 300]), message(14, &[])].concat();
    let good = done(&record(22, &flight));
    assert_eq!((tls::version_name(good.version), good.compression), ("TLSv1.2".into(), 0));
    assert_eq!(tls::cipher_name(good.cipher), "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
    assert!(good.extended_master_secret && good.renegotiation_info && !good.stapled);
    let bad = done(&record(22, &[server_hello(1, &[]), message(14, &[])].concat()));
    assert_eq!((bad.compression, bad.extended_master_secret, bad.renegotiation_info), (1, false, false));
    assert_eq!((tls::version_name(0x0305), tls::cipher_name(0xabcd)), ("0x0305".into(), "0xabcd".into()));
}

/// RFC 6066 §8
#[test]
fn a_staple_counts_when_there_is_something_in_it() {
    let flight = |status: &[u8]| {
        let messages = [server_hello(0, &[5]), message(11, &[0; 9]), message(22, status), message(14, &[])];
        done(&record(22, &messages.concat())).stapled
    };
    assert!(flight(&[1, 0, 0, 1, 0x30]));
    assert!(!flight(&[1, 0, 0, 0]));
    assert!(!flight(&[]));
}

#[test]
fn of_a_server_that_breaks_off_after_its_hello_the_version_is_known() {
    let hello = record(22, &server_hello(0, &[]));
    let mut reader = Reader::new();
    assert_eq!((reader.feed(&hello), reader.version()), (Ok(Progress::NeedMore), Some(0x0303)));
}

/// RFC 5246 §7.2
#[test]
fn an_alert_ends_it_unless_it_is_a_warning() {
    let refused = read(&record(21, &[2, 70])).unwrap_err();
    assert_eq!(refused, AnswerError::Alert(70));
    assert_eq!(refused.to_string(), "the server refused with the alert protocol_version (70)");
    assert_eq!(read(&record(21, &[1, 0])), Err(AnswerError::Alert(0)));
    let warned = [record(21, &[1, 112]), record(22, &[server_hello(0, &[]), message(14, &[])].concat())].concat();
    assert_eq!(done(&warned).version, 0x0303);
    assert!(matches!(read(&record(21, &[2])), Err(AnswerError::Broken(_))));
}

#[test]
fn what_is_out_of_order_or_not_tls_is_told_so() {
    assert_eq!(read(b"500 what was that?"), Err(AnswerError::NotTls));
    assert_eq!(read(&[22, 2, 0, 0, 1]), Err(AnswerError::NotTls));
    let broken = [
        record(22, &[]),
        record(22, &message(11, &[0; 9])),
        record(23, &[1]),
        record(20, &[1]),
        record(22, &[server_hello(0, &[]), server_hello(0, &[])].concat()),
        record(22, &message(2, &[3, 3])),
        vec![22, 3, 3, 0xff, 0xff],
    ];
    for octets in broken {
        assert!(matches!(read(&octets), Err(AnswerError::Broken(_))), "{octets:?}");
    }
}

#[test]
fn nothing_is_taken_without_end() {
    let huge = [server_hello(0, &[]), vec![11, 0xff, 0xff, 0xff]].concat();
    assert_eq!(read(&record(22, &huge)), Err(AnswerError::TooLong));
    let mut reader = Reader::new();
    assert_eq!(reader.feed(&record(22, &server_hello(0, &[]))), Ok(Progress::NeedMore));
    let chatter = record(22, &message(13, &[0; 1000]));
    let ended = (0..MAX_ANSWER / 1000 + 1).find_map(|_| reader.feed(&chatter).err());
    assert_eq!(ended, Some(AnswerError::TooLong));
}

#[test]
fn ssl_2_is_spoken_by_whoever_says_server_hello_even_without_a_cipher_in_common() {
    let hello = |ciphers: &[u8]| {
        let lengths = [&[0, 3][..], &ciphers.len().to_be_bytes()[6..], &[0, 2]].concat();
        let body = [&[4, 0, 1, 0, 2][..], &lengths, b"DER", ciphers, b"id"].concat();
        let mut octets = vector(2, &body);
        octets[0] |= 0x80;
        ssl2::Reader::new().feed(&octets)
    };
    assert_eq!(hello(&[1, 0, 0x80, 7, 0, 0xc0]), Ok(Progress2::Done(vec![0x01_0080, 0x07_00c0])));
    assert_eq!(hello(&[]), Ok(Progress2::Done(Vec::new())));
    assert!(matches!(hello(&[1, 0]), Err(AnswerError::Broken(_))));
    assert_eq!(ssl2::Reader::new().feed(&ssl2::farewell()), Ok(Progress2::Done(Vec::new())));
    assert!(matches!(ssl2::Reader::new().feed(&[0x80, 3, 0, 0, 2]), Err(AnswerError::Broken(_))));
    assert_eq!(ssl2::Reader::new().feed(&[21, 3, 1, 0, 2, 2, 40]), Err(AnswerError::Alert(40)));
    assert_eq!(ssl2::Reader::new().feed(b"500 what?"), Err(AnswerError::NotTls));
    assert_eq!(ssl2::cipher_name(0x01_0080), "SSL_CK_RC4_128_WITH_MD5");
}

proptest! {
    /// RFC 5246 §6.2.1: however messages are cut into records, and records into pieces, the answer is the same.
    #[test]
    fn no_cut_changes_the_answer(
        fragment in 1_usize..400, piece in 1_usize..400, certificate in 0_usize..5000, stapled: bool, compression: u8,
    ) {
        let status = if stapled { message(22, &[1, 0, 0, 1, 0]) } else { Vec::new() };
        let hello = server_hello(compression, &[23]);
        let flight = [hello, message(11, &vec![5; certificate]), status, message(14, &[])].concat();
        let records: Vec<u8> = flight.chunks(fragment).flat_map(|part| record(22, part)).collect();
        let mut reader = Reader::new();
        let mut end = Ok(Progress::NeedMore);
        for part in records.chunks(piece) {
            prop_assert_eq!(&end, &Ok(Progress::NeedMore));
            end = reader.feed(part);
        }
        let Ok(Progress::Done(answer)) = end else { return Err(TestCaseError::fail("not done")) };
        prop_assert_eq!((answer.stapled, answer.compression), (stapled, compression));
        prop_assert!(answer.extended_master_secret && !answer.renegotiation_info);
    }

    /// Spoiled answers come to something, and never to a panic.
    #[test]
    fn spoiled_answers_are_survived(at in 0_usize..400, to: u8, junk: Vec<u8>) {
        let flight = [server_hello(0, &[23, 5]), message(11, &[3; 200]), message(14, &[])].concat();
        let mut octets = record(22, &flight);
        let place = at % octets.len();
        octets[place] = to;
        octets.extend(&junk);
        crate::replay_entry::tls_answer(&octets);
        crate::replay_entry::tls_answer(&junk);
        crate::replay_entry::ssl2_answer(&octets);
        crate::replay_entry::ssl2_answer(&[&[0x80, 30, 4, 0, 1, 0, 2][..], &junk].concat());
    }
}
