//! From the name asked for to the records, through the CNAMEs that stand in the answer.
//!
//! RFC 1034 §3.6.2, RFC 2308 (no data, no name), RFC 2181 §8 (TTLs). The weakest link counts: the lowest TTL, and
//! insecure as soon as one part is (DANE-2.1.3-1).
use domain::base::iana::Class;
use domain::base::wire::ParseError;
use domain::base::{Message, ParsedName, Rtype, Ttl};
use domain::rdata;
use strictmx_engine::fact::{DnsFailure, DnsFailureKind, Dnssec, Seen};
use strictmx_proto::name::Domain;

use super::failure;
use super::record::{Answer, NOT_A_NAME, Raw, host, typed};

/// CNAMEs followed for one look-up (unbound stops at 11, bind at 16).
const MAX_ALIASES: usize = 16;
/// Records in one answer section. No policy, MX or TLSA RRset comes near it; more is somebody's attack.
const MAX_RECORDS: u16 = 256;

type Name<'a> = ParsedName<&'a [u8]>;

/// Where a look-up has come to.
#[derive(Debug)]
pub(super) struct Walk {
    owner: Domain,
    aliases: Vec<Domain>,
    dnssec: Dnssec,
    ttl: u32,
}

/// What one answer came to.
pub(super) enum Read<T> {
    /// The end.
    Done(Seen<Vec<T>>),
    /// A CNAME whose target is not in the answer: ask for [`Walk::at`].
    AskOn,
}

impl Walk {
    pub(super) const fn new(owner: Domain) -> Self {
        Self { owner, aliases: Vec::new(), dnssec: Dnssec::Secure, ttl: u32::MAX }
    }

    /// The name to ask for next.
    pub(super) fn at(&self) -> &Domain {
        self.aliases.last().unwrap_or(&self.owner)
    }

    /// Reads the answer to the question for `T` at [`Walk::at`].
    pub(super) fn read<T: Answer>(&mut self, reply: &Message<Vec<u8>>, dnssec: Dnssec) -> Result<Read<T>, DnsFailure> {
        if dnssec == Dnssec::Insecure {
            self.dnssec = Dnssec::Insecure;
        }
        let reply = reply.for_slice();
        if reply.header_counts().ancount() > MAX_RECORDS {
            return Err(self.malformed(format_args!("more than {MAX_RECORDS} records")));
        }
        let step = self.step::<T>(reply);
        step.unwrap_or_else(|error| Err(self.malformed(format_args!("{error}"))))
    }

    fn step<T: Answer>(&mut self, reply: &Message<[u8]>) -> Result<Result<Read<T>, DnsFailure>, ParseError> {
        let no_such_name = reply.header().rcode() == domain::base::iana::Rcode::NXDOMAIN;
        let before = self.aliases.len();
        if !no_such_name {
            let records = relevant::<T>(reply)?;
            let name = reply.sole_question()?.into_qname();
            match self.follow(&records, name)? {
                Followed::Data(data) => return Ok(Ok(Read::Done(self.found(data)))),
                Followed::Endless => {
                    return Ok(Err(self.malformed(format_args!("more than {MAX_ALIASES} CNAMEs"))));
                }
                Followed::Nothing => {}
            }
        }
        let negative = negative_ttl(reply)?;
        if !no_such_name && negative.is_none() && self.aliases.len() > before {
            return Ok(Ok(Read::AskOn));
        }
        let (dnssec, ttl) = (self.dnssec, self.ttl.min(negative.unwrap_or(0)));
        let seen = if no_such_name { Seen::NxDomain { dnssec, ttl } } else { Seen::NoData { dnssec, ttl } };
        Ok(Ok(Read::Done(seen)))
    }

    /// Walks the CNAMEs of one answer, from `name` on.
    fn follow<'a, T: Answer>(&mut self, records: &[Raw<'a>], mut name: Name<'a>) -> Result<Followed<T>, ParseError> {
        loop {
            let mut data = Vec::new();
            for record in records.iter().filter(|r| r.rtype() == T::TYPE && r.owner() == name) {
                data.push(T::read(record)?);
                self.lower(record.ttl());
            }
            if !data.is_empty() {
                return Ok(Followed::Data(data));
            }
            let Some(alias) = records.iter().find(|r| r.rtype() == Rtype::CNAME && r.owner() == name) else {
                return Ok(Followed::Nothing);
            };
            if self.aliases.len() >= MAX_ALIASES {
                return Ok(Followed::Endless);
            }
            name = typed::<rdata::Cname<Name<'a>>>(alias)?.into_cname();
            self.lower(alias.ttl());
            let target = host(&name).ok_or_else(|| ParseError::form_error(NOT_A_NAME))?;
            self.aliases.push(target);
        }
    }

    /// Records at the end of the CNAMEs walked so far.
    pub(super) fn found<T>(&mut self, data: Vec<T>) -> Seen<Vec<T>> {
        Seen::Found { data, aliases: std::mem::take(&mut self.aliases), dnssec: self.dnssec, ttl: self.ttl }
    }

    fn lower(&mut self, ttl: Ttl) {
        self.ttl = self.ttl.min(seconds(ttl));
    }

    fn malformed(&self, what: std::fmt::Arguments<'_>) -> DnsFailure {
        failure(DnsFailureKind::Malformed, format!("the answer for {} cannot be used: {what}", self.owner))
    }
}

enum Followed<T> {
    Data(Vec<T>),
    Nothing,
    Endless,
}

/// The records of the answer section that matter: class IN, of type `T` or CNAME.
fn relevant<T: Answer>(reply: &Message<[u8]>) -> Result<Vec<Raw<'_>>, ParseError> {
    let mut records = Vec::new();
    for record in reply.answer()? {
        let record = record?;
        if record.class() == Class::IN && (record.rtype() == T::TYPE || record.rtype() == Rtype::CNAME) {
            records.push(record);
        }
    }
    Ok(records)
}

/// Seconds that a denial may be kept: the lower of the SOA's own TTL and its last field (RFC 2308 §5); `None` without SOA.
fn negative_ttl(reply: &Message<[u8]>) -> Result<Option<u32>, ParseError> {
    let soa = reply.authority()?.limit_to_in::<rdata::Soa<Name<'_>>>().next().transpose()?;
    Ok(soa.map(|soa| seconds(soa.ttl()).min(seconds(soa.data().minimum()))))
}

/// A TTL with the top bit set counts as zero (RFC 2181 §8).
fn seconds(ttl: Ttl) -> u32 {
    let seconds = ttl.as_secs();
    if seconds > i32::MAX.unsigned_abs() { 0 } else { seconds }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use std::net::Ipv4Addr;

    use domain::base::{Message, MessageBuilder, Name, Serial};
    use strictmx_engine::fact::{Mx, TlsaRecord, Txt};

    use super::super::record::Target;
    use super::*;

    type Owned = domain::base::Name<Vec<u8>>;

    fn reply() -> Vec<u8> {
        let name = |text: &str| Owned::vec_from_str(text).unwrap();
        let (a, b, ttl) = (name("a.test"), name("b.test"), Ttl::MINUTE);
        let mut builder = MessageBuilder::new_stream_vec().question();
        builder.push((&a, Rtype::TXT)).unwrap();
        let mut builder = builder.answer();
        builder.push((&a, ttl, rdata::Cname::new(&b))).unwrap();
        builder.push((&b, ttl, rdata::Txt::<Vec<u8>>::build_from_slice(b"text").unwrap())).unwrap();
        builder.push((&b, ttl, rdata::Mx::new(10, &a))).unwrap();
        builder.push((&b, ttl, rdata::A::new(Ipv4Addr::LOCALHOST))).unwrap();
        let mut builder = builder.authority();
        let soa = rdata::Soa::new(Name::root_ref(), Name::root_ref(), Serial(1), ttl, ttl, ttl, ttl);
        builder.push((&a, ttl, soa)).unwrap();
        builder.finish().as_dgram_slice().to_vec()
    }

    fn read<T: Answer>(octets: &[u8]) {
        let mut walk = Walk::new(Domain::parse_lenient("a.test").unwrap());
        let message = Message::from_octets(octets.to_vec()).unwrap();
        // Whatever it comes to: it comes to something, and stays inside its bounds.
        let _outcome = walk.read::<T>(&message, Dnssec::Insecure);
        assert!(walk.aliases.len() <= MAX_ALIASES);
    }

    #[test]
    fn no_spoiled_answer_brings_the_reader_down() {
        let good = reply();
        let mut seed = 1_u64;
        let mut random = move |below: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(seed >> 33).unwrap() % below
        };
        for _ in 0..20_000 {
            let mut spoiled = good.clone();
            for _ in 0..=random(4) {
                let at = random(spoiled.len());
                spoiled[at] = [0, 1, 12, 0x40, 0xc0, 0xff, 16, 5][random(8)];
            }
            spoiled.truncate(12 + random(spoiled.len()));
            read::<Txt>(&spoiled);
            read::<Mx>(&spoiled);
            read::<TlsaRecord>(&spoiled);
            read::<Ipv4Addr>(&spoiled);
            read::<Target>(&spoiled);
        }
    }
}
