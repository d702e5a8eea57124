//! The reporter against receivers on loopback: real DNS, SMTP and HTTPS, a clock that is moved.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
mod hostile;
mod https;
mod mail;
mod noting;
mod stages;
mod world;
