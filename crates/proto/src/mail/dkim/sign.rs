//! Composing a signature.
use alloc::{format, string::String, vec::Vec};
use core::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};

use super::{Algorithm, canonical};
use crate::{
    mail::{Field, FieldError, Message},
    name::Domain,
};

/// The header fields that are signed where a message has them (RFC 6376 §5.4.1, R6376-5.4-1, TLSRPT-5.3-4).
pub const SIGNED: [&str; 11] = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "TLS-Report-Domain",
    "TLS-Report-Submitter",
    "Auto-Submitted",
    "TLS-Required",
];
/// Of these, those that are named once more than they occur, so that none can be added (RFC 6376 §5.4.2, R6376-5.4-1).
const SEALED: [&str; 4] = ["From", "Subject", "TLS-Report-Domain", "TLS-Report-Submitter"];
/// Base64 characters between two places where a signature may be folded.
const CHUNK: usize = 68;

/// Who signs, how and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// `d=`: for reports the submitter's domain (TLSRPT-3-9).
    pub domain: Domain,
    /// `s=`: where the key stands, `selector._domainkey.domain`.
    pub selector: Selector,
    /// `a=`.
    pub algorithm: Algorithm,
    /// `t=`, seconds since the epoch.
    pub signed_at: u64,
    /// `x=`, seconds since the epoch, if the signature is to expire.
    pub expires_at: Option<u64>,
}

/// The name of a key under `_domainkey`: labels of letters, digits and inner hyphens; all digits will do.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Selector(String);

/// The text is no selector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a selector is one or more labels of up to 63 letters, digits and inner hyphens, 100 octets at most")]
pub struct SelectorError;

/// A signature that waits for its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    value: String,
    octets: Vec<u8>,
}

impl Signer {
    /// What the key has to sign for this message.
    ///
    /// # Errors
    /// [`FieldError`]: never for a signer's values; the type is that of [`Field::new`].
    pub fn signing_input(&self, message: &Message) -> Result<Pending, FieldError> {
        let value = self.value(message);
        // Judged here, so that nothing that cannot be sent is signed.
        let unsigned = Field::new("DKIM-Signature", value)?;
        let fields: Vec<_> = message.fields.iter().map(|field| (field.name(), field.value().as_bytes())).collect();
        let mut octets = canonical::header(&fields, &names(message));
        canonical::push_field(&mut octets, unsigned.name(), unsigned.value().as_bytes());
        // The signature's own field has no line end (RFC 6376 §3.7).
        octets.truncate(octets.len().saturating_sub(2));
        let octets = match self.algorithm {
            Algorithm::RsaSha256 => octets,
            Algorithm::Ed25519Sha256 => Sha256::digest(&octets).to_vec(),
        };
        Ok(Pending { value: unsigned.value().into(), octets })
    }

    /// The field's value up to and with `b=`. There is no `l=` (TLSRPT-3-11, R6376-3.5-1); names are A-labels (R8616-5-1).
    fn value(&self, message: &Message) -> String {
        let Self { domain, selector, algorithm, signed_at, expires_at } = self;
        let expires = expires_at.map(|at| format!(" x={at};")).unwrap_or_default();
        let body = STANDARD.encode(Sha256::digest(canonical::body(&message.body)));
        // Blanks only where the grammar has folding white space.
        let names = names(message).join(": ");
        format!(
            "v=1; a={}; c=relaxed/relaxed; d={domain}; s={selector}; t={signed_at};{expires} h={names}; bh={body}; b=",
            algorithm.as_str()
        )
    }
}

/// `h=`: each field as often as it occurs, sealed ones once more.
fn names(message: &Message) -> Vec<&'static str> {
    let occurs =
        |name: &&str| message.fields.iter().filter(move |field| field.name().eq_ignore_ascii_case(name)).count();
    let mut names: Vec<&'static str> =
        SIGNED.iter().flat_map(|name| core::iter::repeat_n(*name, occurs(name))).collect();
    names.extend(SEALED.iter().filter(|name| **name == "From" || occurs(name) > 0));
    names
}

impl Pending {
    /// The octets to sign. For RSA, all of them: PKCS #1 v1.5 hashes them itself, with SHA-256. For Ed25519, their SHA-256, which
    /// is signed as a message (RFC 8463 §3).
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// The header field, to stand before all others.
    ///
    /// # Errors
    /// [`FieldError::Blank`]: an empty signature.
    pub fn finish(self, signature: &[u8]) -> Result<Field, FieldError> {
        if signature.is_empty() {
            return Err(FieldError::Blank("DKIM-Signature"));
        }
        let mut value = self.value;
        for (index, c) in STANDARD.encode(signature).chars().enumerate() {
            if index > 0 && index % CHUNK == 0 {
                value.push(' ');
            }
            value.push(c);
        }
        Field::new("DKIM-Signature", value)
    }
}

impl Selector {
    /// Reads a selector.
    ///
    /// # Errors
    /// [`SelectorError`].
    pub fn parse(text: &str) -> Result<Self, SelectorError> {
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if text.len() > 100 || !text.split('.').all(label) {
            return Err(SelectorError);
        }
        Ok(Self(text.to_ascii_lowercase()))
    }

    /// The selector, in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where the key's record stands; `None` when the domain leaves no room for it.
    #[must_use]
    pub fn record_name(&self, domain: &Domain) -> Option<Domain> {
        domain.child("_domainkey")?.child(&self.0)
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
