//! The policy's text (RFC 8461 §3.2), octet by octet. What our own parser forgives (D-1 … D-8) is judged all the same: other
//! senders refuse a whole policy for it.
mod breadth;
mod keys;
mod patterns;
#[cfg(test)]
mod tests;
mod values;
mod whole;

use super::{Check, Context, Findings, Severity, suggest::Text, text::lines};

/// The checks of this family.
pub(super) const CHECKS: &[&Check] = &[
    &whole::TOO_LONG,
    &whole::EMPTY,
    &whole::HTML,
    &whole::NOT_A_POLICY,
    &whole::NOT_TEXT,
    &whole::BOM,
    &whole::BARE_CR,
    &whole::MIXED_LINE_ENDS,
    &keys::BLANK_LINE,
    &keys::COMMENT,
    &keys::MALFORMED_LINE,
    &keys::SPACE_BEFORE_KEY,
    &keys::SPACE_BEFORE_COLON,
    &keys::KEY_CASE,
    &keys::NEAR_MISS_KEY,
    &keys::UNKNOWN_KEY,
    &keys::REPEATED_KEY,
    &values::VERSION_MISSING,
    &values::VERSION_BAD,
    &values::VERSION_NOT_FIRST,
    &values::MODE_MISSING,
    &values::MODE_BAD,
    &values::MODE_NONE,
    &values::MODE_TESTING,
    &values::MAX_AGE_MISSING,
    &values::MAX_AGE_BAD,
    &values::MAX_AGE_TOO_LARGE,
    &values::MAX_AGE_ZERO,
    &values::MAX_AGE_SHORT,
    &values::MAX_AGE_FLOORS,
    &patterns::NO_MX,
    &patterns::NONE_WITHOUT_MX,
    &patterns::MX_SEVERAL,
    &patterns::MX_ADDRESS,
    &patterns::MX_WILDCARD_PLACE,
    &patterns::MX_SYNTAX,
    &patterns::MX_UNDERSCORE,
    &patterns::MX_TRAILING_DOT,
    &patterns::MX_U_LABEL,
    &breadth::MX_REPEATED,
    &breadth::MX_TOO_MANY,
    &breadth::MX_WILDCARD_BROAD,
    &breadth::MX_WILDCARD_OWN,
];

/// Judges this family.
pub(super) fn judge(context: &Context<'_>, found: &mut Findings) {
    let Some(text) = whole::judge(context, found) else {
        return;
    };
    let lines = lines::lines(text);
    whole::ends(&lines, found);
    keys::judge(context, &lines, found);
    values::judge(context, &lines, found);
    patterns::judge(context, &lines, found);
    breadth::judge(context, &lines, found);
}

/// Whether there is anything about the text that ought to be mended.
pub(super) fn published_text(context: &Context<'_>) -> Text {
    let mut found = Findings::default();
    judge(context, &mut found);
    let flawed = found.sorted().first().is_some_and(|worst| worst.severity > Severity::Info);
    if flawed { Text::Flawed } else { Text::Good }
}
