//! One key: RSA of 2048 bits and more, or Ed25519.
use std::fmt;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use rustls_pki_types::PrivateKeyDer;
use strictmx_proto::mail::dkim::Algorithm;

/// Fewer bits are not signed with: verifiers may refuse them (RFC 8301 §3.2), and 2048 cost nothing.
const FEWEST_BITS: usize = 2048;

/// A private key. It has no form in which it could be shown by accident.
pub struct Key(Kind);

enum Kind {
    Rsa(Box<RsaKeyPair>),
    Ed25519(Ed25519KeyPair),
}

/// What is wrong with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Neither RSA nor Ed25519, or damaged.
    #[error("it is no RSA or Ed25519 key that could be used")]
    Kind,
    /// Too short.
    #[error("it is an RSA key of {0} bits; DKIM keys are to have {FEWEST_BITS} at least")]
    Short(usize),
    /// The cryptography failed.
    #[error("the key cannot be used: the cryptography of this build failed")]
    Failed,
}

impl Key {
    /// Makes a new key.
    ///
    /// # Errors
    /// [`KeyError::Failed`].
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        let failed = |_| KeyError::Failed;
        Ok(Self(match algorithm {
            Algorithm::RsaSha256 => Kind::Rsa(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).map_err(failed)?)),
            Algorithm::Ed25519Sha256 => Kind::Ed25519(Ed25519KeyPair::generate().map_err(failed)?),
        }))
    }

    /// Reads a key.
    ///
    /// # Errors
    /// [`KeyError::Kind`], [`KeyError::Short`].
    pub fn read(der: &PrivateKeyDer<'_>) -> Result<Self, KeyError> {
        let rsa = match der {
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
            PrivateKeyDer::Pkcs8(der) => {
                let der = der.secret_pkcs8_der();
                if let Ok(key) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
                    return Ok(Self(Kind::Ed25519(key)));
                }
                RsaKeyPair::from_pkcs8(der)
            }
            _ => return Err(KeyError::Kind),
        };
        let key = rsa.map_err(|_| KeyError::Kind)?;
        let bits = key.public_modulus_len() * 8;
        if bits < FEWEST_BITS { Err(KeyError::Short(bits)) } else { Ok(Self(Kind::Rsa(Box::new(key)))) }
    }

    /// How it signs.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        match &self.0 {
            Kind::Rsa(_) => Algorithm::RsaSha256,
            Kind::Ed25519(_) => Algorithm::Ed25519Sha256,
        }
    }

    /// What is published of it, `p=`: of RSA the SubjectPublicKeyInfo, of Ed25519 the 32 octets (RFC 8463 §4). Empty never.
    #[must_use]
    pub fn public(&self) -> Vec<u8> {
        match &self.0 {
            Kind::Rsa(key) => {
                let der: Result<PublicKeyX509Der<'_>, _> = key.public_key().as_der();
                der.map(|der| der.as_ref().to_vec()).unwrap_or_default()
            }
            Kind::Ed25519(key) => key.public_key().as_ref().to_vec(),
        }
    }

    /// Signs what [`Pending::octets`](strictmx_proto::mail::dkim::Pending::octets) gave.
    ///
    /// # Errors
    /// [`KeyError::Failed`].
    pub fn sign(&self, octets: &[u8]) -> Result<Vec<u8>, KeyError> {
        match &self.0 {
            Kind::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), octets, &mut signature)
                    .map_err(|_| KeyError::Failed)?;
                Ok(signature)
            }
            Kind::Ed25519(key) => Ok(key.sign(octets).as_ref().to_vec()),
        }
    }

    /// The key in PKCS #8, DER.
    pub(super) fn pkcs8(&self) -> Result<Vec<u8>, KeyError> {
        let der: Result<Pkcs8V1Der<'_>, _> = match &self.0 {
            Kind::Rsa(key) => key.as_der(),
            Kind::Ed25519(key) => key.as_der(),
        };
        der.map(|der| der.as_ref().to_vec()).map_err(|_| KeyError::Failed)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.algorithm().as_str())
    }
}
