//! TLS as a client: TLS 1.2 and 1.3, SNI always, DNS-ID only, certificates enforced or merely observed.
//!
//! RFC 8461 §3.3, §4.2, §7; RFC 9325; RFC 9525. An enforcing handshake ends with an alert when the certificate does not
//! hold. An observing one goes on and says what is wrong, which is what a probe of an MX host is for (D-31). Both hand out
//! the chain as seen, also after a failure, so that people can be shown the certificate that was refused.
//!
//! One configuration serves every connection; nothing is kept between them (no resumption), so nothing grows.
mod chain;
mod limited;
mod roots;
mod verify;

use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs;
use rustls::version::{TLS12, TLS13};
use rustls::{AlertDescription, ClientConfig, ProtocolVersion};
use rustls_pki_types::{CertificateDer, ServerName};
use strictmx_engine::fact::{CertFault, CertSeen};
use strictmx_proto::name::Domain;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub use self::limited::Limited;
pub use self::roots::{Notice, Roots};
use self::verify::{Conduct, Trust, Witness};

/// Why no TLS client can be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The cryptography does not fit together.
    #[error("cannot set up TLS: {0}; this build of strictmx is broken")]
    Setup(String),
}

/// A TLS client. Clones share everything.
#[derive(Clone)]
pub struct ClientTls {
    config: Arc<ClientConfig>,
    trust: Arc<Trust>,
}

/// A session whose handshake is done.
#[derive(Debug)]
pub struct Session<S> {
    /// The stream, decrypted.
    pub stream: TlsStream<S>,
    /// Negotiated version: `TLSv1.2` or `TLSv1.3`.
    pub version: &'static str,
    /// What is wrong with the certificate. Always `None` after an enforcing handshake.
    pub fault: Option<CertFault>,
    chain: Vec<CertificateDer<'static>>,
}

impl<S> Session<S> {
    /// The chain the peer sent, leaf first, at most ten certificates of it.
    #[must_use]
    pub fn chain(&self) -> Vec<CertSeen> {
        chain::seen(&self.chain)
    }
}

/// Why there is no session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsFailure {
    /// The certificate does not hold.
    Certificate(CertFault),
    /// Anything else, in words.
    Other(Box<str>),
}

/// A failed handshake, and the chain as far as it was seen.
#[derive(Debug)]
pub struct Failed {
    /// Why.
    pub failure: TlsFailure,
    chain: Vec<CertificateDer<'static>>,
}

impl Failed {
    /// The chain the peer sent, leaf first, at most ten certificates of it; empty when it came to none.
    #[must_use]
    pub fn chain(&self) -> Vec<CertSeen> {
        chain::seen(&self.chain)
    }

    fn other(detail: impl Into<Box<str>>) -> Self {
        Self { failure: TlsFailure::Other(detail.into()), chain: Vec::new() }
    }
}

impl ClientTls {
    /// A client that trusts the system's roots and these PEM files besides. Unreadable roots, and having none at all, are
    /// notices: what works goes on working, and every certificate is refused when nothing is trusted.
    ///
    /// # Errors
    /// The cryptography cannot be set up.
    pub fn new(extra_roots_pem: &[(std::path::PathBuf, Vec<u8>)]) -> Result<(Self, Vec<Notice>), Error> {
        let mut roots = Roots::system();
        for (file, pem) in extra_roots_pem {
            roots.add_pem(file, pem);
        }
        Self::with_roots(roots)
    }

    /// A client that trusts exactly these roots.
    ///
    /// # Errors
    /// The cryptography cannot be set up.
    pub fn with_roots(roots: Roots) -> Result<(Self, Vec<Notice>), Error> {
        let setup = |error: &dyn std::fmt::Display| Error::Setup(error.to_string());
        let provider = Arc::new(aws_lc_rs::default_provider());
        let (store, notices) = roots.finish();
        let trust = Arc::new(Trust::new(store, &provider).map_err(|error| setup(&error))?);
        let mut config = ClientConfig::builder_with_provider(provider)
            // STS-7.2-1, R9325-3.1.1-1, R9325-3.1.1-2; and one handshake, never a second with less (R9325-3.1.3-1).
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(|error| setup(&error))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Witness::new(Arc::clone(&trust), Conduct::Enforce)))
            .with_no_client_auth();
        config.resumption = Resumption::disabled();
        Ok((Self { config: Arc::new(config), trust }, notices))
    }

    /// Shakes hands with `name` (SNI and DNS-ID), and ends with an alert unless the certificate holds (R9525-6.6-1).
    ///
    /// # Errors
    /// The certificate's fault, or what else stopped the handshake. There is no time limit in here.
    pub async fn connect<S>(&self, stream: S, name: &Domain, alpn: &[&[u8]]) -> Result<Session<S>, Failed>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        self.shake_hands(stream, name, alpn, Conduct::Enforce).await
    }

    /// Shakes hands with `name` whatever its certificate; [`Session::fault`] says what is wrong with it.
    ///
    /// # Errors
    /// What stopped the handshake; never the certificate. There is no time limit in here.
    pub async fn connect_observing<S>(&self, stream: S, name: &Domain, alpn: &[&[u8]]) -> Result<Session<S>, Failed>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        self.shake_hands(stream, name, alpn, Conduct::Observe).await
    }

    async fn shake_hands<S>(
        &self,
        stream: S,
        name: &Domain,
        alpn: &[&[u8]],
        conduct: Conduct,
    ) -> Result<Session<S>, Failed>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        // STS-7.1-1: SNI. The name is ours, from the policy domain or the MX record, never the peer's or a CNAME's
        // (R9525-6.1.1-1, R9525-6.1.1-2), and is compared as a DNS name alone (R9525-6.2-1).
        let server_name = ServerName::try_from(name.as_str().to_owned())
            .map_err(|_| Failed::other(format!("{name} cannot be asked for in TLS")))?;
        let witness = Arc::new(Witness::new(Arc::clone(&self.trust), conduct));
        let mut config = ClientConfig::clone(&self.config);
        config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
        config.dangerous().set_certificate_verifier(Arc::clone(&witness) as _);
        let outcome = TlsConnector::from(Arc::new(config)).connect(server_name, stream).await;
        let (chain, fault) = witness.statement();
        match (outcome, fault) {
            (Ok(stream), fault) => {
                let version = version_name(stream.get_ref().1.protocol_version());
                Ok(Session { stream, version, fault, chain })
            }
            (Err(_), Some(fault)) if conduct == Conduct::Enforce => {
                Err(Failed { failure: TlsFailure::Certificate(fault), chain })
            }
            (Err(error), _) => Err(Failed { failure: TlsFailure::Other(describe(&error).into()), chain }),
        }
    }
}

const fn version_name(version: Option<ProtocolVersion>) -> &'static str {
    match version {
        Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
        Some(ProtocolVersion::TLSv1_2) => "TLSv1.2",
        _ => "unknown",
    }
}

/// What broke a handshake, in words for people.
fn describe(error: &std::io::Error) -> String {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(
            tls @ (rustls::Error::PeerIncompatible(_)
            | rustls::Error::AlertReceived(
                AlertDescription::ProtocolVersion
                | AlertDescription::HandshakeFailure
                | AlertDescription::InsufficientSecurity,
            )),
        ) => format!("no TLS version (1.2 or 1.3 is needed) or cipher in common with the peer: {tls}"),
        Some(tls @ rustls::Error::InvalidMessage(_)) => {
            format!("the peer does not speak TLS: {tls}")
        }
        Some(tls) => tls.to_string(),
        None if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            String::from("the peer closed the connection during the TLS handshake")
        }
        None => error.to_string(),
    }
}
