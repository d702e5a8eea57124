//! Sending TLS reports (RFC 8460 §4, §5): a finished day's counts become reports, and each goes where its domain wants it.
//!
//! Every step is in the store before the next one begins, so the process may be killed anywhere: a day is composed once for each
//! domain, with the octets that go out on every attempt; destinations are looked up when a report is due; what an attempt came
//! to is written as soon as it is known. Sent is what the receiver has confirmed (D-58).
//!
//! - `compose`: finished days as reports · `plan`: where a report that is due goes
//! - `deliver`: who is tried when · `attempt`: one attempt, by mail or HTTPS
//! - [`preview`]: what would be sent · `errand`, [`tend`]: what people ask for · [`shown`]: reports as JSON
//! - `keys`: does the published key fit
mod attempt;
mod compose;
mod deliver;
mod errand;
mod keys;
mod plan;
pub mod preview;
pub mod shown;
pub mod tend;
#[cfg(test)]
mod tests;

use std::{path::PathBuf, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use strictmx_engine::{
    report::{Day, compose as composing, outcome::Lists, schedule},
    time::Timestamp,
};
use strictmx_io::{
    dkim::Keys,
    fetch::Certificates,
    secret::{NoChance, Secret},
    store::{self, Store, outgoing::Settled},
    submit::Submitter,
    task::{Tasks, Worker},
};
use strictmx_proto::mail::Address;
use tokio::sync::{Mutex, Notify};

use super::ask::Senses;
use crate::telemetry::{Event, Reporting, Telemetry};

pub use errand::{Bounced, ErrandError, Outcome};

/// How often it is looked whether something is due.
const TICK: Duration = Duration::from_secs(15);
/// How often it is looked whether days have something that is not composed yet, seconds.
const COMPOSE_AGAIN: u64 = 3_600;
/// How often old reports are removed, seconds.
const TIDY_AGAIN: u64 = 3_600;
/// Reports removed at a time.
const TIDY_PAGE: usize = 1_000;

/// What a reporter is made of.
pub struct Parts {
    /// Where counts come from, and where everything is kept.
    pub store: Arc<dyn Store>,
    /// Where events go.
    pub telemetry: Telemetry,
    /// By whom it is told to stop.
    pub tasks: Tasks,
    /// Adapters to ask through.
    pub senses: Senses,
}

/// What the operator decided.
pub struct Rules {
    /// Who reports, and what is withheld.
    pub reporter: composing::Reporter,
    /// Whom mails come from.
    pub from: Address,
    /// What signs them; without a key none goes out (TLSRPT-3-9).
    pub keys: Keys,
    /// Who takes them.
    pub submitter: Submitter,
    /// Over how many seconds a day's reports are spread.
    pub spread: u64,
    /// How many seconds settled reports are kept.
    pub keep: u64,
    /// Which days are reported.
    pub when: When,
    /// Who may have reports at all.
    pub lists: Lists,
    /// Most reports for one destination and day.
    pub cap: u64,
    /// Whether certificates of HTTPS endpoints must hold.
    pub certificates: Certificates,
    /// Where copies go.
    pub archive: Option<PathBuf>,
}

/// Which days are reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// All that had sessions (TLSRPT-4.2-1).
    Always,
    /// Those with a failure.
    Failures,
}

/// Why there is no reporter.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The system's random numbers.
    #[error(transparent)]
    Chance(#[from] NoChance),
    /// The system's threads.
    #[error("cannot start a thread for composing reports: {0}")]
    Thread(std::io::Error),
}

/// Sends TLS reports. Clones are the same reporter.
#[derive(Clone)]
pub struct Reporter(Arc<Inner>);

struct Inner {
    store: Arc<dyn Store>,
    telemetry: Telemetry,
    tasks: Tasks,
    senses: ArcSwap<Senses>,
    rules: ArcSwap<Rules>,
    secret: Secret,
    worker: Worker,
    /// Held by whoever composes, plans or sends, so that nothing is done twice at a time.
    round: Mutex<Done>,
    /// What attempts came to and the store did not take.
    unsettled: std::sync::Mutex<Vec<Settled>>,
    /// Rung when there may be something to do.
    wake: Notify,
}

/// When the rarer chores were done last.
#[derive(Debug, Default)]
struct Done {
    composed: Option<Timestamp>,
    tidied: Option<Timestamp>,
}

impl Reporter {
    /// A reporter that does nothing before [`Reporter::run_for_ever`] runs, or somebody asks it to.
    ///
    /// # Errors
    /// [`Error`]: the store cannot keep the installation's secret, or the system has no thread left.
    pub async fn new(parts: Parts, rules: Rules) -> Result<Self, Error> {
        let Parts { store, telemetry, tasks, senses } = parts;
        let secret = Secret::kept(store.secret(*Secret::random()?.octets()).await?);
        Ok(Self(Arc::new(Inner {
            store,
            telemetry,
            tasks,
            senses: ArcSwap::from_pointee(senses),
            rules: ArcSwap::from_pointee(rules),
            secret,
            worker: Worker::start("reports").map_err(Error::Thread)?,
            round: Mutex::default(),
            unsettled: std::sync::Mutex::default(),
            wake: Notify::new(),
        })))
    }

    /// From now on these rules count.
    pub fn replace(&self, senses: Senses, rules: Rules) {
        self.0.senses.store(Arc::new(senses));
        self.0.rules.store(Arc::new(rules));
        self.0.wake.notify_one();
    }

    /// Does what is due, until the process is to end. It is not to be broken off: what was sent is to be noted.
    pub async fn run_for_ever(self) {
        let inner = &*self.0;
        while !inner.tasks.is_stopping() {
            self.round().await;
            let pause = async {
                tokio::select! {
                    () = tokio::time::sleep(TICK) => {}
                    () = inner.wake.notified() => {}
                }
            };
            tokio::select! {
                () = inner.tasks.stopping() => return,
                () = pause => {}
            }
        }
    }

    /// Everything that is due now. Troubles of the store are told, and met again the next time.
    pub async fn round(&self) {
        let inner = &*self.0;
        let mut done = inner.round.lock().await;
        let now = inner.now();
        if Inner::is_time(done.composed, now, COMPOSE_AGAIN)
            && inner.noted("compose reports", compose::finished_days(inner).await)
        {
            done.composed = Some(now);
        }
        inner.noted("look up where reports go", plan::all_due(inner).await);
        inner.noted("send reports", deliver::all_due(inner).await);
        if Inner::is_time(done.tidied, now, TIDY_AGAIN) && inner.noted("tidy the reports", inner.tidy().await) {
            done.tidied = Some(now);
        }
    }

    /// Brings the metrics up to date.
    pub async fn measure(&self) {
        let now = self.0.now();
        if let Ok(stand) = self.0.store.stand(now).await {
            self.0.telemetry.reporter_stands(&stand, now);
        }
    }
}

impl Inner {
    fn tell(&self, event: Reporting<'_>) {
        self.telemetry.emit(Event::Reporting(event));
    }

    fn now(&self) -> Timestamp {
        self.senses.load().clock.now()
    }

    /// Whether a chore is to be done: for the first time, again after so many seconds, or after the first moments of a new day.
    fn is_time(last: Option<Timestamp>, now: Timestamp, again: u64) -> bool {
        let Some(last) = last else {
            return true;
        };
        let opens = schedule::opens(Day::of(now));
        // A clock that was set back has not done anything yet.
        now < last || now.since(last) >= again || (last < opens && now >= opens)
    }

    /// Tells of what the store did not do; whether it did.
    fn noted<T>(&self, doing: &'static str, outcome: store::Result<T>) -> bool {
        if let Err(error) = &outcome {
            self.telemetry.emit(Event::StoreFailed { doing, error: &error.to_string() });
        }
        outcome.is_ok()
    }

    /// Keeps what is to be written before anything more is sent. At most a few: one for each attempt that was being made.
    fn keep_in_mind(&self, settled: Vec<Settled>) {
        if let Ok(mut all) = self.unsettled.lock() {
            all.extend(settled);
        }
    }

    async fn tidy(&self) -> store::Result<()> {
        let now = self.now();
        let before = Timestamp(now.0.saturating_sub(self.rules.load().keep));
        while self.store.forget_reports(before, now, TIDY_PAGE).await? >= TIDY_PAGE as u64 {}
        Ok(())
    }
}
