//! What the collector counts of itself.
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use strictmx_engine::report::{Outcome, Sessions};
use strictmx_io::store::counting::Added;

use super::histogram::Times;
use super::shape::{Counters, Number, Two, catch_up, label, set};
use super::{Event, Telemetry};

/// What the collector shows when somebody looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CollectorState {
    /// Datagrams that came since the start.
    pub received: u64,
    /// Of these, too long.
    pub truncated: u64,
    /// Of these, without a place in the queue.
    pub dropped: u64,
    /// Octets that wait to be counted.
    pub waiting: usize,
    /// The most that ever waited.
    pub most_waiting: usize,
    /// The most datagrams taken in a row before the kernel's queue was found empty.
    pub longest_burst: u64,
    /// Octets of counts that wait to be written.
    pub counts: usize,
    /// Datagrams that are counted and not yet written.
    pub uncommitted: u64,
}

/// What was counted since it was last told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counted {
    /// Sessions.
    pub sessions: Sessions,
    /// Datagrams, or sessions told otherwise, that cannot be read.
    pub unreadable: u64,
    /// Those that name no domain.
    pub without_domain: u64,
    /// Those that found no memory.
    pub no_memory: u64,
    /// Observations of our own.
    pub observed: u64,
}

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flushed {
    /// It is on the disk.
    Ok,
    /// It is not.
    Failed,
}

/// What became of sessions that were posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Posted {
    /// Counted and written.
    Accepted,
    /// Refused: the password, the size, the form.
    Refused,
}

#[derive(Debug, Default)]
pub(super) struct Metrics {
    received: Counter,
    truncated: Counter,
    dropped: Counters,
    malformed: Counters,
    pub(super) lost: Counter,
    sessions: Family<Two, Counter>,
    observed: Counter,
    late: Counter,
    left_out: Counter,
    posted: Counters,
    flushes: Counters,
    flush_times: Times,
    waiting: Number,
    most_waiting: Number,
    longest_burst: Number,
    kernel: Number,
    counts: Number,
    uncommitted: Number,
}

impl Metrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let m = Self { kernel: Gauge::default(), ..Self::default() };
        let r = registry.sub_registry_with_prefix("collector");
        r.register("received", "Datagrams of mail servers that came", m.received.clone());
        r.register("truncated", "Datagrams longer than any that is read", m.truncated.clone());
        r.register(
            "dropped",
            "Events without a place: in the queue, among the counts, in the store",
            m.dropped.clone(),
        );
        r.register("malformed", "Datagrams put into quarantine, by what is wrong with them", m.malformed.clone());
        r.register("lost", "Events that came and were not written before the process was killed", m.lost.clone());
        r.register("sessions", "Sessions counted, by policy type and outcome", m.sessions.clone());
        r.register("observed", "Failures and sessions of our own that were counted", m.observed.clone());
        r.register("late", "Sessions of days whose report was made already: kept, and in no report", m.late.clone());
        r.register(
            "observations_left_out",
            "Failures and sessions of our own with nobody free to count them",
            m.left_out.clone(),
        );
        r.register("posted", "Sessions posted to /v1/sessions, by what became of them", m.posted.clone());
        r.register("flushes", "Writes of counts, by outcome", m.flushes.clone());
        r.register_with_unit("flush", "Time of a write of counts", Unit::Seconds, m.flush_times.clone());
        r.register("queue_octets", "Octets of datagrams that wait to be counted", m.waiting.clone());
        r.register("queue_octets_most", "The most octets of datagrams that ever waited", m.most_waiting.clone());
        r.register(
            "kernel_burst_datagrams_most",
            "The most datagrams taken in a row before the kernel's queue was found empty",
            m.longest_burst.clone(),
        );
        r.register("kernel_queue_datagrams", "Length of the kernel's queue, net.unix.max_dgram_qlen", m.kernel.clone());
        r.register("counts_octets", "Memory of counts that wait to be written, roughly", m.counts.clone());
        r.register("uncommitted_events", "Events counted and not yet written", m.uncommitted.clone());
        m
    }
}

impl Telemetry {
    /// Takes in what the collector shows only when somebody looks.
    pub fn collector(&self, state: &CollectorState) {
        let m = &self.0.metrics.collector;
        catch_up(&m.received, state.received);
        catch_up(&m.truncated, state.truncated);
        catch_up(&m.dropped.get_or_create(&label("place", "queue")), state.dropped);
        set(&m.waiting, state.waiting);
        set(&m.most_waiting, state.most_waiting);
        m.longest_burst.set(state.longest_burst);
        set(&m.counts, state.counts);
        m.uncommitted.set(state.uncommitted);
    }

    /// Tells how many datagrams the kernel's queue holds.
    pub fn kernel_queue(&self, length: u32) {
        self.0.metrics.collector.kernel.set(length.into());
    }

    /// Counts what was counted.
    pub fn counted(&self, counted: &Counted) {
        let m = &self.0.metrics.collector;
        for (kind, outcome, number) in counted.sessions.iter().filter(|(_, _, number)| *number > 0) {
            let outcome = if outcome == Outcome::Success { "success" } else { "failure" };
            m.sessions.get_or_create(&[("type", kind.as_str()), ("outcome", outcome)]).inc_by(number);
        }
        for (kind, number) in [("unreadable", counted.unreadable), ("no-domain", counted.without_domain)] {
            m.malformed.get_or_create(&label("kind", kind)).inc_by(number);
        }
        m.dropped.get_or_create(&label("place", "counts")).inc_by(counted.no_memory);
        m.observed.inc_by(counted.observed);
    }

    /// Counts an observation of our own that nobody was free to count.
    pub fn left_out(&self) {
        self.0.metrics.collector.left_out.inc();
    }

    /// Counts sessions that were posted.
    pub fn posted(&self, outcome: Posted, sessions: u64) {
        let word = match outcome {
            Posted::Accepted => "accepted",
            Posted::Refused => "refused",
        };
        self.0.metrics.collector.posted.get_or_create(&label("outcome", word)).inc_by(sessions);
    }

    /// Counts what became of sessions that were written, and tells of those that no report will have.
    pub fn added(&self, Added { without, late }: Added) {
        let m = &self.0.metrics.collector;
        m.dropped.get_or_create(&label("place", "store")).inc_by(without);
        m.late.inc_by(late);
        if late > 0 {
            self.emit(Event::SessionsLate { sessions: late });
        }
    }

    /// Counts a write of counts.
    pub fn flushed(&self, outcome: Flushed, length: Duration) {
        let m = &self.0.metrics.collector;
        let word = match outcome {
            Flushed::Ok => "ok",
            Flushed::Failed => "failed",
        };
        m.flushes.get_or_create(&label("outcome", word)).inc();
        m.flush_times.observe(length);
    }
}
