//! Who is tried when: destinations that are due, side by side, but never two at a time at one HTTPS host.
//!
//! A host that does not answer, or slowly, holds up nobody: a lane comes to its end after a minute, and what is left in it waits a
//! while, so that it does not stand before the others again.
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use futures_util::{StreamExt, stream};
use strictmx_engine::{
    report::{
        outcome::{self, Said, State, Strike},
        schedule,
    },
    time::Timestamp,
};
use strictmx_io::store::{
    self,
    outgoing::{DestinationRow, ReportRow, Settled, Tried},
};

use super::{
    Inner,
    attempt::{self, Attempt, Reach},
};
use crate::telemetry::{ReportFate, Reporting};

/// Destinations looked at together.
const PAGE: usize = 512;
/// Lanes at work at the same time.
const LANES: usize = 32;
/// Lanes for mails: connections to our own mail server.
const MAIL_LANES: usize = 8;
/// After this long a lane leaves the rest for later.
const LANE_TIME: Duration = Duration::from_secs(60);
/// For how long a host that does not answer is not tried with other reports, seconds.
const HOST_PAUSE: u64 = 300;

/// For how long the rest of a lane waits that has had its time, seconds.
const LANE_PAUSE: u64 = 60;

/// A destination and its report.
type Due = (ReportRow, DestinationRow);

/// Tries whatever is due.
pub(super) async fn all_due(inner: &Inner) -> store::Result<()> {
    while !inner.tasks.is_stopping() {
        let due = inner.store.destinations_due(inner.now(), PAGE).await?;
        let whole = due.len() == PAGE;
        these(inner, due).await?;
        if !whole {
            break;
        }
    }
    Ok(())
}

/// Tries these.
pub(super) async fn these(inner: &Inner, due: Vec<Due>) -> store::Result<()> {
    note_the_unsettled(inner).await?;
    let outcomes: Vec<store::Result<()>> =
        stream::iter(lanes(due)).map(|lane| run(inner, lane)).buffer_unordered(LANES).collect().await;
    outcomes.into_iter().collect()
}

/// What is tried one after the other.
fn lanes(due: Vec<Due>) -> Vec<Vec<Due>> {
    let mut lanes: BTreeMap<(String, usize), Vec<Due>> = BTreeMap::new();
    for (index, one) in due.into_iter().enumerate() {
        let key = if one.1.uri.starts_with("mailto:") {
            (String::new(), index % MAIL_LANES)
        } else {
            (one.1.host.clone(), 0)
        };
        lanes.entry(key).or_default().push(one);
    }
    lanes.into_values().collect()
}

/// Writes what could not be written when it was known; until it is, nothing more goes out.
async fn note_the_unsettled(inner: &Inner) -> store::Result<()> {
    let known = inner.unsettled.lock().map(|mut all| std::mem::take(&mut *all)).unwrap_or_default();
    if known.is_empty() {
        return Ok(());
    }
    let noted = inner.store.settle(known.clone()).await;
    if noted.is_err() {
        inner.keep_in_mind(known);
    }
    noted
}

async fn run(inner: &Inner, lane: Vec<Due>) -> store::Result<()> {
    let began = Instant::now();
    let mut lane = lane.into_iter();
    for (report, destination) in lane.by_ref() {
        if inner.tasks.is_stopping() {
            return Ok(());
        }
        let attempt = attempt::attempt(inner, &report, &destination).await?;
        let unreached = matches!(attempt, Attempt::Made { reach: Reach::Unreached, .. });
        settle(inner, &report, &destination, attempt).await?;
        if unreached {
            return hold(inner, lane, "its host did not answer a moment ago", HOST_PAUSE).await;
        }
        if began.elapsed() > LANE_TIME {
            return hold(inner, lane, "those before it took all the time there was", LANE_PAUSE).await;
        }
    }
    Ok(())
}

/// Lets the rest of a lane wait.
async fn hold(inner: &Inner, rest: impl Iterator<Item = Due>, why: &str, pause: u64) -> store::Result<()> {
    let held = |(report, destination): Due| {
        let why = format!("not tried: {why}");
        let settled = outcome_of_held(inner, &destination, why, pause, schedule::TRIED_FOR);
        (report, destination, settled)
    };
    let held: Vec<_> = rest.map(held).collect();
    inner.store.settle(held.iter().map(|(.., settled)| settled.clone()).collect()).await?;
    held.iter().for_each(|(report, destination, settled)| tell(inner, report, destination, settled));
    Ok(())
}

/// It was not tried for a reason of ours. Its time runs all the same.
fn outcome_of_held(inner: &Inner, destination: &DestinationRow, why: String, pause: u64, patience: u64) -> Settled {
    let now = inner.now();
    let expired = now.since(destination.first) > patience;
    let state = if expired { State::Expired } else { State::Due };
    Settled { next: (!expired).then(|| now.plus(pause)), ..untried(destination, now, state, why) }
}

fn untried(destination: &DestinationRow, at: Timestamp, state: State, said: String) -> Settled {
    let (report, uri) = (destination.report, destination.uri.clone());
    Settled { report, uri, at, state, next: None, said, attempt: Tried::No, strike: Strike::Keep, mailed: None }
}

/// Writes what became of an attempt, then tells of it.
async fn settle(
    inner: &Inner,
    report: &ReportRow,
    destination: &DestinationRow,
    attempt: Attempt,
) -> store::Result<()> {
    let now = inner.now();
    let settled = match attempt {
        Attempt::Taken => return Ok(()),
        Attempt::Skipped(why) => untried(destination, now, State::Skipped, why),
        Attempt::Held { why, pause, patience } => outcome_of_held(inner, destination, why, pause, patience),
        Attempt::Made { said, way, mailed, .. } => {
            let seed = inner.secret.seed() ^ report.number;
            let after = outcome::after(&said, way, destination.first, destination.tries + 1, now, seed);
            let (Said::Accepted(text) | Said::NotNow(text) | Said::Never(text)) = said;
            Settled {
                next: after.next,
                attempt: Tried::Yes,
                strike: after.strike,
                mailed,
                ..untried(destination, now, after.state, text.into())
            }
        }
    };
    let noted = inner.store.settle(vec![settled.clone()]).await;
    if noted.is_err() && settled.attempt == Tried::Yes {
        inner.keep_in_mind(vec![settled.clone()]);
    }
    tell(inner, report, destination, &settled);
    noted
}

fn tell(inner: &Inner, report: &ReportRow, destination: &DestinationRow, settled: &Settled) {
    let fate = match (settled.attempt, settled.state) {
        (Tried::No, State::Due) => ReportFate::Held,
        (_, State::Due) => ReportFate::Deferred,
        (_, State::Sent) => ReportFate::Sent,
        (_, State::Refused) => ReportFate::Refused,
        (_, State::Expired) => ReportFate::Expired,
        (_, State::Skipped) => ReportFate::Skipped,
    };
    inner.tell(Reporting::Tried {
        domain: &report.domain,
        day: report.day,
        to: &destination.uri,
        fate,
        said: &settled.said,
    });
}
