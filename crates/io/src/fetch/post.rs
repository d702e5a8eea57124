//! Posting a report to a stranger's HTTPS endpoint (TLSRPT-5.4-1), within the bounds of a policy fetch.
//!
//! The addresses are held to the same rule as those of policy hosts (D-11): whoever publishes a TLSRPT record must not be able to
//! make us post into our own network. The certificate is enforced before the first octet of the report leaves, unless the
//! operator lets any certificate pass (TLSRPT-3-5). Redirects are told, not followed.
use bytes::Bytes;
use hyper::Response;
use hyper::body::Incoming;
use hyper::header::LOCATION;
use strictmx_engine::fact::{AddrSeen, FetchFailure, FetchPhase};
use strictmx_proto::name::Domain;
use tokio::time::{Instant, timeout_at};

use super::http::{self, Taking};
use super::{ALPN, Fetcher, MAX_OCTETS, Request, race};
use crate::tls::{Limited, TlsFailure};

/// Characters of a response's body that are kept.
const MAX_SAID: usize = 300;

/// Whether a certificate must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certificates {
    /// It must.
    Valid,
    /// Any will do (TLSRPT-3-5).
    Any,
}

/// Where something is posted to.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The host.
    pub host: &'a Domain,
    /// The port.
    pub port: u16,
    /// Path and query.
    pub path: &'a str,
    /// Whether its certificate must hold.
    pub certificates: Certificates,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// Where a redirect leads, as written.
    pub location: Option<String>,
    /// The beginning of the body, made fit to be shown.
    pub text: String,
}

/// A response being taken.
struct Course {
    phase: FetchPhase,
    status: u16,
    location: Option<String>,
}

impl Taking for Course {
    fn head(&mut self, response: &Response<Incoming>) -> Result<(), FetchFailure> {
        self.phase = FetchPhase::Body;
        self.status = response.status().as_u16();
        self.location = response.headers().get(LOCATION).map(http::clean);
        Ok(())
    }

    fn read(&mut self, _octets: usize) {}
}

impl Fetcher {
    /// Posts `body` to `target`, whose host has these addresses, and tells what came back.
    ///
    /// # Errors
    /// What stopped it. It may have arrived all the same, when it stopped after the connection stood.
    pub async fn post(
        &self,
        target: Target<'_>,
        addresses: &AddrSeen,
        media: &str,
        body: Bytes,
        deadline: Instant,
    ) -> Result<Answered, FetchFailure> {
        let mut course = Course { phase: FetchPhase::Connect, status: 0, location: None };
        let posted = timeout_at(deadline, self.posted(target, addresses, media, body, &mut course)).await;
        match posted {
            Ok(Ok(text)) => Ok(Answered { status: course.status, location: course.location, text: said(&text) }),
            // A response that breaks off behind its head has said what counts.
            Ok(Err(_)) | Err(_) if course.phase == FetchPhase::Body => {
                Ok(Answered { status: course.status, location: course.location, text: String::new() })
            }
            Ok(Err(failure)) => Err(failure),
            Err(_) => Err(FetchFailure::Timeout { phase: course.phase }),
        }
    }

    async fn posted(
        &self,
        target: Target<'_>,
        addresses: &AddrSeen,
        media: &str,
        body: Bytes,
        course: &mut Course,
    ) -> Result<Vec<u8>, FetchFailure> {
        let Target { host, port, path, certificates } = target;
        let request = self.request(host, port, Request::Post { path, media, body })?;
        let targets = self.targets(addresses, port, &mut Vec::new())?;
        let (stream, _) =
            race::connect(targets, &mut Vec::new()).await.map_err(|detail| FetchFailure::Connect { detail })?;
        course.phase = FetchPhase::Tls;
        let stream = Limited::new(stream, MAX_OCTETS);
        let session = match certificates {
            Certificates::Valid => self.tls.connect(stream, host, ALPN).await,
            Certificates::Any => self.tls.connect_observing(stream, host, ALPN).await,
        };
        let session = session.map_err(|failed| match failed.failure {
            TlsFailure::Certificate(fault) => FetchFailure::Certificate(fault),
            TlsFailure::Other(detail) => FetchFailure::Tls { detail },
        })?;
        course.phase = FetchPhase::Headers;
        http::exchange(session.stream, request, course).await
    }
}

/// One line of a response's body.
fn said(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let line = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_SAID).collect::<String>();
    line.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}
