//! One look at a domain: what is known of it, what is seen now, what follows, all of it written before any of it is told.
use strictmx_engine::check::{
    incident::{Incidents, Phase},
    judge,
};
use strictmx_io::store::{Batch, monitor};
use strictmx_proto::name::Domain;

use super::{Inner, Parts, Watching, alert, past};
use crate::{flow::check::Looker, telemetry::Event};

/// What follows for the schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Everything is as it was.
    Usual,
    /// Something has just changed: another look soon would settle it.
    Soon,
}

/// Looks once. Without a store nothing is decided, and the next look starts from where the last one stood.
pub(super) async fn look(inner: &Inner, watching: &Watching, looker: &Looker, domain: &Domain) -> Next {
    let Parts { store, telemetry, .. } = &inner.parts;
    let failed = |doing, error: &dyn std::fmt::Display| {
        telemetry.emit(Event::StoreFailed { doing, error: &error.to_string() });
        Next::Usual
    };
    let known = match store.watched(domain).await {
        Ok(known) => known,
        Err(error) => return failed("read what is known of a watched domain", &error),
    };
    let mut seen = Box::pin(looker.look(domain, &watching.plan)).await;
    seen.past = past::from(known.spans);
    let intent = watching.intents.get(domain).unwrap_or(&watching.intent);
    let verdict = judge(&seen, intent, &watching.plan.families);
    let mut incidents: Incidents = known.incidents.into_iter().collect();
    let news = incidents.saw(&seen, &verdict, watching.rules);
    let alerts = alert::for_all(&watching.receivers, &verdict, &news);
    let kept = incidents.iter().map(|(key, incident)| (key.clone(), incident.clone())).collect();
    let look =
        monitor::Look { domain: domain.clone(), at: verdict.at, pair: past::pair(&seen), incidents: kept, alerts };
    if let Err(error) = store.write(Batch { looks: vec![look], ..Batch::default() }).await {
        return failed("write what a look at a watched domain showed", &error);
    }
    if !news.is_empty() {
        inner.to_tell.notify_one();
    }
    let open = incidents.iter().filter(|(_, incident)| matches!(incident.phase, Phase::Open { .. })).count();
    let standing = inner.stands(domain, verdict.health);
    let (health, summary) = (verdict.health, &*verdict.summary);
    telemetry.emit(Event::DomainLooked { domain, health, summary, incidents: open, standing });
    if incidents.is_unsettled() { Next::Soon } else { Next::Usual }
}
