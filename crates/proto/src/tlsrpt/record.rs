//! The `_smtp._tls` TXT record (RFC 8460 §3).
use alloc::{format, string::String, vec::Vec};

use super::rua::{MAX_RUA, Rua};
use crate::{
    shown::shown,
    tags::{self, Begin, Field},
};

const VERSION: &str = "v=TLSRPTv1";
/// Most addresses that are used; a record of more is somebody else's flood.
pub const MAX_ADDRESSES: usize = 20;

/// A valid record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The usable report addresses, in order, at least one.
    pub rua: Vec<Rua>,
    /// Addresses left out, as written, each with the reason.
    pub skipped: Vec<String>,
}

/// Why a record that begins like one of ours is not valid (RFC 8460 reading A-7: it then counts as none).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// There is no `rua` field (TLSRPT-3-3).
    #[error("there is no `rua` field")]
    MissingRua,
    /// Nothing between two commas, or at an end of the list.
    #[error("the `rua` list has an empty entry")]
    EmptyRua,
    /// Not one address can be used: the last one, with the reason.
    #[error("no address in `rua` can be used: {0}")]
    NoUsableRua(String),
    /// `;;`, a space round `=`, …: the field as written, made safe to show.
    #[error("malformed field {0:?}")]
    MalformedField(String),
    /// Over 4096 octets.
    #[error("the record is longer than {} octets", tags::MAX_RECORD)]
    TooLong,
}

/// Why a domain's TXT records give no TLSRPT record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoRecord {
    /// None of them begins with `v=TLSRPTv1;` (TLSRPT-3-15).
    #[error("no TXT record begins with v=TLSRPTv1;")]
    None,
    /// More than one does (TLSRPT-3-16).
    #[error("{0} TLSRPT records; there must be exactly one")]
    Many(usize),
    /// The one there is breaks the grammar.
    #[error("the TLSRPT record is not valid: {0}")]
    Invalid(RecordError),
}

impl Record {
    /// Reads one TXT record, its strings already joined (TLSRPT-3-17). `None`: not a TLSRPT record at all (TLSRPT-3-2).
    #[must_use]
    pub fn parse(txt: &[u8]) -> Option<Result<Self, RecordError>> {
        match tags::begin(txt, VERSION) {
            Begin::Other => None,
            _ if txt.len() > tags::MAX_RECORD => Some(Err(RecordError::TooLong)),
            Begin::Bare => Some(Err(RecordError::MissingRua)),
            Begin::Fields(fields) => Some(Self::read(fields)),
        }
    }

    fn read(fields: tags::Fields<'_>) -> Result<Self, RecordError> {
        let mut rua = None;
        for field in fields {
            let Field { name, value } = field.map_err(|bad| RecordError::MalformedField(bad.0))?;
            match name {
                "rua" if rua.is_none() => rua = Some(value),
                // A second one is ignored, whatever it holds.
                "rua" => {}
                // TLSRPT-3-20
                _ if tags::is_value(value) => {}
                _ => {
                    return Err(RecordError::MalformedField(shown(&format!("{name}={value}"))));
                }
            }
        }
        Self::addresses(rua.ok_or(RecordError::MissingRua)?)
    }

    fn addresses(list: &str) -> Result<Self, RecordError> {
        let mut record = Self { rua: Vec::new(), skipped: Vec::new() };
        for one in list.split(',').map(|one| one.trim_matches([' ', '\t'])) {
            if one.is_empty() {
                return Err(RecordError::EmptyRua);
            }
            match Rua::parse(one) {
                Ok(_) if record.rua.len() == MAX_ADDRESSES => {
                    record.skipped.push(format!("{}: more than {MAX_ADDRESSES} addresses", shown(one)));
                }
                Ok(rua) => record.rua.push(rua),
                Err(why) => record.skipped.push(format!("{}: {why}", shown(one))),
            }
        }
        if record.rua.is_empty() {
            return Err(RecordError::NoUsableRua(record.skipped.pop().unwrap_or_default()));
        }
        Ok(record)
    }

    /// Picks the record among all TXT records of the name, each already joined from its strings.
    ///
    /// # Errors
    /// [`NoRecord`]: none, several, or an invalid one; the domain then wants no reports.
    pub fn select<T: AsRef<[u8]>>(txts: &[T]) -> Result<Self, NoRecord> {
        let txt = tags::only_one(txts, VERSION)
            .map_err(|count| if count == 0 { NoRecord::None } else { NoRecord::Many(count) })?;
        Self::parse(txt).unwrap_or(Err(RecordError::MissingRua)).map_err(NoRecord::Invalid)
    }

    /// Emits `v=TLSRPTv1; rua=…,…;`.
    #[must_use]
    pub fn emit(&self) -> String {
        let mut out = format!("{VERSION}; rua=");
        for (index, rua) in self.rua.iter().enumerate() {
            out.push_str(if index > 0 { "," } else { "" });
            out.push_str(&format!("{rua}"));
        }
        out.push(';');
        out
    }
}

/// An address never outgrows the record that it came in.
const _: () = assert!(MAX_RUA <= tags::MAX_RECORD);
