//! The binary of strictmx, as a library so that its parts can be tested.
//!
//! - [`cli`]: what can be typed · [`config`]: what can be configured
//! - [`command`]: what the commands do
//! - [`flow`]: the only place where asking and deciding alternate
//! - [`web`]: the HTTP listener · [`telemetry`]: log and metrics
//! - [`import`]: caches of other policy servers · [`when`]: moments for people
//! - [`import`]: caches of other policy servers · [`when`]: moments for people
pub mod cli;
pub mod command;
pub mod config;
pub mod flow;
pub mod import;
// pub mod import;
pub mod telemetry;
pub mod web;
pub mod when;
