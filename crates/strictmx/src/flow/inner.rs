//! What the desk and everything behind it share: adapters, rules, caches, look-ups under way.
use std::sync::{Arc, OnceLock};

use arc_swap::{ArcSwap, ArcSwapOption};
use quick_cache::sync::Cache;
use strictmx_engine::{
    report::observe::Observation,
    route::RouteKnown,
    time::Timestamp,
    tls::{self, DaneUse},
    trust::Trust,
};
use strictmx_io::{store::Store, task::Tasks};
use strictmx_proto::name::Domain;
use tokio::sync::{Notify, Semaphore};

use super::{
    ask::Senses,
    card::{Card, Landed},
    flight::Flights,
    observed::{Full, Watch},
    routes::{Routes, growing_cache},
    rules::Rules,
    self_test::SelfTest,
};
use crate::telemetry::Telemetry;

/// Look-ups under way at the same time; more wait their turn, so that a flood of new domains cannot exhaust memory.
const LOOKUPS_AT_ONCE: usize = 1024;

/// What a desk is made of.
pub struct Parts {
    /// Adapters to ask through.
    pub senses: Senses,
    /// The operator's rules.
    pub rules: Rules,
    /// The names of the resolver's self-test; `None`: it is off.
    pub self_test: Option<SelfTest>,
    /// Where policies outlive the process.
    pub store: Arc<dyn Store>,
    /// Where background work runs.
    pub tasks: Tasks,
    /// Where events go.
    pub telemetry: Telemetry,
    /// Entries either cache holds at most.
    pub ceiling: usize,
}

pub(crate) struct Inner {
    pub(crate) senses: ArcSwap<Senses>,
    pub(crate) rules: ArcSwap<Rules>,
    pub(crate) trust: ArcSwap<Trust>,
    pub(crate) self_test: ArcSwapOption<SelfTest>,
    /// Rung when the resolver is to be tested at once.
    pub(crate) retest: Notify,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) tasks: Tasks,
    pub(crate) telemetry: Telemetry,
    pub(crate) policies: Cache<Domain, Arc<Card>>,
    pub(crate) routes: Routes,
    pub(crate) policy_flights: Flights<Domain, Landed>,
    pub(crate) route_flights: Flights<Box<str>, Arc<RouteKnown>>,
    pub(crate) places: Arc<Semaphore>,
    /// Policies already rechecked because no MX host matched them (D-24): domain and id.
    pub(crate) mismatched: Cache<Domain, Option<Box<str>>>,
    /// Where observations go for TLS reports, once a collector runs.
    pub(crate) watch: OnceLock<Watch>,
}

impl Inner {
    /// Empty caches, nothing under way.
    pub(crate) fn new(parts: Parts) -> Self {
        let tasks = parts.tasks;
        Self {
            senses: ArcSwap::from_pointee(parts.senses),
            rules: ArcSwap::from_pointee(parts.rules),
            trust: ArcSwap::from_pointee(Trust::Unknown { why: "not tested yet".to_owned() }),
            self_test: ArcSwapOption::from_pointee(parts.self_test),
            retest: Notify::new(),
            store: parts.store,
            telemetry: parts.telemetry,
            policies: growing_cache(parts.ceiling),
            routes: Routes::new(parts.ceiling),
            policy_flights: Flights::new("policy look-up", tasks.clone()),
            route_flights: Flights::new("route look-up", tasks.clone()),
            places: Arc::new(Semaphore::new(LOOKUPS_AT_ONCE)),
            mismatched: Cache::new(4096),
            watch: OnceLock::new(),
            tasks,
        }
    }

    /// Hands an observation over for TLS reports, where a collector runs. Waits for nothing.
    pub(crate) fn saw(&self, observe: impl FnOnce() -> Option<Observation>) {
        if let Some(watch) = self.watch.get()
            && let Some(observation) = observe()
            && watch.saw(observation) == Err(Full)
        {
            self.telemetry.left_out();
        }
    }

    /// The time.
    pub(crate) fn now(&self) -> Timestamp {
        self.senses.load().clock.now()
    }

    /// How DANE and MTA-STS combine now: as configured, DANE off where the resolver turned out not to validate.
    pub(crate) fn plan_settings(&self, rules: &Rules) -> tls::Settings {
        match &**self.trust.load() {
            Trust::DoesNotValidate { .. } => tls::Settings { dane: DaneUse::Off, ..rules.plan },
            _ => rules.plan,
        }
    }
}
