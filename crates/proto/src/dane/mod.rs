//! DANE: TLSA records.
pub mod tlsa;

pub use tlsa::{Tlsa, Unusable};
