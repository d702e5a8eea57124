//! Watching domains: each is looked at again and again, and what breaks is told once, and once more when it is mended.
//!
//! What a look showed becomes incidents (`engine::check::incident`), and these become alerts in the same transaction of the
//! store; each waits there until its receiver has confirmed it. So nothing that was decided is lost with the process, and
//! nothing is decided twice: an alert is told at least once, and more than once only where a confirmation was lost.
//!
//! - `schedule`: who is looked at when · `look`: one look, from the network to the store
//! - `alert`: what is told · `tell`: telling it until it is confirmed · `mail`: the mail
//! - [`past`]: what was seen of a domain before, for the checks about time
mod alert;
mod look;
mod mail;
pub mod past;
mod schedule;
mod tell;
#[cfg(test)]
mod tests;

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwap;
use strictmx_engine::check::{Health, Intent, incident::Rules};
use strictmx_io::{
    clock::Clock,
    post::{Poster, Url},
    store::Store,
    submit::Submitter,
    task::Tasks,
};
use strictmx_proto::name::Domain;
use tokio::sync::Notify;

use super::check::{Looker, Plan};
use crate::telemetry::{Standing, Telemetry};

/// Makes a looker that has seen nothing yet.
pub type FreshLooker = Arc<dyn Fn() -> Looker + Send + Sync>;

/// What a monitor is made of.
pub struct Parts {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// Where events go.
    pub telemetry: Telemetry,
    /// Where looks run.
    pub tasks: Tasks,
    /// The time.
    pub clock: Clock,
}

/// What is watched, and who is told.
#[derive(Clone)]
pub struct Watching {
    /// The domains, each once.
    pub domains: Vec<Domain>,
    /// From one look at a domain to the next.
    pub every: Duration,
    /// What is looked at.
    pub plan: Plan,
    /// What becomes an incident.
    pub rules: Rules,
    /// What is intended for domains that are not in `intents`.
    pub intent: Intent,
    /// What is intended for single domains.
    pub intents: HashMap<Domain, Intent>,
    /// Who looks.
    pub looker: FreshLooker,
    /// Who is told. The log always is.
    pub receivers: Receivers,
}

/// Who is told of incidents.
#[derive(Clone, Default)]
pub struct Receivers {
    /// A program, by HTTP.
    pub webhook: Option<Webhook>,
    /// People, by mail.
    pub mail: Option<Mailing>,
}

/// A program that is told by HTTP.
#[derive(Clone)]
pub struct Webhook {
    /// Where.
    pub url: Url,
    /// What holds the token.
    pub token: Option<PathBuf>,
    /// By whom.
    pub poster: Poster,
}

/// People who are told by mail.
#[derive(Clone)]
pub struct Mailing {
    /// Whom it comes from.
    pub from: String,
    /// Whom it goes to.
    pub to: Vec<String>,
    /// Who takes it.
    pub submitter: Submitter,
}

/// Watches domains. Clones are the same monitor.
#[derive(Clone)]
pub struct Monitor(Arc<Inner>);

struct Inner {
    parts: Parts,
    watching: ArcSwap<Watching>,
    /// Rung when `watching` was replaced.
    replaced: Notify,
    /// Rung when there may be something to tell.
    to_tell: Notify,
    /// How each domain was when it was looked at last, by this process.
    standing: Mutex<HashMap<Domain, Health>>,
}

impl Monitor {
    /// A monitor that watches nothing before [`Monitor::watch_for_ever`] runs.
    #[must_use]
    pub fn new(parts: Parts, watching: Watching) -> Self {
        Self(Arc::new(Inner {
            parts,
            watching: ArcSwap::from_pointee(watching),
            replaced: Notify::new(),
            to_tell: Notify::new(),
            standing: Mutex::default(),
        }))
    }

    /// From now on this is watched and told, instead of what was so far. Domains that stay keep their place in the schedule.
    pub fn replace(&self, watching: Watching) {
        self.0.watching.store(Arc::new(watching));
        self.0.replaced.notify_one();
        // Receivers may have changed.
        self.0.to_tell.notify_one();
    }

    /// Looks at domains when they are due, for ever.
    pub async fn watch_for_ever(self) {
        schedule::run(&self.0).await;
    }

    /// Tells what is to be told until it is confirmed, until the process is to end: it is not to be broken off, since what was
    /// told is to be noted.
    pub async fn tell(self) {
        tell::run(&self.0).await;
    }
}

impl Inner {
    /// Notes how a domain is, and tells whether it was so before.
    fn stands(&self, domain: &Domain, health: Health) -> Standing {
        let mut before = None;
        self.recount(|standing| before = standing.insert(domain.clone(), health));
        if before == Some(health) { Standing::Same } else { Standing::New }
    }

    /// Forgets how domains were that are no longer watched.
    fn forget_all_but(&self, wanted: &HashSet<&Domain>) {
        self.recount(|standing| standing.retain(|domain, _| wanted.contains(domain)));
    }

    fn recount(&self, change: impl FnOnce(&mut HashMap<Domain, Health>)) {
        let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut standing);
        for health in [Health::Healthy, Health::AtRisk, Health::Broken, Health::Unknown] {
            let count = standing.values().filter(|known| **known == health).count();
            self.parts.telemetry.watched(health.as_str(), count);
        }
    }
}
