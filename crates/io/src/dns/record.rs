//! The record types we ask for, read into facts.
use std::net::{Ipv4Addr, Ipv6Addr};

use domain::base::record::ParsedRecord;
use domain::base::wire::ParseError;
use domain::base::{ParsedName, Rtype, UnknownRecordData};
use domain::rdata;
use strictmx_engine::fact::{Exchange, Mx, TlsaRecord, Txt};
use strictmx_proto::dane::Tlsa;
use strictmx_proto::name::Domain;

/// A record as it stands in an answer.
pub(super) type Raw<'a> = ParsedRecord<'a, [u8]>;

/// A type of record, as a fact.
pub(super) trait Answer: Sized {
    /// Its number on the wire.
    const TYPE: Rtype;
    /// Reads one; `raw` is of this type. An error makes the whole answer malformed.
    fn read(raw: &Raw<'_>) -> Result<Self, ParseError>;
}

/// Where a CNAME points.
pub(super) struct Target(pub(super) Domain);

impl Answer for Txt {
    const TYPE: Rtype = Rtype::TXT;

    // STS-3.1-10: one record's strings are joined without separator.
    fn read(raw: &Raw<'_>) -> Result<Self, ParseError> {
        let record = typed::<rdata::Txt<&[u8]>>(raw)?;
        let mut joined = Vec::with_capacity(usize::from(raw.rdlen()));
        for part in record.iter() {
            joined.extend_from_slice(part);
        }
        Ok(Self(joined.into()))
    }
}

impl Answer for Mx {
    const TYPE: Rtype = Rtype::MX;

    fn read(raw: &Raw<'_>) -> Result<Self, ParseError> {
        let record = typed::<rdata::Mx<ParsedName<&[u8]>>>(raw)?;
        Ok(Self { preference: record.preference(), exchange: exchange(record.exchange()) })
    }
}

impl Answer for Ipv4Addr {
    const TYPE: Rtype = Rtype::A;

    fn read(raw: &Raw<'_>) -> Result<Self, ParseError> {
        Ok(typed::<rdata::A>(raw)?.addr())
    }
}

impl Answer for Ipv6Addr {
    const TYPE: Rtype = Rtype::AAAA;

    fn read(raw: &Raw<'_>) -> Result<Self, ParseError> {
        Ok(typed::<rdata::Aaaa>(raw)?.addr())
    }
}

impl Answer for TlsaRecord {
    const TYPE: Rtype = Rtype::TLSA;

    fn read(raw: &Raw<'_>) -> Result<Self, ParseError> {
        let record = typed::<UnknownRecordData<&[u8]>>(raw)?;
        let [usage, selector, matching, data @ ..] = *record.data() else {
            return Err(ParseError::form_error("a TLSA record is shorter than its three fixed octets"));
        };
        Ok(Self(Tlsa { usage: *usage, selector: *selector, matching: *matching, data: data.into() }))
    }
}

impl Answer for Target {
    const TYPE: Rtype = Rtype::CNAME;

    fn read(raw: &Raw<'_>) -> Result<Self, ParseError> {
        let record = typed::<rdata::Cname<ParsedName<&[u8]>>>(raw)?;
        host(record.cname()).map(Self).ok_or_else(|| ParseError::form_error(NOT_A_NAME))
    }
}

/// What is said of a CNAME that points at the root or at odd characters.
pub(super) const NOT_A_NAME: &str = "a CNAME points at something that is no domain name";

/// The data of a record, by its type.
pub(super) fn typed<'a, Data>(raw: &Raw<'a>) -> Result<Data, ParseError>
where
    Data: domain::base::rdata::ParseRecordData<'a, [u8]>,
{
    match raw.to_record::<Data>()? {
        Some(record) => Ok(record.into_data()),
        None => Err(ParseError::form_error("a record is not of the type asked for")),
    }
}

/// A name of DNS data in our form, `None` when it cannot be a host or alias (the root, odd characters).
pub(super) fn host(name: &ParsedName<&[u8]>) -> Option<Domain> {
    Domain::parse_lenient(&name.to_string()).ok()
}

fn exchange(name: &ParsedName<&[u8]>) -> Exchange {
    if name.is_root() {
        return Exchange::Null;
    }
    let text = name.to_string();
    match Domain::parse_lenient(&text) {
        Ok(host) => Exchange::Host(host),
        Err(_) => Exchange::Unusable(text.into()),
    }
}
