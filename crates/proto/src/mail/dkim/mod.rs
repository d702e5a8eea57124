//! DKIM signatures (RFC 6376) with RSA and Ed25519 (RFC 8463): composing them, and the record that publishes the key.
//!
//! No key is ever here. [`Signer::signing_input`] gives the octets that the key must sign, [`Pending::finish`] takes the signature
//! and gives the header field:
//!
//! ```text
//! Signer --signing_input(message)--> Pending --octets()--> the key --signature--> finish() --> Field
//! ```
//!
//! There is no `l=`, ever (TLSRPT-3-11); From is signed once more than it occurs, so that nobody can add another one.
pub mod canonical;
mod record;
mod sign;

pub use record::{KeyRecord, KeyRecordError, Services};
pub use sign::{Pending, SIGNED, Selector, SelectorError, Signer};

/// How a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 6376 §3.3.1).
    RsaSha256,
    /// Ed25519 over a SHA-256 (RFC 8463 §3).
    Ed25519Sha256,
}

impl Algorithm {
    /// The value of `a=`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RsaSha256 => "rsa-sha256",
            Self::Ed25519Sha256 => "ed25519-sha256",
        }
    }

    /// The value of `k=` in a key's record.
    #[must_use]
    pub fn key_type(self) -> &'static str {
        match self {
            Self::RsaSha256 => "rsa",
            Self::Ed25519Sha256 => "ed25519",
        }
    }
}
