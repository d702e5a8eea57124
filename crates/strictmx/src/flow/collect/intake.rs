//! Counting in memory, until it is written.
use std::{borrow::Cow, collections::BTreeMap};

use strictmx_engine::report::{
    Arrivals, Bounds, Day, Event, HostScope, Kept, Scope, Tally,
    intake::{self, NoDomain},
    observe::Observation,
    repeats::{Known, Repeats},
};
use strictmx_engine::time::Timestamp;
use strictmx_io::{
    datagram::Batch,
    store::counting::{Delta, QUARANTINE_OCTETS, Quarantined},
};
use strictmx_proto::postfix::tlsrpt_datagram::{Datagram, DatagramError};

use crate::telemetry::Counted;

/// Memory for datagrams that may come again before the next write, octets.
const REPEATS: usize = 8 * 1024 * 1024;
/// Datagrams that nobody can read, kept between two writes; further ones are counted alone.
const QUARANTINED: usize = 50;

/// What came and is not yet written.
#[derive(Debug)]
pub(super) struct Intake {
    tally: Tally,
    /// What has come again since it was last settled, and is not yet in the tally.
    repeats: Repeats,
    /// The day of `repeats`.
    day: Day,
    hosts: HostScope,
    arrivals: BTreeMap<Day, Arrivals>,
    quarantined: Vec<Quarantined>,
    /// Since it was last asked.
    told: Counted,
    /// Datagrams handled since the start.
    handled: u64,
}

/// Why a datagram is put aside.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error(transparent)]
    Unreadable(#[from] DatagramError),
    #[error(transparent)]
    NoDomain(#[from] NoDomain),
}

impl Intake {
    pub(super) fn new(bounds: Bounds, hosts: HostScope) -> Self {
        Self {
            tally: Tally::new(bounds),
            repeats: Repeats::new(REPEATS),
            day: Day::default(),
            hosts,
            arrivals: BTreeMap::new(),
            quarantined: Vec::new(),
            told: Counted::default(),
            handled: 0,
        }
    }

    /// Counts the datagrams of a batch. Returns what is wrong with the first one that cannot be counted.
    pub(super) fn batch(&mut self, batch: &Batch) -> Option<String> {
        let day = Day::of(batch.at());
        if day != self.day {
            self.settle();
            self.day = day;
        }
        let mut wrong = None;
        let mut arrived = Arrivals::default();
        for datagram in batch.iter() {
            arrived.received += 1;
            if self.repeats.again(datagram) == Known::Yes {
                continue;
            }
            match self.datagram(day, datagram) {
                Ok(Kept::Yes) => self.repeats.remember(datagram),
                Ok(Kept::No) => {
                    arrived.dropped += 1;
                    self.told.no_memory += 1;
                }
                Err(why) => {
                    arrived.malformed += 1;
                    match why {
                        Refused::Unreadable(_) => self.told.unreadable += 1,
                        Refused::NoDomain(_) => self.told.without_domain += 1,
                    }
                    self.put_aside(batch.at(), datagram, &why);
                    wrong.get_or_insert_with(|| why.to_string());
                }
            }
        }
        self.handled += arrived.received;
        self.arrivals.entry(day).or_default().append(&arrived);
        wrong
    }

    fn datagram(&mut self, day: Day, octets: &[u8]) -> Result<Kept, Refused> {
        let datagram = Datagram::parse(octets)?;
        let (sessions, kept) = intake::count(&mut self.tally, day, &datagram, self.hosts)?;
        self.told.sessions.append(&sessions);
        Ok(kept)
    }

    /// Counts what has come again. Its first time has made every row that is needed, so there is a place for it.
    fn settle(&mut self) {
        for (octets, times) in self.repeats.take() {
            let Ok(datagram) = Datagram::parse(&octets) else { continue };
            // Its record was noted then; one that came since is the newer.
            let datagram = Datagram { record: Cow::default(), ..datagram };
            if let Ok((sessions, _)) = intake::count_times(&mut self.tally, self.day, &datagram, self.hosts, times) {
                self.told.sessions.append(&sessions);
            }
        }
    }

    fn put_aside(&mut self, at: Timestamp, octets: &[u8], why: &Refused) {
        if self.quarantined.len() < QUARANTINED {
            let octets = octets.get(..QUARANTINE_OCTETS).unwrap_or(octets).to_vec();
            self.quarantined.push(Quarantined { at, reason: why.to_string(), octets });
        }
    }

    /// Counts what we saw ourselves, for a domain with this TLSRPT record (`None`: it could not be looked up).
    pub(super) fn observation(&mut self, seen: &Observation, record: Option<&str>) {
        let Observation { domain, at, policy, outcome, details } = seen;
        let day = Day::of(*at);
        let (outcome, scope) = (*outcome, Scope::Domain);
        let kept = self.tally.add(Event { day, domain, scope, record, policy, outcome, details });
        let dropped = u64::from(kept == Kept::No);
        self.told.no_memory += dropped;
        self.told.observed += 1;
        self.told.sessions.add(policy.kind, outcome);
        self.arrivals.entry(day).or_default().append(&Arrivals { observed: 1, dropped, ..Arrivals::default() });
    }

    /// Counts datagrams that never came as far as this.
    pub(super) fn missed(&mut self, day: Day, truncated: u64, dropped: u64) {
        let received = truncated + dropped;
        if received > 0 {
            self.handled += received;
            self.arrivals.entry(day).or_default().append(&Arrivals {
                received,
                truncated,
                dropped,
                ..Arrivals::default()
            });
        }
    }

    /// Everything that waits, which it then no longer does.
    pub(super) fn take(&mut self) -> Delta {
        self.settle();
        Delta {
            domains: self.tally.take(),
            arrivals: std::mem::take(&mut self.arrivals).into_iter().collect(),
            quarantined: std::mem::take(&mut self.quarantined),
            progress: None,
        }
    }

    /// What telemetry has not been told yet.
    pub(super) fn tell(&mut self) -> Counted {
        self.settle();
        std::mem::take(&mut self.told)
    }

    /// Whether there is nothing to write.
    pub(super) fn is_empty(&self) -> bool {
        self.tally.is_empty() && self.arrivals.is_empty()
    }

    /// Domains to write.
    pub(super) fn domains(&self) -> usize {
        self.tally.len()
    }

    /// Memory that it takes.
    pub(super) fn octets(&self) -> usize {
        self.tally.octets() + self.repeats.octets()
    }

    /// Events that wait to be written.
    pub(super) fn waiting(&self) -> u64 {
        self.arrivals.values().map(|came| came.received).sum()
    }

    /// Datagrams handled since the start.
    pub(super) const fn handled(&self) -> u64 {
        self.handled
    }
}
