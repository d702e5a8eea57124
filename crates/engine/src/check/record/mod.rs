//! The `_mta-sts` TXT record (RFC 8461 §3.1): whether it can be looked up, whether all name servers say the same, and what it
//! says.
mod alias;
mod answer;
mod nearly;
mod servers;
#[cfg(test)]
mod tests;
mod text;

use alloc::{format, string::String};

use super::{Check, Context, Findings, calendar};

/// The checks of this family.
pub(super) const CHECKS: &[&Check] = &[
    &answer::LOOKUP_FAILED,
    &answer::BOGUS,
    &answer::UNREACHABLE,
    &answer::ABSENT,
    &answer::UNSIGNED,
    &alias::ALIAS,
    &alias::ALIAS_EMPTY,
    &alias::BESIDE_ALIAS,
    &servers::DIFFER,
    &servers::SILENT,
    &servers::UNASKED,
    &servers::BEHIND,
    &text::MANY,
    &text::NO_ID,
    &text::BAD_ID,
    &text::MALFORMED,
    &text::REPEATED_FIELD,
    &text::UNKNOWN_FIELD,
    &text::SPACE_BEFORE_SEMICOLON,
    &nearly::VERSION,
    &nearly::SPF,
    &nearly::OTHER_TEXT,
    &nearly::AT_APEX,
];

/// Judges this family.
pub(super) fn judge(context: &Context<'_>, found: &mut Findings) {
    if let Some(sts) = &context.seen.sts {
        if answer::failed(sts, found) {
            return;
        }
        servers::judge(sts, found);
        alias::judge(context, sts, found);
        text::judge(context, sts, found);
        nearly::judge(context, sts, found);
    }
    nearly::apex(context, found);
    if let Some(sts) = &context.seen.sts {
        answer::judge(context, sts, found);
    }
}

/// The record to publish, in zone-file form, with this id.
fn line(context: &Context<'_>, id: &str) -> String {
    format!("_mta-sts.{}. 3600 IN TXT \"v=STSv1; id={id};\"", context.domain())
}

/// The same with a new id, made of the moment of the look.
pub(super) fn new_line(context: &Context<'_>) -> String {
    line(context, &calendar::new_id(context.seen.at))
}
