//! Which known policies are asked again, and when (STS-3.3-14, STS-10.2-2), and when an admin must hear of trouble
//! (STS-3.3-15, STS-10.2-3).
use serde::Serialize;
use strictmx_proto::sts::Mode;

use crate::{lookup::Known, time::Timestamp};

/// A policy is renewed once a day, as the RFC suggests.
const DAY: u64 = 86_400;
/// Least time from a fetch to the next, seconds: a tiny `max_age` must not make us hammer its host.
const LEAST: u64 = 300;
/// Longest wait after failures, seconds.
const RETRY_CEILING: u64 = 3_600;
/// The last try begins this long before expiry, seconds: a fetch may take its full minute and another for DNS.
const LAST_CALL: u64 = 120;

/// When this domain's policy is to be renewed next: at once when the moment has passed. `None`: nothing to renew.
///
/// Once a day, in the last quarter of it; where `max_age` is short, after half to three quarters of it. `seed` (any number that
/// stays the same for a domain) chooses the moment inside that window, so that many policies that were fetched together are
/// not renewed together. After failures: five minutes, doubling to an hour, and once more just before expiry. Never after
/// expiry; where nothing can be done before it, at expiry, when [`crate::lookup::refresh`] puts the policy away. Each refresh
/// moves the due time on, so a caller that sleeps until it never spins.
#[must_use]
pub fn next_due(known: &Known, seed: u64) -> Option<Timestamp> {
    let entry = known.entry.as_ref()?;
    let life = entry.expires.since(entry.fetched);
    let due = match &known.backoff {
        Some(backoff) => {
            let retry = backoff.until.plus(wait(backoff.count).saturating_sub(LEAST));
            let last_call = Timestamp(entry.expires.0.saturating_sub(LAST_CALL));
            retry.min(last_call).max(backoff.until)
        }
        None => {
            let opens = (life / 2).min(DAY / 4 * 3);
            let closes = (life / 4 * 3).min(DAY);
            let offset = seed.checked_rem(closes.saturating_sub(opens)).unwrap_or(0);
            entry.fetched.plus(opens.saturating_add(offset).max(LEAST))
        }
    };
    Some(due.min(entry.expires))
}

/// From a failed try to the next, seconds.
fn wait(failures: u32) -> u64 {
    let doublings = failures.saturating_sub(1).min(16);
    (LEAST << doublings).min(RETRY_CEILING)
}

/// A cached policy cannot be renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Alert {
    /// Mode of the cached policy; never [`Mode::None`] (STS-3.3-15).
    #[serde(serialize_with = "crate::as_text::mode")]
    pub mode: Mode,
    /// Failures in a row.
    pub failures: u32,
    /// Seconds until the policy expires and the domain is unprotected.
    pub left: u64,
    /// How much it presses.
    pub urgency: Urgency,
}

/// How much an alert presses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Urgency {
    /// There is time.
    Notice,
    /// Less than a quarter of the policy's life is left.
    Pressing,
}

/// Whether an admin must hear of it that this policy cannot be renewed.
#[must_use]
pub fn alert(known: &Known, now: Timestamp) -> Option<Alert> {
    let entry = known.entry.as_ref().filter(|entry| entry.live_at(now))?;
    let failures = known.backoff.as_ref()?.count;
    let mode = entry.policy.mode;
    if mode == Mode::None {
        return None;
    }
    let left = entry.expires.since(now);
    let quarter = entry.expires.since(entry.fetched) / 4;
    let urgency = if left < quarter { Urgency::Pressing } else { Urgency::Notice };
    Some(Alert { mode, failures, left, urgency })
}

#[cfg(test)]
mod tests;
