//! Handing a mail to a server: what becomes of it for each recipient, whatever the server does.
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use strictmx_io::submit::{Fate, Limits, Mail, Server, Submitter};
use strictmx_testbed::pki::{Ca, Leaf};
use strictmx_testbed::smtp::{Faults, Sink, StartTls};

use crate::support::{tcp, trusting};

const QUICK: Limits =
    Limits { connect: Duration::from_secs(1), reply: Duration::from_millis(700), taken: Duration::from_millis(700) };

fn submitter(url: &str) -> Submitter {
    Submitter::new(Server::parse(url).unwrap(), trusting(&Ca::new("ours")), "us.example.test", QUICK)
}

fn to_server(address: SocketAddr) -> Submitter {
    submitter(&format!("smtp://{address}"))
}

fn mail(to: &[&str], message: &str) -> Mail {
    let to = to.iter().map(|to| (*to).to_owned()).collect();
    Mail { from: "alerts@example.com".into(), to, message: message.into() }
}

fn sink() -> Sink {
    Sink::start("127.0.0.1:0", "mail.example.test", None)
}

/// Another reply to one verb, of a server that knows no TLS.
fn saying(verb: &'static str, reply: &str) -> Faults {
    Faults { starttls: StartTls::NotOffered, ..Faults::reply(verb, reply) }
}

async fn fate_of(by: &Submitter, message: &str) -> Fate {
    let mut fates = by.submit(&mail(&["ops@example.com"], message)).await;
    assert_eq!(fates.len(), 1);
    fates.pop().unwrap()
}

#[tokio::test]
async fn a_mail_arrives_as_it_was_whatever_its_lines_look_like() {
    let sink = sink();
    let message = "Subject: a\n\n.\r\n.dot\n..\nend";
    let fate = fate_of(&to_server(sink.address()), message).await;
    assert_eq!(fate, Fate::Accepted("250 2.0.0 taken".into()));
    let taken = sink.messages().pop().unwrap();
    assert_eq!((&*taken.from, &taken.to[..]), ("alerts@example.com", &["ops@example.com".to_owned()][..]));
    assert_eq!(taken.text, "Subject: a\r\n\r\n.\r\n.dot\r\n..\r\nend\r\n");
    let commands =
        ["EHLO us.example.test", "MAIL FROM:<alerts@example.com>", "RCPT TO:<ops@example.com>", "DATA", "QUIT"];
    assert_eq!(sink.commands(), commands);
}

#[tokio::test]
async fn nobody_is_told_of_a_failure_when_the_sender_is_empty() {
    let sink = sink();
    let mail = Mail { from: String::new(), ..mail(&["ops@example.com"], "a") };
    assert!(matches!(to_server(sink.address()).submit(&mail).await[..], [Fate::Accepted(_)]));
    assert!(sink.commands().contains(&"MAIL FROM:<>".to_owned()));
}

#[tokio::test]
async fn each_recipient_has_a_fate_of_its_own() {
    let sink = sink();
    sink.say("RCPT", &["250 fine", "550 5.1.1 nobody", "451 4.7.1 later", "250 fine"]);
    let to = ["a@example.com", "b@example.com", "no address", "c@example.com", "d@example.com"];
    let fates = to_server(sink.address()).submit(&mail(&to, "text")).await;
    assert!(matches!(&fates[2], Fate::Refused(words) if words.contains("no mail address")));
    let rest: Vec<_> = [0, 1, 3, 4].iter().map(|at| fates[*at].clone()).collect();
    let accepted = || Fate::Accepted("250 2.0.0 taken".into());
    let expected =
        [accepted(), Fate::Refused("550 5.1.1 nobody".into()), Fate::Deferred("451 4.7.1 later".into()), accepted()];
    assert_eq!(rest, expected);
    assert_eq!(sink.messages()[0].to, ["a@example.com", "d@example.com"]);
}

#[tokio::test]
async fn a_reply_to_the_mail_counts_and_trouble_before_it_is_for_now() {
    let sink = sink();
    let by = to_server(sink.address());
    type Kind = fn(String) -> Fate;
    let cases: [(&str, &str, Kind); 10] = [
        ("MAIL", "550 5.7.1 not you", Fate::Unfit),
        ("MAIL", "451 4.3.0 later", Fate::Deferred),
        ("RCPT", "550 5.1.1 nobody", Fate::Refused),
        ("DATA", "554 5.5.1 no", Fate::Refused),
        ("DATA", "451 4.3.0 later", Fate::Deferred),
        (".", "554 5.6.0 spam", Fate::Refused),
        (".", "452 4.3.1 no room", Fate::Deferred),
        ("BANNER", "554 5.3.2 closed", Fate::Deferred),
        ("EHLO", "550 5.7.1 not you", Fate::Deferred),
        ("EHLO", "421 4.3.2 busy", Fate::Deferred),
    ];
    for (verb, reply, kind) in cases {
        sink.fail(saying(verb, reply));
        let fate = fate_of(&by, "text").await;
        assert_eq!(std::mem::discriminant(&fate), std::mem::discriminant(&kind(String::new())), "{verb} {reply}");
        assert!(fate.words().contains(reply), "{fate:?}");
        assert_eq!(sink.commands().last().map(String::as_str), Some("QUIT"));
    }
    assert_eq!(sink.messages().len(), 0);
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert!(
        matches!(fate_of(&to_server(nobody), "text").await, Fate::Deferred(words) if words.contains("no connection"))
    );
}

/// A server that takes a mail and closes the connection at `verb` without a reply; `.` is the end of the mail.
fn breaking_at(verb: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            stream.write_all(b"220 here\r\n").unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let mut in_data = false;
            while let Some(Ok(line)) = lines.next() {
                if line.starts_with(verb) {
                    break;
                }
                if !in_data {
                    in_data = line == "DATA";
                    stream.write_all(if in_data { b"354 go\r\n" } else { b"250 fine\r\n" }).unwrap();
                }
            }
        }
    });
    address
}

#[tokio::test]
async fn a_connection_that_breaks_after_the_mail_was_handed_over_leaves_it_unknown() {
    for (verb, unknown) in [("MAIL", false), ("RCPT", false), ("DATA", false), (".", true)] {
        let fate = fate_of(&to_server(breaking_at(verb)), "text").await;
        assert_eq!(matches!(fate, Fate::Unknown(_)), unknown, "{verb}: {fate:?}");
        assert_eq!(matches!(fate, Fate::Deferred(_)), !unknown, "{verb}: {fate:?}");
    }
}

#[tokio::test]
async fn a_server_that_answers_too_late_has_perhaps_taken_it() {
    let sink = sink();
    let by = to_server(sink.address());
    // Each reply is in time, that to the mail is not waited for as long.
    sink.fail(Faults { pause: Duration::from_millis(200), ..saying("?", "502 no") });
    let short = Limits { taken: Duration::from_millis(50), ..QUICK };
    let url = format!("smtp://{}", sink.address());
    let hasty = Submitter::new(Server::parse(&url).unwrap(), trusting(&Ca::new("ours")), "us.example.test", short);
    assert!(matches!(fate_of(&hasty, "text").await, Fate::Unknown(_)));
    assert!(matches!(fate_of(&by, "text").await, Fate::Accepted(_)));
}

// R3207-4.2-1, R3207-4.2-3
#[tokio::test]
async fn it_is_encrypted_where_that_is_offered_and_not_where_that_is_switched_off() {
    let ca = Ca::new("theirs");
    let sink = Sink::start("127.0.0.1:0", "mail.example.test", Some(&ca.issue("mail.example.test", Leaf::SelfSigned)));
    assert!(matches!(fate_of(&to_server(sink.address()), "text").await, Fate::Accepted(_)));
    assert_eq!(sink.messages()[0].tls.as_deref(), Some("TLSv1_3"));
    assert_eq!(sink.commands().iter().filter(|command| command.starts_with("EHLO")).count(), 2);
    let clear = submitter(&format!("smtp://{}?starttls=no", sink.address()));
    assert!(matches!(fate_of(&clear, "text").await, Fate::Accepted(_)));
    assert_eq!(sink.messages()[1].tls, None);
}

#[tokio::test]
async fn a_login_is_made_in_the_way_the_server_knows_and_its_password_is_never_told() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("login");
    std::fs::write(&file, "user:s%65cret\n").unwrap();
    let sink = sink();
    let by = submitter(&format!("smtp://{}?login={}", sink.address(), file.display()));
    // AUTH is a word that the sink leaves to the test.
    sink.fail(saying("EHLO", "250-here\r\n250 AUTH LOGIN PLAIN"));
    sink.say("?", &["235 2.7.0 welcome"]);
    assert!(matches!(fate_of(&by, "text").await, Fate::Accepted(_)));
    assert_eq!(sink.commands()[1], "AUTH PLAIN AHVzZXIAc2VjcmV0");
    sink.fail(saying("EHLO", "250-here\r\n250 AUTH LOGIN"));
    sink.say("?", &["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "235 2.7.0 welcome", "535 5.7.8 wrong"]);
    assert!(matches!(fate_of(&by, "text").await, Fate::Accepted(_)));
    let commands = sink.commands();
    assert!(commands.ends_with(&["QUIT".to_owned()]) && commands.contains(&"c2VjcmV0".to_owned()));
    for (offer, says) in [("250-here\r\n250 AUTH LOGIN", "535 5.7.8 wrong"), ("250 here", "neither AUTH PLAIN nor")] {
        sink.fail(saying("EHLO", offer));
        let fate = fate_of(&by, "text").await;
        assert!(matches!(&fate, Fate::Deferred(words) if words.contains(says)), "{fate:?}");
        assert!(!fate.words().contains("secret") && !fate.words().contains("c2VjcmV0"));
    }
    std::fs::write(&file, "nonsense-secret").unwrap();
    let fate = fate_of(&by, "text").await;
    assert!(matches!(&fate, Fate::Deferred(words) if words.contains("user:password") && !words.contains("secret")));
    std::fs::remove_file(&file).unwrap();
    assert!(matches!(fate_of(&by, "text").await, Fate::Deferred(words) if words.contains("cannot be read")));
}

#[tokio::test]
async fn what_the_server_does_not_offer_is_not_used() {
    let sink = sink();
    let by = to_server(sink.address());
    let offer = |words: &str| sink.fail(saying("EHLO", words));
    offer("250-here\r\n250-8BITMIME\r\n250-SIZE 100\r\n250 SMTPUTF8");
    assert!(matches!(fate_of(&by, "Subject: ü\n\nü").await, Fate::Accepted(_)));
    let said = sink.commands().into_iter().find(|command| command.starts_with("MAIL"));
    assert_eq!(said.unwrap(), "MAIL FROM:<alerts@example.com> SIZE=19 BODY=8BITMIME SMTPUTF8");
    let fate = fate_of(&by, &"x".repeat(101)).await;
    assert!(matches!(&fate, Fate::Unfit(words) if words.contains("100 at most")), "{fate:?}");
    offer("250-here\r\n250 8BITMIME");
    assert!(matches!(fate_of(&by, "Subject: ü\n\nü").await, Fate::Unfit(words) if words.contains("SMTPUTF8")));
    assert!(matches!(fate_of(&by, "Subject: a\n\nü").await, Fate::Accepted(_)));
    let foreign = by.submit(&mail(&["ü@example.com"], "text")).await;
    assert!(matches!(&foreign[..], [Fate::Unfit(words)] if words.contains("SMTPUTF8")));
    offer("250 here");
    assert!(matches!(fate_of(&by, "Subject: a\n\nü").await, Fate::Unfit(words) if words.contains("8BITMIME")));
    // One of the last century.
    sink.fail(Faults::starttls(StartTls::NotOffered));
    sink.say("EHLO", &["502 what?", "250 here"]);
    assert!(matches!(fate_of(&by, "text").await, Fate::Accepted(_)));
    assert!(sink.commands().contains(&"HELO us.example.test".to_owned()));
}

#[tokio::test]
async fn endless_replies_and_silence_end_in_time() {
    let begun = Instant::now();
    for server in [
        tcp(vec!["220-and another line\r\n".repeat(100_000).into_bytes()], Duration::ZERO),
        tcp(vec![vec![b'2'; 3_000_000]], Duration::ZERO),
        tcp(vec![b"220-one\r\n".to_vec(); 1000], Duration::from_millis(100)),
        tcp(vec![b"junk\r\n".to_vec()], Duration::ZERO),
        tcp(Vec::new(), Duration::ZERO),
    ] {
        let fate = fate_of(&to_server(server), "text").await;
        assert!(matches!(fate, Fate::Deferred(_)), "{fate:?}");
    }
    assert!(begun.elapsed() < Duration::from_secs(10));
}

/// A program made of these shell lines, in a directory of its own.
fn program(lines: &str) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sendmail");
    std::fs::write(&path, format!("#!/bin/sh\ncd {}\n{lines}\n", directory.path().display())).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    (directory, path)
}

async fn by_program(lines: &str, mail: &Mail) -> (tempfile::TempDir, Vec<Fate>) {
    let (directory, path) = program(lines);
    let fates = submitter(&format!("sendmail:{}", path.display())).submit(mail).await;
    (directory, fates)
}

#[tokio::test]
async fn a_sendmail_program_gets_the_envelope_and_the_mail() {
    let two = mail(&["a@example.com", "-oops@example.com"], "Subject: a\r\n\r\n.\r\nend");
    let (directory, fates) = by_program("printf '%s\\n' \"$@\" >args; env >env; cat >mail", &two).await;
    assert!(matches!(&fates[..], [Fate::Accepted(_), Fate::Accepted(_)]), "{fates:?}");
    let read = |name: &str| std::fs::read_to_string(directory.path().join(name)).unwrap();
    assert_eq!(read("args"), "-i\n-f\nalerts@example.com\n--\na@example.com\n-oops@example.com\n");
    assert_eq!(read("mail"), "Subject: a\n\n.\nend\n");
    assert!(!read("env").contains("CARGO"));
    let empty = Mail { from: String::new(), ..two };
    let (directory, _) = by_program("printf '%s\\n' \"$@\" >args; cat >mail", &empty).await;
    assert!(std::fs::read_to_string(directory.path().join("args")).unwrap().starts_with("-i\n-f\n<>\n"));
}

#[tokio::test]
async fn how_a_sendmail_program_ends_is_told() {
    let one = mail(&["a@example.com"], &"a line\n".repeat(100_000));
    let fate = async |lines: &str| by_program(lines, &one).await.1.pop().unwrap();
    assert!(
        matches!(fate("echo no such user >&2; exit 67").await, Fate::Refused(words) if words.contains("no such user"))
    );
    assert!(matches!(fate("cat >/dev/null; exit 75").await, Fate::Deferred(words) if words.contains("status 75")));
    assert!(matches!(fate("exit 78").await, Fate::Deferred(_)));
    assert!(matches!(fate("kill -9 $$").await, Fate::Unknown(words) if words.contains("signal")));
    let begun = Instant::now();
    assert!(matches!(fate("sleep 30").await, Fate::Unknown(words) if words.contains("killed")));
    // One that complains without end, and one that leaves something behind which holds its error output.
    assert!(matches!(fate("yes >&2 & sleep 0.1; kill $!; exit 0").await, Fate::Accepted(words) if words.len() < 5000));
    assert!(matches!(fate("sleep 3 & cat >/dev/null; exit 0").await, Fate::Accepted(_)));
    assert!(begun.elapsed() < Duration::from_secs(8));
    let missing = submitter("sendmail:/nonexistent/sendmail").submit(&one).await;
    assert!(matches!(&missing[..], [Fate::Deferred(words)] if words.contains("cannot be run")));
}
