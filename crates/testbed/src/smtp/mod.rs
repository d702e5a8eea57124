//! Mail hosts: SMTP sinks on one address each, with chosen faults, that keep what they took.
//!
//! Every way a delivery can fail RFC 8461 §4 or RFC 7672 §2.2 has a [`StartTls`] or a [`pki::Leaf`](crate::pki::Leaf).

mod session;

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::by_hand::{ByHand, FirstWords};
use crate::pki::{Identity, Versions, provider};
use crate::rt::{self, Guard};

/// What becomes of STARTTLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartTls {
    /// Offered, and done.
    Offered,
    /// Not in the EHLO reply; the command gets 502.
    NotOffered,
    /// Offered, then refused with 454.
    Refused,
    /// The connection is closed after 220.
    DropAfter220,
    /// After 220 the handshake is answered with a `handshake_failure` alert.
    Alert,
    /// After 220 the server picks TLS 1.0.
    OldTls,
    /// After 220 nothing comes any more.
    Hang,
    /// The 220 brings further plain-text replies along (R3207-4-3).
    Injected,
}

/// How the sink misbehaves. The default does not.
#[derive(Clone, Debug)]
pub struct Faults {
    /// What becomes of STARTTLS.
    pub starttls: StartTls,
    /// Replies instead of the good ones, by verb (`"BANNER"`, `"EHLO"`, `"MAIL"`, `"RCPT"`, `"DATA"`, `"."`).
    pub replies: HashMap<&'static str, String>,
    /// Wait before every reply.
    pub pause: Duration,
}

impl Default for Faults {
    fn default() -> Self {
        Self { starttls: StartTls::Offered, replies: HashMap::new(), pause: Duration::ZERO }
    }
}

impl Faults {
    /// Only STARTTLS goes wrong.
    pub fn starttls(starttls: StartTls) -> Self {
        Self { starttls, ..Self::default() }
    }

    /// Only one verb gets another reply, for example `("RCPT", "450 4.2.0 come back later")`.
    pub fn reply(verb: &'static str, reply: &str) -> Self {
        Self { replies: HashMap::from([(verb, reply.to_owned())]), ..Self::default() }
    }
}

/// One message taken.
#[derive(Clone, Debug)]
pub struct Message {
    /// Envelope sender, without brackets.
    pub from: String,
    /// Envelope recipients, without brackets.
    pub to: Vec<String>,
    /// TLS version, for example `TLSv1_3`; nothing when it came in the clear.
    pub tls: Option<String>,
    /// SNI of the session.
    pub sni: Option<String>,
    /// Header and body as they came, up to one MiB.
    pub text: String,
}

/// A running sink; stops when dropped.
pub struct Sink {
    address: SocketAddr,
    state: Arc<State>,
    _task: Guard,
}

pub(crate) struct State {
    host: String,
    setting: Mutex<Setting>,
    /// Replies by verb, each to be given once; the last one stays.
    turns: Mutex<HashMap<&'static str, VecDeque<String>>>,
    seen: Mutex<Seen>,
}

#[derive(Clone)]
pub(crate) struct Setting {
    shown: Shown,
    tls: Option<Arc<ServerConfig>>,
    faults: Faults,
    /// Octets of early data that its tickets allow.
    early_data: u32,
    by_hand: ByHand,
}

/// The certificates shown, by SNI; the one of the empty name to all others.
#[derive(Clone, Debug)]
struct Shown {
    keys: HashMap<String, Arc<CertifiedKey>>,
    versions: Versions,
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let named = hello.server_name().and_then(|name| self.keys.get(name));
        named.or_else(|| self.keys.get("")).cloned()
    }
}

impl Setting {
    fn new(faults: Faults) -> Self {
        let shown = Shown { keys: HashMap::new(), versions: Versions::Both };
        Self { shown, tls: None, faults, early_data: 0, by_hand: ByHand::default() }
    }

    fn show(&mut self, name: &str, identity: &Identity) {
        self.shown.keys.insert(name.to_owned(), identity.certified_key());
        self.renew();
    }

    fn renew(&mut self) {
        let builder = ServerConfig::builder_with_provider(provider());
        let builder = builder.with_protocol_versions(self.shown.versions.of_rustls());
        let builder = builder.expect("versions the provider knows").with_no_client_auth();
        let mut config = builder.with_cert_resolver(Arc::new(self.shown.clone()));
        config.max_early_data_size = self.early_data;
        self.tls = Some(Arc::new(config));
    }
}

#[derive(Default)]
pub(crate) struct Seen {
    connections: usize,
    open: usize,
    most_at_once: usize,
    messages: Vec<Message>,
    /// Every command line as it came; bounded, for long runs.
    commands: Vec<String>,
}

impl Sink {
    /// Starts on `address` as `host`. Without an identity STARTTLS is not offered.
    pub fn start(address: &str, host: &str, identity: Option<&Identity>) -> Self {
        let (listener, address) = rt::listen(address);
        let mut faults = Faults::default();
        if identity.is_none() {
            faults.starttls = StartTls::NotOffered;
        }
        let mut setting = Setting::new(faults);
        if let Some(identity) = identity {
            setting.show("", identity);
        }
        let setting = Mutex::new(setting);
        let state = Arc::new(State { host: host.to_owned(), setting, turns: Mutex::default(), seen: Mutex::default() });
        Self { address, state: state.clone(), _task: Guard::spawn(serve(listener, state)) }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From the next session on it fails like this.
    pub fn fail(&self, faults: Faults) {
        self.state.setting.lock().unwrap().faults = faults;
    }

    /// From now on `verb` (see [`Faults::replies`]) is answered with these, each once and in order, over all sessions; the last
    /// one stays. Greylisting is `say("RCPT", &["451 4.7.1 come back later", "250 2.1.5 fine"])`.
    pub fn say(&self, verb: &'static str, replies: &[&str]) {
        let replies = replies.iter().map(|reply| (*reply).to_owned()).collect();
        self.state.turns.lock().unwrap().insert(verb, replies);
    }

    /// From the next session on it shows this certificate.
    pub fn show(&self, identity: &Identity) {
        self.state.setting.lock().unwrap().show("", identity);
    }

    /// From the next session on it shows this certificate to whoever asks for `name` by SNI.
    pub fn show_to(&self, name: &str, identity: &Identity) {
        self.state.setting.lock().unwrap().show(name, identity);
    }

    /// From the next session on it breaks off the handshake of whoever does not ask for one of these names by SNI.
    pub fn show_only_to(&self, shown: &[(&str, &Identity)]) {
        let mut setting = self.state.setting.lock().unwrap();
        setting.shown.keys.clear();
        for (name, identity) in shown {
            setting.show(name, identity);
        }
    }

    /// From the next session on it speaks these versions of TLS.
    pub fn speak(&self, versions: Versions) {
        let mut setting = self.state.setting.lock().unwrap();
        setting.shown.versions = versions;
        setting.renew();
    }

    /// From the next session on its tickets allow so many octets of early data.
    pub fn take_early_data(&self, octets: u32) {
        let mut setting = self.state.setting.lock().unwrap();
        setting.early_data = octets;
        setting.renew();
    }

    /// From the next session on it answers hellos of this kind with these octets, and then listens until the client leaves. Of two
    /// kinds that a hello is of the earlier one counts.
    pub fn answer(&self, words: FirstWords, octets: Vec<u8>) {
        self.state.setting.lock().unwrap().by_hand.add(words, octets);
    }

    /// TCP connections so far.
    pub fn connections(&self) -> usize {
        self.state.seen.lock().unwrap().connections
    }

    /// The most connections that were open at the same time, each up to its QUIT or its end.
    pub fn most_at_once(&self) -> usize {
        self.state.seen.lock().unwrap().most_at_once
    }

    /// Every command so far, in order, from all sessions.
    pub fn commands(&self) -> Vec<String> {
        self.state.seen.lock().unwrap().commands.clone()
    }

    /// Messages taken so far.
    pub fn messages(&self) -> Vec<Message> {
        self.state.seen.lock().unwrap().messages.clone()
    }

    /// Messages taken so far for one recipient.
    pub fn messages_for(&self, recipient: &str) -> Vec<Message> {
        let mut messages = self.messages();
        messages.retain(|message| message.to.iter().any(|to| to.eq_ignore_ascii_case(recipient)));
        messages
    }

    /// Waits until a message for `recipient` is there, at most `limit`.
    pub fn wait_for(&self, recipient: &str, limit: Duration) -> Option<Message> {
        let end = Instant::now() + limit;
        loop {
            if let Some(message) = self.messages_for(recipient).pop() {
                return Some(message);
            }
            if Instant::now() > end {
                return None;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A connection that is open, or counts as open: the client has not said that it leaves.
pub(crate) struct Open(Arc<State>);

impl Open {
    fn new(state: &Arc<State>) -> Self {
        let mut seen = state.seen.lock().unwrap();
        seen.connections += 1;
        seen.open += 1;
        seen.most_at_once = seen.most_at_once.max(seen.open);
        Self(state.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.seen.lock().unwrap().open -= 1;
    }
}

async fn serve(listener: TcpListener, state: Arc<State>) {
    let mut sessions = JoinSet::new();
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            // As real servers do: small writes do not wait for each other.
            let _nodelay = stream.set_nodelay(true);
            sessions.spawn(session::run(stream, Open::new(&state), state.clone()));
        }
        while sessions.try_join_next().is_some() {}
    }
}
