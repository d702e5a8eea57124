//! The states of a look-up.
use alloc::{boxed::Box, sync::Arc, vec::Vec};

use strictmx_proto::sts::{Finding, Mode, NoRecord, Parsed, Policy, Record};

use super::{
    event::{Event, Trouble},
    known::{BACKOFF, Backoff, Entry, Known, NoPolicy, TxtKnown, Verdict},
};
use crate::{
    fact::{FetchSeen, Seen, TxtSeen},
    time::Timestamp,
};

/// Least time an answer is taken to hold, seconds: a TTL of zero must not mean a look-up for each mail (D-23). A failed
/// look-up counts for as long.
const TTL_FLOOR: u32 = 60;
/// Longest time a record is taken to hold, seconds: a hostile TTL must not hide a new id (STS-10.3-1).
const TTL_CEILING: u32 = 86_400;
/// Longest time the absence of a record is taken to hold, seconds.
const NEGATIVE_TTL_CEILING: u32 = 3_600;

/// Where a look-up stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Step {
    /// Ask for the TXT records of `_mta-sts.<domain>` (STS-3.1-1).
    Txt(AwaitTxt),
    /// Get the policy (STS-3.2-1).
    Fetch(AwaitFetch),
    /// Over.
    Done(Done),
}

/// How a look-up ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// What is to be kept, in the store and in the cache.
    pub known: Known,
    /// What this delivery is held to. Differs from what is kept for a policy with `max_age: 0` (D-5).
    pub verdict: Verdict,
    /// What happened, in order.
    pub events: Vec<Event>,
    /// Whether [`recheck`] is to run in the background while this answer is given (D-23).
    pub recheck: Recheck,
}

/// Whether the id is to be looked at again in the background.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recheck {
    /// The TXT answer is older than its TTL, or names another id than the policy's.
    Due,
    /// All is as fresh as it can be.
    NotDue,
}

/// What a look-up is for: what it is to do with an unchanged or missing id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// Learn the current policy.
    Learn,
    /// Renew the life of the one we have.
    Renew,
}

/// Begins the look-up for a query. A policy in force answers at once (D-23); so does knowing that there is none, for as long
/// as that may be taken to hold. Only a domain about which nothing is known is asked for while the mail server waits.
pub fn start(cached: Option<Known>, now: Timestamp) -> Step {
    let mut work = Work::new(cached.unwrap_or_default());
    work.drop_expired(now);
    let fresh = work.known.fresh_at(now);
    if fresh || work.known.live_at(now).is_some() {
        let recheck = if fresh { Recheck::NotDue } else { Recheck::Due };
        let verdict = work.known.verdict_at(now);
        return Step::Done(Done { verdict, known: work.known, events: work.events, recheck });
    }
    match &work.known.txt {
        TxtKnown::Id(id) if work.known.txt_counts_at(now) => {
            let id = Some(id.clone()); // no policy cached, no failure lately: STS-5.1-1
            Step::Fetch(AwaitFetch { work, id })
        }
        _ => Step::Txt(AwaitTxt { work, purpose: Purpose::Learn }),
    }
}

/// Begins a look at the id, live, whatever the TTL (D-23, D-24, STS-5-4): a new id fetches the new policy.
pub fn recheck(known: Known, now: Timestamp) -> Step {
    let mut work = Work::new(known);
    work.drop_expired(now);
    Step::Txt(AwaitTxt { work, purpose: Purpose::Learn })
}

/// Begins to renew a policy ahead of its expiry (STS-3.3-14): the TXT is asked, then the policy is fetched whatever that
/// said (STS-10.2-2, A-12), unless a fetch for its id failed less than five minutes ago.
///
/// A policy whose life is over is only put away: that is what a due time at its expiry means (see [`crate::refresh`]).
/// Where no policy is known at all this is a plain look-up.
pub fn refresh(known: Known, now: Timestamp) -> Step {
    let mut work = Work::new(known);
    if work.known.entry.as_ref().is_some_and(|entry| entry.expires <= now) {
        work.expire();
        return work.done(now);
    }
    Step::Txt(AwaitTxt { work, purpose: Purpose::Renew })
}

/// The TXT records are awaited.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct AwaitTxt {
    work: Work,
    purpose: Purpose,
}

impl AwaitTxt {
    /// Takes what DNS said about `_mta-sts.<domain>`, read at `now`.
    pub fn saw(self, txt: TxtSeen, now: Timestamp) -> Step {
        let Self { mut work, purpose } = self;
        work.drop_expired(now);
        let known = read(&txt);
        let ttl = ttl(&known, &txt);
        work.note_txt(known, ttl, now);
        match work.wanted(purpose, now) {
            Some(id) if !work.known.held_back(id.as_deref(), now) => Step::Fetch(AwaitFetch { work, id }),
            _ => work.done(now),
        }
    }
}

/// The policy is awaited.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct AwaitFetch {
    work: Work,
    id: Option<Box<str>>,
}

impl AwaitFetch {
    /// The id it is fetched for, `None` when none is known.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Takes what the fetch came to, read at `now`.
    pub fn saw(self, got: FetchSeen, now: Timestamp) -> Step {
        let Self { mut work, id } = self;
        work.drop_expired(now);
        match got {
            FetchSeen::Failed(failure) => {
                let (cached, count) = work.setback(now);
                let told = Event::FetchFailed { id: id.clone(), failure: failure.clone(), cached, count };
                work.failed(told, Backoff { id, until: now.plus(BACKOFF), count, why: NoPolicy::Fetch(failure) }, now)
            }
            FetchSeen::Body(body) => match Policy::parse(&body) {
                Err(error) => {
                    let (cached, count) = work.setback(now);
                    let told = Event::PolicyInvalid { id: id.clone(), error: error.clone(), cached, count };
                    work.failed(
                        told,
                        Backoff { id, until: now.plus(BACKOFF), count, why: NoPolicy::Invalid(error) },
                        now,
                    )
                }
                Ok(parsed) => work.took(id, parsed, now),
            },
        }
    }
}

/// What every state carries.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Work {
    known: Known,
    events: Vec<Event>,
}

impl Work {
    const fn new(known: Known) -> Self {
        Self { known, events: Vec::new() }
    }

    /// Drops a policy whose life is over: from then on it counts as none (decision table of RFC 8461). The one place, with
    /// [`Work::took`], where a policy goes.
    fn drop_expired(&mut self, now: Timestamp) {
        if self.known.entry.as_ref().is_some_and(|entry| !entry.live_at(now)) {
            self.expire();
        }
    }

    fn expire(&mut self) {
        if let Some(entry) = self.known.entry.take() {
            self.events.push(Event::Expired { id: entry.id, mode: entry.policy.mode });
        }
    }

    fn note_txt(&mut self, txt: TxtKnown, ttl: u32, now: Timestamp) {
        let trouble = self::trouble(&txt);
        let before = self::trouble(&self.known.txt);
        if let Some(entry) = &self.known.entry {
            match (trouble, before) {
                (Some(trouble), before) => {
                    let again = before.as_ref() == Some(&trouble);
                    self.events.push(Event::TxtTrouble { trouble, cached: entry.policy.mode, again });
                }
                (None, Some(_)) => {
                    if let TxtKnown::Id(id) = &txt {
                        self.events.push(Event::TxtBack { id: id.clone() });
                    }
                }
                (None, None) => {}
            }
        }
        self.known.txt = txt;
        self.known.asked = now;
        self.known.txt_ttl = ttl;
    }

    /// Whether a policy is to be fetched, and for which id.
    fn wanted(&self, purpose: Purpose, now: Timestamp) -> Option<Option<Box<str>>> {
        match (&self.known.txt, self.known.live_at(now)) {
            (TxtKnown::Id(id), Some(entry)) if purpose == Purpose::Learn && entry.id.as_ref() == Some(id) => None,
            (TxtKnown::Id(id), _) => Some(Some(id.clone())),
            (_, Some(entry)) if purpose == Purpose::Renew => Some(entry.id.clone()),
            _ => None, // STS-3.1-7, STS-3.1-8: no record, no fetch
        }
    }

    /// The mode of the policy that outlives a failed fetch, and how many failed in a row with this one.
    fn setback(&self, now: Timestamp) -> (Option<Mode>, u32) {
        let cached = self.known.policy_at(now).map(|policy| policy.mode);
        let before = self.known.backoff.as_ref().map_or(0, |backoff| backoff.count);
        (cached, before.saturating_add(1))
    }

    /// A failed fetch: what is cached stays (STS-3.3-13, D-20), the next one waits (STS-3.3-9).
    fn failed(mut self, told: Event, backoff: Backoff, now: Timestamp) -> Step {
        self.events.push(told);
        self.known.backoff = Some(Box::new(backoff));
        self.done(now)
    }

    /// A valid policy: it takes the place of what was cached.
    fn took(mut self, id: Option<Box<str>>, parsed: Parsed, now: Timestamp) -> Step {
        let old = self.known.entry.take();
        let policy = match &old {
            Some(old) if *old.policy == parsed.policy => Arc::clone(&old.policy),
            _ => Arc::new(parsed.policy),
        };
        self.events.push(told(old, id.clone(), &policy, parsed.findings.into_boxed_slice()));
        self.known.backoff = None;
        if policy.max_age > 0 {
            let expires = now.plus(u64::from(policy.max_age));
            self.known.entry = Some(Entry { id, policy: Arc::clone(&policy), fetched: now, expires });
        }
        // D-5: one with `max_age: 0` is for this delivery and not kept. What was cached is gone all the same: its owner has
        // just replaced it.
        Step::Done(Done {
            verdict: Verdict::Policy(policy),
            known: self.known,
            events: self.events,
            recheck: Recheck::NotDue,
        })
    }

    fn done(self, now: Timestamp) -> Step {
        let verdict = self.known.verdict_at(now);
        Step::Done(Done { verdict, known: self.known, events: self.events, recheck: Recheck::NotDue })
    }
}

fn told(old: Option<Entry>, id: Option<Box<str>>, policy: &Arc<Policy>, findings: Box<[Finding]>) -> Event {
    let (mode, max_age) = (policy.mode, policy.max_age);
    match old {
        None if max_age == 0 => Event::UsedOnce { id, mode, findings },
        None => Event::Found { id, mode, max_age, findings },
        Some(old) if Arc::ptr_eq(&old.policy, policy) && (old.id == id || old.id.is_none()) => {
            Event::Refreshed { id, mode }
        }
        Some(old) => Event::Changed { old_id: old.id, old_mode: old.policy.mode, id, mode, max_age, findings },
    }
}

/// What an answer says about the record.
fn read(txt: &TxtSeen) -> TxtKnown {
    match txt {
        Seen::Found { data, .. } => match Record::select(data) {
            Ok(record) => TxtKnown::Id(record.id),
            Err(why) => TxtKnown::NoRecord(why),
        },
        Seen::NoData { .. } | Seen::NxDomain { .. } => TxtKnown::NoRecord(NoRecord::None),
        Seen::Failed(failure) => TxtKnown::Failed(failure.kind),
    }
}

/// How long it is taken to hold, seconds.
fn ttl(known: &TxtKnown, txt: &TxtSeen) -> u32 {
    match known {
        TxtKnown::Id(_) => txt.ttl().clamp(TTL_FLOOR, TTL_CEILING),
        TxtKnown::NoRecord(_) => txt.ttl().clamp(TTL_FLOOR, NEGATIVE_TTL_CEILING),
        TxtKnown::Failed(_) | TxtKnown::Unasked => TTL_FLOOR,
    }
}

fn trouble(txt: &TxtKnown) -> Option<Trouble> {
    match txt {
        TxtKnown::NoRecord(why) => Some(Trouble::NoRecord(why.clone())),
        TxtKnown::Failed(kind) => Some(Trouble::Failed(*kind)),
        TxtKnown::Id(_) | TxtKnown::Unasked => None,
    }
}
