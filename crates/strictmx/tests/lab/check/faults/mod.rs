//! What can be wrong with a domain, family by family.

mod dane;
mod host;
mod mx;
mod policy;
mod record;
mod smtp;
mod time;
mod tlsrpt;

use super::table::Row;

/// Every row there is.
pub(super) fn all() -> impl Iterator<Item = Row> {
    [record::ROWS, host::ROWS, policy::ROWS, mx::ROWS, smtp::ROWS, dane::ROWS, tlsrpt::ROWS, time::ROWS]
        .into_iter()
        .flatten()
        .copied()
}

/// Checks that no row can bring about, and why. Each has its unit tests beside it.
pub(super) const UNSTAGED: &[(&str, &str)] = &[
    ("sts.policy.too-long", "of a policy file only; see `a_policy_file_that_is_too_long_is_told`"),
    ("sts.host.old-tls-only", "needs a server of TLS 1.1, and a build with the feature legacy-tls"),
    ("sts.host.old-tls", "needs a server of TLS 1.1, and a build with the feature legacy-tls"),
    ("smtp.tls-too-old", "needs a server of TLS 1.1, and a build with the feature legacy-tls"),
    ("smtp.tls-1-0", "needs a server of TLS 1.0, and a build with the feature legacy-tls"),
    ("smtp.tls-1-1", "needs a server of TLS 1.1, and a build with the feature legacy-tls"),
    ("smtp.cipher-null", "needs a server with old ciphers, and a build with the feature legacy-tls"),
    ("smtp.cipher-export", "needs a server with old ciphers, which no library of today has"),
    ("smtp.cipher-rc4", "needs a server with old ciphers, which no library of today has"),
    ("smtp.cipher-des", "needs a server with old ciphers, which no library of today has"),
    ("smtp.cipher-3des", "needs a server with old ciphers, which no library of today has"),
    ("smtp.cipher-anonymous", "needs a server with old ciphers, and a build with the feature legacy-tls"),
    ("smtp.cipher-weak", "needs a server with old ciphers, and a build with the feature legacy-tls"),
];
