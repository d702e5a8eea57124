//! The cache of routes: what is known of the MX hosts behind a next hop.
//!
//! Nearly every next hop is a plain domain; those share the text of the domain with the policy cache. The others
//! (`[host]`, `host:587`) are few, and keyed by their canonical text.
use std::sync::Arc;

use quick_cache::sync::Cache;
use strictmx_engine::{
    nexthop::{Kind, Route},
    route::RouteKnown,
};
use strictmx_proto::name::Domain;

/// What is known of routes.
pub(crate) struct Routes {
    plain: Cache<Domain, Arc<RouteKnown>>,
    others: Cache<Box<str>, Arc<RouteKnown>>,
}

impl Routes {
    /// Knows nothing yet, and never more than `ceiling` of either kind.
    pub(crate) fn new(ceiling: usize) -> Self {
        Self { plain: growing_cache(ceiling), others: growing_cache(ceiling) }
    }

    /// What is known of a plain domain, by its canonical text. Allocates nothing.
    pub(crate) fn plain(&self, domain: &str) -> Option<Arc<RouteKnown>> {
        self.plain.get(domain)
    }

    /// What is known of a route.
    pub(crate) fn get(&self, route: &Route) -> Option<Arc<RouteKnown>> {
        if is_plain(route) { self.plain.get(&route.domain) } else { self.others.get(route.to_string().as_str()) }
    }

    /// Keeps what is known. `shared` is the domain as the policy cache has it, so that its text is there once.
    pub(crate) fn insert(&self, route: &Route, shared: Option<Domain>, known: Arc<RouteKnown>) {
        if is_plain(route) {
            self.plain.insert(shared.unwrap_or_else(|| route.domain.clone()), known);
        } else {
            self.others.insert(route.to_string().into(), known);
        }
    }

    /// Forgets every route of a domain.
    pub(crate) fn forget(&self, domain: &Domain) {
        self.plain.remove(domain);
        self.others.retain(|key, _| !names(key, domain));
    }

    /// How many are known.
    pub(crate) fn len(&self) -> usize {
        self.plain.len() + self.others.len()
    }
}

fn is_plain(route: &Route) -> bool {
    route.port.is_none() && route.kind == Kind::Domain
}

/// Whether a route's canonical text is about this domain: `example.com:587`, `[example.com]`, `[example.com]:587`.
fn names(key: &str, domain: &Domain) -> bool {
    let bracketed = key.strip_prefix('[').and_then(|rest| rest.split(']').next());
    bracketed.or_else(|| key.split(':').next()) == Some(domain.as_str())
}

/// A cache that takes memory as it fills, up to `ceiling` entries.
pub(crate) fn growing_cache<K: Eq + std::hash::Hash, V: Clone>(ceiling: usize) -> Cache<K, V> {
    let first = ceiling.min(1024);
    Cache::with_weighter(first, ceiling as u64, quick_cache::UnitWeighter)
}
