//! A look at an MX host: does it offer STARTTLS, and does its certificate hold? No mail is sent (D-31).
//!
//! RFC 5321 §4.1, §4.2; RFC 3207; RFC 8461 §4.2, §7.1 (SNI and judged name: the MX host name, A-8). The session is EHLO,
//! STARTTLS, the handshake, EHLO, QUIT. What happens before TLS can be tried says nothing about TLS and is told as
//! unreachable (DANE-A7). Whatever happens, leave is taken with QUIT as long as there is somebody to say it to; in the middle of a
//! handshake nobody could hear it, and the alerts of TLS say it instead.
//!
//! - `dialogue`: commands and replies
//! - `course`: the way to STARTTLS, which all sessions share
//! - `recipient`: whether a host takes mail for a mailbox
mod course;
mod dialogue;
mod recipient;

use std::net::SocketAddr;
use std::time::Duration;

use strictmx_engine::check::observations::{Session, Trial, TrialResult, Way};
use strictmx_engine::fact::{CertSeen, TlsOutcome, TlsSeen};
use strictmx_proto::name::Domain;
use tokio::time::timeout_at;

use self::course::{Course, Look, Plain};
pub use self::recipient::recipient;
use crate::tls::{ClientTls, TlsFailure};

/// How long a session may take.
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

/// Makes a session with `host` at `address` up to STARTTLS and its handshake, and takes leave. The certificate's faults are
/// noted, not enforced. `helo` is our own name, or an address literal.
pub async fn session(host: &Domain, address: SocketAddr, helo: &str, tls: &ClientTls, limits: Limits) -> Session {
    look(host, address, helo, tls, limits).await.0.session
}

/// The same session as one fact of delivery: what it showed of TLS.
pub async fn probe(host: &Domain, address: SocketAddr, helo: &str, tls: &ClientTls, limits: Limits) -> TlsSeen {
    let (Look { session, local }, refused) = look(host, address, helo, tls, limits).await;
    let (tls_version, chain) = match session.tls {
        Some(made) => (Some(made.version), made.chain.into_iter().map(|cert| cert.shown).collect()),
        None => (None, refused),
    };
    TlsSeen {
        host: host.as_str().to_owned(),
        address: Some(address),
        local,
        helo: session.helo,
        outcome: session.outcome,
        tls_version,
        chain,
    }
}

/// Tries the handshake that follows STARTTLS in another way than the usual one, and takes leave. What stops the session before
/// TLS makes the result unknown.
pub async fn trial(
    host: &Domain,
    address: SocketAddr,
    helo: &str,
    tls: &ClientTls,
    way: &Way,
    limits: Limits,
) -> Trial {
    let course = Course::new(helo, limits);
    let mut look = Look::new(address);
    let result = match course.until_starttls(address, &mut look).await {
        Ok(stream) => match timeout_at(course.until_next(), tls.trial(stream, host, way, &[])).await {
            Ok(mut tried) => {
                if let Some(stream) = tried.stream.take() {
                    course.take_leave(stream).await;
                }
                tried.result()
            }
            Err(_) => TrialResult::Unknown(String::from("the TLS handshake took too long")),
        },
        Err(outcome) => TrialResult::Unknown(course::words(outcome)),
    };
    Trial { way: way.clone(), result }
}

/// A whole session, and the chain of a handshake that failed.
async fn look(
    host: &Domain,
    address: SocketAddr,
    helo: &str,
    tls: &ClientTls,
    limits: Limits,
) -> (Look, Vec<CertSeen>) {
    let course = Course::new(helo, limits);
    let (mut look, mut refused) = (Look::new(address), Vec::new());
    look.session.outcome = match course.until_starttls(address, &mut look).await {
        Ok(stream) => over_tls(&course, stream, host, tls, &mut look.session, &mut refused).await,
        Err(outcome) => outcome,
    };
    look.session.timing.done = course.milliseconds();
    (look, refused)
}

/// R3207-4-2: the handshake is what follows the 220, nothing else.
async fn over_tls(
    course: &Course,
    stream: Plain,
    host: &Domain,
    tls: &ClientTls,
    session: &mut Session,
    refused: &mut Vec<CertSeen>,
) -> TlsOutcome {
    // STS-4.2-1 … STS-4.2-3, STS-7.1-3
    let encrypted = match timeout_at(course.until_next(), tls.connect_observing(stream, host, &[])).await {
        Ok(Ok(encrypted)) => encrypted,
        Ok(Err(failed)) => {
            *refused = failed.chain();
            return match failed.failure {
                TlsFailure::Certificate(fault) => TlsOutcome::Certificate(fault),
                TlsFailure::Other(detail) => TlsOutcome::Handshake { detail: detail.into() },
            };
        }
        Err(_) => {
            return TlsOutcome::Handshake { detail: String::from("the TLS handshake took too long") };
        }
    };
    session.timing.encrypted = course.milliseconds();
    session.tls = Some(encrypted.made());
    course.take_leave(encrypted.stream).await;
    encrypted.fault.map_or(TlsOutcome::Verified, TlsOutcome::Certificate)
}
