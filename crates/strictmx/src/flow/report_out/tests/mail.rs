//! By mail.
use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    sync::{Arc, Mutex},
    thread,
};

use base64_of as decoded;
use strictmx_engine::report::outcome::State;
use strictmx_io::{
    store::outgoing::ReportState,
    submit::{Limits, Server, Submitter},
    tls::{ClientTls, Roots},
};
use strictmx_proto::{
    gzip::{self, Limits as GzipLimits},
    mail::bounce::{Bounce, Verdict},
    tlsrpt::{Report, report::Term},
};
use strictmx_testbed::smtp::Message;

use super::world::{DAY, MORNING, World};

/// The report in a mail's second part.
fn attached(message: &Message) -> Report {
    let json = gzip::inflate(&decoded(message), GzipLimits::REPORT).unwrap();
    let read = Report::read(&json).unwrap();
    assert_eq!(read.notes, []);
    read.report
}

/// The octets of a mail's attachment.
fn base64_of(message: &Message) -> Vec<u8> {
    let (_, part) = message.text.split_once("Content-Type: application/tlsrpt+gzip").unwrap();
    let (_, body) = part.split_once("\r\n\r\n").unwrap();
    let (body, _) = body.split_once("\r\n--").unwrap();
    let text: String = body.split_ascii_whitespace().collect();
    let digit = |c: u8| match c {
        b'A'..=b'Z' => c - b'A',
        b'a'..=b'z' => c - b'a' + 26,
        b'0'..=b'9' => c - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let mut out = Vec::new();
    for four in text.trim_end_matches('=').as_bytes().chunks(4) {
        let bits = four.iter().fold(0_u32, |bits, c| bits << 6 | u32::from(digit(*c))) << (6 * (4 - four.len()));
        out.extend_from_slice(&bits.to_be_bytes()[1..four.len()]);
    }
    out
}

/// TLSRPT-3-9, TLSRPT-3-6, TLSRPT-5.3-2, D-53, D-58
#[tokio::test]
async fn a_finished_day_becomes_a_signed_mail_and_is_sent_when_the_server_has_it() {
    let world = World::new();
    world.wants("example.test", "mailto:tls%2Brpt@reports.test").await;
    let reporter = world.reporter(world.rules()).await;
    reporter.round().await;
    let message = world.mail.messages_for("tls+rpt@reports.test").remove(0);
    assert!(message.text.starts_with("DKIM-Signature: v=1; a=ed25519-sha256;"), "{}", message.text);
    for field in
        ["TLS-Required: No\r\n", "TLS-Report-Domain: example.test\r\n", "TLS-Report-Submitter: sender.test\r\n"]
    {
        assert!(message.text.contains(field), "{field} {}", message.text);
    }
    let report = attached(&message);
    assert_eq!(report.id, "20261121.example.test@sender.test");
    assert_eq!((report.entries[0].successful, report.entries[0].failed), (5, 1));
    assert_eq!(world.report("example.test").await.state, ReportState::Sent);
    let (state, said) = world.fate("example.test").await;
    assert_eq!((state, said.as_str()), (State::Sent, "250 2.0.0 taken"));
    reporter.round().await;
    assert_eq!(world.mail.messages().len(), 1, "once");
    assert!(
        world.log.text().contains("report-sent") || world.log.text().contains("has the report"),
        "{}",
        world.log.text()
    );
}

/// TLSRPT-5.5-1, TLSRPT-5.3-6
#[tokio::test]
async fn a_server_that_says_not_now_gets_the_same_octets_later() {
    let world = World::new();
    world.wants("example.test", "mailto:a@reports.test").await;
    world.mail.say(".", &["451 4.3.0 disk full", "250 2.0.0 taken"]);
    let reporter = world.reporter(world.rules()).await;
    reporter.round().await;
    assert_eq!(world.fate("example.test").await, (State::Due, "451 4.3.0 disk full".to_owned()));
    world.hand.advance(60);
    reporter.round().await;
    assert_eq!(world.mail.messages().len(), 0, "not before its time");
    world.hand.advance(600);
    reporter.round().await;
    assert_eq!(world.fate("example.test").await.0, State::Sent);
    let destination = world.destinations("example.test").await.remove(0);
    assert_eq!(destination.tries, 2);
}

/// D-58: whether it has the mail is not known, so it gets the same mail again, by which it can tell.
#[tokio::test]
async fn a_connection_that_breaks_behind_the_dot_is_tried_again_with_the_same_mail() {
    let world = World::new();
    world.wants("example.test", "mailto:a@reports.test").await;
    let (address, seen) = closing_behind_the_dot();
    let server = Server::parse(&format!("smtp://{address}")).unwrap();
    let (tls, _) = ClientTls::with_roots(Roots::none()).unwrap();
    let mut rules = world.rules();
    rules.submitter = Submitter::new(server, tls, "us.sender.test", Limits::default());
    let reporter = world.reporter(rules).await;
    reporter.round().await;
    assert_eq!(world.fate("example.test").await.0, State::Due);
    world.hand.advance(1_000);
    reporter.round().await;
    assert_eq!(world.fate("example.test").await.0, State::Sent);
    let seen = seen.lock().unwrap().clone();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0], seen[1]);
}

/// A mail server that takes a mail without saying so, and the next one properly.
fn closing_behind_the_dot() -> (std::net::SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&seen);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            stream.write_all(b"220 here\r\n").unwrap();
            while let Some(Ok(line)) = lines.next() {
                let reply = match line.split([' ', ':']).next().unwrap_or_default() {
                    "DATA" => {
                        stream.write_all(b"354 go on\r\n").unwrap();
                        let mail: Vec<String> =
                            lines.by_ref().map(Result::unwrap).take_while(|line| line != ".").collect();
                        let mut keep = keep.lock().unwrap();
                        keep.push(mail.join("\n"));
                        if keep.len() == 1 {
                            break;
                        }
                        "250 taken\r\n"
                    }
                    _ => "250 fine\r\n",
                };
                stream.write_all(reply.as_bytes()).unwrap();
            }
        }
    });
    (address, seen)
}

#[tokio::test]
async fn an_address_that_refuses_is_left_in_peace_the_next_day() {
    let world = World::new();
    world.wants("example.test", "mailto:dead@reports.test").await;
    world.mail.say("RCPT", &["550 5.1.1 no such user", "250 2.1.5 fine"]);
    let reporter = world.reporter(world.rules()).await;
    reporter.round().await;
    assert_eq!(world.fate("example.test").await.0, State::Refused);
    assert_eq!(world.report("example.test").await.state, ReportState::Failed);
    world.wants("other.test", "mailto:dead@reports.test,mailto:live@reports.test").await;
    world.hand.advance(3_700);
    reporter.round().await;
    let fates = world.destinations("other.test").await;
    assert_eq!([fates[0].state, fates[1].state], [State::Skipped, State::Sent]);
    assert!(fates[0].said.as_deref().is_some_and(|said| said.contains("left in peace: 550 5.1.1")), "{fates:?}");
}

#[tokio::test]
async fn a_mail_that_comes_back_takes_the_sent_away_and_silences_its_address() {
    let world = World::new();
    world.wants("example.test", "mailto:full@reports.test").await;
    let reporter = world.reporter(world.rules()).await;
    reporter.round().await;
    let sender = world.mail.messages().remove(0).from;
    assert!(sender.starts_with("tlsrpt+b.") && sender.ends_with("@sender.test"), "{sender}");
    let mail = "Content-Type: multipart/report; report-type=delivery-status\n\nAction: failed\nStatus: 5.2.2\n";
    let bounce = Bounce::read(mail.as_bytes(), Some(&sender));
    let Verdict::Failed(why) = &bounce.verdict else { panic!("{bounce:?}") };
    assert!(matches!(reporter.bounced(&bounce.tokens, why).await, Ok(super::super::Bounced::Noted { .. })));
    assert_eq!(world.fate("example.test").await.0, State::Refused);
    assert!(world.store.silence("mailto:full@reports.test").await.unwrap().is_some());
    let stranger = reporter.bounced(&["guessed".to_owned()], why).await;
    assert!(matches!(stranger, Ok(super::super::Bounced::Nothing(_))));
}

/// TLSRPT-3-9
#[tokio::test]
async fn without_a_key_no_mail_goes_out_and_with_one_it_does() {
    let world = World::new();
    world.wants("example.test", "mailto:a@reports.test").await;
    let mut rules = world.rules();
    let keys = std::mem::take(&mut rules.keys);
    let reporter = world.reporter(rules).await;
    reporter.check_keys().await;
    reporter.round().await;
    assert_eq!(world.mail.messages().len(), 0);
    assert_eq!(world.fate("example.test").await.0, State::Due);
    assert!(world.log.text().contains("no report goes out by mail"), "{}", world.log.text());
    let mut rules = world.rules();
    rules.keys = keys;
    reporter.replace(world.senses(), rules);
    world.hand.advance(3_700);
    reporter.round().await;
    assert_eq!(world.fate("example.test").await.0, State::Sent);
}

/// TLSRPT-3-8, D-54
#[tokio::test]
async fn sessions_that_carried_reports_make_no_report() {
    let world = World::new();
    world.wants("example.test", "mailto:a@reports.test").await;
    let reporter = world.reporter(world.rules()).await;
    reporter.round().await;
    // The mail server's own session with the report's receiver is counted, and nothing else is on that day.
    world.publish("reports.test", "v=TLSRPTv1; rua=mailto:b@example.test");
    world.count(DAY.next(), "reports.test", 1, 0, None).await;
    world.hand.set(MORNING.plus(86_400));
    reporter.round().await;
    let report = world.report("reports.test").await;
    assert_eq!(report.state, ReportState::Withheld);
    assert!(report.why.unwrap().contains("carried reports of ours"));
    assert_eq!(world.mail.messages().len(), 1);
}

#[tokio::test]
async fn what_is_redacted_is_in_no_report() {
    use strictmx_engine::report::compose::{Redact, Withhold};
    let world = World::new();
    world.wants("example.test", "mailto:a@reports.test").await;
    let mut rules = world.rules();
    rules.reporter.redact = Redact { sending_ip: Withhold::Yes, reason: Withhold::No };
    world.reporter(rules).await.round().await;
    let report = attached(&world.mail.messages().remove(0));
    let failure = &report.entries[0].failures[0];
    assert_eq!((failure.sending_ip, failure.sessions), (None, 1));
    assert!(matches!(failure.result, Term::Known(_)));
}
