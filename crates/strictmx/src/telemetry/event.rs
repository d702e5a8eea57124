//! Everything worth telling: one variant per event, each with its one log line; its metric is counted in [`super`].
//!
//! Names of events (`fetch-failed`) are stable: people filter by them.

use std::time::Duration;

use serde_json::Value;
use strictmx_engine::check::Health;
use strictmx_engine::lookup::Event as Happened;
use strictmx_engine::profile::{Answer, Override};
use strictmx_engine::refresh::{Alert, Urgency};
use strictmx_engine::trust::Trust;
use strictmx_proto::name::Domain;
use strictmx_proto::sts::Mode;

use super::log::Line;
use super::reporter::Reporting;
use crate::config::LogLevel;

/// Whether a watched domain is as it was at the look before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is not, or this is the first look.
    New,
    /// It is.
    Same,
}

/// One thing that happened.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// The daemon begins.
    ServiceStarted {
        /// Where its settings are from.
        config: &'a str,
    },
    /// A door is open.
    Listening {
        /// Which service.
        service: &'static str,
        /// Where.
        address: &'a str,
    },
    /// Something is off or different from what one may expect, and why.
    Notice {
        /// A sentence.
        what: &'a str,
    },
    /// Something does not run because nobody asked for it.
    Off {
        /// What, and what would switch it on.
        what: &'a str,
    },
    /// The config can be used, and somebody should look at it.
    ConfigWarning {
        /// Where and what.
        what: &'a str,
    },
    /// Questions are answered from now on.
    Ready {
        /// Since the start of the process.
        after: Duration,
    },
    /// The stored policies are in memory.
    PoliciesLoaded {
        /// How many.
        count: usize,
    },
    /// A new config is in force.
    ConfigReloaded {
        /// Its file.
        config: &'a str,
    },
    /// A new config was refused; the old one stays.
    ConfigRejected {
        /// What is wrong with it.
        why: &'a str,
    },
    /// A setting changed that only a restart brings into force.
    RestartNeeded {
        /// Which: `policyd.listen`.
        setting: &'a str,
    },
    /// The daemon was told to end.
    Stopping,
    /// The daemon ends.
    Stopped {
        /// Tasks that did not end in time.
        left: usize,
    },
    /// Something happened to a domain's policy.
    Policy {
        /// The domain.
        domain: &'a Domain,
        /// What.
        happened: &'a Happened,
    },
    /// An enforced policy names none of the MX hosts (D-24).
    NoMxMatches {
        /// The domain.
        domain: &'a Domain,
        /// Its MX hosts.
        hosts: &'a [&'a str],
    },
    /// A policy cannot be refreshed (STS-3.3-15, STS-10.2-3).
    RefreshAlert {
        /// The domain.
        domain: &'a Domain,
        /// How bad it is.
        alert: Alert,
    },
    /// Observe mode kept an answer back.
    AnswerObserved {
        /// The domain.
        domain: &'a Domain,
        /// What it would have been.
        answer: &'a Answer,
    },
    /// An override gave the answer.
    OverrideUsed {
        /// The domain.
        domain: &'a Domain,
        /// What it says.
        answer: &'a Override,
        /// Why, in the operator's words; may be empty.
        reason: &'a str,
    },
    /// An override reached its last day.
    OverrideExpired {
        /// The domain.
        domain: &'a Domain,
    },
    /// The resolver was tested.
    ResolverTested {
        /// What that showed.
        trust: &'a Trust,
    },
    /// The store failed.
    StoreFailed {
        /// What was being done: `read a policy`.
        doing: &'static str,
        /// Why it failed.
        error: &'a str,
    },
    /// A session with an MX host of a domain in testing mode (D-31).
    ProbeDone {
        /// The domain.
        domain: &'a Domain,
        /// The host.
        host: &'a Domain,
        /// The RFC 8460 result type; `None`: a success, or nothing was learnt.
        result: Option<&'a str>,
    },
    /// The monitor looked at a domain.
    DomainLooked {
        /// The domain.
        domain: &'a Domain,
        /// How it is.
        health: Health,
        /// The same in a sentence.
        summary: &'a str,
        /// Incidents that are open.
        incidents: usize,
        /// Whether it was so before.
        standing: Standing,
    },
    /// Something happened to an incident of a watched domain.
    Incident {
        /// The domain.
        domain: &'a Domain,
        /// `raised`, `worse` or `all-clear`.
        news: &'a str,
        /// `error` or `warning`.
        severity: &'a str,
        /// The finding's id.
        id: &'a str,
        /// What is wrong with what.
        heading: &'a str,
        /// What was seen.
        seen: &'a str,
        /// Since when.
        since: &'a str,
    },
    /// A receiver has confirmed an alert.
    AlertTold {
        /// The domain.
        domain: &'a Domain,
        /// Who.
        receiver: Receiver,
    },
    /// A receiver could not be told; it is tried again.
    AlertsWait {
        /// Who.
        receiver: Receiver,
        /// How many alerts wait.
        count: usize,
        /// Why.
        why: &'a str,
    },
    /// An alert is no longer tried.
    AlertGivenUp {
        /// The domain.
        domain: &'a Domain,
        /// Who was to be told.
        receiver: Receiver,
        /// Why.
        why: &'a str,
    },
    /// The process before was killed with events that it had not written yet.
    EventsLost {
        /// How many.
        events: u64,
    },
    /// A datagram says nothing that can be counted.
    DatagramRefused {
        /// What is wrong with it.
        why: &'a str,
    },
    /// Events could not be counted.
    DatagramsDropped {
        /// How many.
        count: u64,
        /// Where they had no place: `queue`, `counts`.
        place: &'static str,
        /// Why, and what to do.
        why: &'static str,
    },
    /// Sessions came for days whose reports are made already.
    SessionsLate {
        /// How many.
        sessions: u64,
    },
    /// Counts are written again, after they could not be.
    CountsKeptAgain {
        /// Attempts that failed.
        tries: u32,
    },
    /// The daemon ends, and the store did not take the last counts.
    CountsAbandoned {
        /// How many events those are.
        events: u64,
    },
    /// Something happened to reports.
    Reporting(Reporting<'a>),
    /// Somebody changed the cache through the control socket.
    CacheChanged {
        /// What was done: `purged`, `imported`.
        done: &'static str,
        /// To how many domains.
        count: usize,
    },
}

/// Who is told of incidents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receiver {
    /// The log.
    Log,
    /// A program.
    Webhook,
    /// People.
    Mail,
}

impl Receiver {
    /// The word in metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Webhook => "webhook",
            Self::Mail => "mail",
        }
    }
}

/// Whether an event may be left out when it repeats itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeats {
    /// It says something new each time.
    No,
    /// Once in five minutes about the same thing is enough.
    Yes,
}

impl Event<'_> {
    /// The log line.
    pub(super) fn line(&self) -> Line {
        match *self {
            Self::ServiceStarted { config } => {
                info("started", format!("strictmx {}, {config}", env!("CARGO_PKG_VERSION")))
                    .with("version", env!("CARGO_PKG_VERSION"))
                    .with("config", config)
            }
            Self::Listening { service, address } => info("listening", format!("{service} listens on {address}"))
                .with("service", service)
                .with("address", address),
            Self::Notice { what } => warn("notice", what),
            Self::Off { what } => info("off", format!("off: {what}")),
            Self::ConfigWarning { what } => warn("config-warning", what),
            Self::Ready { after } => {
                let millis = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
                info("ready", format!("ready after {millis} ms")).with("ms", millis)
            }
            Self::PoliciesLoaded { count } => {
                info("policies-loaded", format!("{count} policies taken over from the store")).with("count", count)
            }
            Self::ConfigReloaded { config } => {
                info("config-reloaded", format!("the config was read again: {config}")).with("config", config)
            }
            Self::ConfigRejected { why } => {
                error("config-rejected", format!("the new config has errors, the old one stays in force: {why}"))
                    .with("why", why)
            }
            Self::RestartNeeded { setting } => {
                warn("restart-needed", format!("`{setting}` has changed; that takes a restart"))
                    .with("setting", setting)
            }
            Self::Stopping => info("stopping", "stopping: no new connections, what is under way is finished"),
            Self::Stopped { left: 0 } => info("stopped", "stopped"),
            Self::Stopped { left } => {
                warn("stopped", format!("stopped; {left} tasks did not end in time")).with("left", left)
            }
            Self::StoreFailed { doing, error: why } => {
                error("store-failed", format!("could not {doing}: {why}")).with("doing", doing).with("error", why)
            }
            Self::EventsLost { .. }
            | Self::DatagramRefused { .. }
            | Self::DatagramsDropped { .. }
            | Self::SessionsLate { .. }
            | Self::CountsKeptAgain { .. }
            | Self::CountsAbandoned { .. } => self.about_counts(),
            Self::Reporting(event) => event.line(),
            Self::CacheChanged { done, count } => {
                info("cache-changed", format!("{count} policies {done}, as told through the control socket"))
                    .with("count", count)
            }
            Self::ResolverTested { trust } => tested(trust),
            Self::AlertsWait { receiver, count, why } => {
                let receiver = receiver.as_str();
                warn("alerts-wait", format!("{count} alerts wait, the receiver ({receiver}) could not be told: {why}"))
                    .with("receiver", receiver)
                    .with("count", count)
                    .with("why", why)
            }
            _ => self.about_domain(),
        }
    }

    fn about_counts(&self) -> Line {
        match *self {
            Self::EventsLost { events } => warn(
                "events-lost",
                format!("{events} events of the last moments before the process was killed are lost: they had come, and were not yet written"),
            )
            .with("events", events),
            Self::DatagramRefused { why } => {
                warn("datagram-refused", format!("a datagram was put into quarantine: {why}")).with("why", why)
            }
            Self::DatagramsDropped { count, place, why } => {
                warn("datagrams-dropped", format!("{count} events were not counted: {why}"))
                    .about("place", place)
                    .with("count", count)
            }
            Self::SessionsLate { sessions } => warn(
                "sessions-late",
                format!("{sessions} sessions were told of days whose reports are made already: they are kept, and in no report"),
            )
            .with("sessions", sessions),
            Self::CountsKeptAgain { tries } => {
                info("counts-kept-again", format!("the counted sessions are written again, after {tries} attempts"))
                    .with("tries", tries)
            }
            Self::CountsAbandoned { events } => error(
                "counts-abandoned",
                format!("the store did not take the last counts: {events} events are lost, which the next start tells"),
            )
            .with("events", events),
            // Every other event has its line in `line`.
            _ => info("event", format!("{self:?}")),
        }
    }

    fn about_domain(&self) -> Line {
        match *self {
            Self::Policy { domain, happened } => policy(happened).about("domain", domain),
            Self::NoMxMatches { domain, hosts } => warn(
                "no-mx-matches",
                format!(
                    "the enforced policy names none of its MX hosts ({}): mail servers will defer",
                    hosts.join(", ")
                ),
            )
            .about("domain", domain)
            .with("hosts", hosts),
            Self::RefreshAlert { domain, alert } => refresh(alert).about("domain", domain),
            Self::AnswerObserved { domain, answer } => {
                info("answer-observed", format!("observed only; the answer would be {}", said(answer)))
                    .about("domain", domain)
                    .with("answer", said(answer))
            }
            Self::OverrideUsed { domain, answer, reason } => {
                let why = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
                info("override-used", format!("answered by an override: {}{why}", answer.as_str()))
                    .about("domain", domain)
                    .with("answer", answer.as_str())
                    .with("reason", reason)
            }
            Self::OverrideExpired { domain } => {
                warn("override-expired", "the override has expired: it no longer holds").about("domain", domain)
            }
            Self::ProbeDone { domain, host, result } => probed(host, result).about("domain", domain),
            _ => self.about_watched(),
        }
    }

    fn about_watched(&self) -> Line {
        match *self {
            Self::DomainLooked { domain, health, summary, incidents, standing } => {
                let level = if standing == Standing::Same { LogLevel::Debug } else { LogLevel::Info };
                line(level, "domain-looked", format!("{}: {summary}", health.as_str()))
                    .about("domain", domain)
                    .with("health", health.as_str())
                    .with("incidents", incidents)
            }
            Self::Incident { domain, news, severity, id, heading, seen, since } => {
                incident(news, severity, &format!("{heading}, since {since}: {seen}"))
                    .about("domain", domain)
                    .with("id", id)
                    .with("severity", severity)
                    .with("since", since)
            }
            Self::AlertTold { domain, receiver } => {
                line(LogLevel::Debug, "alert-told", format!("told to the receiver ({})", receiver.as_str()))
                    .about("domain", domain)
                    .with("receiver", receiver.as_str())
            }
            Self::AlertGivenUp { domain, receiver, why } => {
                error("alert-given-up", format!("an alert is not told ({}): {why}", receiver.as_str()))
                    .about("domain", domain)
                    .with("receiver", receiver.as_str())
                    .with("why", why)
            }
            // Every other event has its line in `line`.
            _ => info("event", format!("{self:?}")),
        }
    }

    /// Whether it may be left out when it repeats itself.
    pub(super) fn repeats(&self) -> Repeats {
        match self {
            Self::Policy {
                happened: Happened::FetchFailed { .. } | Happened::PolicyInvalid { .. } | Happened::TxtTrouble { .. },
                ..
            }
            | Self::NoMxMatches { .. }
            | Self::RefreshAlert { .. }
            | Self::AnswerObserved { .. }
            | Self::OverrideUsed { .. }
            | Self::OverrideExpired { .. }
            | Self::AlertsWait { .. }
            | Self::StoreFailed { .. }
            | Self::DatagramRefused { .. }
            | Self::DatagramsDropped { .. } => Repeats::Yes,
            Self::Reporting(event) if event.may_repeat() => Repeats::Yes,
            _ => Repeats::No,
        }
    }
}

fn policy(happened: &Happened) -> Line {
    let level = match happened {
        _ if happened.weakens() => LogLevel::Warn,
        Happened::FetchFailed { .. } | Happened::PolicyInvalid { .. } => LogLevel::Warn,
        Happened::TxtTrouble { again: false, .. } => LogLevel::Warn,
        Happened::TxtTrouble { .. } | Happened::Refreshed { .. } => LogLevel::Debug,
        _ => LogLevel::Info,
    };
    let event = match happened {
        Happened::Changed { .. } if happened.weakens() => "policy-downgraded",
        Happened::Found { .. } => "policy-found",
        Happened::Changed { .. } => "policy-changed",
        Happened::Refreshed { .. } => "policy-refreshed",
        Happened::UsedOnce { .. } => "policy-used-once",
        Happened::Expired { .. } => "policy-expired",
        other => other.kind(),
    };
    let mut line = line(level, event, happened.to_string());
    if let Ok(Value::Object(details)) = serde_json::to_value(happened) {
        line = line.with("details", Value::Object(details));
    }
    line
}

fn refresh(alert: Alert) -> Line {
    let level = match (alert.urgency, alert.mode) {
        (Urgency::Pressing, Mode::Enforce) => LogLevel::Error,
        _ => LogLevel::Warn,
    };
    let message = format!(
        "the {} policy cannot be refreshed ({} failures in a row); it stays in force for {} more",
        alert.mode.as_str(),
        alert.failures,
        span(alert.left)
    );
    line(level, "refresh-alert", message).with("failures", alert.failures).with("seconds-left", alert.left)
}

fn tested(trust: &Trust) -> Line {
    match trust {
        Trust::Validates => info("resolver-tested", "the resolver validates DNSSEC"),
        Trust::DoesNotValidate { why } => error(
            "resolver-tested",
            format!("DANE is off: {why}; use a validating resolver on this machine, or dnssec = \"validate\""),
        ),
        Trust::Unknown { why } => warn(
            "resolver-tested",
            format!("whether the resolver validates is not known ({why}); the AD bit of each answer counts"),
        ),
    }
}

fn incident(news: &str, severity: &str, what: &str) -> Line {
    let grave = if severity == "error" { LogLevel::Error } else { LogLevel::Warn };
    match news {
        "all-clear" => info("incident-over", format!("all clear: {what}")),
        "worse" => line(grave, "incident-worse", format!("{severity}, worse than before: {what}")),
        _ => line(grave, "incident-raised", format!("{severity}: {what}")),
    }
}

fn probed(host: &Domain, result: Option<&str>) -> Line {
    match result {
        None => info("probed", format!("a delivery to {host} would pass")),
        Some(result) => {
            warn("probed", format!("a delivery to {host} would fail if the policy were enforced: {result}"))
        }
    }
    .with("host", host.as_str())
    .with("result", result)
}

fn said(answer: &Answer) -> &str {
    match answer {
        Answer::Line(line) => line,
        Answer::NotFound => "not found",
        Answer::Temp(_) => "a temporary error",
    }
}

/// Seconds in the words of people.
fn span(seconds: u64) -> String {
    match seconds {
        172_800.. => format!("{} days", seconds / 86_400),
        7_200.. => format!("{} hours", seconds / 3_600),
        120.. => format!("{} minutes", seconds / 60),
        _ => format!("{seconds} seconds"),
    }
}

fn line(level: LogLevel, event: &'static str, message: impl Into<String>) -> Line {
    Line::new(level, event, message)
}

fn info(event: &'static str, message: impl Into<String>) -> Line {
    line(LogLevel::Info, event, message)
}

fn warn(event: &'static str, message: impl Into<String>) -> Line {
    line(LogLevel::Warn, event, message)
}

fn error(event: &'static str, message: impl Into<String>) -> Line {
    line(LogLevel::Error, event, message)
}
