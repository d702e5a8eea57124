//! Who is looked at when: spread over the interval, each domain at a moment of its own, a few at a time.
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    hash::{Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use strictmx_proto::name::Domain;
use tokio::{
    sync::oneshot,
    time::{Instant, sleep_until},
};

use super::{Inner, Watching, look};
use crate::{flow::check::Looker, telemetry::Event};

/// Domains looked at at the same time.
const AT_ONCE: usize = 8;
/// How soon something that has just changed is looked at again.
const SOON: Duration = Duration::from_secs(600);
/// How long what one domain showed stands for others that use the same hosts.
const FRESH: Duration = Duration::from_secs(600);
/// Time given to each domain where all of them are to be looked at at once, as after the first start.
const FIRST_TURN: Duration = Duration::from_secs(2);

/// Looks at domains when they are due, for ever.
pub(super) async fn run(inner: &Arc<Inner>) {
    let mut round = Round::default();
    round.follow(inner).await;
    loop {
        round.begin_due(inner);
        let next = if round.running.len() < AT_ONCE { round.plan.next() } else { None };
        tokio::select! {
            () = inner.replaced.notified() => round.follow(inner).await,
            Some((domain, next)) = round.running.next() => round.ended(inner, domain, next),
            () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {}
        }
    }
}

/// The looks that are planned, and those under way.
#[derive(Default)]
struct Round {
    plan: Plan,
    running: FuturesUnordered<BoxFuture<'static, (Domain, look::Next)>>,
    under_way: HashSet<Domain>,
    looker: Option<(Looker, Instant)>,
}

impl Round {
    /// Takes over what is to be watched now.
    async fn follow(&mut self, inner: &Inner) {
        let watching = inner.watching.load_full();
        // The network may be asked in another way from now on.
        self.looker = None;
        let wanted: HashSet<&Domain> = watching.domains.iter().collect();
        self.plan.keep(&wanted);
        inner.forget_all_but(&wanted);
        let now = Instant::now();
        for domain in &watching.domains {
            if self.plan.has(domain) {
                self.plan.no_later(domain, now + watching.every);
            } else if !self.under_way.contains(domain) {
                let at = now + first(inner, &watching, domain).await;
                self.plan.put(domain.clone(), at, Kind::Usual);
            }
        }
    }

    fn begin_due(&mut self, inner: &Arc<Inner>) {
        let now = Instant::now();
        while self.running.len() < AT_ONCE
            && let Some((domain, kind)) = self.plan.take_due(now)
        {
            let watching = inner.watching.load_full();
            let looker = self.looker(&watching, kind);
            self.under_way.insert(domain.clone());
            self.running.push(begin(inner, watching, looker, domain));
        }
    }

    /// A look that is to settle something sees everything anew; others share what was seen a moment ago.
    fn looker(&mut self, watching: &Watching, kind: Kind) -> Looker {
        let fresh = FRESH.min(watching.every / 2);
        match &self.looker {
            Some((looker, since)) if kind == Kind::Usual && since.elapsed() < fresh => looker.clone(),
            _ => {
                let looker = (watching.looker)();
                self.looker = Some((looker.clone(), Instant::now()));
                looker
            }
        }
    }

    fn ended(&mut self, inner: &Inner, domain: Domain, next: look::Next) {
        self.under_way.remove(&domain);
        let watching = inner.watching.load();
        if !watching.domains.contains(&domain) {
            return;
        }
        let (length, kind) = match next {
            look::Next::Usual => (watching.every, Kind::Usual),
            look::Next::Soon => (SOON.min(watching.every), Kind::Again),
        };
        // A little sooner, each by another length, so that domains that came together part again.
        let turn = inner.parts.clock.now().0;
        let after = length * 9 / 10 + share(length / 10, seed(&domain, turn));
        self.plan.put(domain, Instant::now() + after, kind);
    }
}

/// How long until a domain is looked at for the first time: where it was left by an earlier process, or one after the other.
async fn first(inner: &Inner, watching: &Watching, domain: &Domain) -> Duration {
    let last = match inner.parts.store.watched(domain).await {
        Ok(known) => known.at,
        Err(error) => {
            let doing = "read what is known of a watched domain";
            inner.parts.telemetry.emit(Event::StoreFailed { doing, error: &error.to_string() });
            None
        }
    };
    let since = last.map(|last| Duration::from_secs(inner.parts.clock.now().since(last)));
    let wait = since.and_then(|since| watching.every.checked_sub(since)).unwrap_or_default();
    let turns = u32::try_from(watching.domains.len()).unwrap_or(u32::MAX);
    wait.max(share(FIRST_TURN.saturating_mul(turns).min(watching.every), seed(domain, 0)))
}

/// Starts one look. A panic in it ends that look alone.
fn begin(
    inner: &Arc<Inner>,
    watching: Arc<Watching>,
    looker: Looker,
    domain: Domain,
) -> BoxFuture<'static, (Domain, look::Next)> {
    let (done, result) = oneshot::channel();
    let (shared, name, stop) = (Arc::clone(inner), domain.clone(), inner.parts.tasks.stopping());
    inner.parts.tasks.spawn("watching a domain", async move {
        let looked = Box::pin(look::look(&shared, &watching, &looker, &name));
        tokio::select! {
            // What was not written was not decided.
            () = stop => {}
            next = looked => drop(done.send(next)),
        }
    });
    async move { (domain, result.await.unwrap_or(look::Next::Usual)) }.boxed()
}

/// Why a look is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It is time.
    Usual,
    /// To settle what an earlier one showed.
    Again,
}

/// When domains are due.
#[derive(Debug, Default)]
struct Plan {
    by_time: BTreeSet<(Instant, Domain)>,
    by_domain: HashMap<Domain, (Instant, Kind)>,
}

impl Plan {
    fn has(&self, domain: &Domain) -> bool {
        self.by_domain.contains_key(domain)
    }

    fn put(&mut self, domain: Domain, at: Instant, kind: Kind) {
        if let Some((earlier, _)) = self.by_domain.insert(domain.clone(), (at, kind)) {
            self.by_time.remove(&(earlier, domain.clone()));
        }
        self.by_time.insert((at, domain));
    }

    fn no_later(&mut self, domain: &Domain, latest: Instant) {
        if let Some((at, kind)) = self.by_domain.get(domain).copied()
            && at > latest
        {
            self.put(domain.clone(), latest, kind);
        }
    }

    fn keep(&mut self, wanted: &HashSet<&Domain>) {
        self.by_time.retain(|(_, domain)| wanted.contains(domain));
        self.by_domain.retain(|domain, _| wanted.contains(domain));
    }

    fn next(&self) -> Option<Instant> {
        self.by_time.first().map(|(at, _)| *at)
    }

    fn take_due(&mut self, now: Instant) -> Option<(Domain, Kind)> {
        let (at, domain) = self.by_time.first()?;
        if *at > now {
            return None;
        }
        let domain = domain.clone();
        self.by_time.pop_first();
        let (_, kind) = self.by_domain.remove(&domain)?;
        Some((domain, kind))
    }
}

/// A number that is another one for each domain and turn.
fn seed(domain: &Domain, turn: u64) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    (domain, turn).hash(&mut hasher);
    hasher.finish()
}

/// A part of this length, from nothing to nearly all of it.
fn share(length: Duration, seed: u64) -> Duration {
    let millis = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(seed.checked_rem(millis).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn name(text: &str) -> Domain {
        Domain::parse(text).unwrap()
    }

    #[test]
    fn domains_come_when_they_are_due_and_once() {
        let (mut plan, now) = (Plan::default(), Instant::now());
        let later = now + Duration::from_secs(60);
        plan.put(name("b.example"), later, Kind::Usual);
        plan.put(name("a.example"), now, Kind::Usual);
        // Brought forward, not doubled.
        plan.put(name("b.example"), now, Kind::Again);
        assert_eq!(plan.take_due(now), Some((name("a.example"), Kind::Usual)));
        assert_eq!(plan.take_due(now), Some((name("b.example"), Kind::Again)));
        assert_eq!((plan.take_due(later), plan.next()), (None, None));
    }

    #[test]
    fn a_shorter_interval_holds_for_what_is_planned_already_and_what_is_no_longer_wanted_is_dropped() {
        let (mut plan, now) = (Plan::default(), Instant::now());
        let hour = Duration::from_secs(3600);
        plan.put(name("a.example"), now + 6 * hour, Kind::Usual);
        plan.put(name("b.example"), now + hour / 2, Kind::Usual);
        for domain in ["a.example", "b.example"] {
            plan.no_later(&name(domain), now + hour);
        }
        assert_eq!(plan.by_domain[&name("a.example")].0, now + hour);
        assert_eq!(plan.by_domain[&name("b.example")].0, now + hour / 2);
        plan.keep(&HashSet::from([&name("a.example")]));
        assert_eq!(plan.next(), Some(now + hour));
        assert!(!plan.has(&name("b.example")));
    }

    #[test]
    fn looks_are_spread_over_the_whole_length() {
        let length = Duration::from_secs(100);
        let shares: Vec<_> = (0..1000).map(|number| share(length, seed(&name("a.example"), number))).collect();
        for tenth in 0..10 {
            let within = shares.iter().filter(|share| share.as_secs() / 10 == tenth).count();
            assert!((60..140).contains(&within), "{tenth}: {within}");
        }
        assert_eq!(share(Duration::ZERO, 7), Duration::ZERO);
    }
}
