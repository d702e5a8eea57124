//! Looking at a domain for `strictmx check`: every question side by side, all answers in one [`Observations`] value.
//!
//! Nothing is judged here; the checks read what this gathered. What many domains have in common (MX hosts, name servers, report
//! addresses) is looked at once per run and kept within bounds, however long the list of domains is.
//!
//! - `look`: one domain · `policy_host`, `mail`, `host`, `report`, `zone`: its parts
//! - `shared`: what is looked at once · `gate`: so many connections to one address, and no more
mod gate;
mod host;
mod look;
mod mail;
mod policy_host;
mod report;
mod shared;
mod zone;

use std::sync::Arc;

use strictmx_engine::check::{Family, observations::ResolverSeen};
use strictmx_io::{smtp_out::Limits, task::Tasks, tls::ClientTls};

use self::shared::Common;
use super::ask::Senses;

/// How closely to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Depth {
    /// The records, the policy on each address, one session with each address of each MX host.
    Quick,
    /// Besides: every name server, CAA, wildcards, misplaced records, pointers, other handshakes, report addresses.
    Thorough,
}

/// Whether report addresses are tried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProbeDestinations {
    /// Only looked up.
    No,
    /// A recipient is named to the mail host (no mail is sent), a small test report is posted to an HTTPS address.
    Yes,
}

/// What to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// These families; what only others need is not asked.
    pub families: Vec<Family>,
    /// How closely.
    pub depth: Depth,
    /// Whether report addresses are tried out.
    pub probe_destinations: ProbeDestinations,
}

impl Plan {
    fn any(&self, families: &[Family]) -> bool {
        self.families.iter().any(|family| families.contains(family))
    }

    fn is_thorough(&self) -> bool {
        self.depth == Depth::Thorough
    }
}

/// How to look.
#[derive(Debug, Clone)]
pub struct LookOptions {
    /// Our own name, as EHLO tells it.
    pub helo: String,
    /// Where MX hosts listen.
    pub smtp_port: u16,
    /// Time limits of one session.
    pub smtp: Limits,
    /// Connections to one address at the same time.
    pub per_address: usize,
    /// Who answers DNS questions, for showing.
    pub resolver: ResolverSeen,
}

/// Looks at domains, for one run: what it has seen once it does not look at again. Clones share everything.
#[derive(Clone)]
pub struct Looker(Arc<Inner>);

struct Inner {
    senses: Senses,
    tls: ClientTls,
    options: LookOptions,
    common: Common,
    gate: gate::Gate,
}

impl Looker {
    /// A looker that has seen nothing yet. `tasks` is where shared work runs.
    #[must_use]
    pub fn new(senses: Senses, tls: ClientTls, options: LookOptions, tasks: &Tasks) -> Self {
        let gate = gate::Gate::new(options.per_address);
        let common = Common::new(tasks);
        Self(Arc::new(Inner { senses, tls, options, common, gate }))
    }
}
