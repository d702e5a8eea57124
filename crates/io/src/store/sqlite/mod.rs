//! The store in one `SQLite` file.
//!
//! Two threads, each with a connection of its own: the writer takes whatever batches are waiting and commits them together; the
//! reader answers questions beside it (write-ahead log, so neither waits for the other). A commit is on the disk before it is
//! acknowledged (`synchronous=FULL`): between two checkpoints a quiet server would otherwise lose hours of policies with a power
//! cut, and with them the protection that caching is for; thanks to the shared commits the price is one flush for all batches
//! that wait. Page caches are small on purpose: a cache hit never comes here.
mod counting;
mod file;
mod monitor;
mod outgoing;
mod reader;
mod row;
#[cfg(test)]
mod tests;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use futures_util::future::{BoxFuture, FutureExt as _};
use rusqlite::{Connection, Transaction};
use strictmx_engine::report::health::Sum;
use strictmx_engine::report::loss::Progress;
use strictmx_engine::report::{Arrivals, Day, DomainDay, Scope};
use strictmx_engine::time::Timestamp;
use strictmx_proto::name::Domain;
use tokio::sync::{mpsc, oneshot};

use super::counting::{Added, Counting, Delta, Quarantined};
use super::monitor::{AlertRow, Watched};
use super::{Batch, Counts, Error, FailureRow, HistoryRow, ProbeRow, Result, Row, Store};
use reader::Question;
use writer::Order;

/// Batches and questions that may wait; whoever comes later waits to be let in.
const QUEUE: usize = 1024;

/// An open database.
#[derive(Debug)]
pub(super) struct Sqlite {
    orders: mpsc::Sender<Order>,
    questions: mpsc::Sender<Question>,
}

impl Sqlite {
    /// Opens the file, making or migrating it where needed.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let (writer, reader) = file::open(path)?;
        Self::over(path, writer, reader)
    }

    /// Opens the file for reading alone; whatever is to be written is answered as by a closed store. `None`: there is nothing
    /// that could be read.
    pub(super) fn open_reading(path: &Path) -> Result<Option<Self>> {
        let Some(reader) = file::open_reading(path)? else {
            return Ok(None);
        };
        let (orders, _) = mpsc::channel(1);
        let (questions, to_read) = mpsc::channel(QUEUE);
        let for_reader = PathBuf::from(path);
        start(path, "store-reader", move || {
            reader::run(reader, &for_reader, to_read);
        })?;
        Ok(Some(Self { orders, questions }))
    }

    /// Starts the two threads over two connections to the file at `path`.
    fn over(path: &Path, writer: Connection, reader: Connection) -> Result<Self> {
        let (orders, to_write) = mpsc::channel(QUEUE);
        let (questions, to_read) = mpsc::channel(QUEUE);
        let (for_writer, for_reader) = (PathBuf::from(path), PathBuf::from(path));
        start(path, "store-writer", move || {
            writer::run(writer, &for_writer, to_write);
        })?;
        start(path, "store-reader", move || {
            reader::run(reader, &for_reader, to_read);
        })?;
        Ok(Self { orders, questions })
    }

    fn order<T: Send + 'static>(
        &self,
        order: impl FnOnce(oneshot::Sender<Result<T>>) -> Order,
    ) -> BoxFuture<'static, Result<T>> {
        let (reply, answer) = oneshot::channel();
        let (orders, order) = (self.orders.clone(), order(reply));
        async move {
            orders.send(order).await.map_err(|_| Error::Closed)?;
            answer.await.map_err(|_| Error::Closed)?
        }
        .boxed()
    }

    fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> BoxFuture<'static, Result<T>> {
        self.order(|reply| Order::change(work, reply))
    }

    fn ask<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> BoxFuture<'static, Result<T>> {
        let (reply, answer) = oneshot::channel();
        let questions = self.questions.clone();
        async move {
            questions.send(Question::new(look, reply)).await.map_err(|_| Error::Closed)?;
            answer.await.map_err(|_| Error::Closed)?
        }
        .boxed()
    }
}

fn start(path: &Path, name: &str, work: impl FnOnce() + Send + 'static) -> Result<()> {
    thread::Builder::new().name(name.into()).spawn(work).map(drop).map_err(|error| Error::system(path, &error))
}

impl Store for Sqlite {
    fn load(&self, after: Option<&Domain>, limit: usize) -> BoxFuture<'static, Result<Vec<Row>>> {
        let after = after.cloned();
        self.ask(move |db| reader::load(db, after.as_ref(), limit))
    }

    fn policy(&self, domain: &Domain) -> BoxFuture<'static, Result<Option<Row>>> {
        let domain = domain.clone();
        self.ask(move |db| reader::policy(db, &domain))
    }

    fn write(&self, batch: Batch) -> BoxFuture<'static, Result<()>> {
        if batch.is_empty() {
            return std::future::ready(Ok(())).boxed();
        }
        self.order(|reply| Order::Write(batch, reply))
    }

    fn history(&self, domain: &Domain, limit: usize) -> BoxFuture<'static, Result<Vec<HistoryRow>>> {
        let domain = domain.clone();
        self.ask(move |db| reader::history(db, &domain, limit))
    }

    fn failures(&self, since: Timestamp, limit: usize) -> BoxFuture<'static, Result<Vec<FailureRow>>> {
        self.ask(move |db| reader::failures(db, since, limit))
    }

    fn probes(&self, since: Timestamp, limit: usize) -> BoxFuture<'static, Result<Vec<ProbeRow>>> {
        self.ask(move |db| reader::probes(db, since, limit))
    }

    fn probes_of(&self, domain: &Domain, limit: usize) -> BoxFuture<'static, Result<Vec<ProbeRow>>> {
        let domain = domain.clone();
        self.ask(move |db| reader::probes_of(db, &domain, limit))
    }

    fn last_probe(&self, domain: &Domain) -> BoxFuture<'static, Result<Option<ProbeRow>>> {
        self.probes_of(domain, 1).map(|found| found.map(|rows| rows.into_iter().next())).boxed()
    }

    fn watched(&self, domain: &Domain) -> BoxFuture<'static, Result<Watched>> {
        let domain = domain.clone();
        self.ask(move |db| monitor::watched(db, &domain))
    }

    fn alerts_due(&self, now: Timestamp, limit: usize) -> BoxFuture<'static, Result<Vec<AlertRow>>> {
        self.ask(move |db| monitor::due(db, now, limit))
    }

    fn alerts_of(&self, domain: &Domain, limit: usize) -> BoxFuture<'static, Result<Vec<AlertRow>>> {
        let domain = domain.clone();
        self.ask(move |db| monitor::alerts_of(db, &domain, limit))
    }

    fn counts(&self) -> BoxFuture<'static, Result<Counts>> {
        self.ask(reader::counts)
    }

    fn sweep(&self, now: Timestamp) -> BoxFuture<'static, Result<u64>> {
        self.order(|reply| Order::Sweep(now, reply))
    }

    fn close(&self) -> BoxFuture<'static, ()> {
        let (read, has_read) = oneshot::channel();
        let (written, has_written) = oneshot::channel();
        let (questions, orders) = (self.questions.clone(), self.orders.clone());
        async move {
            // The writer last, so that it is the one to empty the write-ahead log into the database. A thread that is gone
            // already drops its end, which is as good as an answer.
            if questions.send(Question::Close(read)).await.is_ok() {
                has_read.await.unwrap_or_default();
            }
            if orders.send(Order::Close(written)).await.is_ok() {
                has_written.await.unwrap_or_default();
            }
        }
        .boxed()
    }
}

impl Counting for Sqlite {
    fn add_counts(&self, delta: Arc<Delta>) -> BoxFuture<'static, Result<Added>> {
        self.change(move |db| counting::add(db, &delta))
    }

    fn progress(&self, source: &str) -> BoxFuture<'static, Result<Option<Progress>>> {
        let source = source.to_owned();
        self.ask(move |db| counting::progress(db, &source))
    }

    fn days(&self) -> BoxFuture<'static, Result<Vec<(Day, u64)>>> {
        self.ask(counting::days)
    }

    fn arrivals(&self, day: Day) -> BoxFuture<'static, Result<Arrivals>> {
        self.ask(move |db| counting::arrivals(db, day))
    }

    fn domain_days(
        &self,
        day: Day,
        after: Option<(Domain, Scope)>,
        limit: usize,
    ) -> BoxFuture<'static, Result<Vec<DomainDay>>> {
        self.ask(move |db| counting::domain_days(db, day, after.as_ref(), limit))
    }

    fn domain_day(&self, day: Day, domain: &Domain, scope: Scope) -> BoxFuture<'static, Result<Option<DomainDay>>> {
        let domain = domain.clone();
        self.ask(move |db| counting::domain_day(db, day, &domain, scope))
    }

    fn sums(&self, day: Day, after: Option<(Domain, Scope)>, limit: usize) -> BoxFuture<'static, Result<Vec<Sum>>> {
        self.ask(move |db| counting::sums(db, day, after.as_ref(), limit))
    }

    fn quarantined(&self, limit: usize) -> BoxFuture<'static, Result<Vec<Quarantined>>> {
        self.ask(move |db| counting::quarantined(db, limit))
    }

    fn forget_counts(&self, before: Day, limit: usize) -> BoxFuture<'static, Result<u64>> {
        self.change(move |db| counting::forget(db, before, limit))
    }
}
