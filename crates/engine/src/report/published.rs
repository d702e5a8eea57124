//! Whether the DKIM record that is published fits the key that signs (RFC 6376 §3.6.1; TLSRPT-3-9, TLSRPT-3-12, D-52).
use alloc::string::{String, ToString as _};

use strictmx_proto::mail::dkim::{Algorithm, KeyRecord};

use crate::fact::{Seen, TxtSeen};

/// What is wrong with what is published.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misfit {
    /// It could not be looked up.
    #[error("its record could not be looked up: {0}")]
    Unknown(String),
    /// There is none.
    #[error("its record is not published; receivers ignore reports without it")]
    Missing,
    /// More than one.
    #[error("{0} records are published where there must be one")]
    Many(usize),
    /// It cannot be read.
    #[error("its record cannot be read: {0}")]
    Unreadable(String),
    /// It is empty.
    #[error("its record says that the key was revoked")]
    Revoked,
    /// Another key.
    #[error("its record publishes another key")]
    Other,
    /// Of another kind.
    #[error("its record says k={0}, which the key is not")]
    Kind(String),
    /// Not for reports.
    #[error("its record serves {0} alone, so receivers may ignore the reports; publish it without `s=`")]
    NotForReports(String),
    /// For reports alone (D-52).
    #[error("its record serves tlsrpt alone, which ordinary DKIM verifiers skip; publish it without `s=`")]
    NotForMail,
}

/// Judges what is published at the key's name.
///
/// # Errors
/// [`Misfit`].
pub fn fits(algorithm: Algorithm, key: &[u8], seen: &TxtSeen) -> Result<(), Misfit> {
    let texts = match seen {
        Seen::Found { data, .. } => data,
        Seen::NoData { .. } | Seen::NxDomain { .. } => return Err(Misfit::Missing),
        Seen::Failed(failure) => return Err(Misfit::Unknown(failure.to_string())),
    };
    let text = match texts.as_slice() {
        [] => return Err(Misfit::Missing),
        [text] => text,
        several => return Err(Misfit::Many(several.len())),
    };
    let record = KeyRecord::parse(text.as_ref()).map_err(|error| Misfit::Unreadable(error.to_string()))?;
    if record.is_revoked() {
        return Err(Misfit::Revoked);
    }
    if record.key_type != algorithm.key_type() {
        return Err(Misfit::Kind(record.key_type));
    }
    if record.key != key {
        return Err(Misfit::Other);
    }
    match (record.serves_reports(), record.serves_mail()) {
        (true, true) => Ok(()),
        (false, _) => Err(Misfit::NotForReports(record.services.join(":"))),
        (true, false) => Err(Misfit::NotForMail),
    }
}

#[cfg(test)]
mod tests {
    use alloc::{borrow::ToOwned, format, vec::Vec};

    use strictmx_proto::mail::dkim::Services;

    use super::*;
    use crate::fact::{Dnssec, Txt};

    fn published(texts: &[&str]) -> TxtSeen {
        let data = texts.iter().map(|text| Txt(text.as_bytes().into())).collect::<Vec<_>>();
        Seen::Found { data, aliases: Vec::new(), dnssec: Dnssec::Insecure, ttl: 300 }
    }

    /// D-52, TLSRPT-3-12
    #[test]
    fn a_record_fits_when_it_publishes_this_key_for_mail_and_reports() {
        let judge = |texts: &[&str]| fits(Algorithm::Ed25519Sha256, &[7; 32], &published(texts));
        for services in [Services::All, Services::MailAndReports] {
            assert_eq!(judge(&[&KeyRecord::new(Algorithm::Ed25519Sha256, &[7; 32], services).text()]), Ok(()));
        }
        let other = KeyRecord::new(Algorithm::Ed25519Sha256, &[8; 32], Services::All).text();
        assert_eq!(judge(&[&other]), Err(Misfit::Other));
        let rsa = KeyRecord::new(Algorithm::RsaSha256, &[7; 32], Services::All).text();
        assert_eq!(judge(&[&rsa]), Err(Misfit::Kind("rsa".to_owned())));
        let good = KeyRecord::new(Algorithm::Ed25519Sha256, &[7; 32], Services::All).text();
        assert_eq!(judge(&[&good, &other]), Err(Misfit::Many(2)));
        let with = |services: &str| good.replace("v=DKIM1;", &format!("v=DKIM1; s={services};"));
        assert_eq!(judge(&[&with("tlsrpt")]), Err(Misfit::NotForMail));
        assert_eq!(judge(&[&with("email")]), Err(Misfit::NotForReports("email".to_owned())));
        assert_eq!(judge(&["v=DKIM1; k=ed25519; p="]), Err(Misfit::Revoked));
        assert!(matches!(judge(&["v=spf1 -all"]), Err(Misfit::Unreadable(_))));
        let none = Seen::NxDomain { dnssec: Dnssec::Insecure, ttl: 300 };
        assert_eq!(fits(Algorithm::Ed25519Sha256, &[7; 32], &none), Err(Misfit::Missing));
        assert_eq!(judge(&[]), Err(Misfit::Missing));
    }
}
