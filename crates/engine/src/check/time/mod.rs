use super::{Check, Context, Findings};

/// The checks of this family.
pub(super) const CHECKS: &[&Check] = &[];

/// Judges this family.
pub(super) fn judge(_context: &Context<'_>, _found: &mut Findings) {}
