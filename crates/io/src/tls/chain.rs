//! Certificates as people are shown them. Their text was written by strangers: bounded, and without control characters.
use rustls_pki_types::CertificateDer;
use sha2::{Digest as _, Sha256};
use strictmx_engine::fact::CertSeen;
use strictmx_engine::time::Timestamp;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer as _;
use x509_parser::time::ASN1Time;

/// Certificates of a chain that are shown.
pub(super) const MAX_SHOWN: usize = 10;
/// Names of one certificate that are shown.
const MAX_NAMES: usize = 100;
/// Characters of one name that are shown.
const MAX_TEXT: usize = 256;

/// The chain in words, leaf first.
pub(super) fn seen(chain: &[CertificateDer<'static>]) -> Vec<CertSeen> {
    chain.iter().take(MAX_SHOWN).map(|der| one(der)).collect()
}

/// Whether the certificate names itself as its issuer. One that cannot be read does not.
pub(super) fn is_self_issued(der: &CertificateDer<'_>) -> bool {
    X509Certificate::from_der(der).is_ok_and(|(_, certificate)| certificate.subject() == certificate.issuer())
}

fn one(der: &[u8]) -> CertSeen {
    let sha256 = hex(&Sha256::digest(der));
    match X509Certificate::from_der(der) {
        Ok((_, certificate)) => CertSeen {
            subject: shown(&certificate.subject().to_string()),
            issuer: shown(&certificate.issuer().to_string()),
            dns_names: dns_names(&certificate),
            not_before: moment(certificate.validity().not_before),
            not_after: moment(certificate.validity().not_after),
            sha256,
        },
        Err(error) => CertSeen {
            subject: format!("(not readable: {error})"),
            issuer: String::new(),
            dns_names: Vec::new(),
            not_before: Timestamp::default(),
            not_after: Timestamp::default(),
            sha256,
        },
    }
}

fn dns_names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(names)) = certificate.subject_alternative_name() else {
        return Vec::new();
    };
    names
        .value
        .general_names
        .iter()
        .filter_map(|name| match name {
            GeneralName::DNSName(text) => Some(shown(text)),
            _ => None,
        })
        .take(MAX_NAMES)
        .collect()
}

/// A moment; anything before 1970 is shown as 1970.
fn moment(time: ASN1Time) -> Timestamp {
    Timestamp(time.timestamp().try_into().unwrap_or(0))
}

fn shown(text: &str) -> String {
    text.chars().take(MAX_TEXT).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len().saturating_mul(2)), |mut text, byte| {
        // Writing to a String cannot fail.
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}
