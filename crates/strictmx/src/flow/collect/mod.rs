//! The collector: what mail servers and we ourselves saw of TLS, counted by UTC day into the store.
//!
//! ```text
//! io::datagram (threads) ─ batches ┐
//!                                  ├─ consumer (thread): parse, count in memory ─ every second, one transaction ─ store
//! desk, probe ─ watch ─ record ────┘
//! POST /v1/sessions, `report emit --postfix-log` ─ one transaction each ──────────────────────────────────────── store
//! ```
//!
//! - [`intake`]: counting in memory · [`consumer`]: the loop around it, writing, and what happens when the store fails
//! - [`watch`]: what we see ourselves, off the way of any answer
//! - [`told`]: sessions told otherwise, [`session`] the forms for that, [`token`] the password for telling over the web
mod consumer;
mod intake;
pub mod session;
pub mod token;
pub mod told;
pub mod watch;

use std::{
    hash::{BuildHasher as _, Hasher as _, RandomState},
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use strictmx_engine::report::{
    Arrivals, Bounds, Day, HostScope,
    loss::{self, Mark, Progress},
};
use strictmx_engine::time::Timestamp;
use strictmx_io::{
    clock::Clock,
    datagram::{Limits, Socket, Traffic},
    store::{
        Store,
        counting::Delta,
        mark::{self, MarkFile},
    },
    task::Tasks,
};
use tokio::sync::mpsc;

use self::{consumer::Consumer, intake::Intake, token::Token, watch::Seen};
use crate::telemetry::{CollectorState, Event, Telemetry};

/// Observations of ours that may wait to be counted.
const SEEN: usize = 4096;
/// Domains removed from old days in one transaction.
const FORGET: usize = 2000;
/// How often old days are looked for.
const FORGET_ROUND: Duration = Duration::from_secs(3600);

/// What a collector needs.
#[derive(Clone)]
pub struct Parts {
    /// Where counts are kept.
    pub store: Arc<dyn Store>,
    /// Where events go.
    pub telemetry: Telemetry,
    /// Where it runs.
    pub tasks: Tasks,
    /// The time.
    pub clock: Clock,
    /// As configured.
    pub options: Options,
}

/// How it works.
#[derive(Clone)]
pub struct Options {
    /// From one write to the next.
    pub flush: Duration,
    /// Memory for datagrams that wait, octets.
    pub queue: usize,
    /// Memory for counts that wait, octets.
    pub counts: usize,
    /// Days that are kept, today not among them.
    pub keep: u32,
    /// Whether MX hosts are told of sessions under their own policies.
    pub hosts: HostScope,
    /// The password of those who post sessions; `None`: nobody may.
    pub token: Option<Token>,
    /// The store's URL: beside it lies the number of events that outlives a killed process.
    pub store_url: String,
}

/// A running collector. Cheap to clone.
#[derive(Clone)]
pub struct Collector(Arc<Shared>);

pub(super) struct Shared {
    pub(super) store: Arc<dyn Store>,
    pub(super) telemetry: Telemetry,
    pub(super) clock: Clock,
    hosts: HostScope,
    token: Option<Token>,
    traffic: Arc<Traffic>,
    /// What waits in memory to be written.
    octets: AtomicUsize,
    events: AtomicU64,
}

impl Collector {
    /// Begins to take datagrams from the socket and to count them; also hands out where our own observations go in.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub async fn start(socket: Socket, parts: Parts) -> io::Result<(Self, mpsc::Sender<Seen>)> {
        let Parts { store, telemetry, tasks, clock, options } = parts;
        let name: Box<str> = socket.address().to_string().into();
        let limits = Limits { octets: options.queue, ..Limits::default() };
        let batches = socket.drain(clock.clone(), limits, &tasks)?;
        let traffic = batches.traffic();
        let (octets, events) = (AtomicUsize::new(0), AtomicU64::new(0));
        let Options { flush, counts, keep, hosts, token, store_url, .. } = options;
        let shared = Arc::new(Shared { store, telemetry, clock, hosts, token, traffic, octets, events });
        let first = begin(&shared, &name, mark::path(&store_url, &name).as_deref()).await;
        let intake = Intake::new(Bounds { octets: counts, ..Bounds::default() }, hosts);
        let (to_consumer, seen) = mpsc::channel(SEEN);
        let consumer = Consumer::new(Arc::clone(&shared), intake, flush, first);
        tasks.spawn_apart("counting sessions", consumer.run(batches, seen))?;
        let (stop, forgetting) = (tasks.stopping(), forget_for_ever(Arc::clone(&shared), keep));
        tasks.spawn("forgetting old counts", async move {
            tokio::select! {
                () = stop => {}
                () = forgetting => {}
            }
        });
        Ok((Self(shared), to_consumer))
    }

    /// The password of those who post sessions.
    pub fn token(&self) -> Option<&Token> {
        self.0.token.as_ref()
    }

    /// Where counts are kept.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.0.store
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// A place for sessions told otherwise than by datagrams.
    pub fn batch(&self) -> told::Batch {
        told::Batch::new(self.0.hosts)
    }

    /// Tells telemetry what is only measured when somebody looks.
    pub fn measure(&self) {
        let Shared { telemetry, traffic, octets, events, .. } = &*self.0;
        telemetry.collector(&CollectorState {
            received: traffic.received(),
            truncated: traffic.truncated(),
            dropped: traffic.dropped(),
            waiting: traffic.waiting(),
            most_waiting: traffic.most_waiting(),
            longest_burst: traffic.longest_burst(),
            counts: octets.load(Relaxed),
            uncommitted: events.load(Relaxed),
        });
    }
}

/// This run of the process, and the one before.
pub(super) struct First {
    name: Box<str>,
    run: u64,
    told: u64,
    mark: Option<MarkFile>,
    /// What the process before has lost, and that this one begins, where that could not be written yet.
    pending: Option<Arc<Delta>>,
}

/// Finds out what the process before has lost, and writes it.
async fn begin(shared: &Shared, name: &str, mark: Option<&std::path::Path>) -> First {
    let (file, left) = match mark.map(MarkFile::open) {
        None => (None, None),
        Some(Ok((file, left))) => (Some(file), left),
        Some(Err(error)) => {
            let error = error.to_string();
            shared.telemetry.emit(Event::StoreFailed { doing: "open the file that tells a loss", error: &error });
            (None, None)
        }
    };
    let kept = match shared.store.progress(name).await {
        Ok(kept) => kept,
        Err(error) => {
            shared
                .telemetry
                .emit(Event::StoreFailed { doing: "read a collector's progress", error: &error.to_string() });
            None
        }
    };
    let lost = loss::lost(left, kept);
    if lost > 0 {
        shared.telemetry.emit(Event::EventsLost { events: lost });
    }
    let run = RandomState::new().build_hasher().finish();
    let told = left.map_or_else(|| kept.map_or(0, |kept| kept.run), |left| left.run);
    let today = Day::of(shared.clock.now());
    let delta = Arc::new(Delta {
        arrivals: (lost > 0).then_some((today, Arrivals { lost, ..Arrivals::default() })).into_iter().collect(),
        progress: Some((name.into(), Progress { run, events: 0, told })),
        ..Delta::default()
    });
    let pending = match shared.store.add_counts(Arc::clone(&delta)).await {
        Ok(_) => None,
        Err(error) => {
            shared.telemetry.emit(Event::StoreFailed { doing: "keep what was lost", error: &error.to_string() });
            Some(delta)
        }
    };
    First { name: name.into(), run, told, mark: file, pending }
}

impl First {
    /// What is written with the counts: that so many events are among them.
    fn progress(&self, events: u64) -> (Box<str>, Progress) {
        (self.name.clone(), Progress { run: self.run, events, told: self.told })
    }

    /// What is left behind in case we are killed: that so many events have come.
    fn mark(&self, events: u64) -> io::Result<()> {
        self.mark.as_ref().map_or(Ok(()), |file| file.set(Mark { run: self.run, events }))
    }
}

async fn forget_for_ever(shared: Arc<Shared>, keep: u32) {
    loop {
        let before = Day::of(shared.clock.now()).back(keep);
        let most = u64::try_from(FORGET).unwrap_or(u64::MAX);
        loop {
            match shared.store.forget_counts(before, FORGET).await {
                Ok(gone) if gone >= most => {}
                Ok(_) => break,
                Err(error) => {
                    shared.telemetry.emit(Event::StoreFailed { doing: "forget old counts", error: &error.to_string() });
                    break;
                }
            }
        }
        tokio::time::sleep(FORGET_ROUND).await;
    }
}
