//! DNS messages by hand (RFC 1035 §4.1, RFC 6891): written apart from the library strictmx itself uses, so
//! that the two check each other.

use super::answer::Data;

const TYPES: [(&str, u16); 13] = [
    ("A", 1),
    ("NS", 2),
    ("CNAME", 5),
    ("SOA", 6),
    ("PTR", 12),
    ("MX", 15),
    ("TXT", 16),
    ("AAAA", 28),
    ("DS", 43),
    ("RRSIG", 46),
    ("DNSKEY", 48),
    ("TLSA", 52),
    ("CAA", 257),
];

/// Number of a type by its name; `TYPE999` for any other.
pub(super) fn type_code(name: &str) -> u16 {
    let known = TYPES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, code)| *code);
    known.or_else(|| name.strip_prefix("TYPE")?.parse().ok()).unwrap_or_else(|| panic!("no record type {name}"))
}

/// Name of a type by its number.
pub(super) fn type_name(code: u16) -> String {
    let known = TYPES.iter().find(|(_, known)| *known == code);
    known.map_or_else(|| format!("TYPE{code}"), |(name, _)| (*name).to_owned())
}

/// A question as far as the server needs it.
pub(super) struct Query {
    pub(super) id: [u8; 2],
    flags: u16,
    pub(super) name: String,
    pub(super) rtype: u16,
    /// The question section as it came: echoed, so that mixed-case questions come back unchanged.
    question: Vec<u8>,
    /// Size and DO of the OPT record.
    edns: Option<(u16, bool)>,
}

impl Query {
    /// Reads a query; nothing for what is none.
    pub(super) fn parse(message: &[u8]) -> Option<Self> {
        let word = |at: usize| Some(u16::from_be_bytes([*message.get(at)?, *message.get(at + 1)?]));
        let flags = word(2)?;
        if flags & 0x8000 != 0 || word(4)? != 1 {
            return None;
        }
        let (name, end) = name(message, 12)?;
        let rtype = word(end)?;
        let question = message.get(12..end + 4)?.to_vec();
        let edns = (word(10)? > 0).then(|| Self::edns(message, end + 4)).flatten();
        Some(Self { id: [message[0], message[1]], flags, name, rtype, question, edns })
    }

    /// The OPT record, when it is the first additional record, where every client puts it.
    fn edns(message: &[u8], at: usize) -> Option<(u16, bool)> {
        let record = message.get(at..at + 11)?;
        let is_opt = record[0] == 0 && u16::from_be_bytes([record[1], record[2]]) == 41;
        is_opt.then(|| (u16::from_be_bytes([record[3], record[4]]), record[7] & 0x80 != 0))
    }

    /// Whether the asker wants to see the AD bit (RFC 6840 §5.7).
    pub(super) fn wants_ad(&self) -> bool {
        self.flags & 0x0020 != 0 || self.edns.is_some_and(|(_, dnssec_ok)| dnssec_ok)
    }

    /// How much fits into one datagram.
    pub(super) fn udp_size(&self) -> usize {
        usize::from(self.edns.map_or(512, |(size, _)| size.max(512)))
    }
}

/// An answer being written.
pub(super) struct Message {
    octets: Vec<u8>,
}

impl Message {
    /// Begins an answer to `query`.
    pub(super) fn new(query: &Query, rcode: u8, authentic: bool) -> Self {
        let mut octets = query.id.to_vec();
        let recursion_desired = query.flags & 0x0100;
        let checking_disabled = query.flags & 0x0010;
        let ad = if authentic && query.wants_ad() { 0x0020 } else { 0 };
        let flags = 0x8080 | recursion_desired | checking_disabled | ad | u16::from(rcode);
        octets.extend(flags.to_be_bytes());
        octets.extend([0, 1, 0, 0, 0, 0, 0, 0]);
        octets.extend(&query.question);
        Self { octets }
    }

    /// Adds a record to the answer section.
    pub(super) fn record(&mut self, owner: &str, rtype: u16, ttl: u32, data: &Data) {
        self.count(6);
        self.push(owner, rtype, ttl, &rdata(data));
    }

    /// Adds the SOA of a negative answer, its minimum being `ttl` too.
    pub(super) fn soa(&mut self, owner: &str, ttl: u32) {
        self.count(8);
        let zone = owner.rsplit('.').next().unwrap_or(owner);
        let mut data = encode_name(&format!("ns.{zone}"));
        data.extend(encode_name(&format!("hostmaster.{zone}")));
        for number in [1, 3600, 600, 86400, ttl] {
            data.extend(number.to_be_bytes());
        }
        self.push(zone, 6, ttl, &data);
    }

    /// Adds the OPT record where the query had one, with an Extended DNS Error (RFC 8914) where given.
    pub(super) fn opt(&mut self, query: &Query, error: Option<&(u16, String)>) {
        let Some((_, dnssec_ok)) = query.edns else {
            return;
        };
        self.count(10);
        self.octets.extend([0, 0, 41, 0x04, 0xd0, 0, 0, if dnssec_ok { 0x80 } else { 0 }, 0]);
        let mut options = Vec::new();
        if let Some((code, text)) = error {
            options.extend([0, 15]);
            options.extend(length(2 + text.len()));
            options.extend(code.to_be_bytes());
            options.extend(text.as_bytes());
        }
        self.octets.extend(length(options.len()));
        self.octets.extend(options);
    }

    /// Says that the answer comes from the zone's own server: AA, no RA, no AD.
    pub(super) fn authoritative(mut self) -> Self {
        self.octets[2] |= 0x04;
        self.octets[3] &= 0x5f;
        self
    }

    /// Says that the rest did not fit.
    pub(super) fn truncated(mut self) -> Self {
        self.octets[2] |= 0x02;
        self
    }

    /// The finished octets.
    pub(super) fn finish(self) -> Vec<u8> {
        self.octets
    }

    /// One more record in the section counted at `at`.
    fn count(&mut self, at: usize) {
        let count = u16::from_be_bytes([self.octets[at], self.octets[at + 1]]) + 1;
        self.octets[at..at + 2].copy_from_slice(&count.to_be_bytes());
    }

    fn push(&mut self, owner: &str, rtype: u16, ttl: u32, data: &[u8]) {
        self.octets.extend(encode_name(owner));
        self.octets.extend(rtype.to_be_bytes());
        self.octets.extend([0, 1]);
        self.octets.extend(ttl.to_be_bytes());
        self.octets.extend(length(data.len()));
        self.octets.extend(data);
    }
}

/// The type a record of this data has, where it is not the type asked for.
pub(super) fn own_type(data: &Data, asked: u16) -> u16 {
    match data {
        Data::A(_) => 1,
        Data::Aaaa(_) => 28,
        Data::Mx(..) => 15,
        Data::Txt(_) => 16,
        Data::Tlsa(..) => 52,
        Data::Cname(_) => 5,
        Data::Ns(_) => 2,
        Data::Ptr(_) => 12,
        Data::Caa(..) => 257,
        Data::Raw(_) => asked,
    }
}

fn rdata(data: &Data) -> Vec<u8> {
    match data {
        Data::A(address) => address.octets().to_vec(),
        Data::Aaaa(address) => address.octets().to_vec(),
        Data::Mx(preference, host) => [preference.to_be_bytes().to_vec(), encode_name(host)].concat(),
        Data::Txt(strings) => strings.iter().flat_map(|s| [&length(s.len())[1..], s].concat()).collect(),
        Data::Tlsa(usage, selector, matching, association) => {
            [&[*usage, *selector, *matching][..], association].concat()
        }
        Data::Cname(target) | Data::Ns(target) | Data::Ptr(target) => encode_name(target),
        Data::Caa(flags, tag, value) => [&[*flags, length(tag.len())[1]], tag.as_bytes(), value].concat(),
        Data::Raw(octets) => octets.clone(),
    }
}

fn length(octets: usize) -> [u8; 2] {
    u16::try_from(octets).expect("data a record can hold").to_be_bytes()
}

fn encode_name(name: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    for label in name.split('.').filter(|label| !label.is_empty()) {
        octets.push(u8::try_from(label.len()).expect("a label of at most 63 octets"));
        octets.extend(label.as_bytes());
    }
    octets.push(0);
    octets
}

/// An uncompressed name at `at`, in lower case, and where it ends.
fn name(message: &[u8], mut at: usize) -> Option<(String, usize)> {
    let mut labels = Vec::new();
    loop {
        let size = usize::from(*message.get(at)?);
        at += 1;
        if size == 0 {
            return Some((labels.join("."), at));
        }
        if size > 63 {
            return None;
        }
        labels.push(String::from_utf8_lossy(message.get(at..at + size)?).to_ascii_lowercase());
        at += size;
    }
}
