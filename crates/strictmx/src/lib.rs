//! The binary of strictmx, as a library so that its parts can be tested.

pub mod cli;
pub mod command;
pub mod config;
