//! Handshakes in another way than the usual one: what a host shows to senders that send no server name, or another one, and
//! which protocol versions and ciphers it takes.
//!
//! A trial observes and enforces nothing. Whatever server name is sent, the certificate is judged for the host, since that is
//! the name senders compare. What rustls rightly has no part in is left to a hello of our own, whose answer says what the host would
//! agree to. RFC 8996 and RFC 9325 §3.1, §4 say why it should refuse.
use strictmx_engine::check::observations::{TrialResult, Way};
use strictmx_proto::name::Domain;

use super::hello::{self, Words};
use super::tickets::{self, Tickets};
use super::tried::{Duplex, Tried};
use super::verify::Conduct;
use super::{ClientTls, Manner};

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
            Way::Version(version) => match (version.as_str(), Words::of_version(version)) {
                ("TLSv1.2", _) => Manner { config: &self.configs.only12, ..usual },
                ("TLSv1.3", _) => Manner { config: &self.configs.only13, ..usual },
                (_, Some(words)) => return hello::trial(stream, host, words).await.into(),
                (_, None) => return TrialResult::Unknown(format!("{version} is no version that can be tried")).into(),
            },
            Way::Ciphers(list) => match Words::of_kinds(list) {
                Ok(words) => return hello::trial(stream, host, words).await.into(),
                Err(word) => return TrialResult::Unknown(format!("{word} is no kind of weak cipher")).into(),
            },
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
}
