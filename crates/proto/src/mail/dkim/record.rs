//! The TXT record that publishes a key (RFC 6376 §3.6.1).
use alloc::{format, string::String, vec::Vec};

use base64::{Engine as _, alphabet, engine};

use super::Algorithm;
use crate::tags::MAX_RECORD;

/// Longest string in a TXT record, octets (RFC 1035 §3.3).
const MAX_STRING: usize = 255;
/// Most tags that are read.
const MAX_TAGS: usize = 32;
/// Publishers forget the padding, and nothing is lost with it.
const BASE64: engine::GeneralPurpose = engine::GeneralPurpose::new(
    &alphabet::STANDARD,
    engine::GeneralPurposeConfig::new().with_decode_padding_mode(engine::DecodePaddingMode::Indifferent),
);

/// A key as published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// The kind of key, `k=`: `rsa` where it is absent.
    pub key_type: String,
    /// The key, `p=`. RSA: SubjectPublicKeyInfo in DER. Ed25519: the 32 octets. Empty: it was revoked.
    pub key: Vec<u8>,
    /// What it serves, `s=`; empty where that is absent, which is for everything.
    pub services: Vec<String>,
}

/// What the record of a key of ours says that it serves (D-52, TLSRPT-3-12, TLSRPT-A8). Never `tlsrpt` alone: ordinary DKIM
/// verifiers skip such a key, and the mail with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Services {
    /// No `s=`: everything, reports among it. The one that every verifier understands.
    All,
    /// `s=email:tlsrpt`. To the letter of RFC 8460; but dkimpy 1.1, for one, reads no lists and takes such a key for none.
    MailAndReports,
}

/// Why a TXT record publishes no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyRecordError {
    /// Over 4096 octets, or more tags than any record needs.
    #[error("the record is too long")]
    TooLong,
    /// A control character, or something beyond ASCII.
    #[error("the record has a character that is no printable ASCII")]
    Character,
    /// Something that is no `tag=value`.
    #[error("the record has something in it that is no tag=value")]
    NotATag,
    /// `v=` is there and is not DKIM1, or is not the first.
    #[error("the record is not of version DKIM1")]
    Version,
    /// The same tag twice.
    #[error("the record has a tag twice")]
    Twice,
    /// No `p=`.
    #[error("the record has no key (p=)")]
    NoKey,
    /// `p=` is no base64.
    #[error("the record's key (p=) is not base64")]
    Base64,
}

impl KeyRecord {
    /// The record for a key that signs reports.
    #[must_use]
    pub fn new(algorithm: Algorithm, key: &[u8], services: Services) -> Self {
        let services = match services {
            Services::All => Vec::new(),
            Services::MailAndReports => ["email", "tlsrpt"].map(String::from).to_vec(),
        };
        Self { key_type: algorithm.key_type().into(), key: key.into(), services }
    }

    /// The text: `v=DKIM1; k=rsa; p=…`, with `s=email:tlsrpt;` in it where it was asked for.
    #[must_use]
    pub fn text(&self) -> String {
        let services =
            if self.services.is_empty() { String::new() } else { format!(" s={};", self.services.join(":")) };
        format!("v=DKIM1; k={};{services} p={}", self.key_type, BASE64.encode(&self.key))
    }

    /// The record as a line of a zone file, `name` without trailing dot, the text in strings of at most 255 octets.
    #[must_use]
    pub fn zone_line(&self, name: &str) -> String {
        let mut line = format!("{name}. 3600 IN TXT (");
        let text = self.text();
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let (string, after) = rest.split_at_checked(MAX_STRING).unwrap_or((rest, ""));
            let escaped = string.replace('\\', "\\\\").replace('"', "\\\"");
            line.push_str(&format!(" \"{escaped}\""));
            rest = after;
        }
        line.push_str(" )");
        line
    }

    /// Reads a TXT record, its strings already joined.
    ///
    /// # Errors
    /// [`KeyRecordError`].
    pub fn parse(txt: &[u8]) -> Result<Self, KeyRecordError> {
        if txt.len() > MAX_RECORD {
            return Err(KeyRecordError::TooLong);
        }
        let printable = |octet: &u8| matches!(octet, b' '..=b'~' | b'\t' | b'\r' | b'\n');
        let text =
            core::str::from_utf8(txt).ok().filter(|_| txt.iter().all(printable)).ok_or(KeyRecordError::Character)?;
        let mut tags: Vec<(&str, &str)> = Vec::new();
        let text = text.trim();
        for tag in text.strip_suffix(';').unwrap_or(text).split(';') {
            let (name, value) = tag.split_once('=').ok_or(KeyRecordError::NotATag)?;
            let (name, value) = (name.trim(), value.trim());
            match (name, tags.is_empty()) {
                ("", _) => return Err(KeyRecordError::NotATag),
                ("v", first) if !first || value != "DKIM1" => return Err(KeyRecordError::Version),
                _ if tags.iter().any(|(other, _)| *other == name) => return Err(KeyRecordError::Twice),
                _ if tags.len() == MAX_TAGS => return Err(KeyRecordError::TooLong),
                _ => tags.push((name, value)),
            }
        }
        let tag = |name: &str| tags.iter().find(|(other, _)| *other == name).map(|(_, value)| *value);
        let key: String = tag("p").ok_or(KeyRecordError::NoKey)?.split_ascii_whitespace().collect();
        Ok(Self {
            key_type: tag("k").unwrap_or("rsa").into(),
            key: BASE64.decode(key).map_err(|_| KeyRecordError::Base64)?,
            services: tag("s").map(|all| all.split(':').map(|one| one.trim().into()).collect()).unwrap_or_default(),
        })
    }

    /// Whether the key was revoked.
    #[must_use]
    pub fn is_revoked(&self) -> bool {
        self.key.is_empty()
    }

    /// Whether the key may sign reports (TLSRPT-3-12, TLSRPT-3-13, TLSRPT-A8): without `s=`, or with `*` or `tlsrpt` in it.
    #[must_use]
    pub fn serves_reports(&self) -> bool {
        self.services.is_empty() || self.services.iter().any(|one| one == "*" || one == "tlsrpt")
    }

    /// Whether ordinary DKIM verifiers use the key: without `s=`, or with `*` or `email` in it.
    #[must_use]
    pub fn serves_mail(&self) -> bool {
        self.services.is_empty() || self.services.iter().any(|one| one == "*" || one == "email")
    }
}
