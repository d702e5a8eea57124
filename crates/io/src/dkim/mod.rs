//! DKIM keys: making them, keeping them in files, signing with them (RFC 6376, RFC 8463; TLSRPT-3-9).
//!
//! What is signed is composed in `proto::mail::dkim`; here is only what needs a key. A key lies in a PEM file that its owner
//! alone may read: PKCS #8, or PKCS #1 as older tools write RSA keys.
mod file;
mod key;

pub use file::{KeyFileError, load, save};
pub use key::{Key, KeyError};

use strictmx_proto::mail::dkim::{Selector, Signer};
use strictmx_proto::mail::{FieldError, Message};
use strictmx_proto::name::Domain;

/// Keys that sign side by side.
#[derive(Debug, Default)]
pub struct Keys {
    /// Each with the selector that publishes it.
    pub keys: Vec<(Selector, Key)>,
}

/// Why a message was not signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// A value that cannot stand in a header field.
    #[error("the DKIM signature cannot be written: {0}")]
    Field(#[from] FieldError),
    /// The key does not sign.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl Keys {
    /// Signs a message with every key (R8463-6-1); `domain` is `d=`, `now` is `t=`. Each signature covers the message without the others, so
    /// a verifier that knows one algorithm alone is content with it.
    ///
    /// # Errors
    /// [`SignError`]; the message is lost then, and must not go out.
    pub fn sign(&self, mut message: Message, domain: &Domain, now: u64) -> Result<Message, SignError> {
        let mut signatures = Vec::with_capacity(self.keys.len());
        for (selector, key) in &self.keys {
            let signer = Signer {
                domain: domain.clone(),
                selector: selector.clone(),
                algorithm: key.algorithm(),
                signed_at: now,
                expires_at: None,
            };
            let pending = signer.signing_input(&message)?;
            let signature = key.sign(pending.octets())?;
            signatures.push(pending.finish(&signature)?);
        }
        message.fields.splice(0..0, signatures);
        Ok(message)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use strictmx_proto::mail::Field;
    use strictmx_proto::mail::dkim::{Algorithm, KeyRecord, Services};

    use super::*;

    fn message() -> Message {
        let fields = [("From", "a@sender.example"), ("To", "b@example.com"), ("Subject", "Report Domain: example.com")];
        Message {
            fields: fields.into_iter().map(|(name, value)| Field::new(name, value).unwrap()).collect(),
            body: b"Hello\r\n".to_vec(),
        }
    }

    /// TLSRPT-3-9, TLSRPT-3-11, R8463-6-1
    #[test]
    fn both_algorithms_sign_the_same_message_side_by_side() {
        let keys = [("rsa1", Algorithm::RsaSha256), ("ed1", Algorithm::Ed25519Sha256)];
        let keys = keys.map(|(name, how)| (Selector::parse(name).unwrap(), Key::generate(how).unwrap()));
        let domain = Domain::parse("sender.example").unwrap();
        let signed = Keys { keys: keys.into() }.sign(message(), &domain, 1_800_000_000).unwrap();
        let (signatures, rest) = signed.fields.split_at(2);
        assert_eq!(rest, message().fields);
        for (field, how) in signatures.iter().zip(["rsa-sha256", "ed25519-sha256"]) {
            assert_eq!(field.name(), "DKIM-Signature");
            assert!(field.value().contains(how), "{}", field.value());
            assert!(!field.value().contains(" l="));
        }
    }

    #[test]
    fn a_key_comes_back_from_its_file_and_nobody_else_may_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        for how in [Algorithm::RsaSha256, Algorithm::Ed25519Sha256] {
            let key = Key::generate(how).unwrap();
            let path = folder.path().join(how.key_type());
            save(&path, &key).unwrap();
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            let again = load(&path).unwrap();
            assert_eq!((again.algorithm(), again.public()), (how, key.public()));
            assert!(KeyRecord::new(how, &again.public(), Services::All).text().len() < 600);
            assert!(matches!(save(&path, &key), Err(KeyFileError::Exists { .. })), "a key is never written over");
        }
    }

    #[test]
    fn what_is_no_key_is_refused_with_a_sentence() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("empty", ""),
            ("text", "hello"),
            ("pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            let error = load(&path).unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        }
        assert!(load(&folder.path().join("nowhere")).is_err());
    }
}
