//! What the reporter tells and counts of itself.
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::{Registry, Unit};
use strictmx_engine::report::Day;
use strictmx_engine::report::published::Misfit;
use strictmx_engine::time::Timestamp;
use strictmx_io::store::outgoing::Stand;
use strictmx_proto::name::Domain;

use super::Telemetry;
use super::histogram::Times;
use super::log::Line;
use super::shape::{Counters, Gauges, Number, Two, label};
use crate::config::LogLevel;

/// What happens to reports.
#[derive(Debug, Clone, Copy)]
pub enum Reporting<'a> {
    /// A finished day was composed.
    Composed {
        /// The day.
        day: Day,
        /// Reports that are to leave.
        reports: u64,
        /// Domains about which there is none.
        withheld: u64,
        /// How long it took.
        took: Duration,
    },
    /// There is no report about a domain's day.
    Withheld {
        /// The domain.
        domain: &'a Domain,
        /// The day.
        day: Day,
        /// Why.
        why: &'a str,
    },
    /// Destinations have had as many reports today as they may have.
    Capped {
        /// How many reports do not leave.
        count: u64,
        /// How many each may have.
        cap: u64,
    },
    /// A destination was tried, or was not, and why.
    Tried {
        /// About whom the report is.
        domain: &'a Domain,
        /// Its day.
        day: Day,
        /// The destination.
        to: &'a str,
        /// What became of it.
        fate: ReportFate,
        /// What was said.
        said: &'a str,
    },
    /// No mail is signed, so none is sent.
    Unsigned,
    /// The published record of a key was looked up.
    KeyChecked {
        /// The key's selector.
        selector: &'a str,
        /// The submitter.
        domain: &'a Domain,
        /// What is wrong with the record; `None`: nothing.
        misfit: Option<&'a Misfit>,
    },
    /// Something went wrong that no other event names.
    Trouble {
        /// A sentence.
        what: &'a str,
    },
}

/// What became of a report at a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportFate {
    /// The receiver has confirmed it.
    Sent,
    /// Again later.
    Deferred,
    /// Refused for good.
    Refused,
    /// Not accepted in a day.
    Expired,
    /// Not tried, for good.
    Skipped,
    /// Not tried now.
    Held,
    /// It came back.
    Bounced,
}

impl ReportFate {
    /// The word in metrics and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Deferred => "deferred",
            Self::Refused => "refused",
            Self::Expired => "expired",
            Self::Skipped => "skipped",
            Self::Held => "held",
            Self::Bounced => "bounced",
        }
    }
}

impl Reporting<'_> {
    /// Whether it may be left out when it repeats itself.
    pub(super) fn may_repeat(&self) -> bool {
        matches!(self, Self::Trouble { .. } | Self::Capped { .. } | Self::Tried { fate: ReportFate::Held, .. })
    }

    pub(super) fn line(&self) -> Line {
        match *self {
            Self::Composed { day, reports, withheld, took } => {
                let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
                let without = if withheld > 0 { format!(", {withheld} domains have none") } else { String::new() };
                Line::new(
                    LogLevel::Info,
                    "reports-composed",
                    format!("{reports} reports about {day} wait for their time{without} ({millis} ms)"),
                )
                .with("day", day.to_string())
                .with("reports", reports)
                .with("withheld", withheld)
                .with("ms", millis)
            }
            Self::Withheld { domain, day, why } => {
                Line::new(LogLevel::Debug, "report-withheld", format!("no report about {day}: {why}"))
                    .about("domain", domain)
                    .with("day", day.to_string())
                    .with("why", why)
            }
            Self::Capped { count, cap } => Line::new(
                LogLevel::Warn,
                "reports-capped",
                format!(
                    "{count} reports do not leave: their destinations have had {cap} today, which is the cap; if they are to have \
                     more, raise [reporter] max_per_destination"
                ),
            )
            .with("count", count)
            .with("cap", cap),
            Self::Tried { domain, day, to, fate, said } => tried(day, to, fate, said).about("domain", domain),
            Self::Unsigned => Line::new(
                LogLevel::Error,
                "reports-unsigned",
                "no report goes out by mail: there is no DKIM key, and the RFC demands a signature; make keys with `strictmx report \
                 keygen`, publish their records and name them in [reporter] dkim",
            ),
            Self::KeyChecked { selector, domain, misfit } => checked(selector, domain, misfit),
            Self::Trouble { what } => Line::new(LogLevel::Error, "reporter-trouble", what),
        }
    }
}

fn tried(day: Day, to: &str, fate: ReportFate, said: &str) -> Line {
    let report = format!("report about {day}");
    let (level, event, what) = match fate {
        ReportFate::Sent => (LogLevel::Info, "report-sent", format!("{to} has the {report}")),
        ReportFate::Deferred => (LogLevel::Info, "report-deferred", format!("{to} does not take the {report} now")),
        ReportFate::Refused => (LogLevel::Warn, "report-refused", format!("{to} refuses the {report}")),
        ReportFate::Expired => (LogLevel::Warn, "report-expired", format!("{to} did not take the {report} in time")),
        ReportFate::Skipped => (LogLevel::Info, "report-skipped", format!("{to} gets no {report}")),
        ReportFate::Held => (LogLevel::Warn, "report-held", format!("{to} has to wait for the {report}")),
        ReportFate::Bounced => (LogLevel::Warn, "report-bounced", format!("{to} sent the {report} back")),
    };
    Line::new(level, event, format!("{what}: {said}")).with("day", day.to_string()).with("to", to).with("said", said)
}

fn checked(selector: &str, domain: &Domain, misfit: Option<&Misfit>) -> Line {
    let name = format!("{selector}._domainkey.{domain}");
    let line = match misfit {
        None => Line::new(LogLevel::Info, "key-checked", format!("the DKIM key at {name} is published")),
        Some(misfit) => Line::new(LogLevel::Warn, "key-checked", format!("the DKIM key at {name}: {misfit}"))
            .with("misfit", misfit.to_string()),
    };
    line.with("name", name)
}

#[derive(Debug, Default)]
pub(super) struct Metrics {
    composed: Counter,
    withheld: Counter,
    compose_times: Times,
    capped: Counter,
    tried: Family<Two, Counter>,
    keys: Counters,
    troubles: Counter,
    waiting: Gauges,
    oldest: Number,
    silenced: Number,
}

impl Metrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let m = Self::default();
        let r = registry.sub_registry_with_prefix("reporter");
        r.register("composed", "Reports composed of finished days", m.composed.clone());
        r.register("withheld", "Domains' days about which there is no report", m.withheld.clone());
        r.register_with_unit("compose", "Time of composing a finished day", Unit::Seconds, m.compose_times.clone());
        r.register("capped", "Reports that did not leave since their destination had its share", m.capped.clone());
        r.register("attempts", "Destinations tried or passed over, by way and outcome", m.tried.clone());
        r.register("keys_checked", "Look-ups of published DKIM keys, by outcome", m.keys.clone());
        r.register("troubles", "Reports or copies that a fault kept back", m.troubles.clone());
        r.register("waiting", "What is to be sent: reports not yet due, destinations to be tried", m.waiting.clone());
        r.register_with_unit(
            "oldest_due",
            "Time since the destination was due that has waited longest",
            Unit::Seconds,
            m.oldest.clone(),
        );
        r.register("silenced", "Addresses that are left in peace", m.silenced.clone());
        m
    }

    pub(super) fn count(&self, event: &Reporting<'_>) {
        match event {
            Reporting::Composed { reports, took, .. } => {
                self.composed.inc_by(*reports);
                self.compose_times.observe(*took);
            }
            Reporting::Withheld { .. } => {
                self.withheld.inc();
            }
            Reporting::Capped { count, .. } => {
                self.capped.inc_by(*count);
            }
            Reporting::Tried { to, fate, .. } => {
                let way = if to.starts_with("mailto:") { "mail" } else { "https" };
                self.tried.get_or_create(&[("way", way), ("outcome", fate.as_str())]).inc();
            }
            Reporting::KeyChecked { misfit, .. } => {
                let outcome = if misfit.is_none() { "fits" } else { "misfit" };
                self.keys.get_or_create(&label("outcome", outcome)).inc();
            }
            Reporting::Trouble { .. } => {
                self.troubles.inc();
            }
            Reporting::Unsigned => {}
        }
    }
}

impl Telemetry {
    /// Takes in how much is under way.
    pub fn reporter_stands(&self, stand: &Stand, now: Timestamp) {
        let m = &self.0.metrics.reporter;
        m.waiting.get_or_create(&label("kind", "report")).set(stand.composed);
        m.waiting.get_or_create(&label("kind", "destination")).set(stand.due);
        m.oldest.set(stand.oldest.map_or(0, |oldest| now.since(oldest)));
        m.silenced.set(stand.silenced);
    }
}
