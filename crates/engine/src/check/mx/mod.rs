//! The MX records (RFC 5321 §5.1, RFC 7505), and whether the policy covers the hosts they name (RFC 8461 §4.1).
mod coverage;
mod hosts;
mod near;
mod records;
mod servers;
#[cfg(test)]
mod tests;

use super::{Check, Context, Findings};

pub(super) use coverage::UNCOVERED;

/// The checks of this family.
pub(super) const CHECKS: &[&Check] = &[
    &records::LOOKUP_REFUSED,
    &records::LOOKUP_BOGUS,
    &records::LOOKUP_UNANSWERED,
    &records::NO_DOMAIN,
    &records::NONE,
    &records::IMPLICIT,
    &records::NULL_WITH_POLICY,
    &records::NULL_BESIDE_OTHERS,
    &records::UNUSABLE,
    &records::DUPLICATE,
    &records::UNAPPROVED,
    &servers::SERVERS_DIFFER,
    &servers::SERVER_FAILED,
    &hosts::ALIAS,
    &hosts::NO_ADDRESS,
    &hosts::ADDRESS_REFUSED,
    &hosts::ADDRESS_BOGUS,
    &hosts::ADDRESS_UNANSWERED,
    &coverage::UNCOVERED,
    &coverage::UNMATCHED,
    &coverage::PROVIDER_PATTERN,
];

/// Judges this family.
pub(super) fn judge(context: &Context<'_>, found: &mut Findings) {
    let Some(mail) = &context.seen.mx else {
        return;
    };
    records::judge(context, mail, found);
    servers::judge(context, mail, found);
    hosts::judge(context, found);
    coverage::judge(context, found);
}
