//! An own certificate authority: a root, one intermediate, and leaves good and bad.
//!
//! Serves STS-3.3-1, STS-3.3-2, STS-4.2-1 … STS-4.2-3 and R9525-6.3-3: every way a certificate can be wrong
//! has a [`Leaf`].

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PublicKeyData, date_time_ymd,
};
use rustls::SupportedProtocolVersion;
use rustls::crypto::aws_lc_rs::{default_provider, sign::any_supported_type};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use sha2::{Digest, Sha256};

/// How a leaf certificate is to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaf {
    /// Right name, valid now, whole chain.
    Good,
    /// Valid, but for `elsewhere.invalid`.
    WrongName,
    /// Ended in 2020.
    Expired,
    /// Begins in 2090.
    NotYetValid,
    /// Right name, signed by its own key.
    SelfSigned,
    /// Right in all, but the server does not send the intermediate. The leaf says where that is to be had, as public
    /// authorities have it.
    NoIntermediate,
    /// Right in all, and valid for so many days more.
    EndsIn(u32),
    /// Right name and chain, but made for TLS clients alone.
    ForClients,
    /// Right in all, and demands that a status is stapled to it (RFC 7633), which no server here does.
    MustStaple,
    /// The name stands in the subject's common name only.
    CommonNameOnly,
    /// `*.parent` instead of the name itself: good for one label.
    Wildcard,
    /// `m*.parent`: a wildcard that is not the whole label, and so stands for nothing.
    PartialWildcard,
}

/// Which TLS versions the server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Versions {
    /// 1.2 and 1.3.
    Both,
    /// 1.2 alone.
    Only12,
    /// 1.3 alone.
    Only13,
}

impl Versions {
    /// As rustls wants them.
    pub(crate) fn of_rustls(self) -> &'static [&'static SupportedProtocolVersion] {
        static ONLY12: [&SupportedProtocolVersion; 1] = [&rustls::version::TLS12];
        static ONLY13: [&SupportedProtocolVersion; 1] = [&rustls::version::TLS13];
        match self {
            Self::Both => rustls::ALL_VERSIONS,
            Self::Only12 => &ONLY12,
            Self::Only13 => &ONLY13,
        }
    }
}

/// A certificate with its chain and key.
#[derive(Clone)]
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: Arc<KeyPair>,
}

impl Identity {
    /// The chain a server sends, leaf first.
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.chain
    }

    /// The same, and one more certificate at the end of what the server sends.
    #[must_use]
    pub fn sending(mut self, another: CertificateDer<'static>) -> Self {
        self.chain.push(another);
        self
    }

    /// As rustls servers want it.
    pub fn certified_key(&self) -> Arc<CertifiedKey> {
        let key = any_supported_type(&self.private_key()).expect("a key rustls can use");
        Arc::new(CertifiedKey::new(self.chain.clone(), key))
    }

    /// The private key.
    pub fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key.serialize_der()).into()
    }

    /// The chain as PEM, leaf first.
    pub fn chain_pem(&self) -> String {
        self.chain.iter().map(pem).collect()
    }

    /// The private key as PEM.
    pub fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }

    /// TLSA data `3 1 1 …` that matches this certificate.
    pub fn tlsa_311(&self) -> String {
        format!("3 1 1 {}", hex(&Sha256::digest(self.key.subject_public_key_info())))
    }
}

/// TLSA data `3 1 1 …` that matches nothing.
pub fn tlsa_311_of_nobody() -> String {
    format!("3 1 1 {}", "5a".repeat(32))
}

/// A root and an intermediate.
pub struct Ca {
    root: CertificateDer<'static>,
    intermediate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl Ca {
    /// A new authority called `name`; two calls share nothing.
    pub fn new(name: &str) -> Self {
        let root_key = KeyPair::generate().expect("a key");
        let root_params = ca_params(&format!("{name} root"), 1);
        let root = root_params.self_signed(&root_key).expect("a root").der().clone();
        let root_issuer = Issuer::new(root_params, root_key);
        let key = KeyPair::generate().expect("a key");
        let params = ca_params(&format!("{name} intermediate"), 0);
        let intermediate = params.signed_by(&key, &root_issuer).expect("an intermediate").der().clone();
        Self { root, intermediate, issuer: Issuer::new(params, key) }
    }

    /// The root, for trust stores.
    pub fn root_pem(&self) -> String {
        pem(&self.root)
    }

    /// The root, for trust stores.
    pub fn root_der(&self) -> &CertificateDer<'static> {
        &self.root
    }

    /// TLSA data `2 1 1 …` that names the intermediate, whose certificate servers send.
    pub fn tlsa_211(&self) -> String {
        format!("2 1 1 {}", hex(&Sha256::digest(self.issuer.key().subject_public_key_info())))
    }

    /// A certificate for `name` of the given kind, with a fresh key.
    pub fn issue(&self, name: &str, leaf: Leaf) -> Identity {
        self.issue_with_key(name, leaf, Arc::new(KeyPair::generate().expect("a key")))
    }

    /// A good certificate for each of `names`, all with one key: thousands are made in a second.
    pub fn issue_many<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Vec<Identity> {
        let key = Arc::new(KeyPair::generate().expect("a key"));
        names.into_iter().map(|name| self.issue_with_key(name, Leaf::Good, key.clone())).collect()
    }

    fn issue_with_key(&self, name: &str, leaf: Leaf, key: Arc<KeyPair>) -> Identity {
        let params = leaf_params(name, leaf);
        let certificate = match leaf {
            Leaf::SelfSigned => params.self_signed(&*key),
            _ => params.signed_by(&*key, &self.issuer),
        };
        let mut chain = vec![certificate.expect("a certificate").der().clone()];
        if !matches!(leaf, Leaf::SelfSigned | Leaf::NoIntermediate) {
            chain.push(self.intermediate.clone());
        }
        Identity { chain, key }
    }
}

fn ca_params(name: &str, path_length: u8) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(path_length));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.distinguished_name = common_name(name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2090, 1, 1);
    params.use_authority_key_identifier_extension = true;
    params
}

fn leaf_params(name: &str, leaf: Leaf) -> CertificateParams {
    let parent = name.split_once('.').map_or(name, |(_, parent)| parent);
    let alternative = match leaf {
        Leaf::WrongName => vec!["elsewhere.invalid".to_owned()],
        Leaf::CommonNameOnly => Vec::new(),
        Leaf::Wildcard => vec![format!("*.{parent}")],
        Leaf::PartialWildcard => vec![format!("m*.{parent}")],
        _ => vec![name.to_owned()],
    };
    let mut params = CertificateParams::new(alternative).expect("names a certificate can hold");
    params.distinguished_name = common_name(if leaf == Leaf::CommonNameOnly { name } else { "testbed leaf" });
    let purpose = match leaf {
        Leaf::ForClients => ExtendedKeyUsagePurpose::ClientAuth,
        _ => ExtendedKeyUsagePurpose::ServerAuth,
    };
    params.extended_key_usages = vec![purpose];
    if leaf == Leaf::NoIntermediate {
        params.custom_extensions.push(issuer_at("http://authority.test/intermediate.der"));
    }
    if leaf == Leaf::MustStaple {
        let features = vec![0x30, 3, 2, 1, 5];
        params.custom_extensions.push(CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 24], features));
    }
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    let (from, until) = match leaf {
        Leaf::Expired => (2019, 2020),
        Leaf::NotYetValid => (2090, 2091),
        _ => (2021, 2089),
    };
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    if let Leaf::EndsIn(days) = leaf {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
        params.not_after = date_time_ymd(1970, 1, 1) + now + Duration::from_secs(86_400 * u64::from(days));
    }
    params
}

/// Where the issuer's certificate lies (RFC 5280 §4.2.2.1): authorityInfoAccess with one caIssuers address.
fn issuer_at(url: &str) -> CustomExtension {
    let length = |octets: usize| u8::try_from(octets).ok().filter(|octets| *octets < 128).expect("a short address");
    let ca_issuers = [6, 8, 0x2b, 6, 1, 5, 5, 7, 0x30, 2];
    let mut access = ca_issuers.to_vec();
    access.extend([0x86, length(url.len())]);
    access.extend(url.as_bytes());
    let mut list = vec![0x30, length(access.len() + 2), 0x30, length(access.len())];
    list.extend(access);
    CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], list)
}

fn common_name(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

/// The provider every TLS end of this crate uses.
pub(crate) fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    static PROVIDER: std::sync::OnceLock<Arc<rustls::crypto::CryptoProvider>> = std::sync::OnceLock::new();
    PROVIDER.get_or_init(|| Arc::new(default_provider())).clone()
}

fn pem(certificate: &CertificateDer<'_>) -> String {
    let body = base64(certificate);
    let mut text = String::from("-----BEGIN CERTIFICATE-----\n");
    for line in body.as_bytes().chunks(64) {
        text.push_str(std::str::from_utf8(line).expect("ASCII"));
        text.push('\n');
    }
    text.push_str("-----END CERTIFICATE-----\n");
    text
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let word = group.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for digit in 0..4 {
            let letter = ALPHABET[(word >> (18 - 6 * digit) & 63) as usize];
            text.push(if digit <= group.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes anything");
        text
    })
}
