//! The verdict on a certificate: webpki's, put into the words of RFC 8460.
//!
//! A [`Witness`] stands beside one handshake. It keeps the chain and the fault; whether a fault ends the handshake is its
//! conduct. Signatures over the handshake itself are always checked.
use std::sync::{Arc, OnceLock};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::server::VerifierBuilderError;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use strictmx_engine::fact::CertFault;

use super::chain::{MAX_SHOWN, is_self_issued};

/// What a fault does to the handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Conduct {
    /// It ends it.
    Enforce,
    /// It is noted.
    Observe,
}

/// The roots, ready to judge with.
#[derive(Debug)]
pub(super) struct Trust {
    /// Builds and judges chains to the roots (STS-4.2-2). `None`: nothing is trusted.
    verifier: Option<Arc<WebPkiServerVerifier>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Trust {
    pub(super) fn new(roots: RootCertStore, provider: &Arc<CryptoProvider>) -> Result<Self, VerifierBuilderError> {
        let verifier = if roots.is_empty() {
            None
        } else {
            Some(WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build()?)
        };
        Ok(Self { verifier, algorithms: provider.signature_verification_algorithms })
    }

    /// What is wrong with this chain for `name`.
    fn judge(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match &self.verifier {
            Some(verifier) => verifier.verify_server_cert(leaf, intermediates, name, &[], now),
            None => Err(CertificateError::UnknownIssuer.into()),
        }
    }
}

/// Sees one handshake.
#[derive(Debug)]
pub(super) struct Witness {
    trust: Arc<Trust>,
    /// The name judged by, where it is not to be the one sent as SNI.
    name: Option<ServerName<'static>>,
    conduct: Conduct,
    seen: OnceLock<Statement>,
}

/// The chain, and what is wrong with it.
type Statement = (Vec<CertificateDer<'static>>, Option<CertFault>);

impl Witness {
    pub(super) const fn new(trust: Arc<Trust>, name: Option<ServerName<'static>>, conduct: Conduct) -> Self {
        Self { trust, name, conduct, seen: OnceLock::new() }
    }

    /// What was seen; nothing when it did not come to a certificate.
    pub(super) fn statement(&self) -> Statement {
        self.seen.get().cloned().unwrap_or_default()
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verdict = self.trust.judge(leaf, intermediates, self.name.as_ref().unwrap_or(name), now);
        let fault = verdict.as_ref().err().map(|error| fault(error, leaf));
        let shown = std::iter::once(leaf).chain(intermediates).take(MAX_SHOWN);
        // One handshake asks once; were it to ask twice, the first chain would be the one that counts.
        let _first = self.seen.get_or_init(|| (shown.map(|der| der.clone().into_owned()).collect(), fault));
        match self.conduct {
            Conduct::Enforce => verdict,
            Conduct::Observe => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.trust.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.trust.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.trust.algorithms.supported_schemes()
    }
}

/// The fault behind a verifier's error. A self-signed leaf that names a trusted authority as its issuer fails by its
/// signature, not by its issuer; one that is marked as an authority itself fails by that mark. Both are untrusted.
fn fault(error: &Error, leaf: &CertificateDer<'_>) -> CertFault {
    let Error::InvalidCertificate(error) = error else {
        return CertFault::Other { detail: error.to_string().into() };
    };
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => CertFault::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => CertFault::NotYetValid,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => CertFault::NameMismatch,
        CertificateError::UnknownIssuer | CertificateError::BadSignature => CertFault::UntrustedIssuer,
        CertificateError::Other(_) if is_self_issued(leaf) => CertFault::UntrustedIssuer,
        other => CertFault::Other { detail: other.to_string().into() },
    }
}
