//! What surrounds a name: the servers of its zone (NS), who may issue certificates for it (CAA, RFC 8659 §4.1), and the names
//! its addresses point back to (PTR, RFC 1035 §3.5, RFC 3596 §2.5).
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use domain::base::wire::ParseError;
use domain::base::{ParsedName, Rtype, UnknownRecordData};
use domain::rdata;
use strictmx_engine::check::observations::Caa;
use strictmx_engine::fact::{DnsFailureKind, Seen};
use strictmx_proto::name::Domain;

use super::record::{Answer, Raw, host, typed};
use super::{Dns, failure};

/// A name server. `None`: what stands there is no domain name.
struct Server(Option<Domain>);

/// A name that an address points to. `None`: what stands there is no domain name, as happens in reverse zones.
struct Pointer(Option<Domain>);

impl Answer for Server {
    const TYPE: Rtype = Rtype::NS;

    fn read(raw: &Raw<'_>) -> Result<Self, ParseError> {
        Ok(Self(host(typed::<rdata::Ns<ParsedName<&[u8]>>>(raw)?.nsdname())))
    }
}

impl Answer for Pointer {
    const TYPE: Rtype = Rtype::PTR;

    fn read(raw: &Raw<'_>) -> Result<Self, ParseError> {
        Ok(Self(host(typed::<rdata::Ptr<ParsedName<&[u8]>>>(raw)?.ptrdname())))
    }
}

impl Answer for Caa {
    const TYPE: Rtype = Rtype::CAA;

    fn read(raw: &Raw<'_>) -> Result<Self, ParseError> {
        let record = typed::<UnknownRecordData<&[u8]>>(raw)?;
        let [flags, length, rest @ ..] = *record.data() else {
            return Err(ParseError::form_error("a CAA record is shorter than its two fixed octets"));
        };
        let Some((tag, value)) = rest.split_at_checked(usize::from(*length)) else {
            return Err(ParseError::form_error("a CAA record ends inside its tag"));
        };
        Ok(Self { flags: *flags, tag: text(tag).to_ascii_lowercase(), value: text(value) })
    }
}

impl Dns {
    /// The zone's name servers, in the order of the answer; names that are none are left out.
    pub async fn ns(&self, zone: &Domain) -> Seen<Vec<Domain>> {
        names(self.ask::<Server>(zone).await, |server| server.0)
    }

    /// The CAA records of exactly this name: climbing to the relevant set (RFC 8659 §3) is for the caller. Tags are in lower
    /// case.
    pub async fn caa(&self, owner: &Domain) -> Seen<Vec<Caa>> {
        self.ask(owner).await
    }

    /// The names that an address points to; those that are none are left out.
    pub async fn ptr(&self, address: IpAddr) -> Seen<Vec<Domain>> {
        let Ok(owner) = Domain::parse_lenient(&reverse(address)) else {
            let detail = format!("{address} has no name in the reverse tree");
            return Seen::Failed(failure(DnsFailureKind::Malformed, detail));
        };
        names(self.ask::<Pointer>(&owner).await, |pointer| pointer.0)
    }
}

/// The names among the records. Records without a single name are an answer that cannot be used.
fn names<T>(seen: Seen<Vec<T>>, name: impl Fn(T) -> Option<Domain>) -> Seen<Vec<Domain>> {
    match seen {
        Seen::Found { data, aliases, dnssec, ttl } => {
            let data: Vec<Domain> = data.into_iter().filter_map(name).collect();
            if data.is_empty() {
                let detail = "what the records of the answer name are no domain names";
                return Seen::Failed(failure(DnsFailureKind::Malformed, detail));
            }
            Seen::Found { data, aliases, dnssec, ttl }
        }
        Seen::NoData { dnssec, ttl } => Seen::NoData { dnssec, ttl },
        Seen::NxDomain { dnssec, ttl } => Seen::NxDomain { dnssec, ttl },
        Seen::Failed(failure) => Seen::Failed(failure),
    }
}

/// Where the reverse tree holds an address.
fn reverse(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => reverse_v4(address),
        IpAddr::V6(address) => address.to_ipv4_mapped().map_or_else(|| reverse_v6(address), reverse_v4),
    }
}

fn reverse_v4(address: Ipv4Addr) -> String {
    let [a, b, c, d] = address.octets();
    format!("{d}.{c}.{b}.{a}.in-addr.arpa")
}

fn reverse_v6(address: Ipv6Addr) -> String {
    let mut name = String::with_capacity(72);
    for octet in address.octets().iter().rev() {
        // Writing to a String cannot fail.
        let _infallible = write!(name, "{:x}.{:x}.", octet & 15, octet >> 4);
    }
    name.push_str("ip6.arpa");
    name
}

/// Text from afar, without control characters.
fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::reverse;

    #[test]
    fn addresses_of_both_families_have_their_place_in_the_reverse_tree() {
        for (address, name) in [
            ("192.0.2.7", "7.2.0.192.in-addr.arpa"),
            ("::ffff:192.0.2.7", "7.2.0.192.in-addr.arpa"),
            ("2001:db8::1a", "a.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"),
        ] {
            assert_eq!(reverse(address.parse().unwrap()), name);
        }
    }
}
