//! What the commands do. Commands start things; they never import each other, save what they are built from.
mod build;
pub mod cache;
pub mod check;
pub mod config;
pub mod explain;
pub mod generated;
pub mod report;
mod reporting;
pub mod serve;
mod watching;
