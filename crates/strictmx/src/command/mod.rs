//! What the commands do. Commands start things; they never import each other.

pub mod config;
pub mod generated;
