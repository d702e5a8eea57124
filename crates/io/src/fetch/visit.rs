//! One look at one address of an HTTPS host: whatever it shows is noted, nothing is enforced and nothing followed.
//!
//! The checks judge what comes of it; here are only the bounds, which are those of a policy fetch (STS-3.3-10).
use std::net::SocketAddr;

use bytes::Bytes;
use hyper::Response;
use hyper::body::Incoming;
use strictmx_engine::check::observations::{Octets, Timing, Trial, TrialResult, Visit, Way};
use strictmx_engine::fact::{FetchFailure, FetchPhase};
use strictmx_proto::name::Domain;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::http::{self, MAX_BODY, MAX_FIELDS, Taking};
use super::{ALPN, Fetcher, MAX_OCTETS, race};
use crate::tls::{Limited, TlsFailure};

/// What is asked.
#[derive(Debug, Clone)]
pub enum Request<'a> {
    /// The text at this path.
    Get(&'a str),
    /// Only the head of what is at this path.
    Head(&'a str),
    /// This body, to this path.
    Post {
        /// Where to.
        path: &'a str,
        /// Its media type.
        media: &'a str,
        /// The body.
        body: Bytes,
    },
}

/// A visit under way.
struct Look {
    visit: Visit,
    phase: FetchPhase,
    begun: Instant,
}

impl Look {
    fn milliseconds(&self) -> Option<u32> {
        Some(u32::try_from(self.begun.elapsed().as_millis()).unwrap_or(u32::MAX))
    }
}

impl Taking for Look {
    fn head(&mut self, response: &Response<Incoming>) -> Result<(), FetchFailure> {
        self.phase = FetchPhase::Body;
        self.visit.status = Some(response.status().as_u16());
        let fields = response.headers().iter().take(MAX_FIELDS);
        self.visit.headers = fields.map(|(name, value)| (name.as_str().to_owned(), http::clean(value))).collect();
        Ok(())
    }

    fn read(&mut self, _octets: usize) {}
}

impl Fetcher {
    /// Makes one `request` of `host` at exactly this address and tells what came of it. A body that is too large is cut, and
    /// [`FetchFailure::TooLarge`]. Special addresses are refused as for policies (D-11). Nothing goes on past `deadline`.
    pub async fn visit(&self, host: &Domain, address: SocketAddr, request: Request<'_>, deadline: Instant) -> Visit {
        let visit = Visit {
            address,
            stopped: None,
            tls: None,
            status: None,
            headers: Vec::new(),
            body: None,
            timing: Timing::default(),
        };
        let mut look = Look { visit, phase: FetchPhase::Connect, begun: Instant::now() };
        let outcome = timeout_at(deadline, self.look(host, address, request, &mut look)).await;
        look.visit.stopped = match outcome {
            Ok(Ok(body)) => {
                look.visit.timing.done = look.milliseconds();
                let too_large = body.len() > MAX_BODY;
                look.visit.body = Some(Octets(body.into()));
                too_large.then_some(FetchFailure::TooLarge)
            }
            Ok(Err(failure)) => Some(failure),
            Err(_) => Some(FetchFailure::Timeout { phase: look.phase }),
        };
        look.visit
    }

    async fn look(
        &self,
        host: &Domain,
        address: SocketAddr,
        request: Request<'_>,
        look: &mut Look,
    ) -> Result<Vec<u8>, FetchFailure> {
        let request = self.request(host, address.port(), request)?;
        let stream = self.reach(address).await?;
        look.visit.timing.connected = look.milliseconds();
        look.phase = FetchPhase::Tls;
        let session = self.tls.connect_observing(stream, host, ALPN).await.map_err(|failed| match failed.failure {
            TlsFailure::Certificate(fault) => FetchFailure::Certificate(fault),
            TlsFailure::Other(detail) => FetchFailure::Tls { detail },
        })?;
        look.visit.timing.encrypted = look.milliseconds();
        look.visit.tls = Some(session.made());
        look.phase = FetchPhase::Headers;
        http::exchange(session.stream, request, look).await
    }

    /// Shakes hands with `host` at exactly this address in another way than the usual one, and asks nothing.
    pub async fn trial(&self, host: &Domain, address: SocketAddr, way: &Way, deadline: Instant) -> Trial {
        let result = match timeout_at(deadline, self.reach(address)).await {
            Ok(Ok(stream)) => match timeout_at(deadline, self.tls.trial(stream, host, way, ALPN)).await {
                Ok(tried) => tried.result(),
                Err(_) => TrialResult::Unknown(format!("{address} did not finish the TLS handshake in time")),
            },
            Ok(Err(failure)) => TrialResult::Unknown(failure.to_string()),
            Err(_) => TrialResult::Unknown(format!("no connection to {address} in time")),
        };
        Trial { way: way.clone(), result }
    }

    async fn reach(&self, address: SocketAddr) -> Result<Limited<TcpStream>, FetchFailure> {
        if self.refuses(address.ip()).is_some() {
            return Err(FetchFailure::AddressRefused { addresses: vec![address.ip()] });
        }
        let (_, connected) = race::attempt(address).await;
        let stream =
            connected.map_err(|error| FetchFailure::Connect { detail: format!("{address}: {error}").into() })?;
        Ok(Limited::new(stream, MAX_OCTETS))
    }
}
