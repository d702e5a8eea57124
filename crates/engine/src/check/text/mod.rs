//! The text of a policy, taken apart: what the checks of the text and the suggested policy both read.
pub(super) mod lines;
pub(super) mod meant;
