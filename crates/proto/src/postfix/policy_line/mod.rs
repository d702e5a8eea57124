//! One line of Postfix's TLS policy table (smtp_tls_policy_maps): how we say a policy, and a strict re-implementation of the
//! grammar, against which every line we emit is checked (D-36).
//!
//! Postfix treats any error in a line as a broken configuration and defers all mail for the destination (4.7.5), so the text
//! of a stranger's policy must never cause one. We are stricter than Postfix where Postfix accepts what cannot be meant.
mod attribute;
mod check;
mod emit;
mod level;

pub use check::{LineError, MAX_LINE, check};
pub use emit::{CannotSay, Shape, secure_line};
pub use level::Dialect;
