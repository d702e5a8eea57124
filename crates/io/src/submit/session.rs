//! One SMTP session that hands over one mail: greeting, STARTTLS (RFC 3207), AUTH (RFC 4954), the transaction, QUIT.
use std::time::Duration;

use strictmx_proto::name::Domain;
use strictmx_proto::smtp::{Ehlo, Reply};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::login::Login;
use super::server::{Host, Security, Smtp};
use super::talk::{Stream, Talk};
use super::{Fate, Limits, Mail, Submitter, lines};
use crate::tls::{ClientTls, Limited, TlsFailure};

/// Octets read from a server in one session.
const MAX_OCTETS: usize = 1024 * 1024;
/// How long the reply to QUIT is waited for.
const FAREWELL: Duration = Duration::from_secs(5);
/// Longest answer that is told, in characters.
const MAX_TOLD: usize = 500;

/// Hands over one mail; one fate for each recipient. What goes wrong before the mail itself is talked about is a matter
/// between us and the server: it is for now, never for good.
pub(super) async fn submit(by: &Submitter, smtp: &Smtp, mail: &Mail, to: &[&str]) -> Vec<Fate> {
    let course = Course { smtp, helo: &by.helo, tls: &by.tls, limits: by.limits };
    let opened = match course.connect().await {
        Ok(stream) => course.open(stream).await,
        Err(why) => Err(why),
    };
    match opened {
        Ok((mut talk, offer)) => {
            let fates = transaction(&mut talk, &offer, mail, to, by.limits.taken).await;
            talk.quit(FAREWELL).await;
            fates
        }
        Err(why) => vec![Fate::Deferred(format!("{smtp}: {why}")); to.len()],
    }
}

/// The way to a session in which a mail can be handed over.
struct Course<'a> {
    smtp: &'a Smtp,
    helo: &'a str,
    tls: &'a ClientTls,
    limits: Limits,
}

/// Whether the session is encrypted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Encrypted {
    Yes,
    No,
}

/// What a server offers. One that knows only HELO offers nothing.
struct Offer(Option<Ehlo>);

impl Offer {
    fn has(&self, keyword: &str) -> bool {
        self.params(keyword).is_some()
    }

    fn params(&self, keyword: &str) -> Option<&str> {
        Some(self.0.as_ref()?.keyword(keyword)?.params.as_str())
    }
}

impl Course<'_> {
    async fn open(&self, stream: TcpStream) -> Result<(Talk, Offer), String> {
        let stream = Limited::new(stream, MAX_OCTETS);
        let implicit = self.smtp.security == Security::Implicit;
        let mut talk =
            if implicit { self.encrypt(Box::new(stream), None).await? } else { Talk::new(stream, self.limits.reply) };
        let banner = talk.reply("the connection", self.limits.reply).await?;
        if banner.code != 220 {
            return Err(left(talk, format!("the server does not want to talk: {}", told(&banner))).await);
        }
        let mut offer = match self.greet(&mut talk).await {
            Ok(offer) => offer,
            Err(why) => return Err(left(talk, why).await),
        };
        let mut encrypted = implicit;
        if !implicit && let Some(name) = self.starttls_as(&offer) {
            let reply = talk.command("STARTTLS", "STARTTLS").await?;
            if reply.code == 220 {
                // R3207-4-3
                let stream = talk.into_stream().ok_or("octets came in the clear behind the reply to STARTTLS")?;
                talk = self.encrypt(stream, Some(name)).await?;
                // R3207-4.2-1: what was offered before does not count.
                offer = match self.greet(&mut talk).await {
                    Ok(offer) => offer,
                    Err(why) => return Err(left(talk, why).await),
                };
                encrypted = true;
            } else if self.must_verify() {
                return Err(left(talk, format!("STARTTLS was refused: {}", told(&reply))).await);
            }
        }
        let encrypted = if encrypted { Encrypted::Yes } else { Encrypted::No };
        match self.may_go_on(&mut talk, &offer, encrypted).await {
            Ok(()) => Ok((talk, offer)),
            Err(why) => Err(left(talk, why).await),
        }
    }

    /// Whether what the operator demands is met, the login included.
    async fn may_go_on(&self, talk: &mut Talk, offer: &Offer, encrypted: Encrypted) -> Result<(), String> {
        if encrypted == Encrypted::No && self.smtp.security == Security::Required {
            return Err("the server offers no STARTTLS, which the configuration requires".to_owned());
        }
        let Some(file) = &self.smtp.login else {
            return Ok(());
        };
        if encrypted == Encrypted::No && !self.smtp.host.is_loopback() {
            return Err("the server offers no STARTTLS, and a login is not sent in the clear".to_owned());
        }
        log_in(talk, offer, &Login::read(file).await?).await
    }

    async fn connect(&self) -> Result<TcpStream, String> {
        let connecting = async {
            match &self.smtp.host {
                Host::Name(name) => TcpStream::connect((name.as_str(), self.smtp.port)).await,
                Host::Address(address) => TcpStream::connect((*address, self.smtp.port)).await,
            }
        };
        match timeout(self.limits.connect, connecting).await {
            Ok(Ok(stream)) => {
                // Small commands, each awaited: waiting for more to send only costs time.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::trace!(%error, "small segments may be held back");
                }
                Ok(stream)
            }
            Ok(Err(error)) => Err(format!("no connection: {error}")),
            Err(_) => Err(format!("no connection within {} s", self.limits.connect.as_secs())),
        }
    }

    async fn greet(&self, talk: &mut Talk) -> Result<Offer, String> {
        let name: String = self.helo.chars().filter(char::is_ascii_graphic).collect();
        let reply = talk.command("EHLO", &format!("EHLO {name}")).await?;
        if let Some(ehlo) = Ehlo::read(&reply) {
            return Ok(Offer(Some(ehlo)));
        }
        // RFC 5321 §3.2: a server that does not know EHLO is greeted as in the last century.
        if matches!(reply.code, 500 | 502 | 504) {
            let reply = talk.command("HELO", &format!("HELO {name}")).await?;
            if reply.is_positive() {
                return Ok(Offer(None));
            }
        }
        Err(format!("the greeting was refused: {}", told(&reply)))
    }

    /// The name to encrypt for, when STARTTLS is to be said.
    fn starttls_as(&self, offer: &Offer) -> Option<Domain> {
        if self.smtp.security == Security::Off || !offer.has("STARTTLS") {
            return None;
        }
        match &self.smtp.host {
            Host::Name(name) => Some(name.clone()),
            // The certificate is not held against it: see `must_verify`.
            Host::Address(_) => Domain::parse_lenient(&offer.0.as_ref()?.name).ok(),
        }
    }

    /// Whether the certificate must hold: where it was asked for, and where a password follows. Who could sit between us and
    /// this very machine could do worse.
    fn must_verify(&self) -> bool {
        let asked = matches!(self.smtp.security, Security::Required | Security::Implicit) || self.smtp.login.is_some();
        asked && !self.smtp.host.is_loopback()
    }

    async fn encrypt(&self, stream: Box<dyn Stream>, name: Option<Domain>) -> Result<Talk, String> {
        let name = match (name, &self.smtp.host) {
            (Some(name), _) => name,
            (None, Host::Name(name)) => name.clone(),
            (None, Host::Address(_)) => Domain::parse("localhost").map_err(|error| error.to_string())?,
        };
        let shaken = async {
            if self.must_verify() {
                self.tls.connect(stream, &name, &[]).await
            } else {
                self.tls.connect_observing(stream, &name, &[]).await
            }
        };
        match timeout(self.limits.reply, shaken).await {
            Ok(Ok(session)) => Ok(Talk::new(session.stream, self.limits.reply)),
            Ok(Err(failed)) => Err(match failed.failure {
                TlsFailure::Certificate(fault) => format!("the server's certificate does not hold for {name}: {fault}"),
                TlsFailure::Other(detail) => format!("the TLS handshake failed: {detail}"),
            }),
            Err(_) => Err("the TLS handshake took too long".to_owned()),
        }
    }
}

/// Takes leave, and gives back why.
async fn left(talk: Talk, why: impl Into<String>) -> String {
    talk.quit(FAREWELL).await;
    why.into()
}

/// AUTH PLAIN, or LOGIN where the server has nothing else. A password that is wrong today is mended by tomorrow.
async fn log_in(talk: &mut Talk, offer: &Offer, login: &Login) -> Result<(), String> {
    let offered = offer.params("AUTH").unwrap_or_default();
    let has = |mechanism: &str| offered.split(' ').any(|word| word.eq_ignore_ascii_case(mechanism));
    let reply = if has("PLAIN") {
        talk.command("AUTH", &format!("AUTH PLAIN {}", login.plain())).await?
    } else if has("LOGIN") {
        let mut reply = talk.command("AUTH", "AUTH LOGIN").await?;
        for answer in login.login() {
            if reply.code != 334 {
                break;
            }
            reply = talk.command("AUTH", &answer).await?;
        }
        reply
    } else {
        return Err(
            "the server offers neither AUTH PLAIN nor AUTH LOGIN here; take the login out of the configuration, \
                    or use the port and the encryption that the server wants for it"
                .to_owned(),
        );
    };
    if reply.code == 235 { Ok(()) } else { Err(format!("the login was refused: {}", told(&reply))) }
}

/// MAIL, RCPT, DATA, the message.
async fn transaction(talk: &mut Talk, offer: &Offer, mail: &Mail, to: &[&str], patience: Duration) -> Vec<Fate> {
    let message = lines::stuffed(&mail.message);
    let all = |fate: Fate| vec![fate; to.len()];
    let params = match params(offer, mail, to, message.len()) {
        Ok(params) => params,
        Err(why) => return all(Fate::Unfit(why)),
    };
    match talk.command("MAIL", &format!("MAIL FROM:<{}>{params}", mail.from)).await {
        Ok(reply) if reply.is_positive() => {}
        Ok(reply) => {
            return all(match refusal(&reply) {
                Fate::Refused(words) => Fate::Unfit(words),
                other => other,
            });
        }
        Err(why) => return all(Fate::Deferred(why)),
    }
    let mut fates = Vec::with_capacity(to.len());
    for recipient in to {
        fates.push(match talk.command("RCPT", &format!("RCPT TO:<{recipient}>")).await {
            Ok(reply) if reply.is_positive() => None,
            Ok(reply) => Some(refusal(&reply)),
            Err(why) => Some(Fate::Deferred(why)),
        });
    }
    let rest = if fates.iter().any(Option::is_none) {
        hand_over(talk, &message, patience).await
    } else {
        Fate::Deferred(String::new())
    };
    fates.into_iter().map(|fate| fate.unwrap_or_else(|| rest.clone())).collect()
}

/// DATA and the message, for those recipients that were accepted.
async fn hand_over(talk: &mut Talk, message: &[u8], patience: Duration) -> Fate {
    match talk.command("DATA", "DATA").await {
        Ok(reply) if reply.code == 354 => {}
        Ok(reply) => return refusal(&reply),
        Err(why) => return Fate::Deferred(why),
    }
    if let Err(why) = talk.send("the message", message).await {
        return Fate::Deferred(why);
    }
    // From here on the server may have it, whatever we hear.
    let reply = match talk.send("the end of the message", b".\r\n").await {
        Ok(()) => talk.reply("the message", patience).await,
        Err(why) => Err(why),
    };
    match reply {
        Ok(reply) if reply.is_positive() => Fate::Accepted(told(&reply)),
        Ok(reply) => refusal(&reply),
        Err(why) => Fate::Unknown(why),
    }
}

/// What MAIL has to say beside the sender, or why this mail cannot go to this server.
fn params(offer: &Offer, mail: &Mail, to: &[&str], size: usize) -> Result<String, String> {
    let mut params = String::new();
    if let Some(limit) = offer.params("SIZE") {
        // RFC 1870 §3: 0 or nothing means that there is no fixed limit.
        let limit = limit.parse::<usize>().unwrap_or(0);
        if limit > 0 && size > limit {
            return Err(format!("the message has {size} octets, and the server takes {limit} at most"));
        }
        params.push_str(&format!(" SIZE={size}"));
    }
    if lines::is_eight_bit(&mail.message) {
        if !offer.has("8BITMIME") {
            return Err("the message is not ASCII, and the server does not offer 8BITMIME".to_owned());
        }
        params.push_str(" BODY=8BITMIME");
    }
    let addresses = mail.from.is_ascii() && to.iter().all(|to| to.is_ascii());
    if !addresses || lines::has_utf8_header(&mail.message) {
        if !offer.has("SMTPUTF8") {
            return Err("an address or the header is not ASCII, and the server does not offer SMTPUTF8".to_owned());
        }
        params.push_str(" SMTPUTF8");
    }
    Ok(params)
}

fn refusal(reply: &Reply) -> Fate {
    if reply.code / 100 == 5 { Fate::Refused(told(reply)) } else { Fate::Deferred(told(reply)) }
}

fn told(reply: &Reply) -> String {
    reply.to_string().chars().take(MAX_TOLD).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]
    use std::path::Path;

    use strictmx_testbed::pki::{Ca, Leaf};
    use strictmx_testbed::smtp::{Faults, Sink, StartTls};

    use super::super::Server;
    use super::*;
    use crate::tls::Roots;

    const HOST: &str = "mail.example.test";

    /// What opening a session with a server elsewhere comes to: no name of another machine can be looked up here, so the
    /// connection is made by hand.
    async fn opened(ca: &Ca, sink: &Sink, url: &str) -> Result<(), String> {
        let Server::Smtp(smtp) = Server::parse(url).unwrap() else { panic!("{url}") };
        let mut roots = Roots::none();
        roots.add_pem(Path::new("test-root.pem"), ca.root_pem().as_bytes());
        let (tls, _) = ClientTls::with_roots(roots).unwrap();
        let course = Course { smtp: &smtp, helo: "us.example.test", tls: &tls, limits: Limits::default() };
        let stream = TcpStream::connect(sink.address()).await.unwrap();
        course.open(stream).await.map(drop)
    }

    #[tokio::test]
    async fn a_certificate_that_is_to_hold_holds_or_nothing_is_handed_over() {
        let ca = Ca::new("ours");
        let sink = Sink::start("127.0.0.1:0", HOST, Some(&ca.issue(HOST, Leaf::Good)));
        let required = "smtp://mail.example.test?starttls=require";
        assert_eq!(opened(&ca, &sink, required).await, Ok(()));
        let error = opened(&ca, &sink, "smtp://other.example.test?starttls=require").await.unwrap_err();
        assert!(error.contains("does not hold for other.example.test"), "{error}");
        sink.show(&ca.issue(HOST, Leaf::Expired));
        assert!(opened(&ca, &sink, required).await.is_err_and(|error| error.contains("does not hold")));
        assert_eq!(opened(&ca, &sink, "smtp://mail.example.test").await, Ok(()), "better than nothing");
        for faults in [StartTls::NotOffered, StartTls::Refused, StartTls::Injected] {
            sink.show(&ca.issue(HOST, Leaf::Good));
            sink.fail(Faults::starttls(faults));
            assert!(opened(&ca, &sink, required).await.is_err_and(|error| error.contains("STARTTLS")), "{faults:?}");
        }
    }

    #[tokio::test]
    async fn a_login_goes_only_where_nobody_can_read_it() {
        let ca = Ca::new("ours");
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "user:secret\n").unwrap();
        let url = format!("smtp://mail.example.test?login={}", file.path().display());
        let sink = Sink::start("127.0.0.1:0", HOST, Some(&ca.issue(HOST, Leaf::Good)));
        sink.fail(Faults::reply("EHLO", "250-mail.example.test\r\n250 AUTH PLAIN"));
        let error = opened(&ca, &sink, &url).await.unwrap_err();
        assert!(error.contains("not sent in the clear"), "{error}");
        sink.show(&ca.issue(HOST, Leaf::SelfSigned));
        sink.fail(Faults::reply("EHLO", "250-mail.example.test\r\n250-STARTTLS\r\n250 AUTH PLAIN"));
        let error = opened(&ca, &sink, &url).await.unwrap_err();
        assert!(error.contains("does not hold"), "{error}");
        assert!(!sink.commands().iter().any(|command| command.starts_with("AUTH")));
    }
}
