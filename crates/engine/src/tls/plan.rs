//! The one level for all hosts of a next hop.
use serde::{Deserialize, Serialize};
use strictmx_proto::sts::Mode;

use super::{
    reason::{Reason, Reasons},
    require::{By, Require},
};
use crate::{
    dane::DaneState,
    lookup::{NoPolicy, Verdict},
    route::{MxSource, RouteKnown, RouteSource},
};

/// What a mail server is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Nothing: its own default holds.
    NotFound,
    /// DANE for each host that has it, and whatever its default is for the others.
    Dane,
    /// DANE for each host; none without it.
    DaneOnly,
    /// A valid certificate of a host that the policy names.
    Secure,
    /// Not now.
    Temp,
}

impl Level {
    /// The word in JSON and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::Dane => "dane",
            Self::DaneOnly => "dane-only",
            Self::Secure => "secure",
            Self::Temp => "temp",
        }
    }

    /// What a mail server at this level demands of a host of this kind.
    #[must_use]
    pub const fn demands(self, host: DaneState) -> Require {
        match (self, host) {
            (Self::NotFound, _) | (Self::Dane, DaneState::None) => Require::Nothing,
            (Self::Dane, DaneState::Unusable) => Require::Encrypt,
            (Self::Dane | Self::DaneOnly, DaneState::Usable) => Require::Authenticated(By::Tlsa),
            (Self::Secure, _) => Require::Authenticated(By::Certificate),
            (Self::Dane | Self::DaneOnly | Self::Temp, _) => Require::Refuse,
        }
    }
}

/// A level and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// The level.
    pub level: Level,
    /// Why, the most telling first.
    pub reasons: Reasons,
}

/// What the operator chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settings {
    /// D-26.
    pub partial_dane: PartialDane,
    /// Whether DANE is looked at.
    pub dane: DaneUse,
}

/// What to answer where DANE applies to some hosts only and a policy is enforced (D-26).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartialDane {
    /// The one level that breaks neither RFC: mail goes to the hosts with DANE only.
    #[default]
    DaneOnly,
    /// DANE where it is, no check of the other hosts.
    Dane,
    /// The policy for all hosts, no DANE.
    Secure,
}

/// Whether DANE is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DaneUse {
    /// Yes.
    #[default]
    On,
    /// No: switched off, or the resolver does not validate.
    Off,
}

/// Decides. `route` is `None` when it was not known by the deadline. Allocates nothing.
///
/// | hosts of the route | `enforce` policy | without |
/// |---|---|---|
/// | DANE off, null MX, no such domain, no live host | secure | not found |
/// | not known, or the MX look-up failed | temporary error | dane |
/// | MX records unsigned (D-27, D-30) | secure | dane if any host has TLSA or failed, else not found |
/// | all usable TLSA (D-25) | dane-only | dane-only |
/// | some usable TLSA (D-26; with failures D-29) | dane-only (`partial_dane`) | dane |
/// | none usable, some failed (D-28, D-29) | temporary error | dane |
/// | none usable, none failed | secure | dane if any has TLSA, else not found |
#[must_use]
pub fn plan(route: Option<&RouteKnown>, sts: &Verdict, settings: &Settings) -> Plan {
    let enforced = if sts.enforced().is_some() { Enforced::Yes } else { Enforced::No };
    let (level, mut reasons) = match (settings.dane, route) {
        (DaneUse::Off, _) => without_dane(enforced, Reason::DaneOff),
        (DaneUse::On, None) => unknown(enforced, Reason::RouteUnknown),
        (DaneUse::On, Some(route)) => match route.source {
            RouteSource::Failed(_) => unknown(enforced, Reason::MxFailed),
            RouteSource::Null => without_dane(enforced, Reason::NullMx),
            RouteSource::NoDomain => without_dane(enforced, Reason::NoDomain),
            RouteSource::Hosts(source) => by_hosts(source, Tally::of(route), enforced, settings.partial_dane),
        },
    };
    reasons.push(policy_reason(sts));
    Plan { level, reasons }
}

/// Whether a policy is enforced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Enforced {
    Yes,
    No,
}

/// How many live hosts there are of each kind.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    usable: usize,
    unusable: usize,
    none: usize,
    failed: usize,
}

impl Tally {
    fn of(route: &RouteKnown) -> Self {
        route.hosts.iter().fold(Self::default(), |mut tally, host| {
            let slot = match host.dane {
                DaneState::Usable => &mut tally.usable,
                DaneState::Unusable => &mut tally.unusable,
                DaneState::None => &mut tally.none,
                DaneState::Failed => &mut tally.failed,
                DaneState::Dead => return tally,
            };
            *slot = slot.saturating_add(1);
            tally
        })
    }

    const fn others_than_usable(self) -> usize {
        self.unusable.saturating_add(self.none).saturating_add(self.failed)
    }
}

fn without_dane(enforced: Enforced, why: Reason) -> (Level, Reasons) {
    let level = match enforced {
        Enforced::Yes => Level::Secure,
        Enforced::No => Level::NotFound,
    };
    (level, Reasons::of(why))
}

/// Where it is not known whether DANE applies: a mail server at `dane` asks again for itself and defers where it must (D-28);
/// `secure` would put the policy in the place of DANE (STS-2-1).
fn unknown(enforced: Enforced, why: Reason) -> (Level, Reasons) {
    let level = match enforced {
        Enforced::Yes => Level::Temp,
        Enforced::No => Level::Dane,
    };
    (level, Reasons::of(why))
}

fn by_hosts(source: MxSource, hosts: Tally, enforced: Enforced, partial: PartialDane) -> (Level, Reasons) {
    if hosts.usable == 0 && hosts.others_than_usable() == 0 {
        return without_dane(enforced, Reason::NoLiveHost);
    }
    if !source.trusted() {
        let (level, why) = match (enforced, best(hosts)) {
            (Enforced::Yes, _) => (Level::Secure, Reason::PolicyBinds), // D-27, D-30
            (Enforced::No, Some(why)) => (Level::Dane, why),
            (Enforced::No, None) => (Level::NotFound, Reason::NoTlsa),
        };
        return (level, Reasons::of(Reason::MxUnsigned).and(why));
    }
    if hosts.usable > 0 && hosts.others_than_usable() == 0 {
        return (Level::DaneOnly, Reasons::of(Reason::AllUsable)); // D-25
    }
    match enforced {
        Enforced::No => match best(hosts) {
            Some(why) => (Level::Dane, Reasons::of(why)), // D-28
            None => (Level::NotFound, Reasons::of(Reason::NoTlsa)),
        },
        Enforced::Yes if hosts.usable > 0 && hosts.failed > 0 => {
            (Level::DaneOnly, Reasons::of(Reason::SomeUsable).and(Reason::HostFailed)) // D-29
        }
        Enforced::Yes if hosts.usable > 0 => partly(partial), // D-26
        Enforced::Yes if hosts.failed > 0 => (Level::Temp, Reasons::of(Reason::HostFailed)), // D-29
        // Unusable TLSA demands TLS alone; a certificate that is valid for the host is more (DANE-2.2-2).
        Enforced::Yes if hosts.unusable > 0 => (Level::Secure, Reasons::of(Reason::Unusable)),
        Enforced::Yes => (Level::Secure, Reasons::of(Reason::NoTlsa)),
    }
}

fn partly(partial: PartialDane) -> (Level, Reasons) {
    let (level, why) = match partial {
        PartialDane::DaneOnly => (Level::DaneOnly, Reason::PartialDaneOnly),
        PartialDane::Dane => (Level::Dane, Reason::PartialDane),
        PartialDane::Secure => (Level::Secure, Reason::PartialSecure),
    };
    (level, Reasons::of(Reason::SomeUsable).and(why))
}

/// The most telling reason for `dane`, if there is any.
const fn best(hosts: Tally) -> Option<Reason> {
    match hosts {
        Tally { usable: 1.., .. } => Some(Reason::SomeUsable),
        Tally { failed: 1.., .. } => Some(Reason::HostFailed),
        Tally { unusable: 1.., .. } => Some(Reason::Unusable),
        _ => None,
    }
}

fn policy_reason(sts: &Verdict) -> Reason {
    match sts {
        Verdict::Policy(policy) => match policy.mode {
            Mode::Enforce => Reason::PolicyEnforce,
            Mode::Testing => Reason::PolicyTesting, // D-31
            Mode::None => Reason::PolicyNone,
        },
        Verdict::None(NoPolicy::NoRecord(_)) => Reason::NoRecord,
        Verdict::None(NoPolicy::Dns(_)) => Reason::TxtFailed,
        Verdict::None(NoPolicy::Fetch(_)) => Reason::FetchFailed,
        Verdict::None(NoPolicy::Invalid(_)) => Reason::PolicyInvalid,
        Verdict::None(NoPolicy::Pending) => Reason::PolicyPending,
    }
}
