//! One SMTP session of a sink.

use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::by_hand::{Flight, HANDSHAKE_FAILURE, alert};

use super::{Message, Open, Setting, StartTls, State};

/// Largest message kept.
const MESSAGE_LIMIT: usize = 1 << 20;
/// Longest line read.
const LINE_LIMIT: u64 = 64 * 1024;

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// How a run of commands ended.
enum End {
    Closed,
    StartTls,
}

/// The whole session: in the clear, and after STARTTLS once more from the start (R3207-4.2-1).
pub(super) async fn run(stream: TcpStream, open: Open, state: Arc<State>) {
    let setting = state.setting.lock().unwrap().clone();
    let stream: Box<dyn Stream> = Box::new(stream);
    let stream = BufReader::new(stream);
    let mut session = Session { state, setting, stream, open: Some(open), tls: None, sni: None };
    let banner = format!("220 {} ESMTP", session.state.host);
    if session.reply("BANNER", &banner).await.is_none() {
        return;
    }
    if matches!(session.commands().await, Some(End::StartTls))
        && let Some(mut session) = session.start_tls().await
    {
        let _end = session.commands().await;
    }
}

struct Session {
    state: Arc<State>,
    setting: Setting,
    stream: BufReader<Box<dyn Stream>>,
    open: Option<Open>,
    tls: Option<String>,
    sni: Option<String>,
}

impl Session {
    /// Answers commands until the session ends or TLS is to begin; nothing when the peer is gone.
    async fn commands(&mut self) -> Option<End> {
        let (mut from, mut to) = (String::new(), Vec::new());
        loop {
            let line = self.line().await?;
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            match verb.as_str() {
                "EHLO" | "HELO" => {
                    let greeting = self.greeting();
                    self.reply("EHLO", &greeting).await?;
                }
                "STARTTLS" if self.tls.is_none() => {
                    if self.answer_starttls().await? {
                        return Some(End::StartTls);
                    }
                }
                "MAIL" => {
                    from = path(&line);
                    to.clear();
                    self.reply("MAIL", "250 2.1.0 fine").await?;
                }
                "RCPT" => {
                    if self.reply("RCPT", "250 2.1.5 fine").await? {
                        to.push(path(&line));
                    }
                }
                "DATA" => {
                    if self.reply("DATA", "354 go on").await? {
                        self.data(&from, &to).await?;
                    }
                }
                "QUIT" => {
                    self.open = None;
                    self.reply("QUIT", "221 2.0.0 good bye").await?;
                    return Some(End::Closed);
                }
                "RSET" | "NOOP" => {
                    self.reply("RSET", "250 2.0.0 fine").await?;
                }
                _ => {
                    self.reply("?", "502 5.5.1 not here").await?;
                }
            }
        }
    }

    /// Whether TLS is to begin.
    async fn answer_starttls(&mut self) -> Option<bool> {
        match self.setting.faults.starttls {
            StartTls::NotOffered => {
                self.reply("STARTTLS", "502 5.5.1 not here").await?;
                Some(false)
            }
            StartTls::Refused => {
                self.reply("STARTTLS", "454 4.7.0 TLS not available").await?;
                Some(false)
            }
            StartTls::Injected => {
                self.reply("STARTTLS", "220 2.0.0 go ahead\r\n250-injected\r\n250 SIZE 1").await?;
                Some(true)
            }
            _ => self.reply("STARTTLS", "220 2.0.0 go ahead").await,
        }
    }

    async fn start_tls(mut self) -> Option<Self> {
        match self.setting.faults.starttls {
            StartTls::DropAfter220 => return None,
            StartTls::Hang => std::future::pending().await,
            StartTls::Alert => return self.break_off(&alert(HANDSHAKE_FAILURE)).await,
            StartTls::OldTls => {
                let flight = Flight { version: [3, 1], extensions: Vec::new(), ..Flight::default() };
                return self.break_off(&flight.octets()).await;
            }
            _ => {}
        }
        // A hello is one write, and comes whole on loopback.
        let octets = self.setting.by_hand.answer(self.stream.fill_buf().await.ok()?).map(<[u8]>::to_vec);
        if let Some(octets) = octets {
            self.stream.write_all(&octets).await.ok()?;
            self.stream.flush().await.ok()?;
            while !self.stream.fill_buf().await.ok()?.is_empty() {
                let read = self.stream.buffer().len();
                self.stream.consume(read);
            }
            // Before the socket is closed, so that whoever saw that is not counted twice.
            self.open = None;
            return None;
        }
        let acceptor = TlsAcceptor::from(self.setting.tls.clone()?);
        let stream = match acceptor.accept(self.stream).into_fallible().await {
            Ok(stream) => stream,
            Err((_, broken)) => {
                self.open = None;
                drop(broken);
                return None;
            }
        };
        let connection = stream.get_ref().1;
        self.tls = connection.protocol_version().map(|version| format!("{version:?}"));
        self.sni = connection.server_name().map(str::to_owned);
        let stream: Box<dyn Stream> = Box::new(stream);
        Some(Self { stream: BufReader::new(stream), ..self })
    }

    /// Reads the ClientHello, answers with these octets and leaves.
    async fn break_off(&mut self, octets: &[u8]) -> Option<Self> {
        let mut hello = [0; 5];
        self.stream.read_exact(&mut hello).await.ok()?;
        self.stream.write_all(octets).await.ok()?;
        self.stream.flush().await.ok()?;
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        None
    }

    async fn data(&mut self, from: &str, to: &[String]) -> Option<()> {
        let mut text = String::new();
        loop {
            let line = self.raw_line().await?;
            if line == "." {
                break;
            }
            if text.len() < MESSAGE_LIMIT {
                text.push_str(line.strip_prefix('.').unwrap_or(&line));
                text.push_str("\r\n");
            }
        }
        let reply = self.chosen(".", "250 2.0.0 taken");
        if is_good(&reply) {
            let (tls, sni) = (self.tls.clone(), self.sni.clone());
            let message = Message { from: from.to_owned(), to: to.to_vec(), tls, sni, text };
            self.state.seen.lock().unwrap().messages.push(message);
        }
        self.send(&reply).await
    }

    fn greeting(&self) -> String {
        let offered = self.tls.is_none() && self.setting.faults.starttls != StartTls::NotOffered;
        let starttls = if offered { "250-STARTTLS\r\n" } else { "" };
        format!("250-{}\r\n{starttls}250-PIPELINING\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES", self.state.host)
    }

    /// The reply to `verb` that a test has chosen, else `good`.
    fn chosen(&self, verb: &str, good: &str) -> String {
        if let Some(turns) = self.state.turns.lock().unwrap().get_mut(verb) {
            let next = if turns.len() > 1 { turns.pop_front() } else { turns.front().cloned() };
            if let Some(reply) = next {
                return reply;
            }
        }
        self.setting.faults.replies.get(verb).map_or(good, String::as_str).to_owned()
    }

    /// Sends the chosen reply to `verb`, else `good`; says whether it was a good one.
    async fn reply(&mut self, verb: &str, good: &str) -> Option<bool> {
        let reply = self.chosen(verb, good);
        self.send(&reply).await?;
        Some(is_good(&reply))
    }

    async fn send(&mut self, reply: &str) -> Option<()> {
        tokio::time::sleep(self.setting.faults.pause).await;
        self.stream.write_all(format!("{reply}\r\n").as_bytes()).await.ok()?;
        self.stream.flush().await.ok()
    }

    async fn line(&mut self) -> Option<String> {
        let line = self.raw_line().await?;
        let mut seen = self.state.seen.lock().unwrap();
        if seen.commands.len() < 10_000 {
            seen.commands.push(line.clone());
        }
        Some(line)
    }

    async fn raw_line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        let read = (&mut self.stream).take(LINE_LIMIT).read_until(b'\n', &mut line).await.ok()?;
        if read == 0 || line.last() != Some(&b'\n') {
            return None;
        }
        Some(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned())
    }
}

fn is_good(reply: &str) -> bool {
    reply.starts_with(['2', '3'])
}

/// What stands between the angle brackets.
fn path(line: &str) -> String {
    let inside = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inside.map_or_else(String::new, |(path, _)| path.to_owned())
}
