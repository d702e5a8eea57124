//! The hellos that ask a server what it takes.
//!
//! That of TLS 1.2 offers what a server should not take (compression) and what it should (a protected renegotiation, RFC 5746; the
//! extended master secret, RFC 7627; a stapled certificate status, RFC 6066 §8), so that its answer shows all of it at once. The
//! others ask one thing each: whether an old version is spoken, or whether weak suites are taken.
use alloc::vec::Vec;

use super::{SSL3, TLS10, TLS12, Weakness, cipher};
use crate::name::Domain;

/// Octets of a client's random value.
pub const RANDOM: usize = 32;

/// Content type of a record of handshake messages.
pub(super) const CONTENT: u8 = 22;
/// Type of the ClientHello message.
const CLIENT_HELLO: u8 = 1;
/// Compression by DEFLATE (RFC 3749).
pub const DEFLATE: u8 = 1;
/// No compression.
const NULL: u8 = 0;

/// Extensions, by their numbers in the registry.
pub(super) const EXTENDED_MASTER_SECRET: u16 = 23;
pub(super) const RENEGOTIATION_INFO: u16 = 0xff01;
const SERVER_NAME: u16 = 0;
const STATUS_REQUEST: u16 = 5;
const SUPPORTED_GROUPS: u16 = 10;
const EC_POINT_FORMATS: u16 = 11;
const SIGNATURE_ALGORITHMS: u16 = 13;

/// "I know of protected renegotiation", where there are no extensions to say so (RFC 5746 §3.3).
const RENEGOTIATION_SCSV: u16 = 0x00ff;

/// X25519, P-256, P-384, P-521.
const GROUPS: [u16; 4] = [0x001d, 0x0017, 0x0018, 0x0019];

/// ECDSA, EdDSA, RSA-PSS, RSA, DSA, with SHA-2 and at last SHA-1.
const SIGNATURES: [u16; 15] = [
    0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0402, 0x0203, 0x0201,
    0x0202,
];

/// The record of a ClientHello of TLS 1.2 with the server name `host`.
#[must_use]
pub fn tls12(host: &Domain, random: &[u8; RANDOM]) -> Vec<u8> {
    // An OCSP response, whoever signs it, without extensions.
    let status_request = extension(STATUS_REQUEST, &[1, 0, 0, 0, 0]);
    with_extensions(TLS12, host, random, cipher::tls12(), &[DEFLATE, NULL], &status_request)
}

/// The record of a ClientHello of TLS 1.0 or TLS 1.1 ([`TLS10`](super::TLS10), [`TLS11`](super::TLS11)) with the server name `host`.
#[must_use]
pub fn old(version: u16, host: &Domain, random: &[u8; RANDOM]) -> Vec<u8> {
    with_extensions(version, host, random, cipher::old(), &[NULL], &[])
}

/// The record of a ClientHello of TLS 1.2 with the server name `host` that offers nothing but weak suites, of these kinds.
///
/// A server may answer it in an older version, and of the suites with the one that it likes best.
#[must_use]
pub fn weak(kinds: &[Weakness], host: &Domain, random: &[u8; RANDOM]) -> Vec<u8> {
    with_extensions(TLS12, host, random, cipher::weak(kinds), &[NULL], &[])
}

/// The record of a ClientHello of SSL 3.0, which has no extensions.
#[must_use]
pub fn ssl3(random: &[u8; RANDOM]) -> Vec<u8> {
    let ciphers: Vec<u8> = cipher::old().chain([RENEGOTIATION_SCSV]).flat_map(u16::to_be_bytes).collect();
    let body = [&SSL3.to_be_bytes()[..], random, &vec8(&[]), &vec16(&ciphers), &vec8(&[NULL])];
    record(SSL3, &body.concat())
}

/// A hello of TLS with the extensions that every one of ours has, and one more.
fn with_extensions(
    version: u16,
    host: &Domain,
    random: &[u8; RANDOM],
    ciphers: impl Iterator<Item = u16>,
    compressions: &[u8],
    more: &[u8],
) -> Vec<u8> {
    let named = [&[0][..], &vec16(host.as_str().as_bytes())].concat();
    let groups = GROUPS.map(u16::to_be_bytes).concat();
    let signatures = SIGNATURES.map(u16::to_be_bytes).concat();
    let extensions = [
        &extension(SERVER_NAME, &vec16(&named)),
        more,
        &extension(SUPPORTED_GROUPS, &vec16(&groups)),
        &extension(EC_POINT_FORMATS, &vec8(&[0])),
        &extension(SIGNATURE_ALGORITHMS, &vec16(&signatures)),
        &extension(EXTENDED_MASTER_SECRET, &[]),
        &extension(RENEGOTIATION_INFO, &vec8(&[])),
    ];
    let ciphers: Vec<u8> = ciphers.flat_map(u16::to_be_bytes).collect();
    let body = [
        &version.to_be_bytes()[..],
        random,
        &vec8(&[]),
        &vec16(&ciphers),
        &vec8(compressions),
        &vec16(&extensions.concat()),
    ];
    // RFC 5246 appendix E.1: old servers are put off by a higher number here.
    record(TLS10, &body.concat())
}

fn record(version: u16, body: &[u8]) -> Vec<u8> {
    // The length has three octets; a hello of ours is far below what two of them hold.
    let message = [&[CLIENT_HELLO, 0][..], &vec16(body)].concat();
    [&[CONTENT][..], &version.to_be_bytes(), &vec16(&message)].concat()
}

fn extension(number: u16, content: &[u8]) -> Vec<u8> {
    [&number.to_be_bytes()[..], &vec16(content)].concat()
}

fn vec8(content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap_or(u8::MAX);
    [&[length][..], content].concat()
}

pub(super) fn vec16(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap_or(u16::MAX);
    [&length.to_be_bytes()[..], content].concat()
}
