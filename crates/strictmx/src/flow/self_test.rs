//! The resolver's self-test: does its word on DNSSEC count (DANE-2.1.1-1)?
use strictmx_engine::trust::{self, Probe, Trust};
use strictmx_io::dns::Dns;
use strictmx_proto::name::Domain;

/// The names that tell whether a resolver validates.
#[derive(Debug, Clone)]
pub struct SelfTest {
    /// A name that is signed; `None`: the root.
    pub signed: Option<Domain>,
    /// A name whose signatures are wrong on purpose; `None`: the root.
    pub bogus: Option<Domain>,
}

impl SelfTest {
    /// Asks for both names and judges what came back.
    pub(crate) async fn run(&self, dns: &Dns) -> Trust {
        let (signed, bogus) = tokio::join!(soa(dns, &self.signed), soa(dns, &self.bogus));
        trust::judge(&signed, &bogus)
    }
}

/// Every zone has an SOA record, and a name that is no zone a signed denial of one: either shows what is wanted.
async fn soa(dns: &Dns, owner: &Option<Domain>) -> Probe {
    Probe::from(&dns.soa(owner.as_ref()).await)
}
