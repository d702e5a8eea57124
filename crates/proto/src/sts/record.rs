//! The `_mta-sts` TXT record (RFC 8461 §3.1, D-9).
use alloc::{boxed::Box, format, string::String};

use crate::tags::{self, Begin, Field};

const VERSION: &str = "v=STSv1";
/// Longest version id, octets.
pub const MAX_ID: usize = 32;

/// A valid record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The version id, 1–32 letters and digits, compared for equality only and with case (STS-3.1-4).
    pub id: Box<str>,
}

/// Why a record that begins like one of ours is not valid (STS-3.1-8).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// There is no `id` field (STS-3.1-2).
    #[error("there is no `id` field")]
    MissingId,
    /// The `id` is not 1 to 32 letters and digits.
    #[error("the `id` must be 1 to 32 letters and digits")]
    BadId,
    /// `;;`, a space round `=`, a value with a space in it (D-9), …: the field as written, made safe to show.
    #[error("malformed field {0:?}")]
    MalformedField(String),
    /// Over 4096 octets.
    #[error("the record is longer than {} octets", tags::MAX_RECORD)]
    TooLong,
}

/// Why a domain's TXT records give no MTA-STS record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoRecord {
    /// None of them begins with `v=STSv1;` (STS-3.1-6).
    #[error("no TXT record begins with v=STSv1;")]
    None,
    /// More than one does, be they identical (STS-3.1-7).
    #[error("{0} MTA-STS records; there must be exactly one")]
    Many(usize),
    /// The one there is breaks the grammar (STS-3.1-8).
    #[error("the MTA-STS record is not valid: {0}")]
    Invalid(RecordError),
}

impl Record {
    /// Reads one TXT record, its strings already joined (STS-3.1-10).
    ///
    /// `None`: not an MTA-STS record at all. `v=STSv1 ;` is one (E-2), and so is a bare `v=STSv1`, though not a valid one.
    #[must_use]
    pub fn parse(txt: &[u8]) -> Option<Result<Self, RecordError>> {
        match tags::begin(txt, VERSION) {
            Begin::Other => None,
            _ if txt.len() > tags::MAX_RECORD => Some(Err(RecordError::TooLong)),
            Begin::Bare => Some(Err(RecordError::MissingId)),
            Begin::Fields(fields) => Some(Self::read(fields)),
        }
    }

    fn read(fields: tags::Fields<'_>) -> Result<Self, RecordError> {
        let mut id = None;
        for field in fields {
            let Field { name, value } = field.map_err(|bad| RecordError::MalformedField(bad.0))?;
            if !tags::is_value(value) {
                return Err(RecordError::MalformedField(crate::shown::shown(&format!("{name}={value}"))));
            }
            if name == "id" && id.is_none() {
                // The first wins (STS-3.2-13), be it bad: a later one never repairs the record.
                id = Some(value);
            }
        }
        let id = id.ok_or(RecordError::MissingId)?;
        if id.len() > MAX_ID || !id.bytes().all(|octet| octet.is_ascii_alphanumeric()) {
            return Err(RecordError::BadId);
        }
        Ok(Self { id: id.into() })
    }

    /// Picks the record among all TXT records of the name, each already joined from its strings.
    ///
    /// # Errors
    /// [`NoRecord`]: none, several, or an invalid one; each ends policy discovery.
    pub fn select<T: AsRef<[u8]>>(txts: &[T]) -> Result<Self, NoRecord> {
        let txt = tags::only_one(txts, VERSION)
            .map_err(|count| if count == 0 { NoRecord::None } else { NoRecord::Many(count) })?;
        Self::parse(txt).unwrap_or(Err(RecordError::MissingId)).map_err(NoRecord::Invalid)
    }

    /// Emits `v=STSv1; id=…;`.
    #[must_use]
    pub fn emit(&self) -> String {
        format!("{VERSION}; id={};", self.id)
    }
}
