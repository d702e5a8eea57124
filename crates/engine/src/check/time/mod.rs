//! What only time shows: changes against the id, caches that run out, planned changes, certificates that end (RFC 8461 §3.2,
//! §8). History comes from the store by way of the observations; without it the checks that need it are silent.
mod caches;
mod certificate;
mod history;
mod ids;
mod planned;
mod served;
#[cfg(test)]
mod tests;

use super::{Check, Context, Findings};
use history::History;

/// The checks of this family.
pub(super) const CHECKS: &[&Check] = &[
    &served::NOT_INTENDED,
    &ids::ID_UNCHANGED,
    &ids::ID_ALONE,
    &served::TESTING_LONG,
    &caches::REMOVED_EARLY,
    &caches::RUNNING_OUT,
    &caches::RAN_OUT,
    &caches::NONE_UNTIL,
    &planned::RECORD_TTL,
    &planned::MAX_AGE,
    &planned::TESTING_MAX_AGE,
    &certificate::ENDING,
];

/// Judges this family.
pub(super) fn judge(context: &Context<'_>, found: &mut Findings) {
    served::intended(context, found);
    if let Some(history) = History::of(context) {
        ids::judge(context, &history, found);
        served::testing(context, &history, found);
        caches::judge(context, &history, found);
    }
    planned::judge(context, found);
    certificate::judge(context, found);
}
