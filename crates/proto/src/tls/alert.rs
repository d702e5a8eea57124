//! Alerts (RFC 5246 §7.2): what they are called, and those that say that we leave.
use alloc::vec::Vec;

use super::SSL3;

/// Level of an alert after which the connection goes on.
pub(super) const WARNING: u8 = 1;
/// The other side closes the connection.
pub(super) const CLOSE_NOTIFY: u8 = 0;
/// The client breaks the handshake off for reasons of its own.
const USER_CANCELED: u8 = 90;
/// Content type of a record of alerts.
pub(super) const CONTENT: u8 = 21;

/// What an alert is called in the registry, such as `protocol_version`.
#[must_use]
pub const fn name(description: u8) -> &'static str {
    match description {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        21 => "decryption_failed",
        22 => "record_overflow",
        30 => "decompression_failure",
        40 => "handshake_failure",
        41 => "no_certificate",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        60 => "export_restriction",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        100 => "no_renegotiation",
        110 => "unsupported_extension",
        112 => "unrecognized_name",
        113 => "bad_certificate_status_response",
        120 => "no_application_protocol",
        _ => "an alert without a name",
    }
}

/// Records that end a handshake which `version` was agreed on for, politely: canceled, then closed (RFC 5246 §7.2.1, §7.2.2).
/// SSL 3.0 knows no alert for the former.
#[must_use]
pub fn farewell(version: u16) -> Vec<u8> {
    let descriptions: &[u8] = if version == SSL3 { &[CLOSE_NOTIFY] } else { &[USER_CANCELED, CLOSE_NOTIFY] };
    let mut out = Vec::with_capacity(14);
    for description in descriptions {
        out.push(CONTENT);
        out.extend_from_slice(&version.to_be_bytes());
        out.extend_from_slice(&[0, 2, WARNING, *description]);
    }
    out
}
