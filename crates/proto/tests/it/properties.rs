//! Properties, each over thousands of made-up inputs. The fuzz targets' promises are held here too, on inputs that proptest makes.
use proptest::{collection::vec, prelude::*, sample::select};
use strictmx_proto::{
    dane::Tlsa,
    name::Domain,
    postfix::{
        policy_line::{Shape, check, secure_line},
        socketmap::{Decoded, MAX_REPLY, Reply, Request, decode},
    },
    smtp::{Reader, Reply as SmtpReply, reply::Progress},
    sts::{Mode, Pattern, Policy, Record},
};

use crate::replay_entry::TARGETS;

fn label() -> impl Strategy<Value = String> {
    "[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?"
}

fn domain() -> impl Strategy<Value = Domain> {
    (vec(label(), 1..4), "[a-z]{2,10}")
        .prop_map(|(labels, top)| Domain::parse(&format!("{}.{top}", labels.join("."))).unwrap())
}

fn pattern() -> impl Strategy<Value = Pattern> {
    (domain(), any::<bool>()).prop_map(
        |(name, wildcard)| {
            if wildcard { Pattern::Wildcard(name) } else { Pattern::Exact(name) }
        },
    )
}

fn mode() -> impl Strategy<Value = Mode> {
    select(vec![Mode::Enforce, Mode::Testing, Mode::None])
}

/// Lines a policy host might send: good ones, odd ones, hostile ones.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(vec!["version: STSv1", "mode: enforce", "max_age: 86400", "mx: mx.example.com"]).prop_map(str::to_owned),
        2 => "mx:[ \t]{0,3}[a-zA-Z0-9*._{}:=, \t-]{0,40}",
        1 => "[a-z_]{1,10}: ?[ -~]{0,60}",
        1 => "(note|policy_string|match): ?\\PC{0,40}",
        1 => any::<String>(),
    ]
}

/// A body that is often a policy.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let end = select(vec!["\n", "\r\n", "\r", "\n\n", " \n", ""]);
    let lines = vec((line(), end), 0..20);
    (any::<bool>(), lines).prop_map(|(whole, lines)| {
        let mut text = String::new();
        if whole {
            text.push_str("version: STSv1\nmode: enforce\nmx: mx.example.com\nmax_age: 1\n");
        }
        for (line, end) in lines {
            text.push_str(&line);
            text.push_str(end);
        }
        text.into_bytes()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// D-36: any policy whatsoever yields only lines that Postfix takes.
    #[test]
    fn every_line_of_every_dialect_passes_the_check(body in body(), name in domain()) {
        if let Ok(parsed) = Policy::parse(&body) {
            for shape in Shape::ALL {
                if let Ok(line) = secure_line(&name, &parsed.policy, shape) {
                    prop_assert_eq!(check(&line, shape.dialect()), Ok(()));
                    prop_assert!(!line.chars().any(char::is_control));
                }
            }
        }
    }

    /// Every enforced policy of usual size can be said in every shape.
    #[test]
    fn every_enforced_policy_can_be_said(mx in vec(pattern(), 1..30), age in 0..40_000_000_u32, name in domain()) {
        let policy = Policy::new(Mode::Enforce, age, mx).unwrap();
        for shape in Shape::ALL {
            let line = secure_line(&name, &policy, shape).unwrap();
            let list = policy.mx.iter().map(|pattern| pattern.match_form().to_string()).collect::<Vec<_>>().join(":");
            prop_assert_eq!(line.split(' ').nth(1), Some(&*format!("match={list}")));
        }
    }

    #[test]
    fn a_policy_read_from_its_own_text_is_equal(body in body()) {
        if let Ok(parsed) = Policy::parse(&body) {
            prop_assert_eq!(Policy::parse(parsed.policy.text().as_bytes()).unwrap().policy, parsed.policy);
        }
    }

    #[test]
    fn a_policy_emitted_and_parsed_is_itself(mode in mode(), age in 0..40_000_000_u32, mx in vec(pattern(), 1..10)) {
        let policy = Policy::new(mode, age, mx).unwrap();
        let parsed = Policy::parse(policy.emit().as_bytes()).unwrap();
        prop_assert_eq!(parsed.findings, []);
        prop_assert_eq!(parsed.policy, policy);
    }

    #[test]
    fn a_record_emitted_and_parsed_is_itself(id in "[a-zA-Z0-9]{1,32}") {
        let record = Record { id: id.into() };
        prop_assert_eq!(Record::parse(record.emit().as_bytes()), Some(Ok(record)));
    }

    #[test]
    fn a_tlsa_record_emitted_and_parsed_is_itself(rdata in vec(any::<u8>(), 3..200)) {
        let record = Tlsa::from_rdata(&rdata).unwrap();
        prop_assert_eq!(record.to_string().parse(), Ok(record.clone()));
        prop_assert_eq!(record.to_rdata(), rdata);
    }

    #[test]
    fn a_request_emitted_and_decoded_is_itself(map in "[a-zA-Z0-9.-]{1,20}", key in "\\PC{0,60}") {
        let request = Request { map: &map, key: &key };
        let mut out = Vec::new();
        request.encode(&mut out);
        let Decoded::Frame { payload, used } = decode(&out, out.len()) else { panic!("{out:?}") };
        prop_assert_eq!(used, out.len());
        prop_assert_eq!(Request::parse(payload), Ok(request));
    }

    #[test]
    fn a_reply_emitted_and_decoded_is_itself(text in "\\PC{1,100}") {
        for reply in [Reply::Ok(&text), Reply::NotFound, Reply::Temp(&text), Reply::Perm(&text)] {
            let mut out = Vec::new();
            reply.encode(&mut out);
            let Decoded::Frame { payload, .. } = decode(&out, MAX_REPLY) else { panic!("{out:?}") };
            prop_assert_eq!(Reply::parse(payload), Ok(reply));
        }
    }

    #[test]
    fn an_smtp_reply_emitted_and_read_is_itself(code in 200..600_u16, lines in vec("[ -~]{0,80}", 1..6), cut in any::<prop::sample::Index>()) {
        let reply = SmtpReply { code, lines };
        let octets = reply.emit().into_bytes();
        let (head, tail) = octets.split_at(cut.index(octets.len()));
        let mut reader = Reader::new();
        prop_assert_eq!(reader.feed(head), Ok(Progress::NeedMore));
        prop_assert_eq!(reader.feed(tail), Ok(Progress::Done { reply, used: tail.len() }));
    }

    #[test]
    fn no_parser_panics_or_breaks_a_promise_on_any_octets(octets in vec(any::<u8>(), 0..300)) {
        for (_, entry) in TARGETS {
            entry(&octets);
        }
    }

    #[test]
    fn no_parser_panics_or_breaks_a_promise_on_any_text(text in "\\PC{0,80}", body in body()) {
        for (_, entry) in TARGETS {
            entry(text.as_bytes());
            entry(&body);
        }
    }

    #[test]
    fn no_parser_breaks_a_promise_on_what_is_nearly_its_form(text in nearly()) {
        for (_, entry) in TARGETS {
            entry(text.as_bytes());
        }
    }
}

fn nearly() -> impl Strategy<Value = String> {
    prop_oneof![
        "v=STSv1 ?;( ?[a-z]{1,3} ?=[a-zA-Z0-9= ]{0,8};?){0,4}",
        "v=TLSRPTv1 ?; ?rua=(mailto:|https://|ftp:)[a-z0-9.@%,!:/?\\[\\]-]{0,30}(, ?mailto:[a-z%0-9]{1,9}@[a-z.]{1,9})?",
        "(none|may|dane|secure|verify|fingerprint)( [{]? ?(match|servername|policy_type|policy_string|ciphers) ?= ?[a-z.:*{} ]{0,12} ?[}]?){0,4}",
        "[0-9]{1,3}:[A-Z]{0,8} [a-z.]{0,9},",
        "([2-5][0-9]{2}[ -][ -~]{0,9}\r?\n){1,4}",
        "(get|put) [a-z.%0-9A-F]{0,20}\r?\n",
        "[0-3] [0-2] [0-2] ([0-9a-f]{2} ?){0,33}",
        "(\\*\\.)?([a-z0-9_-]{1,5}\\.){0,3}[a-zü]{1,4}\\.?",
    ]
}
