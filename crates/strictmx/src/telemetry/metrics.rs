//! What is counted, and its names: `strictmx_<area>_<noun>_<unit|total>`. This module alone names a metric; no label ever
//! holds a peer's domain.
//!
//! What the hot path counts is made beforehand and held in arrays, so that counting is one atomic addition.

use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use strictmx_engine::profile::Profile;
use strictmx_engine::tls::Level;

use super::collector;
use super::histogram::Times;
use super::reporter;
use super::shape::{Counters, Gauges, Number, One, Two, label};

/// Every level, in the order of the answers' counters.
const LEVELS: [Level; 5] = [Level::Secure, Level::DaneOnly, Level::Dane, Level::NotFound, Level::Temp];

/// Everything that is counted.
#[derive(Debug)]
pub(super) struct Metrics {
    registry: Registry,
    answers: Vec<[Counter; LEVELS.len()]>,
    pub(super) from_memory: Times,
    pub(super) looked_up: Times,
    pub(super) observed: Counters,
    pub(super) overrides: Counters,
    pub(super) mismatches: Counter,
    pub(super) connections: Gauges,
    pub(super) connections_total: Counters,
    pub(super) rejected: Counters,
    pub(super) entries: Gauges,
    pub(super) oldest: Number,
    pub(super) in_flight: Gauges,
    pub(super) happened: Counters,
    pub(super) failures: Counters,
    pub(super) downgrades: Counter,
    pub(super) questions: Family<Two, Counter>,
    pub(super) trust: Gauges,
    pub(super) dane_off: Number,
    pub(super) fetches: Counters,
    pub(super) fetch_times: Times,
    pub(super) alerts: Counters,
    pub(super) probes: Counters,
    pub(super) watched: Gauges,
    pub(super) looks: Counters,
    pub(super) incidents: Family<Two, Counter>,
    pub(super) told: Counters,
    pub(super) untold: Counters,
    pub(super) given_up: Counters,
    pub(super) store_writes: Counter,
    pub(super) store_errors: Counters,
    pub(super) reloads: Counters,
    pub(super) loaded: Number,
    pub(super) panics: Counter,
    pub(super) suppressed: Counter,
    pub(super) collector: collector::Metrics,
    pub(super) reporter: reporter::Metrics,
}

impl Metrics {
    /// Nothing counted yet.
    pub(super) fn new() -> Self {
        let mut registry = Registry::with_prefix("strictmx");
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "Which version runs", version);
        let mut metrics = Self {
            answers: Vec::new(),
            from_memory: Times::default(),
            looked_up: Times::default(),
            observed: Family::default(),
            overrides: Family::default(),
            mismatches: Counter::default(),
            connections: Family::default(),
            connections_total: Family::default(),
            rejected: Family::default(),
            entries: Family::default(),
            oldest: Gauge::default(),
            in_flight: Family::default(),
            happened: Family::default(),
            failures: Family::default(),
            downgrades: Counter::default(),
            questions: Family::default(),
            trust: Family::default(),
            dane_off: Gauge::default(),
            fetches: Family::default(),
            fetch_times: Times::default(),
            alerts: Family::default(),
            probes: Family::default(),
            watched: Family::default(),
            looks: Family::default(),
            incidents: Family::default(),
            told: Family::default(),
            untold: Family::default(),
            given_up: Family::default(),
            store_writes: Counter::default(),
            store_errors: Family::default(),
            reloads: Family::default(),
            loaded: Gauge::default(),
            panics: Counter::default(),
            suppressed: Counter::default(),
            collector: collector::Metrics::register(&mut registry),
            reporter: reporter::Metrics::register(&mut registry),
            registry: Registry::default(),
        };
        metrics.register_policyd(&mut registry);
        metrics.register_lookups(&mut registry);
        metrics.register_outside(&mut registry);
        metrics.register_monitor(&mut registry);
        metrics.register_ourselves(&mut registry);
        metrics.registry = registry;
        metrics
    }

    fn register_policyd(&mut self, registry: &mut Registry) {
        let r = registry.sub_registry_with_prefix("policyd");
        let answers: Family<Two, Counter> = Family::default();
        self.answers = Profile::ALL
            .iter()
            .map(|profile| {
                LEVELS.map(|level| {
                    let labels = [("map", profile.as_str()), ("result", level.as_str())];
                    answers.get_or_create_owned(&labels)
                })
            })
            .collect();
        r.register("answers", "Answers to mail servers, by output profile and level", answers);
        let times: Family<One, Times> = Family::default();
        self.from_memory = times.get_or_create_owned(&label("from", "memory"));
        self.looked_up = times.get_or_create_owned(&label("from", "lookup"));
        r.register_with_unit("answer", "Time to an answer: from memory, or with a look-up", Unit::Seconds, times);
        r.register(
            "answers_observed",
            "Answers that observe mode kept back, by what they would have been",
            self.observed.clone(),
        );
        r.register("overrides_used", "Answers given by an override", self.overrides.clone());
        r.register("mx_mismatches", "Enforced policies found to name none of the MX hosts", self.mismatches.clone());
        r.register("connections", "Open connections, by door", self.connections.clone());
        r.register("connections_accepted", "Connections taken, by door", self.connections_total.clone());
        r.register("connections_rejected", "Connections closed for what they sent, by door", self.rejected.clone());
    }

    fn register_lookups(&self, registry: &mut Registry) {
        let r = registry.sub_registry_with_prefix("cache");
        r.register("entries", "Entries in memory", self.entries.clone());
        r.register_with_unit(
            "oldest_policy",
            "Time since the fetch of the oldest policy in memory",
            Unit::Seconds,
            self.oldest.clone(),
        );
        let r = registry.sub_registry_with_prefix("lookup");
        r.register("in_flight", "Look-ups under way", self.in_flight.clone());
        r.register("events", "What look-ups of policies came to", self.happened.clone());
        r.register("failures", "Failures that a TLS report names, by RFC 8460 result type", self.failures.clone());
        r.register(
            "downgrades",
            "Enforced policies that were replaced by weaker ones or expired",
            self.downgrades.clone(),
        );
        r.register("refresh_alerts", "Policies that cannot be refreshed, by urgency", self.alerts.clone());
    }

    fn register_outside(&self, registry: &mut Registry) {
        let r = registry.sub_registry_with_prefix("dns");
        r.register("questions", "DNS questions, by type and outcome", self.questions.clone());
        r.register("trust", "1 for what the last self-test showed of the resolver", self.trust.clone());
        r.register("dane_off", "1 while DANE is off", self.dane_off.clone());
        let r = registry.sub_registry_with_prefix("fetch");
        r.register("attempts", "Policy fetches, by outcome", self.fetches.clone());
        r.register_with_unit("duration", "Time of a policy fetch", Unit::Seconds, self.fetch_times.clone());
        let r = registry.sub_registry_with_prefix("probe");
        r.register("sessions", "Sessions with MX hosts of domains in testing mode, by result", self.probes.clone());
    }

    fn register_monitor(&self, registry: &mut Registry) {
        let r = registry.sub_registry_with_prefix("monitor");
        r.register("domains", "Watched domains, by what the last look at each found", self.watched.clone());
        r.register("looks", "Looks at watched domains, by what they found", self.looks.clone());
        r.register("incidents", "What happened to incidents of watched domains", self.incidents.clone());
        r.register("alerts_told", "Alerts that a receiver has confirmed", self.told.clone());
        r.register("alerts_delayed", "Attempts to tell a receiver that failed", self.untold.clone());
        r.register("alerts_given_up", "Alerts that are no longer tried", self.given_up.clone());
    }

    fn register_ourselves(&self, registry: &mut Registry) {
        let r = registry.sub_registry_with_prefix("store");
        r.register("writes", "Batches written", self.store_writes.clone());
        r.register("errors", "Failures of the store, by what was being done", self.store_errors.clone());
        let r = registry.sub_registry_with_prefix("config");
        r.register("reloads", "Reloads of the config, by outcome", self.reloads.clone());
        r.register_with_unit(
            "loaded_timestamp",
            "When the config in force was loaded",
            Unit::Seconds,
            self.loaded.clone(),
        );
        let r = registry.sub_registry_with_prefix("task");
        r.register("panics", "Tasks that ended in a panic", self.panics.clone());
        let r = registry.sub_registry_with_prefix("log");
        r.register("suppressed", "Log lines left out because they repeated others", self.suppressed.clone());
    }

    /// Counts an answer: one atomic addition.
    pub(super) fn answered(&self, profile: Profile, level: Level) {
        let row = Profile::ALL.iter().position(|p| *p == profile);
        let column = LEVELS.iter().position(|l| *l == level);
        if let (Some(row), Some(column)) = (row, column)
            && let Some(counter) = self.answers.get(row).and_then(|row| row.get(column))
        {
            counter.inc();
        }
    }

    /// Everything in the OpenMetrics text format.
    pub(super) fn render(&self) -> String {
        let mut out = String::new();
        text::encode(&mut out, &self.registry).map(|()| out).unwrap_or_default()
    }
}
