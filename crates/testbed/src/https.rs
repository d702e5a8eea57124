//! Policy hosts: one HTTPS server, many sites told apart by SNI.
//!
//! HTTP is written by hand, octet by octet, so that every deviation RFC 8461 §3.3 speaks of can be served:
//! redirects, other media types, oversized or dripping bodies, connections cut in the middle.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::by_hand::{ByHand, FirstWords};
pub use crate::pki::Versions;
use crate::pki::{Ca, Identity, Leaf, provider};
use crate::rt::{self, Guard};

/// Largest body of a request that is read.
const BODY_LIMIT: usize = 1 << 20;

/// How the body of an answer leaves the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sending {
    /// At once, with `Content-Length`.
    Whole,
    /// At once, in chunked encoding.
    Chunked,
    /// `octets` at a time, with a pause after each.
    Drip(usize, Duration),
    /// Announced whole, cut off after so many octets.
    CutAfter(usize),
    /// The request is read and never answered.
    Never,
}

/// What a site answers.
#[derive(Clone, Debug)]
pub struct Site {
    /// HTTP status.
    pub status: u16,
    /// Header fields besides `Content-Length`, as they go out.
    pub headers: Vec<(String, String)>,
    /// Where it lies: the well-known path of policies unless told otherwise. Every other path is 404.
    pub path: String,
    /// Its body.
    pub body: Vec<u8>,
    /// Wait before the first octet of the answer.
    pub delay: Duration,
    /// How the body leaves.
    pub sending: Sending,
}

impl Site {
    /// 200, `text/plain`, this policy.
    pub fn policy(text: &str) -> Self {
        let headers = vec![("Content-Type".to_owned(), "text/plain".to_owned())];
        let path = "/.well-known/mta-sts.txt".to_owned();
        Self { status: 200, headers, path, body: text.into(), delay: Duration::ZERO, sending: Sending::Whole }
    }

    /// At another path.
    #[must_use]
    pub fn at(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// Another status; the body stays.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Sets or replaces a header field; an empty value removes it.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        if !value.is_empty() {
            self.headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// Waits before answering.
    #[must_use]
    pub fn delayed(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Sends the body in another way.
    #[must_use]
    pub fn sending(mut self, sending: Sending) -> Self {
        self.sending = sending;
        self
    }
}

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Request {
    /// SNI of the connection.
    pub sni: String,
    /// `GET /path HTTP/1.1`.
    pub line: String,
    /// Header fields, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, where its length was given.
    pub body: Vec<u8>,
}

impl Request {
    /// Value of a header field.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// A running server; stops when dropped.
pub struct Server {
    address: SocketAddr,
    state: Arc<State>,
    _task: Guard,
}

type Otherwise = Box<dyn Fn(&str) -> Option<(Identity, Site)> + Send + Sync>;

#[derive(Default)]
struct State {
    sites: Mutex<HashMap<String, (Arc<CertifiedKey>, Site)>>,
    otherwise: Mutex<Option<Otherwise>>,
    counts: Mutex<HashMap<String, usize>>,
    /// Bounded, for long runs.
    requests: Mutex<Vec<Request>>,
    connections: Mutex<usize>,
    by_hand: Mutex<ByHand>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("State")
    }
}

impl Server {
    /// Starts on `address` with TLS 1.2 and 1.3.
    pub fn start(address: &str) -> Self {
        Self::start_with(address, Versions::Both)
    }

    /// Starts on `address` with the given TLS versions.
    pub fn start_with(address: &str, versions: Versions) -> Self {
        let (listener, address) = rt::listen(address);
        let state = Arc::new(State::default());
        let acceptor = TlsAcceptor::from(Arc::new(tls_config(state.clone(), versions)));
        Self { address, state: state.clone(), _task: Guard::spawn(serve(listener, acceptor, state)) }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sets the site of `host` (for example `mta-sts.example.test`), replacing one that is there. The site of the empty host is
    /// shown to whoever sends no server name, or one that is not known; without it they get an alert.
    pub fn site(&self, host: &str, identity: &Identity, site: Site) {
        self.state.sites.lock().unwrap().insert(host.to_owned(), (identity.certified_key(), site));
    }

    /// Sets `mta-sts.<domain>` with a good certificate of `ca` and this policy.
    pub fn policy(&self, ca: &Ca, domain: &str, text: &str) {
        let host = format!("mta-sts.{domain}");
        self.site(&host, &ca.issue(&host, Leaf::Good), Site::policy(text));
    }

    /// Changes what a known site answers; its certificate stays.
    pub fn change(&self, host: &str, site: Site) {
        self.state.sites.lock().unwrap().get_mut(host).unwrap_or_else(|| panic!("no site {host}")).1 = site;
    }

    /// Takes a site away: its name is then refused with a TLS alert.
    pub fn remove(&self, host: &str) {
        self.state.sites.lock().unwrap().remove(host);
    }

    /// Makes the site of a host that is asked for and not known; it is kept from then on. For many domains at once.
    pub fn otherwise(&self, site: impl Fn(&str) -> Option<(Identity, Site)> + Send + Sync + 'static) {
        *self.state.otherwise.lock().unwrap() = Some(Box::new(site));
    }

    /// From the next connection on hellos of this kind are answered with these octets, and then the connection is closed.
    pub fn answer(&self, words: FirstWords, octets: Vec<u8>) {
        self.state.by_hand.lock().unwrap().add(words, octets);
    }

    /// How many requests a host got.
    pub fn asked(&self, host: &str) -> usize {
        self.state.counts.lock().unwrap().get(host).copied().unwrap_or(0)
    }

    /// TCP connections so far, whatever became of them.
    pub fn connections(&self) -> usize {
        *self.state.connections.lock().unwrap()
    }

    /// The first thousand requests.
    pub fn requests(&self) -> Vec<Request> {
        self.state.requests.lock().unwrap().clone()
    }
}

impl ResolvesServerCert for State {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let known = |host: &str| self.sites.lock().unwrap().get(host).map(|(key, _)| key.clone());
        let host = hello.server_name().unwrap_or_default();
        if let Some(key) = known(host) {
            return Some(key);
        }
        let make = || self.otherwise.lock().unwrap().as_ref().and_then(|make| make(host));
        let Some((identity, site)) = (!host.is_empty()).then(make).flatten() else {
            return known("");
        };
        let key = identity.certified_key();
        self.sites.lock().unwrap().insert(host.to_owned(), (key.clone(), site));
        Some(key)
    }
}

fn tls_config(state: Arc<State>, versions: Versions) -> ServerConfig {
    let builder = ServerConfig::builder_with_provider(provider()).with_protocol_versions(versions.of_rustls());
    let mut config = builder.expect("versions the provider knows").with_no_client_auth().with_cert_resolver(state);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            // As real servers do: small writes do not wait for each other.
            let _nodelay = stream.set_nodelay(true);
            *state.connections.lock().unwrap() += 1;
            connections.spawn(connection(stream, acceptor.clone(), state.clone()));
        }
        while connections.try_join_next().is_some() {}
    }
}

/// Answers what is answered by hand; a stream that is not is given back.
async fn by_hand(mut stream: TcpStream, state: &State) -> Option<TcpStream> {
    let by_hand = state.by_hand.lock().unwrap().clone();
    if by_hand.is_empty() {
        return Some(stream);
    }
    // A hello is one write, and comes whole on loopback.
    let mut hello = [0; 4096];
    let length = stream.peek(&mut hello).await.ok()?;
    let Some(octets) = by_hand.answer(&hello[..length]) else {
        return Some(stream);
    };
    // Taken from the socket, so that closing it is no reset.
    stream.read_exact(&mut hello[..length]).await.ok()?;
    stream.write_all(octets).await.ok()?;
    let _closed = stream.shutdown().await;
    let _left = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    None
}

async fn connection(stream: TcpStream, acceptor: TlsAcceptor, state: Arc<State>) {
    let Some(stream) = by_hand(stream, &state).await else {
        return;
    };
    let Ok(mut stream) = acceptor.accept(stream).await else {
        return;
    };
    let sni = stream.get_ref().1.server_name().unwrap_or_default().to_owned();
    while let Some(request) = read_request(&mut stream, &sni).await {
        *state.counts.lock().unwrap().entry(sni.clone()).or_default() += 1;
        let site = {
            let sites = state.sites.lock().unwrap();
            sites.get(&sni).or_else(|| sites.get("")).map(|(_, site)| site.clone())
        };
        let (method, path) = request.line.split_once(' ').unwrap_or_default();
        let (is_head, path) = (method == "HEAD", path.split(' ').next().unwrap_or_default().to_owned());
        {
            let mut requests = state.requests.lock().unwrap();
            if requests.len() < 1000 {
                requests.push(request);
            }
        }
        let Some(mut site) = site.filter(|site| site.path == path) else {
            let _sent = stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").await;
            continue;
        };
        if is_head {
            site.body.clear();
        }
        if answer(&mut stream, &site).await.is_none() {
            return;
        }
    }
    let _closed = stream.shutdown().await;
}

/// Sends the answer; nothing when the connection is not to be used again.
async fn answer(stream: &mut TlsStream<TcpStream>, site: &Site) -> Option<()> {
    tokio::time::sleep(site.delay).await;
    let mut head = format!("HTTP/1.1 {} Testbed\r\n", site.status);
    for (name, value) in &site.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let chunked = site.sending == Sending::Chunked;
    let length =
        if chunked { "Transfer-Encoding: chunked".to_owned() } else { format!("Content-Length: {}", site.body.len()) };
    head.push_str(&length);
    head.push_str("\r\n\r\n");
    let mut whole = head.into_bytes();
    match site.sending {
        Sending::Whole => whole.extend(&site.body),
        Sending::Chunked => {
            for chunk in site.body.chunks(16).filter(|chunk| !chunk.is_empty()) {
                whole.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
                whole.extend(chunk);
                whole.extend(b"\r\n");
            }
            whole.extend(b"0\r\n\r\n");
        }
        Sending::CutAfter(octets) => {
            whole.extend(&site.body[..octets.min(site.body.len())]);
            stream.write_all(&whole).await.ok()?;
            stream.flush().await.ok()?;
            return None;
        }
        Sending::Never => std::future::pending().await,
        Sending::Drip(octets, pause) => {
            stream.write_all(&whole).await.ok()?;
            for piece in site.body.chunks(octets) {
                stream.write_all(piece).await.ok()?;
                stream.flush().await.ok()?;
                tokio::time::sleep(pause).await;
            }
            return Some(());
        }
    }
    stream.write_all(&whole).await.ok()?;
    stream.flush().await.ok()
}

async fn read_request(stream: &mut TlsStream<TcpStream>, sni: &str) -> Option<Request> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() > 16_384 {
            return None;
        }
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8_lossy(&head);
    let mut lines = head.split("\r\n").filter(|line| !line.is_empty());
    let line = lines.next()?.to_owned();
    let headers = lines.filter_map(|line| line.split_once(':'));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
    let mut request = Request { sni: sni.to_owned(), line, headers, body: Vec::new() };
    let length = request.header("content-length").map_or(Ok(0), str::parse).ok()?;
    if length > BODY_LIMIT {
        return None;
    }
    request.body.resize(length, 0);
    stream.read_exact(&mut request.body).await.ok()?;
    Some(request)
}
