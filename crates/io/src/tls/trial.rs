//! Handshakes in another way than the usual one: what a host shows to senders that send no server name, or another one, and
//! which protocol versions and ciphers it takes.
//!
//! A trial observes and enforces nothing. Whatever server name is sent, the certificate is judged for the host, since that is
//! the name senders compare. What rustls does not speak is left to OpenSSL, where this build has it (feature `legacy-tls`).
use strictmx_engine::check::observations::{TrialResult, Way};
use strictmx_proto::name::Domain;

use super::tried::{Duplex, Tried};
use super::verify::Conduct;
use super::{ClientTls, Failed, Manner, TlsFailure};

/// Why this build cannot make a trial in this way, which is known before anybody is connected to; `None`: it can.
#[must_use]
pub fn untriable(way: &Way) -> Option<TrialResult> {
    let is_old = match way {
        Way::NoSni | Way::Sni(_) => false,
        Way::Version(version) => !matches!(version.as_str(), "TLSv1.2" | "TLSv1.3"),
        Way::Ciphers(_) => true,
    };
    (is_old && cfg!(not(feature = "legacy-tls"))).then(without_openssl)
}

fn without_openssl() -> TrialResult {
    let why = "this build has no OpenSSL: build with the feature legacy-tls to try old versions and weak ciphers";
    TrialResult::Unknown(String::from(why))
}

impl ClientTls {
    /// Shakes hands with `host` in this way. There is no time limit in here.
    pub async fn trial<S>(&self, stream: S, host: &Domain, way: &Way, alpn: &[&[u8]]) -> Tried
    where
        S: Duplex + 'static,
    {
        let usual = self.usual(host, alpn, Conduct::Observe);
        let manner = match way {
            Way::NoSni => Manner { sni: None, ..usual },
            Way::Sni(other) => Manner { sni: Some(other), ..usual },
            Way::Version(version) if version == "TLSv1.2" => Manner { config: &self.configs.only12, ..usual },
            Way::Version(version) if version == "TLSv1.3" => Manner { config: &self.configs.only13, ..usual },
            Way::Version(_) | Way::Ciphers(_) => return self.old(stream, host, way).await,
        };
        match self.shake_hands(stream, manner).await {
            Ok(session) => {
                let result = TrialResult::Made(session.made());
                Tried { result, stream: Some(Box::new(session.stream)) }
            }
            Err(failed) => TrialResult::Refused(words(failed)).into(),
        }
    }

    #[cfg(feature = "legacy-tls")]
    async fn old<S: Duplex + 'static>(&self, stream: S, host: &Domain, way: &Way) -> Tried {
        super::legacy::trial(&self.trust, stream, host, way).await
    }

    #[cfg(not(feature = "legacy-tls"))]
    async fn old<S: Duplex + 'static>(&self, _stream: S, _host: &Domain, _way: &Way) -> Tried {
        without_openssl().into()
    }
}

fn words(failed: Failed) -> String {
    match failed.failure {
        TlsFailure::Certificate(fault) => fault.to_string(),
        TlsFailure::Other(detail) => detail.into(),
    }
}
