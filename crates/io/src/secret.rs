//! A secret of this installation, and what is derived from it: numbers that look like chance, and tokens that nobody else can
//! make up.
use aws_lc_rs::hmac;
use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};

/// Octets of a secret.
pub const LENGTH: usize = 32;
/// Characters of a token, five bits each: nobody finds one of 80 bits by trying.
const TOKEN: usize = 16;
/// Letters and digits that no mail server changes and nobody mistakes.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// The secret. It has no form in which it could be shown by accident.
#[derive(Clone, Copy)]
pub struct Secret([u8; LENGTH]);

/// The system gives no random numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random numbers; this machine is broken")]
pub struct NoChance;

impl Secret {
    /// A new one.
    ///
    /// # Errors
    /// [`NoChance`].
    pub fn random() -> Result<Self, NoChance> {
        let mut octets = [0; LENGTH];
        SystemRandom::new().fill(&mut octets).map_err(|_| NoChance)?;
        Ok(Self(octets))
    }

    /// One that was kept.
    #[must_use]
    pub const fn kept(octets: [u8; LENGTH]) -> Self {
        Self(octets)
    }

    /// What is to be kept.
    #[must_use]
    pub const fn octets(&self) -> &[u8; LENGTH] {
        &self.0
    }

    /// A number that looks like chance, always the same for the same secret.
    #[must_use]
    pub fn seed(&self) -> u64 {
        let tag = self.digest(&["seed"]);
        tag.as_ref().first_chunk().copied().map_or(0, u64::from_le_bytes)
    }

    /// A word of sixteen letters and digits, always the same for the same texts.
    #[must_use]
    pub fn token(&self, texts: &[&str]) -> String {
        let tag = self.digest(texts);
        let letters = tag.as_ref().iter().take(TOKEN);
        letters.filter_map(|octet| ALPHABET.get(usize::from(octet & 31))).map(|letter| char::from(*letter)).collect()
    }

    fn digest(&self, texts: &[&str]) -> hmac::Tag {
        let mut all = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &self.0));
        for text in texts {
            all.update(text.as_bytes());
            // No text holds it, so that two lists of texts never look like the same.
            all.update(&[0xff]);
        }
        all.sign()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_token_follows_from_the_secret_and_the_texts_alone() {
        let (one, other) = (Secret::kept([1; LENGTH]), Secret::kept([2; LENGTH]));
        assert_eq!(one.token(&["a", "b"]), one.token(&["a", "b"]));
        assert_ne!(one.token(&["a", "b"]), one.token(&["ab"]));
        assert_ne!(one.token(&["a", "b"]), other.token(&["a", "b"]));
        let token = Secret::random().unwrap().token(&["x"]);
        assert!(token.len() == TOKEN && token.bytes().all(|octet| ALPHABET.contains(&octet)), "{token}");
        assert_ne!(one.seed(), other.seed());
    }
}
