//! Telling alerts until they are confirmed: by whom they are to be heard is in the store with them.
//!
//! An alert counts as told when its receiver has said so: the log has its line, the program has answered with 2xx, the mail
//! server has taken the mail. What fails is tried again, later each time, for a week. Between a confirmation and its note in the
//! store the process may die; that alert is then told twice, under the same number and the same Message-ID.
use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

use bytes::Bytes;
use strictmx_engine::time::Timestamp;
use strictmx_io::{
    post::{Letter, Posted},
    store::{
        Batch,
        monitor::{AlertRow, AlertState, Attempt},
    },
    submit::Fate,
};
use strictmx_proto::name::Domain;
use tokio::time::timeout;

use super::{
    Inner, Mailing, Webhook,
    alert::{LOG, MAIL, Told, WEBHOOK},
    mail,
};
use crate::telemetry::{Event, Receiver};

/// How often the store is asked for what is due again.
const POLL: Duration = Duration::from_secs(10);
/// Alerts taken in hand at a time.
const AT_ONCE: usize = 1000;
/// Seconds from the first attempt that failed to the second; doubled after each.
const FIRST_WAIT: u64 = 30;
/// Longest time between two attempts, seconds.
const LONGEST_WAIT: u64 = 3600;
/// How long an alert about a domain that is not watched here is left to another process, seconds.
const OTHERS: u64 = 3600;
/// How long an alert is tried, seconds.
const GIVE_UP: u64 = 7 * 86_400;

/// Tells what is due, until the process is to end.
pub(super) async fn run(inner: &Inner) {
    let stop = inner.parts.tasks.stopping();
    tokio::pin!(stop);
    // What is not noted yet. Before it is, nothing else is told: it could be the same once more.
    let mut unnoted = Vec::new();
    loop {
        while round(inner, &mut unnoted).await == Round::More {}
        if inner.parts.tasks.is_stopping() {
            return;
        }
        tokio::select! {
            () = &mut stop => {}
            // Either way it is time for another round.
            _ = timeout(POLL, inner.to_tell.notified()) => {}
        }
    }
}

/// What one round came to.
#[derive(PartialEq, Eq)]
enum Round {
    /// There may be more to tell.
    More,
    /// Nothing is due, or the store is in trouble.
    Rest,
}

async fn round(inner: &Inner, unnoted: &mut Vec<Attempt>) -> Round {
    let parts = &inner.parts;
    if unnoted.is_empty() && !parts.tasks.is_stopping() {
        match parts.store.alerts_due(parts.clock.now(), AT_ONCE).await {
            Ok(due) => *unnoted = attempts(inner, due).await,
            Err(error) => {
                let doing = "read what is to be told";
                parts.telemetry.emit(Event::StoreFailed { doing, error: &error.to_string() });
            }
        }
    }
    if unnoted.is_empty() {
        return Round::Rest;
    }
    match parts.store.write(Batch { attempts: unnoted.clone(), ..Batch::default() }).await {
        Ok(()) => {
            unnoted.clear();
            Round::More
        }
        Err(error) => {
            parts.telemetry.emit(Event::StoreFailed { doing: "note what was told", error: &error.to_string() });
            Round::Rest
        }
    }
}

/// Tries to tell all of these.
async fn attempts(inner: &Inner, due: Vec<AlertRow>) -> Vec<Attempt> {
    let watching = inner.watching.load_full();
    let receivers = &watching.receivers;
    let (mut log, mut hook, mut mail, mut nobody) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let watched: HashSet<&Domain> = watching.domains.iter().collect();
    let (due, others): (Vec<_>, Vec<_>) = due.into_iter().partition(|row| watched.contains(&row.domain));
    let mut attempts: Vec<Attempt> = others.iter().filter_map(|row| left_behind(inner, row)).collect();
    for row in due {
        let Ok(told) = serde_json::from_str::<Told>(&row.body) else {
            nobody.push((row, "it cannot be read"));
            continue;
        };
        let known = |to: &str| receivers.mail.as_ref().is_some_and(|mail| mail.to.iter().any(|known| known == to));
        match row.receiver.as_str() {
            LOG => log.push((row, told)),
            WEBHOOK if receivers.webhook.is_some() => hook.push((row, told)),
            other if other.strip_prefix(MAIL).is_some_and(known) => mail.push((row, told)),
            _ => nobody.push((row, "this receiver is no longer configured")),
        }
    }
    for (row, told) in log {
        write_log(inner, &row.domain, &told);
        attempts.push(settled(inner, Receiver::Log, &row));
    }
    for (row, why) in nobody {
        attempts.push(given_up(inner, receiver(&row.receiver), &row, why.to_owned()));
    }
    let (hook, mail) = tokio::join!(
        Box::pin(by_webhook(inner, receivers.webhook.as_ref(), hook)),
        Box::pin(by_mail(inner, receivers.mail.as_ref(), mail)),
    );
    attempts.extend(hook);
    attempts.extend(mail);
    attempts
}

/// An alert about a domain that is not watched here: `strictmx check --watch` beside the daemon tells its own. When nobody has
/// told it for long, the domain was taken out of the configuration.
fn left_behind(inner: &Inner, row: &AlertRow) -> Option<Attempt> {
    let now = inner.parts.clock.now();
    match now.since(row.at) {
        ..OTHERS => None,
        OTHERS..=GIVE_UP => Some(Attempt { number: row.number, state: AlertState::Due(now.plus(LONGEST_WAIT)) }),
        _ => Some(given_up(inner, receiver(&row.receiver), row, "the domain is no longer watched".to_owned())),
    }
}

fn write_log(inner: &Inner, domain: &Domain, told: &Told) {
    let Told { news, severity, id, seen, since, .. } = told;
    let heading = &told.heading();
    inner.parts.telemetry.emit(Event::Incident { domain, news, severity, id, heading, seen, since });
}

fn receiver(word: &str) -> Receiver {
    match word {
        LOG => Receiver::Log,
        WEBHOOK => Receiver::Webhook,
        _ => Receiver::Mail,
    }
}

//----------- A program ----------------------------------------------------

/// In the order they were decided. When one fails, those behind it wait with it: a receiver that is down is not run against.
async fn by_webhook(inner: &Inner, webhook: Option<&Webhook>, rows: Vec<(AlertRow, Told)>) -> Vec<Attempt> {
    let Some(webhook) = webhook else { return Vec::new() };
    let (mut attempts, mut rows) = (Vec::new(), rows.iter().map(|(row, _)| row));
    while !inner.parts.tasks.is_stopping()
        && let Some(row) = rows.next()
    {
        match post(webhook, row).await {
            Ok(()) => attempts.push(settled(inner, Receiver::Webhook, row)),
            Err(why) => {
                let waiting: Vec<_> = [row].into_iter().chain(rows).collect();
                wait_for(inner, Receiver::Webhook, waiting.len(), &why);
                attempts.extend(waiting.into_iter().map(|row| later(inner, Receiver::Webhook, row, &why)));
                break;
            }
        }
    }
    attempts
}

async fn post(webhook: &Webhook, row: &AlertRow) -> Result<(), String> {
    let number = row.number.to_string();
    let body = Bytes::from(numbered(row));
    let letter = Letter { media: "application/json", bearer: webhook.token.as_deref(), key: &number, body };
    match webhook.poster.post(&webhook.url, letter).await {
        Posted::Taken(_) => Ok(()),
        Posted::Refused(status, said) => Err(format!("{} answered {status} {said}", webhook.url.origin())),
        Posted::Failed(why) => Err(why),
    }
}

/// The alert with its number, by which a receiver knows one that it has heard already.
fn numbered(row: &AlertRow) -> String {
    match serde_json::from_str::<serde_json::Value>(&row.body) {
        Ok(serde_json::Value::Object(mut fields)) => {
            fields.insert("number".to_owned(), row.number.into());
            serde_json::Value::Object(fields).to_string()
        }
        _ => row.body.clone(),
    }
}

//----------- People -------------------------------------------------------

/// One mail for each domain and look, to all who are still to get it. When nobody could be told, what is behind waits too.
async fn by_mail(inner: &Inner, mailing: Option<&Mailing>, rows: Vec<(AlertRow, Told)>) -> Vec<Attempt> {
    let Some(mailing) = mailing else { return Vec::new() };
    let mut looks: BTreeMap<(Timestamp, Domain), Vec<(AlertRow, Told)>> = BTreeMap::new();
    for row in rows {
        looks.entry((row.0.at, row.0.domain.clone())).or_default().push(row);
    }
    let (mut attempts, mut broken) = (Vec::new(), None::<String>);
    for ((at, domain), rows) in looks {
        if inner.parts.tasks.is_stopping() {
            break;
        }
        let fates = match &broken {
            Some(why) => rows.iter().map(|(row, _)| (address(row), Fate::Deferred(why.clone()))).collect(),
            None => send(mailing, at, &domain, &rows).await,
        };
        let waits = |fate: &&Fate| matches!(fate, Fate::Deferred(_) | Fate::Unknown(_));
        if broken.is_none()
            && let Some(fate) = fates.values().find(waits)
        {
            wait_for(inner, Receiver::Mail, fates.values().filter(waits).count(), fate.words());
        }
        if fates.values().all(|fate| matches!(fate, Fate::Deferred(_))) {
            broken = fates.values().next().map(|fate| fate.words().to_owned());
        }
        for (row, _) in &rows {
            attempts.push(match fates.get(&address(row)) {
                Some(Fate::Accepted(_)) => settled(inner, Receiver::Mail, row),
                Some(Fate::Refused(why) | Fate::Unfit(why)) => given_up(inner, Receiver::Mail, row, why.clone()),
                Some(Fate::Deferred(why) | Fate::Unknown(why)) => later(inner, Receiver::Mail, row, why),
                None => later(inner, Receiver::Mail, row, "it was not handed over"),
            });
        }
    }
    attempts
}

fn address(row: &AlertRow) -> String {
    row.receiver.strip_prefix(MAIL).unwrap_or_default().to_owned()
}

async fn send(mailing: &Mailing, at: Timestamp, domain: &Domain, rows: &[(AlertRow, Told)]) -> BTreeMap<String, Fate> {
    let mut to: Vec<String> = rows.iter().map(|(row, _)| address(row)).collect();
    to.sort();
    to.dedup();
    // The same alert stands there once for each of them.
    let mut told: Vec<&Told> = Vec::new();
    for (_, one) in rows {
        if !told.contains(&one) {
            told.push(one);
        }
    }
    let fates = match mail::compose(&mailing.from, &to, at, domain, &told) {
        Ok(mail) => mailing.submitter.submit(&mail).await,
        Err(error) => vec![Fate::Refused(format!("the mail cannot be written: {error}")); to.len()],
    };
    to.into_iter().zip(fates).collect()
}

//----------- What is noted ------------------------------------------------

fn settled(inner: &Inner, receiver: Receiver, row: &AlertRow) -> Attempt {
    inner.parts.telemetry.emit(Event::AlertTold { domain: &row.domain, receiver });
    Attempt { number: row.number, state: AlertState::Told(inner.parts.clock.now()) }
}

fn wait_for(inner: &Inner, receiver: Receiver, count: usize, why: &str) {
    inner.parts.telemetry.emit(Event::AlertsWait { receiver, count, why });
}

fn later(inner: &Inner, receiver: Receiver, row: &AlertRow, why: &str) -> Attempt {
    let now = inner.parts.clock.now();
    if now.since(row.at) > GIVE_UP {
        return given_up(inner, receiver, row, format!("tried for a week: {why}"));
    }
    Attempt { number: row.number, state: AlertState::Due(now.plus(wait(row.tries))) }
}

fn given_up(inner: &Inner, receiver: Receiver, row: &AlertRow, why: String) -> Attempt {
    inner.parts.telemetry.emit(Event::AlertGivenUp { domain: &row.domain, receiver, why: &why });
    Attempt { number: row.number, state: AlertState::GivenUp(inner.parts.clock.now(), why) }
}

/// Seconds to the next attempt, after so many that failed before this one.
fn wait(tries: u32) -> u64 {
    (FIRST_WAIT << tries.min(16)).min(LONGEST_WAIT)
}

#[test]
fn a_receiver_that_is_down_is_tried_less_and_less_often() {
    assert_eq!([0, 1, 2, 6, 7, 40].map(wait), [30, 60, 120, 1920, 3600, 3600]);
}
