//! Where mail servers' questions arrive: a hit is answered from memory at once, anything else by a look-up that all who ask
//! for the same domain share.
//!
//! Two caches: what is known of a domain's policy ([`Card`]) and what is known of a route's MX hosts and DANE
//! ([`RouteKnown`]). The answer is made of both by the engine each time; nothing here decides.
use std::sync::Arc;

use strictmx_engine::{
    lookup::{self, NoPolicy, Verdict},
    nexthop::{self, Glance, NextHop, Route},
    profile::{self, Answer, Override, Profile, Wanted},
    report::observe,
    route::{RouteKnown, names_none},
    tls::{self, DaneUse, Level, Plan},
};
use strictmx_io::store::{Batch, Store};
use strictmx_proto::{name::Domain, sts::Mode};
use tokio::time::Instant;

use super::{
    ask::{self, RouteTrail, Senses},
    card::{Card, Landed},
    inner::{Inner, Parts},
    keep,
    observed::Watch,
    rules::{Observe, OverrideRule, Rules},
    self_test::SelfTest,
};
use crate::telemetry::{AnswerFrom, Event, Measured, Telemetry};

/// A TXT record read within so many seconds counts as read just now (D-24).
const JUST_ASKED: u64 = 2;

/// Answers mail servers' questions. Cheap to clone.
#[derive(Clone)]
pub struct Desk(pub(crate) Arc<Inner>);

/// What is to be done about a domain's policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Errand {
    /// Whatever it takes to answer a question.
    Answer,
    /// Ask the TXT record again, and follow a changed id (D-23, D-24).
    Recheck,
    /// Fetch again whatever the TXT record says (STS-3.3-14, STS-10.2-2).
    Refresh,
}

/// Everything behind one answer, for the doors that tell more than a line.
pub struct Considered {
    /// What was asked about.
    pub route: Route,
    /// What is known of the policy; `None`: not by the deadline.
    pub card: Option<Arc<Card>>,
    /// What is known of the hosts.
    pub hosts: Option<Arc<RouteKnown>>,
    /// What follows, and the policy's part in it; `None`: an override answered, nothing was looked up.
    pub decided: Option<(Plan, Verdict)>,
    /// What the mail server is told.
    pub answer: Answer,
    /// The override that had its way.
    pub overridden: Option<OverrideRule>,
    /// Whether observe mode hid the answer.
    pub observed: bool,
}

impl Considered {
    /// The level that the mail server was told, for counting.
    pub fn told(&self) -> Level {
        match (&self.answer, &self.decided) {
            (Answer::NotFound, _) => Level::NotFound,
            (Answer::Temp(_), _) => Level::Temp,
            (Answer::Line(_), Some((plan, _))) => plan.level,
            (Answer::Line(_), None) => Level::Secure,
        }
    }
}

impl Desk {
    /// A desk with empty caches; [`super::background::load`] fills them from the store.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Inner::new(parts)))
    }

    /// Answers at once from memory, or `None` when something has to be looked up first. The hot path: it takes no lock
    /// across an await, touches no disk and allocates nothing.
    pub fn answer_now<R>(&self, profile: Profile, key: &str, tell: impl FnOnce(&Answer) -> R) -> Option<R> {
        let began = Instant::now();
        let inner = &*self.0;
        let key = match nexthop::glance(key) {
            Glance::Plain(key) => key,
            Glance::Nothing(_) => {
                inner.telemetry.answered(profile, Level::NotFound);
                return Some(tell(&Answer::NotFound));
            }
            Glance::Other => return None,
        };
        let rules = inner.rules.load();
        if rules.observe == Observe::Observe || rules.overrides.contains_key(key) {
            return None;
        }
        let now = inner.now();
        let card = inner.policies.get(key).filter(|card| card.known.fresh_at(now))?;
        let hosts = inner.routes.plain(key).filter(|hosts| hosts.fresh_at(now) && now < hosts.renew_at())?;
        card.touch(now);
        let verdict = card.known.verdict_at(now);
        let plan = tls::plan(Some(&hosts), &verdict, &inner.plan_settings(&rules));
        let told = in_words(&card, &plan, &verdict, profile, tell);
        inner.telemetry.answered(profile, plan.level);
        inner.telemetry.took(AnswerFrom::Memory, began.elapsed());
        Some(told)
    }

    /// Answers after looking up what is missing, by the deadline at the latest (D-22).
    pub async fn answer(&self, profile: Profile, key: &str) -> Answer {
        let began = Instant::now();
        let NextHop::Ask(route) = nexthop::parse(key) else {
            self.0.telemetry.answered(profile, Level::NotFound);
            return Answer::NotFound;
        };
        let considered = self.consider(route, profile).await;
        self.0.telemetry.answered(profile, considered.told());
        self.0.telemetry.took(AnswerFrom::Lookup, began.elapsed());
        considered.answer
    }

    /// Everything behind the answer for a next hop.
    pub async fn consider(&self, route: Route, profile: Profile) -> Considered {
        let inner = &*self.0;
        let rules = inner.rules.load_full();
        let now = inner.now();
        let overridden = rules.override_for(&route.domain, now).cloned();
        if overridden.is_none() && rules.overrides.contains_key(&route.domain) {
            inner.telemetry.emit(Event::OverrideExpired { domain: &route.domain });
        }
        if let Some(rule) = &overridden {
            let OverrideRule { answer, reason, .. } = rule;
            inner.telemetry.emit(Event::OverrideUsed { domain: &route.domain, answer, reason });
            if answer.wants() == Wanted::Nothing {
                let answer = answer.apply(profile);
                return Considered {
                    route,
                    card: None,
                    hosts: None,
                    decided: None,
                    answer,
                    overridden,
                    observed: false,
                };
            }
        }
        let deadline = Instant::now() + rules.answer_deadline;
        let (landed, hosts) = tokio::join!(by(deadline, self.policy(&route.domain)), by(deadline, self.hosts(&route)),);
        let landed = self.recheck_on_mismatch(&route, landed, hosts.as_deref(), deadline).await;
        self.share_names(&route, landed.as_ref(), hosts.as_deref());
        let verdict = landed.as_ref().map_or(Verdict::None(NoPolicy::Pending), |landed| landed.verdict.clone());
        let plan = tls::plan(hosts.as_deref(), &verdict, &inner.plan_settings(&rules));
        let card = landed.map(|landed| landed.card);
        let words = match &card {
            Some(card) => in_words(card, &plan, &verdict, profile, Answer::clone),
            None => profile::answer(&plan, profile, &route.domain, None),
        };
        let observed = self.hides(&rules, overridden.as_ref(), &route.domain, &words);
        let answer = if observed { Answer::NotFound } else { words };
        Considered { route, card, hosts, decided: Some((plan, verdict)), answer, overridden, observed }
    }

    /// Whether observe mode, for all or for this domain, keeps the answer from the mail server; told of where it does.
    fn hides(&self, rules: &Rules, overridden: Option<&OverrideRule>, domain: &Domain, answer: &Answer) -> bool {
        let answer_of = overridden.map(|rule| &rule.answer);
        let silent = matches!(answer_of, Some(Override::RefreshOnly));
        let observed = rules.observe == Observe::Observe || matches!(answer_of, Some(Override::Observe));
        if observed && !silent {
            self.0.telemetry.emit(Event::AnswerObserved { domain, answer });
        }
        observed || silent
    }

    /// The one recheck that D-24 asks for when no MX host matches an enforced policy, and the warning when it changes nothing.
    async fn recheck_on_mismatch(
        &self,
        route: &Route,
        landed: Option<Landed>,
        hosts: Option<&RouteKnown>,
        deadline: Instant,
    ) -> Option<Landed> {
        let (Some(found), Some(hosts)) = (&landed, hosts) else { return landed };
        if !self.first_mismatch(route, &found.card, hosts) {
            return landed;
        }
        // A record that was read a moment ago for this very answer need not be read again.
        let rechecked = if self.0.now().since(found.card.known.asked) <= JUST_ASKED {
            landed?
        } else {
            by(deadline, self.run(&route.domain, Errand::Recheck)).await.or(landed)?
        };
        keep::warn_of_mismatch(&self.0, route, &rechecked.card, hosts).await;
        Some(rechecked)
    }

    /// Whether this policy is found for the first time to match none of the hosts (D-24: "at once, once").
    fn first_mismatch(&self, route: &Route, card: &Card, hosts: &RouteKnown) -> bool {
        let inner = &*self.0;
        let Some(policy) = card.known.policy_at(inner.now()) else { return false };
        if policy.mode != Mode::Enforce || !names_none(hosts, policy) {
            return false;
        }
        let id = card.known.entry.as_ref().and_then(|entry| entry.id.clone());
        let seen_before = inner.mismatched.get(&route.domain).is_some_and(|before| before == id);
        inner.mismatched.insert(route.domain.clone(), id);
        !seen_before
    }

    /// Lets the two caches share the names that both know.
    fn share_names(&self, route: &Route, landed: Option<&Landed>, hosts: Option<&RouteKnown>) {
        let now = self.0.now();
        if let (Some(landed), Some(hosts)) = (landed, hosts)
            && let Some(policy) = landed.card.known.policy_at(now)
            && let Some(shared) = hosts.sharing(policy)
        {
            self.0.routes.insert(route, Some(landed.card.domain.clone()), Arc::new(shared));
        }
    }

    /// What is known of a domain's policy: from memory, from the store, or looked up.
    async fn policy(&self, domain: &Domain) -> Option<Landed> {
        let now = self.0.now();
        let landed = match self.0.policies.get(domain) {
            // An unexpired policy answers at once, however old its TXT record (D-23).
            Some(card) if card.known.fresh_at(now) || card.known.policy_at(now).is_some() => {
                Landed { verdict: card.known.verdict_at(now), card }
            }
            _ => self.run(domain, Errand::Answer).await?,
        };
        landed.card.touch(now);
        if landed.card.known.policy_at(now).is_some() && !landed.card.known.fresh_at(now) {
            self.start(domain, Errand::Recheck);
        }
        Some(landed)
    }

    /// Runs an errand, or joins the one under way for this domain.
    pub async fn run(&self, domain: &Domain, errand: Errand) -> Option<Landed> {
        let (desk, name) = (self.clone(), domain.clone());
        self.0.policy_flights.join(domain, || async move { desk.errand(&name, errand).await }).await
    }

    /// Starts an errand and waits for nothing.
    pub(crate) fn start(&self, domain: &Domain, errand: Errand) {
        let (desk, name) = (self.clone(), domain.clone());
        self.0.policy_flights.start(domain, || async move { desk.errand(&name, errand).await });
    }

    async fn errand(&self, domain: &Domain, errand: Errand) -> Landed {
        let inner = &*self.0;
        let _place = inner.places.acquire().await;
        let known = match inner.policies.get(domain) {
            Some(card) => Some(card.known.clone()),
            None => keep::stored(inner, domain).await,
        };
        let now = inner.now();
        let step = match (errand, known) {
            (Errand::Recheck, Some(known)) => lookup::recheck(known, now),
            (Errand::Refresh, Some(known)) => lookup::refresh(known, now),
            (_, known) => lookup::start(known, now),
        };
        let senses = inner.senses.load_full();
        let (done, trail) = ask::policy(&senses, domain, step).await;
        keep::count_policy(inner, &trail);
        keep::keep(inner, domain, done).await
    }

    /// What is known of a route's hosts: from memory, or looked up.
    pub(crate) async fn hosts(&self, route: &Route) -> Option<Arc<RouteKnown>> {
        let inner = &*self.0;
        let now = inner.now();
        let key: Box<str> = route.to_string().into();
        let (desk, asked) = (self.clone(), route.clone());
        let work = || async move { desk.look_up_hosts(&asked).await };
        match inner.routes.get(route) {
            // Still good, but soon no longer: ask behind the answer.
            Some(hosts) if hosts.fresh_at(now) => {
                if now >= hosts.renew_at() {
                    inner.route_flights.start(&key, work);
                }
                Some(hosts)
            }
            _ => inner.route_flights.join(&key, work).await,
        }
    }

    async fn look_up_hosts(&self, route: &Route) -> Arc<RouteKnown> {
        let inner = &*self.0;
        let _place = inner.places.acquire().await;
        let senses = inner.senses.load_full();
        let port = inner.rules.load().smtp_port;
        let (known, trail) = ask::route(&senses, route, port).await;
        keep::count_route(inner, &trail);
        self.observe_hosts(route, &known, &trail);
        let known = Arc::new(known);
        let shared = inner.policies.peek(&route.domain).map(|card| card.domain.clone());
        inner.routes.insert(route, shared, Arc::clone(&known));
        known
    }

    /// Tells the collector what is wrong with the hosts of a domain, as often as they are looked up.
    fn observe_hosts(&self, route: &Route, known: &RouteKnown, trail: &RouteTrail) {
        let inner = &*self.0;
        let now = inner.now();
        if inner.plan_settings(&inner.rules.load()).dane == DaneUse::On {
            for host in &trail.looked_up {
                inner.saw(|| observe::dane(&route.domain, &host.verdict, now));
            }
        }
        // The first time is told where it is found, which may be before the policy is known here.
        let Some(card) = inner.policies.peek(&route.domain) else { return };
        let id = card.known.entry.as_ref().and_then(|entry| entry.id.clone());
        let told_before = inner.mismatched.peek(&route.domain).is_some_and(|before| before == id);
        if let Some(policy) = card.known.policy_at(now)
            && told_before
            && policy.mode == Mode::Enforce
            && names_none(known, policy)
        {
            inner.saw(|| Some(observe::uncovered(&route.domain, policy, known.live().map(|host| &host.name), now)));
        }
    }

    /// From now on failures and sessions of ours are counted for TLS reports.
    pub(crate) fn report_to(&self, watch: Watch) {
        // A desk has one collector all its life; a second one would count everything twice.
        drop(self.0.watch.set(watch));
    }

    /// Lets other adapters and rules count from now on.
    pub fn replace(&self, senses: Senses, rules: Rules, self_test: Option<SelfTest>) {
        self.0.senses.store(Arc::new(senses));
        self.0.rules.store(Arc::new(rules));
        self.0.self_test.store(self_test.map(Arc::new));
        self.0.retest.notify_one();
    }

    /// Tells telemetry what is only measured when somebody looks.
    pub fn measure(&self) {
        let inner = &*self.0;
        let now = inner.now();
        let fetched =
            inner.policies.iter().filter_map(|(_, card)| card.known.entry.as_ref().map(|entry| entry.fetched));
        inner.telemetry.measured(&Measured {
            policies: inner.policies.len(),
            routes: inner.routes.len(),
            policy_lookups: inner.policy_flights.len(),
            route_lookups: inner.route_flights.len(),
            oldest_policy: fetched.min().map_or(0, |oldest| now.since(oldest)),
            panics: inner.tasks.panics(),
        });
    }

    /// The domains whose policies are in memory.
    pub(crate) fn kept_policies(&self) -> Vec<Domain> {
        let kept = self.0.policies.iter();
        kept.filter(|(_, card)| card.known.entry.is_some()).map(|(domain, _)| domain).collect()
    }

    /// What memory has of a domain, else what the store has; asks nobody.
    pub(crate) async fn card_or_stored(&self, domain: &Domain) -> Option<Arc<Card>> {
        let inner = &*self.0;
        match inner.policies.peek(domain) {
            Some(card) => Some(card),
            None => {
                let known = keep::stored(inner, domain).await?;
                Some(Arc::new(Card::new(domain.clone(), known, inner.now())))
            }
        }
    }

    /// Forgets all that is known of a domain and its routes.
    pub(crate) async fn purge(&self, domain: &Domain) -> Result<(), String> {
        let inner = &*self.0;
        let batch = Batch { removes: vec![domain.clone()], ..Batch::default() };
        inner.store.write(batch).await.map_err(|error| error.to_string())?;
        inner.policies.remove(domain);
        inner.routes.forget(domain);
        inner.mismatched.remove(domain);
        Ok(())
    }

    /// Where events go.
    pub(crate) fn telemetry(&self) -> &Telemetry {
        &self.0.telemetry
    }

    /// Where policies outlive the process.
    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        &self.0.store
    }
}

/// Waits until the deadline at most; the work goes on after that (D-22).
async fn by<T>(deadline: Instant, work: impl Future<Output = Option<T>>) -> Option<T> {
    tokio::time::timeout_at(deadline, work).await.ok().flatten()
}

/// Puts a plan into a profile's words; the long ones are made once a card.
fn in_words<R>(card: &Card, plan: &Plan, verdict: &Verdict, profile: Profile, tell: impl FnOnce(&Answer) -> R) -> R {
    match (plan.level, verdict) {
        (Level::Secure, Verdict::Policy(policy)) => card.secure_line(plan, profile, policy, tell),
        _ => tell(&profile::answer(plan, profile, &card.domain, None)),
    }
}
