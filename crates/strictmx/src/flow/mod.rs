//! The only place where asking and deciding alternate: adapters are awaited here, the engine is called here.
//!
//! - [`desk`]: a question from a mail server in, an answer out; deadline, override, observe mode
//! - [`doors`]: the wire forms by which mail servers reach the desk
//! - [`ask`]: a domain's policy and a route's DANE state, step by step (the two loops)
//! - [`explain`]: the same questions once more, with everything that was seen on the way
//! - [`check`]: looking at a domain for its owner, everything side by side
//! - [`collect`]: what mail servers and we ourselves saw of TLS, counted for reports
//! - [`background`]: loading, refreshing ahead of expiry, testing the resolver, tidying
//! - [`probe`]: one validated session a day to the MX hosts of `testing` domains
//! - [`monitor`]: watching domains, and telling what breaks
//! - [`report_out`]: sending TLS reports
//! - [`tend`]: what `strictmx cache …` asks for
//! - [`rules`]: what the operator decided · [`self_test`]: does the resolver's word on DNSSEC count
//!
//! Inside: `inner` (what all of these share), `card` (what memory holds of a domain), `routes` (and of its MX hosts), `flight`
//! (single flight), `keep` (what comes of a look-up: stored, cached, told), `observed` (what goes
//! from there to the collector).
pub mod ask;
pub mod background;
mod card;
pub mod check;
pub mod collect;
pub mod desk;
pub mod doors;
pub mod explain;
mod flight;
mod inner;
mod keep;
pub mod monitor;
mod observed;
pub mod probe;
pub mod report_out;
mod routes;
pub mod rules;
pub mod self_test;
pub mod tend;

pub use desk::Desk;
pub use inner::Parts;
pub use rules::{OverrideRule, Rules};
