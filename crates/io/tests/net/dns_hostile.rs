//! Servers, and people between, that mean ill.
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use strictmx_engine::fact::{DnsFailureKind, Dnssec, Seen};
use strictmx_testbed::dns::{Answer, Data, Reply, Server};

use crate::support::{
    ASKED, CNAME, OK, TXT, kind, name, question_name, record, reply, string, stub, texts, udp, wire_name,
};

#[tokio::test]
async fn strays_are_ignored_until_the_true_answer_comes() {
    let server = udp(|query, _| {
        let forged = reply(query, OK, [1, 0], &record(&ASKED, TXT, 60, &string("forged")));
        let mut wrong_id = forged.clone();
        wrong_id[0] ^= 1;
        let mut wrong_name = forged.clone();
        wrong_name[13] ^= 1;
        let mut no_answer = forged.clone();
        no_answer[2] &= 0x7f;
        let mut no_question = forged.clone();
        no_question[5] = 0;
        let truth = reply(query, OK, [1, 0], &record(&ASKED, TXT, 60, &string("true")));
        vec![Vec::new(), vec![0; 5], wrong_id, wrong_name, no_answer, no_question, truth]
    });
    let dns = stub(&[server]);
    assert_eq!(texts(&dns.txt(&name("x.test")).await), ["true"]);
    assert_eq!(dns.stats().strays, 6);
}

#[tokio::test]
async fn answers_to_other_questions_alone_are_a_timeout() {
    let server = Server::start("127.0.0.1:0");
    let data = vec![Data::Txt(vec![b"forged".to_vec()])];
    server.put("id.test", "TXT", Answer::new(Reply::WrongId(data.clone())));
    server.put("question.test", "TXT", Answer::new(Reply::WrongQuestion(data)));
    let dns = stub(&[server.address()]);
    assert_eq!(kind(&dns.txt(&name("id.test")).await), DnsFailureKind::Timeout);
    assert_eq!(kind(&dns.txt(&name("question.test")).await), DnsFailureKind::Timeout);
}

#[tokio::test]
async fn records_of_other_names_types_and_classes_do_not_count() {
    let server = udp(|query, _| {
        let mut chaos = record(&ASKED, TXT, 60, &string("chaos"));
        chaos[5] = 3;
        let mut rest = record(&wire_name("y.test"), TXT, 60, &string("other name"));
        rest.extend(record(&ASKED, 99, 60, &string("other type")));
        rest.extend(chaos);
        vec![reply(query, OK, [3, 0], &rest)]
    });
    let seen = stub(&[server]).txt(&name("x.test")).await;
    assert_eq!(seen, Seen::NoData { dnssec: Dnssec::Insecure, ttl: 0 });
}

#[tokio::test]
async fn an_alias_without_its_target_is_asked_on() {
    let server = udp(|query, _| {
        let (kind, data) = match question_name(query).as_str() {
            "a.test" => (CNAME, wire_name("b.test")),
            "b.test" => (CNAME, wire_name("c.test")),
            _ => (TXT, string("found")),
        };
        vec![reply(query, OK | 0x20, [1, 0], &record(&ASKED, kind, 60, &data))]
    });
    match stub(&[server]).txt(&name("a.test")).await {
        Seen::Found { data, aliases, dnssec, .. } => {
            assert_eq!(&*data[0].0, b"found");
            assert_eq!(aliases, [name("b.test"), name("c.test")]);
            assert_eq!(dnssec, Dnssec::Secure);
        }
        other => panic!("{other:?}"),
    }
}

// DANE-2.1.3-1
#[tokio::test]
async fn one_insecure_part_makes_the_whole_insecure() {
    let server = udp(|query, _| match question_name(query).as_str() {
        "a.test" => vec![reply(query, OK, [1, 0], &record(&ASKED, CNAME, 60, &wire_name("b.test")))],
        _ => vec![reply(query, OK | 0x20, [1, 0], &record(&ASKED, TXT, 60, &string("found")))],
    });
    let seen = stub(&[server]).txt(&name("a.test")).await;
    assert!(matches!(seen, Seen::Found { dnssec: Dnssec::Insecure, .. }), "{seen:?}");
}

#[tokio::test]
async fn cname_loops_end_inside_one_message_and_across_messages() {
    let within = udp(|query, _| {
        let mut rest = record(&ASKED, CNAME, 60, &wire_name("b.test"));
        rest.extend(record(&wire_name("b.test"), CNAME, 60, &wire_name("a.test")));
        vec![reply(query, OK, [2, 0], &rest)]
    });
    assert_eq!(kind(&stub(&[within]).txt(&name("a.test")).await), DnsFailureKind::Malformed);
    let itself = udp(|query, _| vec![reply(query, OK, [1, 0], &record(&ASKED, CNAME, 60, &ASKED))]);
    assert_eq!(kind(&stub(&[itself]).txt(&name("a.test")).await), DnsFailureKind::Malformed);
    let asked = std::sync::Arc::new(AtomicUsize::new(0));
    let counter = std::sync::Arc::clone(&asked);
    let across = udp(move |query, _| {
        counter.fetch_add(1, Ordering::SeqCst);
        let next = if question_name(query) == "a.test" { "b.test" } else { "a.test" };
        vec![reply(query, OK, [1, 0], &record(&ASKED, CNAME, 60, &wire_name(next)))]
    });
    assert_eq!(kind(&stub(&[across]).txt(&name("a.test")).await), DnsFailureKind::Malformed);
    assert!(asked.load(Ordering::SeqCst) <= 16);
}

#[tokio::test]
async fn compression_pointers_that_loop_or_point_ahead_are_malformed() {
    for owner in [vec![0xc0, 24], vec![0xc0, 200], vec![1, b'a', 0xc0, 24], vec![0xff, 0xff], vec![0x80, 1]] {
        let server = udp(move |query, _| vec![reply(query, OK, [1, 0], &record(&owner, TXT, 60, &string("x")))]);
        assert_eq!(kind(&stub(&[server]).txt(&name("x.test")).await), DnsFailureKind::Malformed);
    }
}

/// What becomes of a query.
type Lie = fn(&[u8]) -> Vec<u8>;

#[tokio::test]
async fn records_that_promise_more_than_there_is_are_malformed() {
    let lies: [Lie; 3] = [
        // Ten records announced, one there.
        |query| reply(query, OK, [10, 0], &record(&ASKED, TXT, 60, &string("x"))),
        // A string longer than its record.
        |query| reply(query, OK, [1, 0], &record(&ASKED, TXT, 60, &[200, b'x'])),
        // A record cut in its header.
        |query| reply(query, OK, [1, 0], &[0xc0, 12, 0, 16, 0]),
    ];
    for lie in lies {
        let server = udp(move |query, _| vec![lie(query)]);
        assert_eq!(kind(&stub(&[server]).txt(&name("x.test")).await), DnsFailureKind::Malformed);
    }
}

#[tokio::test]
async fn a_ttl_with_its_top_bit_set_is_nought() {
    let server = udp(|query, _| vec![reply(query, OK, [1, 0], &record(&ASKED, TXT, 0x8000_0001, &string("x")))]);
    assert!(matches!(stub(&[server]).txt(&name("x.test")).await, Seen::Found { ttl: 0, .. }));
}

#[tokio::test]
async fn fifty_thousand_octets_of_records_are_refused() {
    let server = Server::start("127.0.0.1:0");
    let many = (0..1400).map(|number| Data::Txt(vec![format!("v=STSv1; id={number}").into_bytes()])).collect();
    server.put("many.test", "TXT", Answer::records(many));
    let dns = stub(&[server.address()]);
    assert_eq!(kind(&dns.txt(&name("many.test")).await), DnsFailureKind::Malformed);
    let just = (0..256).map(|number| Data::Txt(vec![format!("{number}").into_bytes()])).collect();
    server.put("just.test", "TXT", Answer::records(just));
    assert_eq!(texts(&dns.txt(&name("just.test")).await).len(), 256);
}

/// Binds TCP beside a UDP script that always says "cut"; `serve` gets each connection.
fn cut_then(serve: impl Fn(std::net::TcpStream) + Send + Clone + 'static) -> std::net::SocketAddr {
    loop {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let Ok(socket) = std::net::UdpSocket::bind(address) else { continue };
        thread::spawn(move || {
            let mut buffer = [0; 1500];
            while let Ok((size, peer)) = socket.recv_from(&mut buffer) {
                let _sent = socket.send_to(&reply(&buffer[..size], OK | 0x200, [0, 0], &[]), peer);
            }
        });
        let serve = serve.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let serve = serve.clone();
                thread::spawn(move || serve(stream.unwrap()));
            }
        });
        return address;
    }
}

#[tokio::test]
async fn a_tcp_server_that_stalls_drips_or_lies_is_left_in_time() {
    use std::io::Write as _;
    let stalling = cut_then(|stream| {
        thread::sleep(Duration::from_secs(5));
        drop(stream);
    });
    let dripping = cut_then(|mut stream| {
        let _sent = stream.write_all(&[0xff, 0xff]);
        while stream.write_all(&[0]).is_ok() {
            thread::sleep(Duration::from_millis(20));
        }
    });
    let empty = cut_then(|mut stream| {
        let _sent = stream.write_all(&[0, 0]);
        thread::sleep(Duration::from_secs(1));
    });
    let closing = cut_then(drop);
    for (server, expected) in [
        (stalling, DnsFailureKind::Timeout),
        (dripping, DnsFailureKind::Timeout),
        (empty, DnsFailureKind::Malformed),
        (closing, DnsFailureKind::Network),
    ] {
        let begun = Instant::now();
        assert_eq!(kind(&stub(&[server]).txt(&name("x.test")).await), expected);
        assert!(begun.elapsed() < Duration::from_secs(2));
    }
}

#[tokio::test]
async fn a_resolvers_text_is_bounded_and_holds_no_control_characters() {
    let server = Server::start("127.0.0.1:0");
    let text = format!("\u{1b}[31m{}\n", "long ".repeat(100));
    server.put("x.test", "TXT", Answer::new(Reply::Code(2, Some((6, text)))));
    let Seen::Failed(failure) = stub(&[server.address()]).txt(&name("x.test")).await else { panic!("believed") };
    assert!(failure.detail.len() < 400 && !failure.detail.contains(char::is_control), "{:?}", failure.detail);
}
