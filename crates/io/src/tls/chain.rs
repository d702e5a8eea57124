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
            must_staple: must_staple(&certificate),
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
            must_staple: false,
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

/// Algorithms of another age that the registry has no names for (RFC 3279 §2.2.2, §2.2.3).
const OLD: &[(&str, &str)] = &[("1.2.840.10045.4.1", "ecdsa-with-SHA1"), ("1.2.840.10040.4.3", "dsa-with-sha1")];

/// The short name of an algorithm; its number where it has none.
fn name_of(oid: &Oid<'_>) -> String {
    if let Ok(name) = oid2sn(oid, oid_registry()) {
        return name.to_owned();
    }
    let number = oid.to_id_string();
    OLD.iter().find(|(old, _)| *old == number).map_or(number, |(_, name)| (*name).to_owned())
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

/// The TLS feature extension (RFC 7633 §6, id-pe-tlsfeature): a list of the numbers of extensions that the server must answer.
const TLS_FEATURE: &str = "1.3.6.1.5.5.7.1.24";
/// The INTEGER 5, status_request, as DER.
const STATUS_REQUEST: [u8; 3] = [2, 1, 5];

fn must_staple(certificate: &X509Certificate<'_>) -> bool {
    let feature = certificate.extensions().iter().find(|extension| extension.oid.to_id_string() == TLS_FEATURE);
    // SEQUENCE, its length of one octet, then small numbers of three octets each.
    let features = feature.and_then(|feature| match feature.value {
        [0x30, length, numbers @ ..] if usize::from(*length) == numbers.len() => Some(numbers),
        _ => None,
    });
    features.is_some_and(|numbers| numbers.chunks(3).any(|number| number == STATUS_REQUEST))
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use rcgen::{CertificateParams, CustomExtension, KeyPair, SignatureAlgorithm};
    use rustls_pki_types::CertificateDer;

    use super::{MAX_URLS, Oid, certs, is_self_issued, name_of, seen};

    /// A self-signed certificate with a key of this algorithm and this many addresses of its issuer.
    fn certificate(algorithm: &'static SignatureAlgorithm, urls: u8) -> CertificateDer<'static> {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let mut params = CertificateParams::new(vec![String::from("mx.example.test")]).unwrap();
        // AccessDescription { id-ad-caIssuers, [6] "http://N" }
        let place = |number: u8| {
            let method = [0x06, 8, 0x2b, 6, 1, 5, 5, 7, 0x30, 2];
            [&[0x30, 20][..], &method, &[0x86, 8], b"http://", &[b'0' + number % 10]].concat()
        };
        let places: Vec<u8> = (0..urls).flat_map(place).collect();
        if urls > 0 {
            let length = places.len().to_be_bytes();
            let access = [&[0x30, 0x82, length[6], length[7]][..], &places].concat();
            params.custom_extensions = vec![CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], access)];
        }
        params.self_signed(&key).unwrap().der().clone()
    }

    #[test]
    fn keys_and_signatures_have_the_names_that_people_know() {
        let expected = [
            (&rcgen::PKCS_ECDSA_P256_SHA256, "EC P-256", "ecdsa-with-SHA256"),
            (&rcgen::PKCS_ECDSA_P384_SHA384, "EC P-384", "ecdsa-with-SHA384"),
            (&rcgen::PKCS_RSA_SHA256, "RSA 2048", "sha256WithRSAEncryption"),
            (&rcgen::PKCS_ED25519, "Ed25519", "ed25519"),
        ];
        for (algorithm, key, signature) in expected {
            let cert = certs(&[certificate(algorithm, 0)]).remove(0);
            assert_eq!((cert.key.as_str(), cert.signature.as_str(), cert.self_issued), (key, signature, true));
            assert!(cert.issuer_urls.is_empty());
            assert!(cert.der.0.windows(cert.spki.0.len()).any(|part| part == &*cert.spki.0));
        }
    }

    #[test]
    fn signatures_of_another_age_have_their_names_too() {
        let modern = certificate(&rcgen::PKCS_ECDSA_P256_SHA256, 0).to_vec();
        // ecdsa-with-SHA256 and the number next to it that nobody uses: the same length, so that the rest stays in its place.
        let sha256 = [0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
        let at = modern.windows(sha256.len()).rposition(|part| part == sha256).unwrap();
        let mut unnamed = modern;
        unnamed[at + sha256.len() - 1] = 9;
        assert_eq!(certs(&[CertificateDer::from(unnamed)])[0].signature, "1.2.840.10045.4.3.9");
        for (name, number) in [("ecdsa-with-SHA1", "1.2.840.10045.4.1"), ("dsa-with-sha1", "1.2.840.10040.4.3")] {
            let numbers: Vec<u64> = number.split('.').map(|part| part.parse().unwrap()).collect();
            assert_eq!(name_of(&Oid::from(&numbers).unwrap()), name);
        }
    }

    #[test]
    fn where_the_issuers_certificate_lies_is_told_and_bounded() {
        let cert = certs(&[certificate(&rcgen::PKCS_ECDSA_P256_SHA256, 2)]).remove(0);
        assert_eq!(cert.issuer_urls, ["http://0", "http://1"]);
        let many = certs(&[certificate(&rcgen::PKCS_ECDSA_P256_SHA256, 200)]).remove(0);
        assert_eq!(many.issuer_urls.len(), MAX_URLS);
    }

    /// RFC 7633
    #[test]
    fn a_demand_for_a_stapled_status_is_seen() {
        let demands = |oid: &[u64], content: &[u8]| {
            let mut params = CertificateParams::new(vec![String::from("mx.example.test")]).unwrap();
            params.custom_extensions = vec![CustomExtension::from_oid_content(oid, content.to_vec())];
            let der = params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone();
            certs(&[der]).remove(0).must_staple
        };
        let feature = [1, 3, 6, 1, 5, 5, 7, 1, 24];
        assert!(demands(&feature, &[0x30, 3, 2, 1, 5]));
        assert!(demands(&feature, &[0x30, 6, 2, 1, 17, 2, 1, 5]), "status_request_v2 before it");
        assert!(!demands(&feature, &[0x30, 3, 2, 1, 17]));
        for broken in [&[0x30, 9, 2, 1, 5][..], &[0x30], &[], &[2, 1, 5]] {
            assert!(!demands(&feature, broken), "{broken:?}");
        }
        assert!(!demands(&[1, 3, 6, 1, 5, 5, 7, 1, 99], &[0x30, 3, 2, 1, 5]));
    }

    #[test]
    fn what_cannot_be_read_is_kept_and_says_so() {
        let cert = certs(&[CertificateDer::from(b"no certificate".to_vec())]).remove(0);
        assert!(cert.shown.subject.starts_with("(not readable"), "{}", cert.shown.subject);
        assert_eq!((&*cert.der.0, cert.key.as_str(), cert.self_issued), (&b"no certificate"[..], "", false));
    }

    #[test]
    fn no_spoiled_certificate_brings_the_reader_down() {
        let good = certificate(&rcgen::PKCS_ECDSA_P256_SHA256, 3).to_vec();
        let mut seed = 1_u64;
        let mut random = move |below: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(seed >> 33).unwrap() % below
        };
        for _ in 0..5_000 {
            let mut spoiled = good.clone();
            for _ in 0..=random(3) {
                let at = random(spoiled.len());
                spoiled[at] = [0, 1, 0x30, 0x80, 0x82, 0xff, 6, 4][random(8)];
            }
            spoiled.truncate(1 + random(spoiled.len()));
            let der = [CertificateDer::from(spoiled)];
            // Whatever it comes to: it comes to something.
            assert_eq!((certs(&der).len(), seen(&der).len()), (1, 1));
            let _either = is_self_issued(&der[0]);
        }
    }
}
