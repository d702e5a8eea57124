//! What the program tells of itself: typed events, each one log line and its metric, and what the hot path counts.
//!
//! Flows hand over [`Event`]s; nothing else in the program writes a log line or names a metric.

mod bridge;
mod collector;
mod event;
mod histogram;
mod limit;
mod log;
mod metrics;
#[cfg(test)]
pub(crate) mod page;
mod reporter;
mod shape;

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use strictmx_engine::fact::{FetchFailure, FetchSeen, Seen};
use strictmx_engine::profile::{Answer, Profile};
use strictmx_engine::refresh::Urgency;
use strictmx_engine::tally;
use strictmx_engine::tls::Level;
use strictmx_engine::trust::Trust;
use strictmx_io::clock::Clock;
use strictmx_io::listen::Traffic;

use crate::config::{Log as LogSettings, LogLevel};
use event::Repeats;
use limit::{Limiter, Pass};
use log::{Line, Log};
use metrics::Metrics;
use shape::{catch_up, known, label, set};

pub use collector::{CollectorState, Counted, Flushed, Posted};
pub use event::{Event, Receiver, Standing};
pub use log::Reader;
pub use reporter::{ReportFate, Reporting};

/// Where events go. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Telemetry(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: Clock,
    log: Log,
    limiter: Limiter,
    metrics: Metrics,
}

/// Where an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerFrom {
    /// Everything was in memory.
    Memory,
    /// Something had to be looked up.
    Lookup,
}

/// Whether DANE is off, by config or because the resolver does not validate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DaneOff {
    /// It is on.
    No,
    /// It is off.
    Yes,
}

/// What a DNS question was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// TXT.
    Txt,
    /// MX.
    Mx,
    /// A and AAAA, one question.
    Address,
    /// CNAME.
    Cname,
    /// TLSA.
    Tlsa,
}

/// The doors that mail servers and others come through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// socketmap.
    Socketmap,
    /// tcp_table.
    TcpTable,
    /// HTTP.
    Web,
    /// The control socket.
    Control,
}

/// What is measured when somebody looks at the metrics, not when it happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Measured {
    /// Domains in memory.
    pub policies: usize,
    /// Routes in memory.
    pub routes: usize,
    /// Look-ups of policies under way.
    pub policy_lookups: usize,
    /// Look-ups of routes under way.
    pub route_lookups: usize,
    /// Seconds since the fetch of the oldest policy in memory.
    pub oldest_policy: u64,
    /// Tasks that ended in a panic since the start.
    pub panics: u64,
}

impl Telemetry {
    /// Telemetry that writes its log to `out`.
    pub fn new(clock: Clock, settings: LogSettings, reader: Reader, out: Box<dyn Write + Send>) -> Self {
        Self(Arc::new(Inner {
            clock,
            log: Log::new(settings, reader, out),
            limiter: Limiter::default(),
            metrics: Metrics::new(),
        }))
    }

    /// Telemetry for the daemon: its log goes to stderr, and the lines of adapters go there too. `journal` is systemd's
    /// `$JOURNAL_STREAM`. Once a process: a second one is not heard by adapters.
    pub fn to_stderr(clock: Clock, settings: LogSettings, journal: Option<&str>) -> Self {
        let telemetry = Self::new(clock, settings, Reader::of_stderr(journal), Box::new(std::io::stderr()));
        // An error means that somebody listens already.
        drop(tracing::subscriber::set_global_default(bridge::Bridge(telemetry.clone())));
        telemetry
    }

    /// Changes level and format of the log, on a reload.
    pub fn set_log(&self, settings: LogSettings) {
        self.0.log.set(settings);
    }

    /// Tells of an event: counts it, and writes its line unless it repeats itself or the log's level leaves it out.
    pub fn emit(&self, event: Event<'_>) {
        self.count(&event);
        let line = event.line();
        if !self.0.log.wants(line.level) {
            return;
        }
        match event.repeats() {
            Repeats::No => self.write(&line),
            Repeats::Yes => {
                let about = line.about.clone().unwrap_or_else(|| line.message.clone());
                self.write_once(line, &about);
            }
        }
    }

    /// Counts an answer to a mail server. One atomic addition.
    pub fn answered(&self, profile: Profile, level: Level) {
        self.0.metrics.answered(profile, level);
    }

    /// Counts the time an answer took. Two atomic additions.
    pub fn took(&self, from: AnswerFrom, length: Duration) {
        match from {
            AnswerFrom::Memory => self.0.metrics.from_memory.observe(length),
            AnswerFrom::Lookup => self.0.metrics.looked_up.observe(length),
        }
    }

    /// Counts a DNS question.
    pub fn asked<T>(&self, question: Question, seen: &Seen<T>) {
        let kind = match question {
            Question::Txt => "txt",
            Question::Mx => "mx",
            Question::Address => "address",
            Question::Cname => "cname",
            Question::Tlsa => "tlsa",
        };
        let outcome = match seen {
            Seen::Found { .. } => "found",
            Seen::NoData { .. } => "no-data",
            Seen::NxDomain { .. } => "nxdomain",
            Seen::Failed(failure) => failure.kind.as_str(),
        };
        self.0.metrics.questions.get_or_create(&[("type", kind), ("outcome", outcome)]).inc();
    }

    /// Counts a policy fetch.
    pub fn fetched(&self, seen: &FetchSeen, length: Duration) {
        let outcome = match seen {
            FetchSeen::Body(_) => "ok",
            FetchSeen::Failed(failure) => fetch_word(failure),
        };
        self.0.metrics.fetches.get_or_create(&label("outcome", outcome)).inc();
        self.0.metrics.fetch_times.observe(length);
    }

    /// Counts a batch that the store has written.
    pub fn stored(&self) {
        self.0.metrics.store_writes.inc();
    }

    /// Takes in what the listeners have counted; a door may have several.
    pub fn traffic(&self, listeners: &[(Door, Arc<Traffic>)]) {
        let m = &self.0.metrics;
        for door in Door::ALL {
            let of_door = || listeners.iter().filter(|(of, _)| *of == door).map(|(_, traffic)| traffic);
            let label = label("door", door.as_str());
            m.connections.get_or_create(&label).set(of_door().map(|traffic| traffic.open()).sum());
            catch_up(&m.connections_total.get_or_create(&label), of_door().map(|traffic| traffic.taken()).sum());
            catch_up(&m.rejected.get_or_create(&label), of_door().map(|traffic| traffic.refused()).sum());
        }
    }

    /// Whether DANE is off, by config or because the resolver does not validate.
    pub fn dane_off(&self, off: DaneOff) {
        self.0.metrics.dane_off.set(u64::from(off == DaneOff::Yes));
    }

    /// Takes in what is measured only when somebody looks.
    pub fn measured(&self, measured: &Measured) {
        let m = &self.0.metrics;
        set(&m.entries.get_or_create(&label("kind", "policy")), measured.policies);
        set(&m.entries.get_or_create(&label("kind", "route")), measured.routes);
        set(&m.in_flight.get_or_create(&label("kind", "policy")), measured.policy_lookups);
        set(&m.in_flight.get_or_create(&label("kind", "route")), measured.route_lookups);
        m.oldest.set(measured.oldest_policy);
        catch_up(&m.panics, measured.panics);
    }

    /// How many watched domains are of this health.
    pub fn watched(&self, health: &'static str, count: usize) {
        set(&self.0.metrics.watched.get_or_create(&label("health", health)), count);
    }

    /// The metrics in the OpenMetrics text format.
    pub fn render(&self) -> String {
        self.0.metrics.render()
    }

    fn wants(&self, level: LogLevel) -> bool {
        self.0.log.wants(level)
    }

    /// Writes a line of the floors below; warnings that repeat themselves are left out like ours.
    fn relay(&self, line: Line) {
        if line.level <= LogLevel::Warn {
            let about = line.message.clone();
            self.write_once(line, &about);
        } else {
            self.write(&line);
        }
    }

    fn write(&self, line: &Line) {
        self.0.log.write(line, self.0.clock.now());
    }

    /// Writes a line unless the same event about the same thing was written a moment ago.
    fn write_once(&self, line: Line, about: &str) {
        let now = self.0.clock.now();
        match self.0.limiter.pass(line.event, about, now) {
            Pass::Suppress => {
                self.0.metrics.suppressed.inc();
            }
            Pass::Write { suppressed: 0 } => self.0.log.write(&line, now),
            Pass::Write { suppressed } => {
                let message = format!("{} (and {suppressed} times more since the last such line)", line.message);
                self.0.log.write(&Line { message, ..line }.with("suppressed", suppressed), now);
            }
        }
    }

    fn count(&self, event: &Event<'_>) {
        let m = &self.0.metrics;
        match event {
            Event::Policy { happened, .. } => {
                m.happened.get_or_create(&label("event", happened.kind())).inc();
                if let Some(failure) = tally::event(happened) {
                    m.failures.get_or_create(&label("type", failure.result.as_str())).inc();
                }
                if happened.weakens() {
                    m.downgrades.inc();
                }
            }
            Event::NoMxMatches { .. } => {
                m.mismatches.inc();
            }
            Event::RefreshAlert { alert, .. } => {
                let urgency = match alert.urgency {
                    Urgency::Notice => "notice",
                    Urgency::Pressing => "pressing",
                };
                m.alerts.get_or_create(&label("urgency", urgency)).inc();
            }
            Event::AnswerObserved { answer, .. } => {
                m.observed.get_or_create(&label("result", answer_word(answer))).inc();
            }
            Event::OverrideUsed { answer, .. } => {
                let word = known(answer.as_str(), &["off", "observe", "refresh-only"]);
                m.overrides.get_or_create(&label("answer", word)).inc();
            }
            Event::ResolverTested { trust } => self.tested(trust),
            Event::StoreFailed { doing, .. } => {
                m.store_errors.get_or_create(&label("doing", doing)).inc();
            }
            Event::ProbeDone { result, .. } => {
                m.probes.get_or_create(&label("result", probe_word(*result))).inc();
            }
            Event::DomainLooked { health, .. } => {
                m.looks.get_or_create(&label("health", health.as_str())).inc();
            }
            Event::Incident { news, severity, .. } => {
                let news = known(news, &["raised", "worse", "all-clear"]);
                let severity = known(severity, &["error", "warning"]);
                m.incidents.get_or_create(&[("news", news), ("severity", severity)]).inc();
            }
            Event::AlertTold { receiver, .. } => {
                m.told.get_or_create(&label("receiver", receiver.as_str())).inc();
            }
            Event::AlertsWait { receiver, .. } => {
                m.untold.get_or_create(&label("receiver", receiver.as_str())).inc();
            }
            Event::AlertGivenUp { receiver, .. } => {
                m.given_up.get_or_create(&label("receiver", receiver.as_str())).inc();
            }
            Event::EventsLost { events } => {
                m.collector.lost.inc_by(*events);
            }
            Event::Reporting(event) => m.reporter.count(event),
            Event::ServiceStarted { .. } => {
                m.loaded.set(self.0.clock.now().0);
            }
            Event::ConfigReloaded { .. } => {
                m.loaded.set(self.0.clock.now().0);
                m.reloads.get_or_create(&label("outcome", "ok")).inc();
            }
            Event::ConfigRejected { .. } => {
                m.reloads.get_or_create(&label("outcome", "rejected")).inc();
            }
            _ => {}
        }
    }

    fn tested(&self, trust: &Trust) {
        let now = match trust {
            Trust::Validates => "validates",
            Trust::DoesNotValidate { .. } => "does-not-validate",
            Trust::Unknown { .. } => "unknown",
        };
        for state in ["validates", "does-not-validate", "unknown"] {
            self.0.metrics.trust.get_or_create(&label("state", state)).set(u64::from(state == now));
        }
    }
}

impl Door {
    /// All of them.
    const ALL: [Self; 4] = [Self::Socketmap, Self::TcpTable, Self::Web, Self::Control];

    /// The word in metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Socketmap => "socketmap",
            Self::TcpTable => "tcp_table",
            Self::Web => "web",
            Self::Control => "control",
        }
    }
}

fn answer_word(answer: &Answer) -> &'static str {
    match answer {
        Answer::NotFound => "not-found",
        Answer::Temp(_) => "temp",
        Answer::Line(line) => match line.split(' ').next() {
            Some("secure") => "secure",
            Some("dane-only") => "dane-only",
            Some("dane") => "dane",
            _ => "other",
        },
    }
}

fn probe_word(result: Option<&str>) -> &'static str {
    // RFC 8460 §4.3: the result types of a session.
    const SESSION: [&str; 5] = [
        "starttls-not-supported",
        "certificate-host-mismatch",
        "certificate-expired",
        "certificate-not-trusted",
        "validation-failure",
    ];
    result.map_or("ok", |result| known(result, &SESSION))
}

fn fetch_word(failure: &FetchFailure) -> &'static str {
    match failure {
        FetchFailure::Dns(_) => "dns",
        FetchFailure::NoAddress => "no-address",
        FetchFailure::AddressRefused { .. } => "address-refused",
        FetchFailure::Connect { .. } => "connect",
        FetchFailure::Certificate(_) => "certificate",
        FetchFailure::Tls { .. } => "tls",
        FetchFailure::Status { .. } => "status",
        FetchFailure::MediaType { .. } => "media-type",
        FetchFailure::TooLarge => "too-large",
        FetchFailure::Timeout { .. } => "timeout",
        FetchFailure::Http { .. } => "http",
        _ => "other",
    }
}
