//! The question of the resolver's self-test: the SOA record of a name, the root included.
//!
//! Every zone has one, and a name that is no zone a signed denial of it: either shows whether signatures were checked.
use domain::base::Rtype;
use domain::base::iana::Rcode;
use strictmx_engine::fact::{Dnssec, Seen};
use strictmx_proto::name::Domain;

use super::{Dns, Judge, query::Query};

impl Dns {
    /// Asks for the SOA record of `owner`, `None` being the root, and tells whether the resolver vouches for the answer. TTLs are
    /// not read. Meant for resolvers whose AD bit is believed.
    pub async fn soa(&self, owner: Option<&Domain>) -> Seen<()> {
        let name = owner.map_or(".", Domain::as_str);
        let query = match Query::named(name, Rtype::SOA, self.edns()) {
            Ok(query) => query,
            Err(failure) => return Seen::Failed(failure),
        };
        let reply = match self.transport.exchange(query).await {
            Ok(reply) => reply,
            Err(failure) => return Seen::Failed(failure),
        };
        let vouched = matches!(self.judge, Judge::Resolver) && reply.header().ad();
        let dnssec = if vouched { Dnssec::Secure } else { Dnssec::Insecure };
        match (reply.header().rcode(), reply.header_counts().ancount()) {
            (Rcode::NXDOMAIN, _) => Seen::NxDomain { dnssec, ttl: 0 },
            (_, 0) => Seen::NoData { dnssec, ttl: 0 },
            _ => Seen::Found { data: (), aliases: Vec::new(), dnssec, ttl: 0 },
        }
    }
}
