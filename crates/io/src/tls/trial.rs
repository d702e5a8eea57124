//! Handshakes in another way than the usual one: what a host shows to senders that send no server name, or another one, and
//! which protocol versions and ciphers it takes.
//!
//! A trial observes and enforces nothing. Whatever server name is sent, the certificate is judged for the host, since that is
//! the name senders compare. What rustls does not speak is left to OpenSSL, where this build has it (feature `legacy-tls`), and what
//! OpenSSL does not speak either to a hello of our own.
use strictmx_engine::check::observations::{TrialResult, Way};
use strictmx_proto::name::Domain;

use super::hello::{self, Words};
use super::tickets::{self, Tickets};
use super::tried::{Duplex, Tried};
use super::verify::Conduct;
use super::{ClientTls, Manner};

/// Why this build cannot make a trial in this way, which is known before anybody is connected to; `None`: it can.
#[must_use]
pub fn untriable(way: &Way) -> Option<TrialResult> {
    let is_old = match way {
        Way::NoSni | Way::Sni(_) | Way::Hello | Way::EarlyData => false,
        Way::Version(version) => !matches!(version.as_str(), "SSLv2" | "SSLv3" | "TLSv1.2" | "TLSv1.3"),
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
            Way::Version(version) => match version.as_str() {
                "SSLv2" => return hello::trial(stream, host, Words::Ssl2).await.into(),
                "SSLv3" => return hello::trial(stream, host, Words::Ssl3).await.into(),
                "TLSv1.2" => Manner { config: &self.configs.only12, ..usual },
                "TLSv1.3" => Manner { config: &self.configs.only13, ..usual },
                _ => return self.old(stream, host, way).await,
            },
            Way::Ciphers(_) => return self.old(stream, host, way).await,
            Way::Hello => return hello::trial(stream, host, Words::Tls12).await.into(),
            Way::EarlyData => return self.early_data(stream, usual).await,
        };
        match self.shake_hands(stream, manner).await {
            Ok(session) => {
                let result = TrialResult::Made(session.made());
                Tried::made(result, Box::new(session.stream))
            }
            Err(failed) => TrialResult::Refused(failed.words()).into(),
        }
    }

    /// Shakes hands in TLS 1.3 and keeps the tickets that come after it.
    async fn early_data<S: Duplex + 'static>(&self, stream: S, usual: Manner<'_>) -> Tried {
        let config = tickets::keeping(&self.configs.only13);
        let prepared = match self.prepare(Manner { config: &config, ..usual }) {
            Ok(prepared) => prepared,
            Err(failed) => return TrialResult::Unknown(failed.words()).into(),
        };
        let tickets = Tickets::of(&prepared);
        match prepared.shake_hands(stream).await {
            Ok(session) => {
                let result = TrialResult::Made(session.made());
                Tried::made(result, Box::new(session.stream)).awaiting(tickets)
            }
            Err(failed) => TrialResult::Refused(failed.words()).into(),
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
