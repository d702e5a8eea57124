//! A look at an MX host: does it offer STARTTLS, and does its certificate hold? No mail is sent (D-31).
//!
//! RFC 5321 §4.1, §4.2; RFC 3207; RFC 8461 §4.2, §7.1 (SNI and judged name: the MX host name, A-8). The session is EHLO,
//! STARTTLS, the handshake, EHLO, QUIT. What happens before TLS can be tried says nothing about TLS and is told as
//! unreachable (DANE-A7).
mod dialogue;

use std::net::SocketAddr;
use std::time::Duration;

use strictmx_engine::fact::{TlsOutcome, TlsSeen};
use strictmx_proto::name::Domain;
use strictmx_proto::smtp::Ehlo;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

use self::dialogue::Dialogue;
use crate::tls::{ClientTls, Failed, Limited, Session, TlsFailure};

/// Octets read from a host in one session: banner, replies, handshake.
const MAX_OCTETS: usize = 512 * 1024;
/// How long the reply to QUIT is waited for.
const FAREWELL: Duration = Duration::from_secs(5);

/// How long a probe may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For the connection.
    pub connect: Duration,
    /// For each reply, and for the handshake.
    pub reply: Duration,
    /// For everything.
    pub whole: Duration,
}

impl Default for Limits {
    /// 30 s to connect, one minute for each reply, three for the whole.
    fn default() -> Self {
        Self { connect: Duration::from_secs(30), reply: Duration::from_secs(60), whole: Duration::from_secs(180) }
    }
}

type Plain = Limited<TcpStream>;

/// Makes a session with `host` at `address` up to STARTTLS, judges its certificate, and takes leave. `helo` is our own name,
/// or an address literal.
pub async fn probe(host: &Domain, address: SocketAddr, helo: &str, tls: &ClientTls, limits: Limits) -> TlsSeen {
    let mut seen = TlsSeen {
        host: host.as_str().to_owned(),
        address: Some(address),
        local: None,
        helo: None,
        outcome: unreachable("nothing was tried"),
        tls_version: None,
        chain: Vec::new(),
    };
    let course = Course { greeting: greeting(helo), limits, deadline: Instant::now() + limits.whole };
    seen.outcome = match course.until_starttls(address, &mut seen).await {
        Ok(stream) => course.over_tls(stream, host, tls, &mut seen).await,
        Err(outcome) => outcome,
    };
    seen
}

/// One probe's way.
struct Course {
    greeting: String,
    limits: Limits,
    deadline: Instant,
}

impl Course {
    /// Up to the 220 that answers STARTTLS; otherwise how it ended.
    async fn until_starttls(&self, address: SocketAddr, seen: &mut TlsSeen) -> Result<Plain, TlsOutcome> {
        let stream = match timeout(self.limits.connect.min(self.limits.whole), TcpStream::connect(address)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                return Err(unreachable(format!("no connection to {address}: {error}")));
            }
            Err(_) => return Err(unreachable(format!("no connection to {address} in time"))),
        };
        seen.local = stream.local_addr().ok().map(|local| local.ip());
        let stream = Limited::new(stream, MAX_OCTETS);
        let mut dialogue = Dialogue::new(stream, self.limits.reply, self.deadline);
        match self.ask_for_tls(&mut dialogue, seen).await {
            Ok(()) => dialogue.into_stream().ok_or_else(injected),
            Err(outcome) => {
                dialogue.quit(FAREWELL).await;
                Err(outcome)
            }
        }
    }

    async fn ask_for_tls(&self, dialogue: &mut Dialogue<Plain>, seen: &mut TlsSeen) -> Result<(), TlsOutcome> {
        let banner = dialogue.reply("the connection").await.map_err(unreachable)?;
        if banner.code != 220 {
            return Err(unreachable(format!("the host does not want to talk: {banner}")));
        }
        let reply = dialogue.command(&self.greeting).await.map_err(unreachable)?;
        let Some(offer) = Ehlo::read(&reply) else {
            // A host that does not know EHLO knows no STARTTLS; one that only refuses it has said nothing about TLS.
            let unknown = matches!(reply.code, 500 | 502 | 504);
            return Err(if unknown {
                TlsOutcome::NoStarttls
            } else {
                unreachable(format!("EHLO was refused: {reply}"))
            });
        };
        seen.helo = Some(offer.name.clone());
        if !offer.offers_starttls() {
            return Err(TlsOutcome::NoStarttls);
        }
        let reply = dialogue.command("STARTTLS").await.map_err(unreachable)?;
        if reply.code == 220 { Ok(()) } else { Err(TlsOutcome::StarttlsRefused { reply: reply.to_string() }) }
    }

    /// R3207-4-2: the handshake is what follows the 220, nothing else.
    async fn over_tls(&self, stream: Plain, host: &Domain, tls: &ClientTls, seen: &mut TlsSeen) -> TlsOutcome {
        let until = self.deadline.min(Instant::now() + self.limits.reply);
        // STS-4.2-1 … STS-4.2-3, STS-7.1-3
        let session = match timeout_at(until, tls.connect_observing(stream, host, &[])).await {
            Ok(Ok(session)) => session,
            Ok(Err(failed)) => {
                seen.chain = failed.chain();
                return handshake_failure(failed);
            }
            Err(_) => {
                return TlsOutcome::Handshake { detail: String::from("the TLS handshake took too long") };
            }
        };
        seen.tls_version = Some(session.version.to_owned());
        seen.chain = session.chain();
        let outcome = session.fault.clone().map_or(TlsOutcome::Verified, TlsOutcome::Certificate);
        self.take_leave(session).await;
        outcome
    }

    async fn take_leave(&self, session: Session<Plain>) {
        let mut dialogue = Dialogue::new(session.stream, self.limits.reply.min(FAREWELL), self.deadline);
        // R3207-4.2-1: everything is said anew after TLS, and nothing from before counts. R3207-4.2-3: no STARTTLS in TLS.
        match dialogue.command(&self.greeting).await {
            Ok(_) => dialogue.quit(FAREWELL).await,
            Err(detail) => tracing::trace!(detail, "the host fell silent after the handshake"),
        }
    }
}

/// EHLO with our name. A name from the configuration can still not smuggle in a second command.
fn greeting(helo: &str) -> String {
    let name: String = helo.chars().filter(char::is_ascii_graphic).collect();
    format!("EHLO {name}")
}

fn unreachable(detail: impl Into<String>) -> TlsOutcome {
    TlsOutcome::Unreachable { detail: detail.into() }
}

fn injected() -> TlsOutcome {
    let detail = "octets came in the clear behind the reply to STARTTLS; somebody on the way may have put them there";
    TlsOutcome::Handshake { detail: String::from(detail) }
}

fn handshake_failure(failed: Failed) -> TlsOutcome {
    match failed.failure {
        TlsFailure::Certificate(fault) => TlsOutcome::Certificate(fault),
        TlsFailure::Other(detail) => TlsOutcome::Handshake { detail: detail.into() },
    }
}
