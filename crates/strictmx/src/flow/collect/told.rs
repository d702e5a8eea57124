//! Sessions told by others than datagrams: counted and written at once, in one transaction, so that whoever told them knows.
use std::{collections::BTreeMap, sync::Arc};

use strictmx_engine::report::{Arrivals, Bounds, Day, HostScope, Kept, Sessions, Tally, intake};
use strictmx_engine::time::Timestamp;
use strictmx_io::store::{
    self, Store,
    counting::{Added, Delta},
};
use strictmx_proto::postfix::tlsrpt_datagram::Datagram;

use super::session::Told;

/// Sessions that were told and are not yet written.
#[derive(Debug)]
pub struct Batch {
    tally: Tally,
    arrivals: BTreeMap<Day, Arrivals>,
    hosts: HostScope,
    sessions: Sessions,
    told: u64,
}

impl Batch {
    /// None yet.
    pub fn new(hosts: HostScope) -> Self {
        let tally = Tally::new(Bounds::default());
        Self { tally, arrivals: BTreeMap::new(), hosts, sessions: Sessions::default(), told: 0 }
    }

    /// Counts what was told; `now` is when it was, where nobody says.
    pub fn add(&mut self, told: &Told, now: Timestamp) {
        self.datagrams(&told.datagram, told.at.unwrap_or(now), u64::from(told.count));
    }

    /// Counts so many sessions of a moment that are all the same.
    fn datagrams(&mut self, datagram: &Datagram<'_>, at: Timestamp, times: u64) {
        let day = Day::of(at);
        let mut came = Arrivals { received: times, ..Arrivals::default() };
        match intake::count_times(&mut self.tally, day, datagram, self.hosts, times) {
            Ok((sessions, kept)) => {
                self.sessions.append(&sessions);
                came.dropped = if kept == Kept::No { times } else { 0 };
            }
            Err(_) => came.malformed = times,
        }
        self.told += times;
        self.arrivals.entry(day).or_default().append(&came);
    }

    /// Sessions in it.
    pub const fn len(&self) -> u64 {
        self.told
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.told == 0
    }

    /// Sessions by policy type and outcome.
    pub const fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// Writes all of it or, with an error, nothing; resolves after the commit.
    ///
    /// # Errors
    /// The store's.
    pub async fn write(mut self, store: &Arc<dyn Store>) -> store::Result<Added> {
        let arrivals = self.arrivals.into_iter().collect();
        store.add_counts(Arc::new(Delta { domains: self.tally.take(), arrivals, ..Delta::default() })).await
    }
}
