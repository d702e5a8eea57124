//! Who is tried when: destinations that are due, side by side, but never two at a time at one HTTPS host.
//!
//! A host that does not answer holds up nobody: the others due to it wait a while, and a lane comes to its end after a minute.
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use futures_util::{StreamExt, stream};
use strictmx_engine::report::{
    outcome::{self, Said, State, Strike},
    schedule,
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
/// After this long a lane leaves the rest to the next round.
const LANE_TIME: Duration = Duration::from_secs(60);
/// For how long a host that does not answer is not tried with other reports, seconds.
const HOST_PAUSE: u64 = 300;

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

async fn run(inner: &Inner, lane: Vec<Due>) -> store::Result<()> {
    let began = Instant::now();
    let mut reach = Reach::Reached;
    for (report, destination) in lane {
        if inner.tasks.is_stopping() || began.elapsed() > LANE_TIME {
            break;
        }
        let attempt = match reach {
            Reach::Reached => attempt::attempt(inner, &report, &destination).await?,
            Reach::Unreached => {
                let why = "not tried: its host did not answer a moment ago".to_owned();
                Attempt::Held { why, pause: HOST_PAUSE, patience: schedule::TRIED_FOR }
            }
        };
        if let Attempt::Made { reach: now, .. } = &attempt {
            reach = *now;
        }
        settle(inner, &report, &destination, attempt).await?;
    }
    Ok(())
}

/// Writes what became of an attempt, then tells of it.
async fn settle(
    inner: &Inner,
    report: &ReportRow,
    destination: &DestinationRow,
    attempt: Attempt,
) -> store::Result<()> {
    let now = inner.now();
    let same = |state, said| Settled {
        report: report.number,
        uri: destination.uri.clone(),
        at: now,
        state,
        next: None,
        said,
        attempt: Tried::No,
        strike: Strike::Keep,
        mailed: None,
    };
    let settled = match attempt {
        Attempt::Skipped(why) => same(State::Skipped, why),
        Attempt::Held { why, pause, patience } => {
            // Its time runs all the same.
            let expired = now.since(destination.first) > patience;
            let state = if expired { State::Expired } else { State::Due };
            Settled { next: (!expired).then(|| now.plus(pause)), ..same(state, why) }
        }
        Attempt::Made { said, way, mailed, .. } => {
            let seed = inner.secret.seed() ^ report.number;
            let after = outcome::after(&said, way, destination.first, destination.tries + 1, now, seed);
            let (Said::Accepted(text) | Said::NotNow(text) | Said::Never(text)) = said;
            Settled {
                next: after.next,
                attempt: Tried::Yes,
                strike: after.strike,
                mailed,
                ..same(after.state, text.into())
            }
        }
    };
    inner.store.settle(vec![settled.clone()]).await?;
    tell(inner, report, destination, &settled);
    Ok(())
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
