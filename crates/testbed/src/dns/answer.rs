//! What a test can tell the DNS server to say.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

/// The data of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the record type of its name")]
pub enum Data {
    A(Ipv4Addr),
    Aaaa(Ipv6Addr),
    Mx(u16, String),
    /// The strings of one record, as they stand on the wire.
    Txt(Vec<Vec<u8>>),
    /// Usage, selector, matching type, association data.
    Tlsa(u8, u8, u8, Vec<u8>),
    Cname(String),
    Ns(String),
    Ptr(String),
    /// Flags, tag, value.
    Caa(u8, String, Vec<u8>),
    /// Any data whatsoever, for malformed records.
    Raw(Vec<u8>),
}

/// The shape of an answer.
#[derive(Clone, Debug)]
pub enum Reply {
    /// These records. None at all is NODATA.
    Records(Vec<Data>),
    /// NXDOMAIN.
    NxDomain,
    /// Another RCODE (2 SERVFAIL, 5 REFUSED, …), with an Extended DNS Error where given.
    Code(u8, Option<(u16, String)>),
    /// No answer: the asker runs into its timeout.
    Silence,
    /// TC and nothing else over UDP, the records over TCP.
    Truncated(Vec<Data>),
    /// These octets instead of a message.
    Garbage(Vec<u8>),
    /// A good answer with a foreign id, then silence.
    WrongId(Vec<Data>),
    /// A good answer to a question nobody asked, then silence.
    WrongQuestion(Vec<Data>),
}

/// An answer with its TTL and DNSSEC state.
#[derive(Clone, Debug)]
pub struct Answer {
    pub(crate) reply: Reply,
    pub(crate) ttl: u32,
    pub(crate) secure: bool,
    pub(crate) delay: Duration,
}

impl Answer {
    /// Any reply, insecure, TTL 300 s (of negative answers: of the SOA).
    pub fn new(reply: Reply) -> Self {
        Self { reply, ttl: 300, secure: false, delay: Duration::ZERO }
    }

    /// Records.
    pub fn records(records: Vec<Data>) -> Self {
        Self::new(Reply::Records(records))
    }

    /// TXT records of one string each (longer ones are cut into pieces of 255 octets).
    pub fn txt(texts: &[&str]) -> Self {
        let strings = |text: &&str| text.as_bytes().chunks(255).map(<[u8]>::to_vec).collect();
        Self::records(texts.iter().map(|text| Data::Txt(strings(text))).collect())
    }

    /// MX records.
    pub fn mx(hosts: &[(u16, &str)]) -> Self {
        Self::records(hosts.iter().map(|(preference, host)| Data::Mx(*preference, (*host).to_owned())).collect())
    }

    /// TLSA records from presentation form, `3 1 1 <hex>`.
    pub fn tlsa(records: &[&str]) -> Self {
        Self::records(records.iter().map(|text| tlsa(text)).collect())
    }

    /// NS records.
    pub fn ns(servers: &[&str]) -> Self {
        Self::records(servers.iter().map(|server| Data::Ns((*server).to_owned())).collect())
    }

    /// PTR records.
    pub fn ptr(names: &[&str]) -> Self {
        Self::records(names.iter().map(|name| Data::Ptr((*name).to_owned())).collect())
    }

    /// CAA records of flags, tag and value.
    pub fn caa(records: &[(u8, &str, &str)]) -> Self {
        let data = |(flags, tag, value): &(u8, &str, &str)| Data::Caa(*flags, (*tag).to_owned(), (*value).into());
        Self::records(records.iter().map(data).collect())
    }

    /// The name exists, this type does not.
    pub fn no_data() -> Self {
        Self::records(Vec::new())
    }

    /// There is no such name.
    pub fn nx_domain() -> Self {
        Self::new(Reply::NxDomain)
    }

    /// SERVFAIL.
    pub fn servfail() -> Self {
        Self::new(Reply::Code(2, None))
    }

    /// SERVFAIL as a validating resolver gives it for a bogus name: Extended DNS Error 6.
    pub fn bogus() -> Self {
        Self::new(Reply::Code(2, Some((6, "signature is wrong".to_owned()))))
    }

    /// No answer at all.
    pub fn silence() -> Self {
        Self::new(Reply::Silence)
    }

    /// With AD set, where the asker wants to know.
    #[must_use]
    pub fn secure(mut self) -> Self {
        self.secure = true;
        self
    }

    /// With this TTL in seconds.
    #[must_use]
    pub fn ttl(mut self, seconds: u32) -> Self {
        self.ttl = seconds;
        self
    }

    /// Not before this much time has passed.
    #[must_use]
    pub fn delayed(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Where a single CNAME leads.
    pub(crate) fn alias_target(&self) -> Option<String> {
        match &self.reply {
            Reply::Records(records) => match records.as_slice() {
                [Data::Cname(target)] => Some(super::canonical(target)),
                _ => None,
            },
            _ => None,
        }
    }
}

fn tlsa(text: &str) -> Data {
    let fields: Vec<&str> = text.split_whitespace().collect();
    let number = |at: usize| fields[at].parse().expect("a number");
    let hex = fields[3..].concat();
    let octets = (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("hex"));
    Data::Tlsa(number(0), number(1), number(2), octets.collect())
}
