//! A domain's policy over HTTPS: `https://mta-sts.<domain>/.well-known/mta-sts.txt`.
//!
//! RFC 8461 §3.2, §3.3. The steps are our own (addresses, TCP, TLS, HTTP), so that each has its own failure and its own
//! place in the trace. The certificate is enforced, redirects are not followed, nothing is cached or resumed. One deadline
//! covers everything, DNS included, and at most so many octets are read, whatever they mean.
//!
//! - `address`: special addresses, which are refused
//! - `race`: which of several addresses is connected to
//! - `http`: the request and what is read of the response
//! - `post`: a report handed to somebody's endpoint
//! - `visit`: one look at one address, for the checks: nothing is enforced
mod address;
mod http;
mod post;
mod race;
mod visit;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ACCEPT, CONNECTION, CONTENT_TYPE, HOST, HeaderValue, USER_AGENT};
use strictmx_engine::fact::{AddrSeen, FetchFailure, FetchPhase, FetchSeen, FetchTrace, Seen, Tried};
use strictmx_proto::name::Domain;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use self::http::{Course, MAX_BODY};
pub use self::post::{Answered, Certificates, Target};
pub use self::visit::Request;
use crate::tls::{ClientTls, Limited, TlsFailure};

/// The label before a policy domain (STS-3.2-1).
const LABEL: &str = "mta-sts";
/// Where the policy lies (STS-3.2-1).
pub const PATH: &str = "/.well-known/mta-sts.txt";
/// Addresses of each family that are tried; the rest of a long list is left alone.
const MAX_ADDRESSES: usize = 8;
/// Octets read from a policy host for one fetch: handshake, head, chunk framing and all.
const MAX_OCTETS: usize = 1024 * 1024;
/// What is offered in ALPN.
const ALPN: &[&[u8]] = &[b"http/1.1"];

/// Whether a policy host may be on an address of our own network (D-11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AllowPrivate {
    /// Loopback, private, link-local and other special addresses are refused.
    No,
    /// Any address will do.
    Yes,
}

/// How policies are fetched.
#[derive(Debug, Clone)]
pub struct Options {
    /// The whole time a fetch may take, DNS included (STS-3.3-10 suggests 60 s).
    pub timeout: Duration,
    /// Whether special addresses are connected to.
    pub allow_private: AllowPrivate,
    /// The port: 443, save in test set-ups.
    pub port: u16,
    /// The `User-Agent` sent.
    pub user_agent: String,
}

/// Why there is no fetcher.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It cannot stand in a header.
    #[error("the user agent {0:?} cannot be sent in an HTTP header; use printable ASCII")]
    UserAgent(String),
}

/// Fetches policies. Clones share everything; nothing is kept between two fetches.
#[derive(Clone)]
pub struct Fetcher {
    tls: ClientTls,
    options: Arc<Options>,
    user_agent: HeaderValue,
}

/// The policy host of a domain (STS-3.2-1), `None` when the name grows too long.
#[must_use]
pub fn host(domain: &Domain) -> Option<Domain> {
    domain.child(LABEL)
}

impl Fetcher {
    /// A fetcher that trusts what `tls` trusts.
    ///
    /// # Errors
    /// The user agent cannot be sent.
    pub fn new(tls: ClientTls, options: Options) -> Result<Self, Error> {
        let user_agent =
            HeaderValue::from_str(&options.user_agent).map_err(|_| Error::UserAgent(options.user_agent.clone()))?;
        Ok(Self { tls, options: Arc::new(options), user_agent })
    }

    /// When a fetch that begins now must be done. Take it before asking DNS: its time counts too.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        Instant::now() + self.options.timeout
    }

    /// Where policy hosts listen.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.options.port
    }

    /// Why this address is not connected to, in a word (D-11); `None`: it may be. Sessions with MX hosts that a stranger's DNS
    /// names are held to the same.
    #[must_use]
    pub fn refuses(&self, address: IpAddr) -> Option<&'static str> {
        match self.options.allow_private {
            AllowPrivate::Yes => None,
            AllowPrivate::No => address::special(address),
        }
    }

    /// Fetches the policy of `domain`, whose policy host ([`host`]) has these addresses, and tells how it went.
    pub async fn policy(&self, domain: &Domain, addresses: &AddrSeen, deadline: Instant) -> (FetchSeen, FetchTrace) {
        let mut course = Course { trace: FetchTrace::default(), phase: FetchPhase::Connect };
        let outcome = timeout_at(deadline, self.run(domain, addresses, &mut course)).await;
        let seen = match outcome {
            Ok(Ok(body)) => FetchSeen::Body(body),
            Ok(Err(failure)) => FetchSeen::Failed(failure),
            Err(_) => FetchSeen::Failed(FetchFailure::Timeout { phase: course.phase }),
        };
        let mut trace = course.trace;
        let left = deadline.saturating_duration_since(Instant::now());
        trace.elapsed_ms = self.options.timeout.saturating_sub(left).as_millis().try_into().unwrap_or(u64::MAX);
        (seen, trace)
    }

    async fn run(&self, domain: &Domain, addresses: &AddrSeen, course: &mut Course) -> Result<Box<[u8]>, FetchFailure> {
        let Some(host) = host(domain) else {
            return Err(FetchFailure::NoAddress);
        };
        host.as_str().clone_into(&mut course.trace.host);
        let targets = self.targets(addresses, self.options.port, &mut course.trace.tried)?;
        let connected = race::connect(targets, &mut course.trace.tried).await;
        let (stream, address) = connected.map_err(|detail| FetchFailure::Connect { detail })?;
        course.trace.connected = Some(address);
        self.over_tls(stream, &host, course).await
    }

    async fn over_tls(&self, stream: TcpStream, host: &Domain, course: &mut Course) -> Result<Box<[u8]>, FetchFailure> {
        course.phase = FetchPhase::Tls;
        // STS-3.3-1, STS-3.3-2, STS-7.1-2
        let session = self.tls.connect(Limited::new(stream, MAX_OCTETS), host, ALPN).await.map_err(|failed| {
            course.trace.chain = failed.chain();
            match failed.failure {
                TlsFailure::Certificate(fault) => FetchFailure::Certificate(fault),
                TlsFailure::Other(detail) => FetchFailure::Tls { detail },
            }
        })?;
        course.trace.tls_version = Some(session.version.to_owned());
        course.trace.chain = session.chain();
        course.phase = FetchPhase::Headers;
        let request = self.request(host, self.options.port, Request::Get(PATH))?;
        let body = http::exchange(session.stream, request, course).await?;
        if body.len() > MAX_BODY { Err(FetchFailure::TooLarge) } else { Ok(body.into()) }
    }

    fn request(
        &self,
        host: &Domain,
        port: u16,
        request: Request<'_>,
    ) -> Result<hyper::Request<Full<Bytes>>, FetchFailure> {
        let authority = match port {
            443 => host.as_str().to_owned(),
            port => format!("{host}:{port}"),
        };
        let (builder, body) = match request {
            Request::Get(path) => (hyper::Request::get(path).header(ACCEPT, "text/plain"), Bytes::new()),
            Request::Head(path) => (hyper::Request::head(path), Bytes::new()),
            Request::Post { path, media, body } => (hyper::Request::post(path).header(CONTENT_TYPE, media), body),
        };
        builder
            .header(HOST, authority)
            .header(USER_AGENT, &self.user_agent)
            .header(CONNECTION, "close")
            .body(Full::new(body))
            .map_err(|error| FetchFailure::Http { detail: error.to_string().into() })
    }

    /// The addresses to try, in order. Refused ones are noted as tried (D-11).
    fn targets(&self, seen: &AddrSeen, port: u16, tried: &mut Vec<Tried>) -> Result<Vec<SocketAddr>, FetchFailure> {
        let v6: Vec<IpAddr> = found(&seen.aaaa).iter().copied().take(MAX_ADDRESSES).map(IpAddr::from).collect();
        let v4: Vec<IpAddr> = found(&seen.a).iter().copied().take(MAX_ADDRESSES).map(IpAddr::from).collect();
        if v6.is_empty() && v4.is_empty() {
            return Err(no_address(seen));
        }
        let mut refused = Vec::new();
        let mut allowed = |addresses: Vec<IpAddr>| -> Vec<SocketAddr> {
            let mut kept = Vec::with_capacity(addresses.len());
            for ip in addresses {
                let address = SocketAddr::new(ip, port);
                match address::special(ip) {
                    Some(why) if self.options.allow_private == AllowPrivate::No => {
                        refused.push(ip);
                        tried.push(Tried { address, error: Some(format!("not connected to: {why} address")) });
                    }
                    _ => kept.push(address),
                }
            }
            kept
        };
        let order = race::in_turn(allowed(v6), allowed(v4));
        if order.is_empty() { Err(FetchFailure::AddressRefused { addresses: refused }) } else { Ok(order) }
    }
}

fn found<T>(seen: &Seen<Vec<T>>) -> &[T] {
    match seen {
        Seen::Found { data, .. } => data,
        _ => &[],
    }
}

/// Why there is no address: a failed question is told before an empty answer.
fn no_address(seen: &AddrSeen) -> FetchFailure {
    match (&seen.aaaa, &seen.a) {
        (_, Seen::Failed(failure)) | (Seen::Failed(failure), _) => FetchFailure::Dns(failure.clone()),
        _ => FetchFailure::NoAddress,
    }
}
