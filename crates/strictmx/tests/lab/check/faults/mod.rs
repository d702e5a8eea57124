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
pub(super) const UNSTAGED: &[(&str, &str)] =
    &[("sts.policy.too-long", "of a policy file only; see `a_policy_file_that_is_too_long_is_told`")];
