//! The only place where asking and deciding alternate: adapters are awaited here, the engine is called here.
//!
//! - [`desk`]: a question from a mail server in, an answer out; caches, single flight, deadline
//! - [`ask`]: a domain's policy and a route's DANE state, step by step (the two loops)
//! - [`keep`]: what comes of a look-up: stored, cached, told
//! - [`background`]: refreshing ahead of expiry, the resolver's self-test
//! - [`probe`]: one validated session a day to the MX hosts of `testing` domains
//! - [`explain`]: the same questions once more, with everything that was seen on the way
pub mod ask;
mod card;
pub mod background;
pub mod desk;
pub mod doors;
pub mod explain;
mod flight;
mod keep;
pub mod probe;
pub mod rules;
pub mod tend;

pub use desk::Desk;
pub use rules::{OverrideRule, Rules};
