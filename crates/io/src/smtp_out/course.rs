//! The way of a session up to STARTTLS, and its end: what all sessions share.
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use strictmx_engine::check::observations::{Session, Timing};
use strictmx_engine::fact::TlsOutcome;
use strictmx_proto::smtp::{Ehlo, Reply};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::Limits;
use super::dialogue::Dialogue;
use crate::tls::Limited;

/// Octets read from a host in one session: banner, replies, handshake.
const MAX_OCTETS: usize = 512 * 1024;
/// How long the reply to QUIT is waited for.
pub(super) const FAREWELL: Duration = Duration::from_secs(5);
/// EHLO keywords that are kept.
const MAX_KEYWORDS: usize = 50;

/// The connection before TLS.
pub(super) type Plain = Limited<TcpStream>;

/// What a session shows, filled as it goes on.
pub(super) struct Look {
    pub(super) session: Session,
    /// Our own address.
    pub(super) local: Option<IpAddr>,
}

impl Look {
    pub(super) fn new(address: SocketAddr) -> Self {
        let session = Session {
            address,
            outcome: unreachable("nothing was tried"),
            refused_with: None,
            banner: None,
            helo: None,
            extensions: Vec::new(),
            tls: None,
            timing: Timing::default(),
        };
        Self { session, local: None }
    }

    /// The outcome of a session that this reply ended.
    fn refused(&mut self, reply: &Reply, outcome: TlsOutcome) -> TlsOutcome {
        self.session.refused_with = Some(reply.code);
        outcome
    }
}

/// One session's way.
pub(super) struct Course {
    greeting: String,
    limits: Limits,
    begun: Instant,
}

impl Course {
    /// A session that begins now, under this name of our own.
    pub(super) fn new(helo: &str, limits: Limits) -> Self {
        Self { greeting: greeting(helo), limits, begun: Instant::now() }
    }

    /// Milliseconds since it began.
    pub(super) fn milliseconds(&self) -> Option<u32> {
        Some(u32::try_from(self.begun.elapsed().as_millis()).unwrap_or(u32::MAX))
    }

    /// When the next step, begun now, must be done.
    pub(super) fn until_next(&self) -> Instant {
        self.deadline().min(Instant::now() + self.limits.reply)
    }

    /// Up to the 220 that answers STARTTLS; otherwise how it ended.
    pub(super) async fn until_starttls(&self, address: SocketAddr, look: &mut Look) -> Result<Plain, TlsOutcome> {
        let mut dialogue = self.connect(address, look).await?;
        match self.ask_for_tls(&mut dialogue, look).await {
            Ok(()) => dialogue.into_stream().ok_or_else(injected),
            Err(outcome) => {
                dialogue.quit(FAREWELL).await;
                Err(outcome)
            }
        }
    }

    /// A connection on which nothing was said yet.
    pub(super) async fn connect(&self, address: SocketAddr, look: &mut Look) -> Result<Dialogue<Plain>, TlsOutcome> {
        let patience = self.limits.connect.min(self.limits.whole);
        let stream = match timeout(patience, connected(address)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                return Err(unreachable(format!("no connection to {address}: {error}")));
            }
            Err(_) => return Err(unreachable(format!("no connection to {address} in time"))),
        };
        look.session.timing.connected = self.milliseconds();
        look.local = stream.local_addr().ok().map(|local| local.ip());
        Ok(Dialogue::new(Limited::new(stream, MAX_OCTETS), self.limits.reply, self.deadline()))
    }

    /// The banner, and what the host offers in reply to EHLO.
    pub(super) async fn greet(&self, dialogue: &mut Dialogue<Plain>, look: &mut Look) -> Result<Ehlo, TlsOutcome> {
        let banner = dialogue.reply("the connection").await.map_err(unreachable)?;
        look.session.banner = banner.lines.first().cloned();
        if banner.code != 220 {
            let outcome = unreachable(format!("the host does not want to talk: {banner}"));
            return Err(look.refused(&banner, outcome));
        }
        let reply = dialogue.command(&self.greeting).await.map_err(unreachable)?;
        let Some(offer) = Ehlo::read(&reply) else {
            // A host that does not know EHLO knows no STARTTLS; one that only refuses it has said nothing about TLS.
            let unknown = matches!(reply.code, 500 | 502 | 504);
            let outcome =
                if unknown { TlsOutcome::NoStarttls } else { unreachable(format!("EHLO was refused: {reply}")) };
            return Err(look.refused(&reply, outcome));
        };
        look.session.helo = Some(offer.name.clone());
        look.session.extensions =
            offer.keywords.iter().take(MAX_KEYWORDS).map(|keyword| keyword.name.clone()).collect();
        Ok(offer)
    }

    async fn ask_for_tls(&self, dialogue: &mut Dialogue<Plain>, look: &mut Look) -> Result<(), TlsOutcome> {
        let offer = self.greet(dialogue, look).await?;
        if !offer.offers_starttls() {
            return Err(TlsOutcome::NoStarttls);
        }
        let reply = dialogue.command("STARTTLS").await.map_err(unreachable)?;
        if reply.code == 220 {
            return Ok(());
        }
        let outcome = TlsOutcome::StarttlsRefused { reply: reply.to_string() };
        Err(look.refused(&reply, outcome))
    }

    /// The end of a session after the handshake.
    pub(super) async fn take_leave<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) {
        let mut dialogue = Dialogue::new(stream, self.limits.reply.min(FAREWELL), self.deadline());
        // R3207-4.2-1: everything is said anew after TLS, and nothing from before counts. R3207-4.2-3: no STARTTLS in TLS.
        match dialogue.command(&self.greeting).await {
            Ok(_) => dialogue.quit(FAREWELL).await,
            Err(detail) => tracing::trace!(detail, "the host fell silent after the handshake"),
        }
    }

    fn deadline(&self) -> Instant {
        self.begun + self.limits.whole
    }
}

async fn connected(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    // The end of a handshake and the command behind it are two small writes; the second must not wait for an ACK.
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Why a session ended before TLS, in words.
pub(super) fn words(outcome: TlsOutcome) -> String {
    match outcome {
        TlsOutcome::NoStarttls => String::from("the host does not offer STARTTLS"),
        TlsOutcome::StarttlsRefused { reply } => format!("the host refused STARTTLS: {reply}"),
        TlsOutcome::Handshake { detail } | TlsOutcome::Unreachable { detail } => detail,
        _ => String::from("the session went on to TLS"),
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
