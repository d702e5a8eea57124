//! Why a plan is what it is: codes, and sentences that a postmaster understands.
use core::fmt;

use serde::{Serialize, Serializer, ser::SerializeStruct};

/// A few reasons, kept as codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reasons {
    codes: [Option<Reason>; 4],
}

impl Reasons {
    pub(super) fn of(reason: Reason) -> Self {
        Self { codes: [Some(reason), None, None, None] }
    }

    pub(super) fn and(mut self, reason: Reason) -> Self {
        self.push(reason);
        self
    }

    pub(super) fn push(&mut self, reason: Reason) {
        if let Some(free) = self.codes.iter_mut().find(|code| code.is_none()) {
            *free = Some(reason);
        }
    }

    /// The codes, the most telling first.
    pub fn iter(&self) -> impl Iterator<Item = Reason> {
        self.codes.into_iter().flatten()
    }
}

impl Serialize for Reasons {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl fmt::Display for Reasons {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().enumerate().try_for_each(|(i, reason)| {
            f.write_str(if i == 0 { "" } else { "; " })?;
            f.write_str(reason.sentence())
        })
    }
}

/// One reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the sentences say it")]
pub enum Reason {
    DaneOff,
    RouteUnknown,
    MxFailed,
    NullMx,
    NoDomain,
    NoLiveHost,
    MxUnsigned,
    PolicyBinds,
    AllUsable,
    SomeUsable,
    HostFailed,
    Unusable,
    NoTlsa,
    PartialDaneOnly,
    PartialDane,
    PartialSecure,
    PolicyEnforce,
    PolicyTesting,
    PolicyNone,
    NoRecord,
    TxtFailed,
    FetchFailed,
    PolicyInvalid,
    PolicyPending,
}

impl Reason {
    /// The word that stands for it in JSON and logs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.texts().0
    }

    /// The reason in a plain sentence.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        self.texts().1
    }

    const fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::DaneOff => ("dane-off", "DANE is switched off here"),
            Self::RouteUnknown => ("route-unknown", "the MX hosts and their TLSA records were not known in time"),
            Self::MxFailed => ("mx-failed", "the MX look-up failed, so it is not known which hosts take the mail"),
            Self::NullMx => ("null-mx", "the domain takes no mail (null MX)"),
            Self::NoDomain => ("no-domain", "the domain does not exist"),
            Self::NoLiveHost => ("no-live-host", "none of the MX hosts has an address"),
            Self::MxUnsigned => ("mx-unsigned", "the MX records are not signed by DNSSEC, so DANE cannot bind here"),
            Self::PolicyBinds => ("policy-binds", "the enforced MTA-STS policy decides alone"),
            Self::AllUsable => ("all-tlsa", "every MX host has usable TLSA records, so DANE decides alone"),
            Self::SomeUsable => ("some-tlsa", "some MX hosts have usable TLSA records"),
            Self::HostFailed => {
                ("host-failed", "a DNS look-up failed for an MX host, so it is not known whether DANE applies to it")
            }
            Self::Unusable => ("tlsa-unusable", "some MX hosts have TLSA records, but none of them is usable"),
            Self::NoTlsa => ("no-tlsa", "no MX host has TLSA records that count, so DANE does not apply"),
            Self::PartialDaneOnly => {
                ("partial-dane-only", "mail goes to the hosts with DANE only (partial_dane = \"dane-only\")")
            }
            Self::PartialDane => {
                ("partial-dane", "the hosts without DANE are not held to the policy (partial_dane = \"dane\")")
            }
            Self::PartialSecure => {
                ("partial-secure", "all hosts are held to the policy and none to DANE (partial_dane = \"secure\")")
            }
            Self::PolicyEnforce => ("policy-enforce", "the domain's MTA-STS policy is to be enforced"),
            Self::PolicyTesting => {
                ("policy-testing", "the domain's MTA-STS policy is in testing, so nothing is enforced by it")
            }
            Self::PolicyNone => ("policy-none", "the domain's MTA-STS policy has mode none"),
            Self::NoRecord => ("no-record", "the domain publishes no usable MTA-STS record"),
            Self::TxtFailed => ("txt-failed", "the MTA-STS record could not be looked up, and no policy is cached"),
            Self::FetchFailed => ("fetch-failed", "the MTA-STS policy could not be fetched, and none is cached"),
            Self::PolicyInvalid => ("policy-invalid", "the MTA-STS policy is not valid, and no other is cached"),
            Self::PolicyPending => ("policy-pending", "the MTA-STS policy was not known in time"),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut both = serializer.serialize_struct("Reason", 2)?;
        both.serialize_field("code", self.code())?;
        both.serialize_field("sentence", self.sentence())?;
        both.end()
    }
}
