//! TLS as a client: TLS 1.2 and 1.3, SNI always, DNS-ID only, certificates enforced or merely observed.
//!
//! RFC 8461 §3.3, §4.2, §7; RFC 9325; RFC 9525. An enforcing handshake ends with an alert when the certificate does not
//! hold. An observing one goes on and says what is wrong, which is what a probe of an MX host is for (D-31). Both hand out
//! the chain as seen, also after a failure, so that people can be shown the certificate that was refused.
//!
//! Three configurations, made once, serve every connection: both versions, and each alone for trials. Nothing is kept
//! between connections (no resumption), so nothing grows.
//!
//! - `chain`: certificates in words
//! - `limited`: a stream that stops after so many octets
//! - `roots`: who is trusted
//! - `verify`: the verdict on a certificate
//! - `trial`: handshakes in another way than the usual one, `tried`: what they come to
//! - `tickets`: whether a session could be resumed with early data
//! - `hello`: those that end with the host's half, and those that rustls rightly has no part in
mod chain;
mod hello;
mod limited;
mod roots;
mod tickets;
mod trial;
mod tried;
mod verify;

use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs;
use rustls::version::{TLS12, TLS13};
use rustls::{AlertDescription, ClientConfig, ProtocolVersion, SupportedProtocolVersion};
use rustls_pki_types::{CertificateDer, ServerName};
use strictmx_engine::check::observations::TlsMade;
use strictmx_engine::fact::{CertFault, CertSeen};
use strictmx_proto::name::Domain;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub use self::limited::Limited;
pub use self::roots::{Notice, Roots};
pub use self::tried::{Duplex, Tried};
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
    configs: Arc<Configs>,
    trust: Arc<Trust>,
}

/// Configurations by the protocol versions they offer.
struct Configs {
    both: ClientConfig,
    only12: ClientConfig,
    only13: ClientConfig,
}

/// How to shake hands.
#[derive(Clone, Copy)]
struct Manner<'a> {
    config: &'a ClientConfig,
    /// The name the certificate is to be for.
    name: &'a Domain,
    /// The server name sent.
    sni: Option<&'a Domain>,
    alpn: &'a [&'a [u8]],
    conduct: Conduct,
}

/// All that a handshake takes but the stream.
struct Prepared {
    config: Arc<ClientConfig>,
    /// The name that stands for the host in SNI, and in the store of tickets.
    sent: ServerName<'static>,
    witness: Arc<Witness>,
    conduct: Conduct,
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
    cipher: &'static str,
    chain: Vec<CertificateDer<'static>>,
}

impl<S> Session<S> {
    /// The handshake with all that the checks need. Reads every certificate of the chain: call it once.
    #[must_use]
    pub fn made(&self) -> TlsMade {
        TlsMade {
            version: self.version.to_owned(),
            cipher: self.cipher.to_owned(),
            fault: self.fault.clone(),
            chain: chain::certs(&self.chain),
        }
    }

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

    /// Why, for people.
    fn words(self) -> String {
        match self.failure {
            TlsFailure::Certificate(fault) => fault.to_string(),
            TlsFailure::Other(detail) => detail.into(),
        }
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
        let config = |versions: &[&'static SupportedProtocolVersion]| {
            let judge = Arc::new(Witness::new(Arc::clone(&trust), None, Conduct::Enforce));
            let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
            let builder = builder.with_protocol_versions(versions).map_err(|error| setup(&error))?;
            let mut config = builder.dangerous().with_custom_certificate_verifier(judge).with_no_client_auth();
            config.resumption = Resumption::disabled();
            Ok(config)
        };
        let configs = Configs {
            // STS-7.2-1, R9325-3.1.1-1, R9325-3.1.1-2; and one handshake, never a second with less (R9325-3.1.3-1).
            both: config(&[&TLS13, &TLS12])?,
            only12: config(&[&TLS12])?,
            only13: config(&[&TLS13])?,
        };
        Ok((Self { configs: Arc::new(configs), trust }, notices))
    }

    /// Shakes hands with `name` (SNI and DNS-ID), and ends with an alert unless the certificate holds (R9525-6.6-1).
    ///
    /// # Errors
    /// The certificate's fault, or what else stopped the handshake. There is no time limit in here.
    pub async fn connect<S>(&self, stream: S, name: &Domain, alpn: &[&[u8]]) -> Result<Session<S>, Failed>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        self.shake_hands(stream, self.usual(name, alpn, Conduct::Enforce)).await
    }

    /// Shakes hands with `name` whatever its certificate; [`Session::fault`] says what is wrong with it.
    ///
    /// # Errors
    /// What stopped the handshake; never the certificate. There is no time limit in here.
    pub async fn connect_observing<S>(&self, stream: S, name: &Domain, alpn: &[&[u8]]) -> Result<Session<S>, Failed>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        self.shake_hands(stream, self.usual(name, alpn, Conduct::Observe)).await
    }

    /// STS-7.1-1: SNI. The name is ours, from the policy domain or the MX record, never the peer's or a CNAME's
    /// (R9525-6.1.1-1, R9525-6.1.1-2), and is compared as a DNS name alone (R9525-6.2-1).
    fn usual<'a>(&'a self, name: &'a Domain, alpn: &'a [&'a [u8]], conduct: Conduct) -> Manner<'a> {
        Manner { config: &self.configs.both, name, sni: Some(name), alpn, conduct }
    }

    async fn shake_hands<S>(&self, stream: S, manner: Manner<'_>) -> Result<Session<S>, Failed>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        self.prepare(manner)?.shake_hands(stream).await
    }

    fn prepare(&self, manner: Manner<'_>) -> Result<Prepared, Failed> {
        let judged = server_name(manner.name)?;
        let sent = manner.sni.map_or_else(|| Ok(judged.clone()), server_name)?;
        let witness = Arc::new(Witness::new(Arc::clone(&self.trust), Some(judged), manner.conduct));
        let mut config = manner.config.clone();
        config.enable_sni = manner.sni.is_some();
        config.alpn_protocols = manner.alpn.iter().map(|protocol| protocol.to_vec()).collect();
        config.dangerous().set_certificate_verifier(Arc::clone(&witness) as _);
        Ok(Prepared { config: Arc::new(config), sent, witness, conduct: manner.conduct })
    }
}

impl Prepared {
    async fn shake_hands<S>(self, stream: S) -> Result<Session<S>, Failed>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let outcome = TlsConnector::from(self.config).connect(self.sent, stream).await;
        let (chain, fault) = self.witness.statement();
        match (outcome, fault) {
            (Ok(stream), fault) => {
                let connection = stream.get_ref().1;
                let version = version_name(connection.protocol_version());
                let suite = connection.negotiated_cipher_suite();
                let cipher = suite.and_then(|suite| suite.suite().as_str()).unwrap_or_default();
                Ok(Session { stream, version, fault, cipher, chain })
            }
            (Err(_), Some(fault)) if self.conduct == Conduct::Enforce => {
                Err(Failed { failure: TlsFailure::Certificate(fault), chain })
            }
            (Err(error), _) => Err(Failed { failure: TlsFailure::Other(describe(&error).into()), chain }),
        }
    }
}

fn server_name(name: &Domain) -> Result<ServerName<'static>, Failed> {
    ServerName::try_from(name.as_str().to_owned())
        .map_err(|_| Failed::other(format!("{name} cannot be asked for in TLS")))
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
