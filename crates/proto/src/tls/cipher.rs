//! Cipher suites (IANA's registry): those that are offered, in our order, and what they are called.
use alloc::{format, string::String};

use super::Weakness;

/// Which hellos offer a suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Offered {
    /// That of TLS 1.2, where it came up.
    New,
    /// That of TLS 1.2 and those of the versions before.
    Always,
    /// Those of the versions before: too weak to be a server's best today.
    Old,
    /// That which asks for weak suites, alone. It offers the weak ones among the others too.
    Weak,
}
use Offered::{Always, New, Old, Weak};

/// Without the prefix `TLS_`.
const SUITES: &[(u16, Offered, &str)] = &[
    (0xc02b, New, "ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
    (0xc02f, New, "ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
    (0xc02c, New, "ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
    (0xc030, New, "ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
    (0xcca9, New, "ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"),
    (0xcca8, New, "ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
    (0x009e, New, "DHE_RSA_WITH_AES_128_GCM_SHA256"),
    (0x009f, New, "DHE_RSA_WITH_AES_256_GCM_SHA384"),
    (0xccaa, New, "DHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
    (0xc023, New, "ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"),
    (0xc027, New, "ECDHE_RSA_WITH_AES_128_CBC_SHA256"),
    (0xc024, New, "ECDHE_ECDSA_WITH_AES_256_CBC_SHA384"),
    (0xc028, New, "ECDHE_RSA_WITH_AES_256_CBC_SHA384"),
    (0x0067, New, "DHE_RSA_WITH_AES_128_CBC_SHA256"),
    (0x006b, New, "DHE_RSA_WITH_AES_256_CBC_SHA256"),
    (0x009c, New, "RSA_WITH_AES_128_GCM_SHA256"),
    (0x009d, New, "RSA_WITH_AES_256_GCM_SHA384"),
    (0x003c, New, "RSA_WITH_AES_128_CBC_SHA256"),
    (0x003d, New, "RSA_WITH_AES_256_CBC_SHA256"),
    (0xc009, Always, "ECDHE_ECDSA_WITH_AES_128_CBC_SHA"),
    (0xc013, Always, "ECDHE_RSA_WITH_AES_128_CBC_SHA"),
    (0xc00a, Always, "ECDHE_ECDSA_WITH_AES_256_CBC_SHA"),
    (0xc014, Always, "ECDHE_RSA_WITH_AES_256_CBC_SHA"),
    (0x0033, Always, "DHE_RSA_WITH_AES_128_CBC_SHA"),
    (0x0039, Always, "DHE_RSA_WITH_AES_256_CBC_SHA"),
    (0x0032, Always, "DHE_DSS_WITH_AES_128_CBC_SHA"),
    (0x0038, Always, "DHE_DSS_WITH_AES_256_CBC_SHA"),
    (0x002f, Always, "RSA_WITH_AES_128_CBC_SHA"),
    (0x0035, Always, "RSA_WITH_AES_256_CBC_SHA"),
    (0x0041, Always, "RSA_WITH_CAMELLIA_128_CBC_SHA"),
    (0x0084, Always, "RSA_WITH_CAMELLIA_256_CBC_SHA"),
    (0xc008, Always, "ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA"),
    (0xc012, Always, "ECDHE_RSA_WITH_3DES_EDE_CBC_SHA"),
    (0x0016, Always, "DHE_RSA_WITH_3DES_EDE_CBC_SHA"),
    (0x0013, Always, "DHE_DSS_WITH_3DES_EDE_CBC_SHA"),
    (0x000a, Always, "RSA_WITH_3DES_EDE_CBC_SHA"),
    (0xc007, Always, "ECDHE_ECDSA_WITH_RC4_128_SHA"),
    (0xc011, Always, "ECDHE_RSA_WITH_RC4_128_SHA"),
    (0x0005, Always, "RSA_WITH_RC4_128_SHA"),
    (0x0004, Always, "RSA_WITH_RC4_128_MD5"),
    (0x0007, Old, "RSA_WITH_IDEA_CBC_SHA"),
    (0x0015, Old, "DHE_RSA_WITH_DES_CBC_SHA"),
    (0x0009, Old, "RSA_WITH_DES_CBC_SHA"),
    (0x0014, Old, "DHE_RSA_EXPORT_WITH_DES40_CBC_SHA"),
    (0x0008, Old, "RSA_EXPORT_WITH_DES40_CBC_SHA"),
    (0x0006, Old, "RSA_EXPORT_WITH_RC2_CBC_40_MD5"),
    (0x0003, Old, "RSA_EXPORT_WITH_RC4_40_MD5"),
    (0xc002, Weak, "ECDH_ECDSA_WITH_RC4_128_SHA"),
    (0xc00c, Weak, "ECDH_RSA_WITH_RC4_128_SHA"),
    (0xc003, Weak, "ECDH_ECDSA_WITH_3DES_EDE_CBC_SHA"),
    (0xc00d, Weak, "ECDH_RSA_WITH_3DES_EDE_CBC_SHA"),
    (0x000d, Weak, "DH_DSS_WITH_3DES_EDE_CBC_SHA"),
    (0x0010, Weak, "DH_RSA_WITH_3DES_EDE_CBC_SHA"),
    (0x000c, Weak, "DH_DSS_WITH_DES_CBC_SHA"),
    (0x000f, Weak, "DH_RSA_WITH_DES_CBC_SHA"),
    (0x0012, Weak, "DHE_DSS_WITH_DES_CBC_SHA"),
    (0x000b, Weak, "DH_DSS_EXPORT_WITH_DES40_CBC_SHA"),
    (0x000e, Weak, "DH_RSA_EXPORT_WITH_DES40_CBC_SHA"),
    (0x0011, Weak, "DHE_DSS_EXPORT_WITH_DES40_CBC_SHA"),
    (0x0017, Weak, "DH_anon_EXPORT_WITH_RC4_40_MD5"),
    (0x0019, Weak, "DH_anon_EXPORT_WITH_DES40_CBC_SHA"),
    (0x00a7, Weak, "DH_anon_WITH_AES_256_GCM_SHA384"),
    (0x00a6, Weak, "DH_anon_WITH_AES_128_GCM_SHA256"),
    (0x006d, Weak, "DH_anon_WITH_AES_256_CBC_SHA256"),
    (0x006c, Weak, "DH_anon_WITH_AES_128_CBC_SHA256"),
    (0xc019, Weak, "ECDH_anon_WITH_AES_256_CBC_SHA"),
    (0xc018, Weak, "ECDH_anon_WITH_AES_128_CBC_SHA"),
    (0x003a, Weak, "DH_anon_WITH_AES_256_CBC_SHA"),
    (0x0034, Weak, "DH_anon_WITH_AES_128_CBC_SHA"),
    (0x0089, Weak, "DH_anon_WITH_CAMELLIA_256_CBC_SHA"),
    (0x0046, Weak, "DH_anon_WITH_CAMELLIA_128_CBC_SHA"),
    (0x009b, Weak, "DH_anon_WITH_SEED_CBC_SHA"),
    (0xc017, Weak, "ECDH_anon_WITH_3DES_EDE_CBC_SHA"),
    (0x001b, Weak, "DH_anon_WITH_3DES_EDE_CBC_SHA"),
    (0xc016, Weak, "ECDH_anon_WITH_RC4_128_SHA"),
    (0x0018, Weak, "DH_anon_WITH_RC4_128_MD5"),
    (0x001a, Weak, "DH_anon_WITH_DES_CBC_SHA"),
    (0xc010, Weak, "ECDHE_RSA_WITH_NULL_SHA"),
    (0xc006, Weak, "ECDHE_ECDSA_WITH_NULL_SHA"),
    (0xc00b, Weak, "ECDH_RSA_WITH_NULL_SHA"),
    (0xc001, Weak, "ECDH_ECDSA_WITH_NULL_SHA"),
    (0xc015, Weak, "ECDH_anon_WITH_NULL_SHA"),
    (0x003b, Weak, "RSA_WITH_NULL_SHA256"),
    (0x0002, Weak, "RSA_WITH_NULL_SHA"),
    (0x0001, Weak, "RSA_WITH_NULL_MD5"),
];

/// What the hello of TLS 1.2 offers, best first.
pub(super) fn tls12() -> impl Iterator<Item = u16> {
    SUITES.iter().filter(|(_, offered, _)| matches!(offered, New | Always)).map(|(id, ..)| *id)
}

/// What the hellos of the versions before TLS 1.2 offer, best first.
pub(super) fn old() -> impl Iterator<Item = u16> {
    SUITES.iter().filter(|(_, offered, _)| matches!(offered, Always | Old)).map(|(id, ..)| *id)
}

/// All suites of these kinds.
pub(super) fn weak(kinds: &[Weakness]) -> impl Iterator<Item = u16> {
    let is_asked_for = |name: &str| Weakness::of(name).is_some_and(|kind| kinds.contains(&kind));
    SUITES.iter().filter(move |(.., name)| is_asked_for(name)).map(|(id, ..)| *id)
}

/// What a cipher suite is called, such as `TLS_RSA_WITH_AES_128_CBC_SHA`; its number where none of our hellos offers it.
#[must_use]
pub fn name(cipher: u16) -> String {
    let known = SUITES.iter().find(|(id, ..)| *id == cipher);
    known.map_or_else(|| format!("0x{cipher:04x}"), |(_, _, name)| ["TLS_", name].concat())
}
