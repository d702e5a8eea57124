//! The loop: take what comes, count it, write it every second. A store that fails stops nothing: counting goes on in memory, and
//! writing is tried again.
//!
//! It has a thread of its own, since a flood of datagrams would keep the worker busy that answers mail servers.
use std::{pin::Pin, sync::Arc, time::Duration};

use strictmx_engine::report::Day;
use strictmx_io::{
    datagram::{Batch, Batches},
    store::{
        self,
        counting::{Added, Delta},
    },
};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

use super::{First, Shared, intake::Intake, watch::Seen};
use crate::telemetry::{Event, Flushed};

/// So many domains are written at once, without waiting for the time to come.
const MANY_DOMAINS: usize = 20_000;
/// Waiting after a failed write, at first and at most.
const BACKOFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// Attempts to write at the end, and the waiting between two.
const LAST_TRIES: (u32, Duration) = (4, Duration::from_millis(500));

pub(super) struct Consumer {
    shared: Arc<Shared>,
    intake: Intake,
    flush: Duration,
    first: First,
    /// What could not be written, and is tried again as it is.
    pending: Option<Arc<Delta>>,
    failures: u32,
    /// Of the drain's numbers, what has been counted here.
    truncated: u64,
    dropped: u64,
    /// Events written into the mark.
    marked: Option<u64>,
    /// Whether the mark is ours: the loss of the process before has been written.
    begun: bool,
}

/// A write under way.
struct Writing {
    delta: Arc<Delta>,
    began: Instant,
    outcome: Pin<Box<dyn Future<Output = store::Result<Added>> + Send>>,
}

impl Consumer {
    pub(super) fn new(shared: Arc<Shared>, intake: Intake, flush: Duration, mut first: First) -> Self {
        let pending = first.pending.take();
        let begun = pending.is_none();
        Self { shared, intake, flush, first, pending, failures: 0, truncated: 0, dropped: 0, marked: None, begun }
    }

    /// Works until the socket is closed and everything is written, or cannot be.
    pub(super) async fn run(mut self, mut batches: Batches, mut seen: mpsc::Receiver<Seen>) {
        let mut writing: Option<Writing> = None;
        let mut due = Instant::now();
        let mut open = true;
        while open || writing.is_some() || self.is_worth_a_try() {
            let write = writing.is_none() && self.has_something();
            tokio::select! {
                biased;
                outcome = finished(&mut writing) => {
                    due = self.wrote(writing.take(), outcome, open);
                }
                () = sleep_until(due), if write => writing = Some(self.write()),
                batch = batches.next(), if open => match batch {
                    Some(batch) => self.take(&batch),
                    None => (open, due) = (false, Instant::now()),
                },
                Some(one) = seen.recv() => self.intake.observation(&one.what, one.record.as_deref()),
            }
            if self.failures == 0 && self.intake.domains() >= MANY_DOMAINS {
                due = Instant::now();
            }
            self.measure();
        }
        if self.has_something() {
            let events = self.shared.events.load(std::sync::atomic::Ordering::Relaxed);
            self.shared.telemetry.emit(Event::CountsAbandoned { events });
        }
    }

    fn take(&mut self, batch: &Batch) {
        if let Some(why) = self.intake.batch(batch) {
            self.shared.telemetry.emit(Event::DatagramRefused { why: &why });
        }
        self.mark();
    }

    /// Leaves behind how many events have come, in case we are killed.
    fn mark(&mut self) {
        let received = self.shared.traffic.received();
        if !self.begun || self.marked == Some(received) {
            return;
        }
        self.marked = Some(received);
        if let Err(error) = self.first.mark(received) {
            let error = error.to_string();
            self.shared.telemetry.emit(Event::StoreFailed { doing: "write the number of events", error: &error });
        }
    }

    fn has_something(&self) -> bool {
        self.pending.is_some() || !self.intake.is_empty()
    }

    /// At the end: whether there is something that the store may still take.
    fn is_worth_a_try(&self) -> bool {
        self.has_something() && self.failures < LAST_TRIES.0
    }

    fn write(&mut self) -> Writing {
        let delta = self.pending.take().unwrap_or_else(|| Arc::new(self.delta()));
        let outcome = self.shared.store.add_counts(Arc::clone(&delta));
        Writing { delta, began: Instant::now(), outcome }
    }

    /// What waits, with how far that brings us.
    fn delta(&mut self) -> Delta {
        let traffic = &self.shared.traffic;
        let (truncated, dropped) = (traffic.truncated(), traffic.dropped());
        let today = Day::of(self.shared.clock.now());
        self.intake.missed(today, truncated - self.truncated, dropped - self.dropped);
        if dropped > self.dropped {
            let (count, place) = (dropped - self.dropped, "queue");
            let why = "they came faster than they could be counted; raise queue_mib of [collector] if these are bursts";
            self.shared.telemetry.emit(Event::DatagramsDropped { count, place, why });
        }
        (self.truncated, self.dropped) = (truncated, dropped);
        let told = self.intake.tell();
        if told.no_memory > 0 {
            let (count, place) = (told.no_memory, "counts");
            let why =
                "the counts that wait for the store take all the memory there is for them (counts_mib of [collector])";
            self.shared.telemetry.emit(Event::DatagramsDropped { count, place, why });
        }
        self.shared.telemetry.counted(&told);
        Delta { progress: Some(self.first.progress(self.intake.handled())), ..self.intake.take() }
    }

    /// After a write; when the next one is due.
    fn wrote(&mut self, writing: Option<Writing>, outcome: store::Result<Added>, open: bool) -> Instant {
        let Some(Writing { delta, began, .. }) = writing else { return Instant::now() };
        let telemetry = &self.shared.telemetry;
        match outcome {
            Ok(added) => {
                telemetry.flushed(Flushed::Ok, began.elapsed());
                telemetry.added(added);
                if self.failures > 0 {
                    telemetry.emit(Event::CountsKeptAgain { tries: self.failures });
                }
                self.failures = 0;
                self.begun = true;
                self.mark();
                if open { began + self.flush } else { Instant::now() }
            }
            Err(error) => {
                telemetry.flushed(Flushed::Failed, began.elapsed());
                telemetry.emit(Event::StoreFailed { doing: "keep the counted sessions", error: &error.to_string() });
                self.pending = Some(delta);
                self.failures = self.failures.saturating_add(1);
                let (least, most) = BACKOFF;
                let wait = least.saturating_mul(1 << (self.failures - 1).min(8)).min(most);
                Instant::now() + if open { wait } else { LAST_TRIES.1 }
            }
        }
    }

    fn measure(&self) {
        use std::sync::atomic::Ordering::Relaxed;
        let pending: u64 = self.pending.iter().flat_map(|delta| &delta.arrivals).map(|(_, came)| came.received).sum();
        self.shared.octets.store(self.intake.octets(), Relaxed);
        self.shared.events.store(pending + self.intake.waiting(), Relaxed);
    }
}

/// The outcome of the write under way; never, where there is none.
async fn finished(writing: &mut Option<Writing>) -> store::Result<Added> {
    match writing {
        Some(writing) => writing.outcome.as_mut().await,
        None => std::future::pending().await,
    }
}
