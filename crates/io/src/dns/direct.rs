//! One authoritative server, asked for what it says itself: no recursion, no DNSSEC judgement.
//!
//! RFC 1034 §4.3.1: what counts is an answer with AA set. A server that refuses, or answers without it, does not serve the
//! zone ("lame"), which is a failure of its own and no answer.
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::base::Message;
use strictmx_engine::fact::{CnameSeen, DnsFailure, DnsFailureKind, Dnssec, MxSeen, Seen, TxtSeen};
use strictmx_proto::name::Domain;
use tokio::time::timeout;

use super::query::{Edns, Query};
use super::record::{Answer, Target};
use super::transport::Transport;
use super::walk::{Read, Walk};
use super::{Dns, failure, one_alias};

/// One authoritative server. Clones share everything, and with the resolver they came from the bound on questions under way.
#[derive(Clone)]
pub struct Direct {
    transport: Arc<Transport>,
    server: SocketAddr,
    limit: Duration,
}

impl Dns {
    /// This server, to be asked without recursion.
    #[must_use]
    pub fn direct(&self, server: SocketAddr) -> Direct {
        Direct { transport: Arc::clone(&self.transport), server, limit: self.limit }
    }
}

impl Direct {
    /// TXT records, the strings of each joined. Where the server gives an alias without the target's records, these are an
    /// empty list behind that alias: following it leads to other servers.
    pub async fn txt(&self, owner: &Domain) -> TxtSeen {
        self.ask(owner).await
    }

    /// MX records; aliases as for [`Direct::txt`].
    pub async fn mx(&self, owner: &Domain) -> MxSeen {
        self.ask(owner).await
    }

    /// The name's own CNAME record.
    pub async fn cname(&self, owner: &Domain) -> CnameSeen {
        one_alias(self.ask::<Target>(owner).await)
    }

    async fn ask<T: Answer>(&self, owner: &Domain) -> Seen<Vec<T>> {
        match timeout(self.limit, self.read(owner)).await {
            Ok(outcome) => outcome.unwrap_or_else(Seen::Failed),
            Err(_) => {
                let detail = format!("{} did not answer for {owner} in time", self.server);
                Seen::Failed(failure(DnsFailureKind::Timeout, detail))
            }
        }
    }

    async fn read<T: Answer>(&self, owner: &Domain) -> Result<Seen<Vec<T>>, DnsFailure> {
        let query = Query::new(owner, T::TYPE, Edns::Authority)?;
        let reply = self.transport.exchange_with(self.server, query).await?;
        self.authoritative(&reply, owner)?;
        let mut walk = Walk::new(owner.clone());
        Ok(match walk.read(&reply, Dnssec::Insecure)? {
            Read::Done(seen) => seen,
            Read::AskOn => walk.found(Vec::new()),
        })
    }

    fn authoritative(&self, reply: &Message<Vec<u8>>, owner: &Domain) -> Result<(), DnsFailure> {
        if reply.header().aa() {
            return Ok(());
        }
        let counts = reply.header_counts();
        let what = if counts.ancount() == 0 && counts.nscount() > 0 {
            "it refers to other servers"
        } else {
            "its answer lacks the AA bit"
        };
        let detail = format!("{} is not authoritative for {owner}: {what}", self.server);
        Err(failure(DnsFailureKind::Refused, detail))
    }
}
