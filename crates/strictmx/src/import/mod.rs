//! Taking over the cache of another policy server: its entries in, what we would know of each domain out. Pure; reading the
//! file is the caller's business.
//!
//! What comes out is never weaker than what was there: an entry that cannot be understood is refused and looked up afresh
//! when it is first asked for. The daemon asks for every imported policy again at once, because no look-up of ours has seen
//! its id.

pub mod resolver;
pub mod tlspol;

use std::sync::Arc;

use strictmx_engine::lookup::{Entry, Known};
use strictmx_engine::time::Timestamp;
use strictmx_proto::name::Domain;
use strictmx_proto::sts::Policy;

/// What a foreign cache came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Import {
    /// Policies to take over, in the order of the file; one a domain.
    pub taken: Vec<Imported>,
    /// Entries that were not, and why.
    pub refused: Vec<Refused>,
    /// Entries that carry no policy because DANE decided: nothing to keep, asked anew.
    pub dane: usize,
    /// Policies that have expired: nothing to keep, asked anew.
    pub expired: usize,
}

/// One policy that is taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The policy domain.
    pub domain: Domain,
    /// What is now known of it: a policy, and no TXT look-up.
    pub known: Known,
    /// What had to be assumed, for people.
    pub note: Option<&'static str>,
}

/// One entry that is not taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Its line, or the number of its row, from 1.
    pub line: usize,
    /// Why.
    pub why: String,
}

/// What is known of a domain whose policy somebody else has fetched.
fn known(policy: Policy, id: Option<Box<str>>, fetched: Timestamp, expires: Timestamp) -> Known {
    Known { entry: Some(Entry { id, policy: Arc::new(policy), fetched, expires }), ..Known::default() }
}
