//! libtlsrpt's numbers for the RFC's words. 304 to 306 are DANE's, although they stand among those of MTA-STS.
use crate::tlsrpt::{PolicyType, ResultType};

/// A number, and the word of RFC 8460 that it stands for, if any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code<T> {
    /// One of the library's numbers.
    Known(T),
    /// Any other: the library passes on what it is given.
    Unknown(i64),
}

/// A word of RFC 8460 that has a number in libtlsrpt.
pub trait Numbered: Copy + Sized + 'static {
    /// Each word with its number.
    const NUMBERS: &'static [(i64, Self)];
}

impl Numbered for PolicyType {
    const NUMBERS: &'static [(i64, Self)] = &[(1, Self::Tlsa), (2, Self::Sts), (9, Self::NoPolicyFound)];
}

impl Numbered for ResultType {
    const NUMBERS: &'static [(i64, Self)] = &[
        (201, Self::StarttlsNotSupported),
        (202, Self::CertificateHostMismatch),
        (203, Self::CertificateNotTrusted),
        (204, Self::CertificateExpired),
        (205, Self::ValidationFailure),
        (301, Self::StsPolicyFetchError),
        (302, Self::StsPolicyInvalid),
        (303, Self::StsWebpkiInvalid),
        (304, Self::TlsaInvalid),
        (305, Self::DnssecInvalid),
        (306, Self::DaneRequired),
    ];
}

impl<T: Numbered + PartialEq> Code<T> {
    /// What a number stands for.
    #[must_use]
    pub fn from_number(number: i64) -> Self {
        let known = T::NUMBERS.iter().find(|(one, _)| *one == number);
        known.map_or(Self::Unknown(number), |(_, word)| Self::Known(*word))
    }

    /// The number.
    #[must_use]
    pub fn number(self) -> i64 {
        match self {
            Self::Known(word) => T::NUMBERS.iter().find(|(_, one)| *one == word).map_or(0, |(number, _)| *number),
            Self::Unknown(number) => number,
        }
    }

    /// The word, if it stands for one.
    #[must_use]
    pub fn known(self) -> Option<T> {
        match self {
            Self::Known(word) => Some(word),
            Self::Unknown(_) => None,
        }
    }
}
