//! Certificates as people are shown them, and as the checks judge them. Their text was written by strangers: bounded, and
//! without control characters.
use rustls_pki_types::CertificateDer;
use sha2::{Digest as _, Sha256};
use strictmx_engine::check::observations::{Cert, Octets};
use strictmx_engine::fact::CertSeen;
use strictmx_engine::time::Timestamp;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::objects::{oid_registry, oid2sn};
use x509_parser::oid_registry::{
    OID_EC_P256, OID_NIST_EC_P384, OID_NIST_EC_P521, OID_PKIX_ACCESS_DESCRIPTOR_CA_ISSUERS, Oid,
};
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::PublicKey;
use x509_parser::time::ASN1Time;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

/// Certificates of a chain that are shown.
pub(super) const MAX_SHOWN: usize = 10;
/// Names of one certificate that are shown.
const MAX_NAMES: usize = 100;
/// Characters of one name that are shown.
const MAX_TEXT: usize = 256;
/// Addresses of an issuer's certificate that are kept.
const MAX_URLS: usize = 8;

/// The chain in words, leaf first.
pub(super) fn seen(chain: &[CertificateDer<'static>]) -> Vec<CertSeen> {
    chain.iter().take(MAX_SHOWN).map(|der| whole(der).shown).collect()
}

/// The chain with all that the checks need, leaf first. Each certificate is read once.
pub(super) fn certs(chain: &[CertificateDer<'_>]) -> Vec<Cert> {
    chain.iter().take(MAX_SHOWN).map(|der| whole(der)).collect()
}

/// Whether the certificate names itself as its issuer. One that cannot be read does not.
pub(super) fn is_self_issued(der: &CertificateDer<'_>) -> bool {
    X509Certificate::from_der(der).is_ok_and(|(_, certificate)| certificate.subject() == certificate.issuer())
}

fn whole(der: &[u8]) -> Cert {
    let sha256 = hex(&Sha256::digest(der));
    match X509Certificate::from_der(der) {
        Ok((_, certificate)) => Cert {
            shown: CertSeen {
                subject: shown(&certificate.subject().to_string()),
                issuer: shown(&certificate.issuer().to_string()),
                dns_names: dns_names(&certificate),
                not_before: moment(certificate.validity().not_before),
                not_after: moment(certificate.validity().not_after),
                sha256,
            },
            key: key(certificate.public_key()),
            signature: name_of(&certificate.signature_algorithm.algorithm),
            self_issued: certificate.subject() == certificate.issuer(),
            issuer_urls: issuer_urls(&certificate),
            der: Octets(der.into()),
            spki: Octets(certificate.public_key().raw.into()),
        },
        Err(error) => Cert {
            shown: CertSeen {
                subject: format!("(not readable: {error})"),
                issuer: String::new(),
                dns_names: Vec::new(),
                not_before: Timestamp::default(),
                not_after: Timestamp::default(),
                sha256,
            },
            key: String::new(),
            signature: String::new(),
            self_issued: false,
            issuer_urls: Vec::new(),
            der: Octets(der.into()),
            spki: Octets::default(),
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

/// Kind and size of a key: `EC P-256`, `RSA 2048`, `Ed25519`, else what its algorithm is called.
fn key(info: &SubjectPublicKeyInfo<'_>) -> String {
    match info.parsed() {
        Ok(PublicKey::RSA(rsa)) => format!("RSA {}", rsa.key_size()),
        Ok(PublicKey::EC(point)) => curve(&info.algorithm)
            .map_or_else(|| format!("EC of {} bits", point.key_size()), |curve| format!("EC {curve}")),
        Ok(PublicKey::DSA(_)) => String::from("DSA"),
        _ => match name_of(&info.algorithm.algorithm) {
            name if name.eq_ignore_ascii_case("ed25519") => String::from("Ed25519"),
            name if name.eq_ignore_ascii_case("ed448") => String::from("Ed448"),
            name => name,
        },
    }
}

fn curve(algorithm: &AlgorithmIdentifier<'_>) -> Option<&'static str> {
    let oid = algorithm.parameters.as_ref()?.as_oid().ok()?;
    [(OID_EC_P256, "P-256"), (OID_NIST_EC_P384, "P-384"), (OID_NIST_EC_P521, "P-521")]
        .into_iter()
        .find_map(|(known, name)| (known == oid).then_some(name))
}

/// The short name of an algorithm; its number where it has none.
fn name_of(oid: &Oid<'_>) -> String {
    oid2sn(oid, oid_registry()).map_or_else(|_| oid.to_id_string(), str::to_owned)
}

/// RFC 5280 §4.2.2.1, id-ad-caIssuers.
fn issuer_urls(certificate: &X509Certificate<'_>) -> Vec<String> {
    let access = certificate.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityInfoAccess(access) => Some(access),
        _ => None,
    });
    access
        .into_iter()
        .flat_map(|access| &access.accessdescs)
        .filter(|place| place.access_method == OID_PKIX_ACCESS_DESCRIPTOR_CA_ISSUERS)
        .filter_map(|place| match place.access_location {
            GeneralName::URI(text) => Some(shown(text)),
            _ => None,
        })
        .take(MAX_URLS)
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
