//! Looking at domains, many side by side, and handing each verdict on as soon as it is there.
//!
//! One task a domain, at most so many at a time; what waits is one line of the list and the verdicts that are done, so memory
//! does not grow with the list.
use std::{path::Path, sync::Arc, time::Duration};

use strictmx_engine::check::{Family, Intent, judge};
use strictmx_io::{
    store::Store,
    sys::{Signal, Signals},
    task::Tasks,
};
use strictmx_proto::name::Domain;
use tokio::sync::mpsc;

use super::{
    emit::{Broken, Done, Emitter, Save},
    outcome::{Failed, Fault, Judged, Outcome},
    progress::Progress,
    resume::Known,
    shape::Shape,
    source::{Named, Names},
};
use crate::{
    cli::{CheckFormat, Exit, output},
    flow::{
        check::{Looker, Plan},
        monitor,
    },
};

/// How long abandoned looks may take to notice.
const GRACE: Duration = Duration::from_secs(2);

/// What every look of a run shares.
pub(super) struct Work {
    /// Looks.
    pub(super) looker: Looker,
    /// What was seen before.
    pub(super) past: Option<Arc<dyn Store>>,
    /// At what.
    pub(super) plan: Plan,
    /// What the owner intends.
    pub(super) intent: Intent,
    /// Families that are judged.
    pub(super) families: Vec<Family>,
    /// How results are written.
    pub(super) shape: Shape,
    /// What `--save` wants.
    pub(super) save: Save,
}

impl Work {
    async fn done(&self, index: u64, domain: &Domain) -> Done {
        let mut seen = Box::pin(self.looker.look(domain, &self.plan)).await;
        if let Some(store) = &self.past {
            match monitor::past::of(&**store, domain).await {
                Ok(past) => seen.past = past,
                Err(error) => output::warning(format_args!("what was seen of {domain} before cannot be read: {error}")),
            }
        }
        let verdict = judge(&seen, &self.intent, &self.families);
        self.written(index, &Outcome::Judged(Box::new(Judged { seen, verdict })), domain.as_str())
    }

    fn failed(&self, index: u64, failed: Failed) -> Done {
        let name = failed.domain.clone();
        self.written(index, &Outcome::Failed(failed), &name)
    }

    fn written(&self, index: u64, outcome: &Outcome, name: &str) -> Done {
        Done::new(index, outcome, &self.shape, self.save).unwrap_or_else(|error| {
            let error = format!("cannot be written as JSON: {error}");
            let failed = Failed { domain: name.to_owned(), error, fault: Fault::Ours };
            Done { index, text: String::new(), saved: None, tally: Outcome::Failed(failed).tally() }
        })
    }
}

/// A run over domains.
pub(super) struct Run {
    /// What is done for each.
    pub(super) work: Arc<Work>,
    /// Which.
    pub(super) names: Names,
    /// Left out, when an earlier run is gone on with.
    pub(super) known: Option<Known>,
    /// Where results go.
    pub(super) emitter: Emitter,
    /// How many at a time.
    pub(super) at_once: usize,
    /// How far it has come.
    pub(super) progress: Progress,
    /// Where the looks run.
    pub(super) tasks: Tasks,
}

/// What ended a run.
enum End {
    /// The last domain.
    Complete,
    /// A signal: how many were left to themselves.
    Stopped,
    /// The list could not be read on.
    Unreadable(std::io::Error),
}

/// Where a run stands.
struct Standing {
    running: usize,
    index: u64,
    end: Option<End>,
}

impl Run {
    /// Runs to the end. `again` is the command that goes on after a stop, `list` where the names come from.
    pub(super) async fn run(mut self, list: Option<&Path>) -> Exit {
        let ended = self.drive().await;
        self.progress.end();
        let written = self.emitter.totals.all();
        self.tasks.drain(GRACE).await;
        let ended = match ended {
            Ok(end) => self.emitter.finish().map(|()| end),
            Err(broken) => Err(broken),
        };
        match ended {
            Err(broken) => broken.tell(written),
            Ok(End::Complete) => {
                self.tell_totals(list);
                self.emitter.totals.exit()
            }
            Ok(End::Stopped) => {
                output::warning(format_args!("stopped after {written} domains{}", how_to_go_on(list)));
                Exit::NoLook
            }
            Ok(End::Unreadable(error)) => {
                let list = list.unwrap_or(Path::new("-")).display();
                output::error(format_args!("cannot read on in {list}: {error}; {written} domains are done"));
                Exit::NoLook
            }
        }
    }

    /// The totals of a list, where the result itself does not end with them.
    fn tell_totals(&self, list: Option<&Path>) {
        if list.is_some() && self.work.shape.format != CheckFormat::Text {
            output::note(&format!("{}\n", self.emitter.totals.sentence()));
        }
    }

    async fn drive(&mut self) -> Result<End, Broken> {
        let mut signals = match Signals::new() {
            Ok(signals) => signals,
            Err(error) => return Ok(End::Unreadable(error)),
        };
        let (results, mut done) = mpsc::channel(self.at_once);
        let mut at = Standing { running: 0, index: 0, end: None };
        loop {
            if at.running == 0
                && let Some(end) = at.end.take()
            {
                return Ok(end);
            }
            tokio::select! {
                biased;
                Some(done_one) = done.recv() => {
                    at.running = at.running.saturating_sub(1);
                    self.put(done_one)?;
                    if done.is_empty() {
                        self.flush()?;
                    }
                }
                signal = signals.next() => {
                    if signal == Signal::Stop && matches!(at.end, Some(End::Stopped)) {
                        return Ok(End::Stopped);
                    }
                    at.end = Some(End::Stopped);
                    self.progress.stopping(at.running);
                }
                named = self.names.next(), if at.end.is_none() && at.running < self.at_once => match named {
                    Ok(Some(named)) => self.begin(named, &mut at, &results)?,
                    Ok(None) => at.end = Some(End::Complete),
                    Err(error) => at.end = Some(End::Unreadable(error)),
                },
            }
        }
    }

    fn begin(&mut self, named: Named, at: &mut Standing, results: &mpsc::Sender<Done>) -> Result<(), Broken> {
        let text = named.as_ref().map_or_else(|failed| failed.domain.as_str(), Domain::as_str);
        if self.known.as_mut().is_some_and(|known| !known.add(text)) {
            self.progress.skipped();
            return Ok(());
        }
        let index = at.index;
        at.index += 1;
        match named {
            Err(failed) => {
                let done = self.work.failed(index, failed);
                self.put(done)
            }
            Ok(domain) => {
                at.running += 1;
                let mut promise = Promise::new(index, &domain, &self.work, results);
                self.tasks.spawn("check", async move {
                    let done = promise.work.done(index, &domain).await;
                    promise.keep(done);
                });
                Ok(())
            }
        }
    }

    fn put(&mut self, done: Done) -> Result<(), Broken> {
        self.progress.one();
        let Self { progress, emitter, .. } = self;
        progress.aside(|| emitter.put(done))
    }

    fn flush(&mut self) -> Result<(), Broken> {
        let Self { progress, emitter, .. } = self;
        progress.aside(|| emitter.flush())
    }
}

/// A result that is owed: should the look break off, it says so itself, and nobody waits for ever.
struct Promise {
    index: u64,
    name: String,
    work: Arc<Work>,
    results: Option<mpsc::Sender<Done>>,
}

impl Promise {
    fn new(index: u64, domain: &Domain, work: &Arc<Work>, results: &mpsc::Sender<Done>) -> Self {
        Self { index, name: domain.to_string(), work: Arc::clone(work), results: Some(results.clone()) }
    }

    fn keep(&mut self, done: Done) {
        if let Some(results) = self.results.take() {
            // The channel has room for as many as run; it is closed only when nobody wants results any more.
            drop(results.try_send(done));
        }
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        if self.results.is_some() {
            let error = "the look broke off: a fault of strictmx; please report it".to_owned();
            let failed = Failed { domain: std::mem::take(&mut self.name), error, fault: Fault::Ours };
            let done = self.work.failed(self.index, failed);
            self.keep(done);
        }
    }
}

fn how_to_go_on(list: Option<&Path>) -> String {
    match list {
        None => String::new(),
        Some(list) if list == Path::new("-") => String::new(),
        Some(_) => "; the same command with --resume and the file of its JSON lines goes on from there".to_owned(),
    }
}
