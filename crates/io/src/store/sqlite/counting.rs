//! The tables of counted sessions.
use rusqlite::{Connection, Row as SqlRow, Transaction, params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use strictmx_engine::report::health::Sum;
use strictmx_engine::report::loss::Progress;
use strictmx_engine::report::{Arrivals, Counts, Day, Detail, DomainDay, PolicyDay, PolicyKey, Scope};
use strictmx_proto::name::Domain;

use super::super::counting::{
    Added, DETAILS_PER_POLICY, DOMAINS_PER_DAY, Delta, POLICIES_PER_DOMAIN, QUARANTINE, QUARANTINE_OCTETS, Quarantined,
};
use super::row::{Columns, count, rows, seconds, senseless};

const DAYS: &str = "SELECT day, domains FROM count_day ORDER BY day";
const ARRIVALS: &str = "SELECT received, malformed, truncated, dropped, lost, observed FROM count_day WHERE day = ?1";
const PAGE: &str = "SELECT domain, scope, record FROM count_domain
    WHERE day = ?1 AND (domain, scope) > (?2, ?3) ORDER BY domain, scope";
const ONE: &str = "SELECT domain, scope, record FROM count_domain WHERE day = ?1 AND domain = ?2 AND scope = ?3";
const SESSIONS: &str = "SELECT s.policy, p.policy, s.success, s.failure
    FROM count_session s JOIN count_policy p ON p.digest = s.policy
    WHERE s.day = ?1 AND s.domain = ?2 AND s.scope = ?3 ORDER BY s.policy";
const DETAILS: &str = "SELECT detail, sessions FROM count_detail
    WHERE day = ?1 AND domain = ?2 AND scope = ?3 AND policy = ?4 ORDER BY detail";
const SUMS: &str = "SELECT domain, scope,
        (SELECT sum(success) FROM count_session s WHERE (s.day, s.domain, s.scope) = (d.day, d.domain, d.scope)),
        (SELECT sum(failure) FROM count_session s WHERE (s.day, s.domain, s.scope) = (d.day, d.domain, d.scope)),
        (SELECT sum(sessions) FROM count_detail t WHERE (t.day, t.domain, t.scope) = (d.day, d.domain, d.scope))
    FROM count_domain d WHERE day = ?1 AND (domain, scope) > (?2, ?3) ORDER BY domain, scope";
const PROGRESS: &str = "SELECT run, events, told FROM count_source WHERE name = ?1";
const LAST_REPORTED: &str = "SELECT max(day) FROM report";
const REPORTED: &str = "SELECT 1 FROM report WHERE (day, domain, scope) = (?1, ?2, ?3) AND gzip IS NOT NULL";
const QUARANTINED: &str = "SELECT at, reason, octets FROM quarantine ORDER BY seq DESC";

/// Whether the tables are there, with the columns we know.
pub(super) fn verify(db: &Connection) -> rusqlite::Result<()> {
    [DAYS, ARRIVALS, PAGE, ONE, SESSIONS, DETAILS, SUMS, PROGRESS, LAST_REPORTED, REPORTED, QUARANTINED]
        .iter()
        .try_for_each(|sql| db.prepare(sql).map(drop))
}

//----------- Reading ------------------------------------------------------

/// The days there is something of, oldest first, each with its number of domains.
pub(super) fn days(db: &Connection) -> rusqlite::Result<Vec<(Day, u64)>> {
    rows(db, DAYS, [], usize::MAX, |row| {
        let mut columns = Columns::of(row);
        Ok((Day(columns.take()?), whole(&mut columns)?))
    })
}

/// What came on a day.
pub(super) fn arrivals(db: &Connection, day: Day) -> rusqlite::Result<Arrivals> {
    let found = rows(db, ARRIVALS, [day.0], 1, |row| {
        let mut columns = Columns::of(row);
        Ok(Arrivals {
            received: whole(&mut columns)?,
            malformed: whole(&mut columns)?,
            truncated: whole(&mut columns)?,
            dropped: whole(&mut columns)?,
            lost: whole(&mut columns)?,
            observed: whole(&mut columns)?,
        })
    })?;
    Ok(found.into_iter().next().unwrap_or_default())
}

/// A page of a day's domains, whole.
pub(super) fn domain_days(
    db: &Connection,
    day: Day,
    after: Option<&(Domain, Scope)>,
    limit: usize,
) -> rusqlite::Result<Vec<DomainDay>> {
    let (domain, scope) = place(after);
    let found = rows(db, PAGE, params![day.0, domain, scope], limit, name)?;
    found.into_iter().map(|name| whole_day(db, day, name)).collect()
}

/// One domain's day.
pub(super) fn domain_day(
    db: &Connection,
    day: Day,
    domain: &Domain,
    scope: Scope,
) -> rusqlite::Result<Option<DomainDay>> {
    let found = rows(db, ONE, params![day.0, domain.as_str(), number(scope)], 1, name)?;
    found.into_iter().next().map(|name| whole_day(db, day, name)).transpose()
}

/// A page of a day's domains in numbers.
pub(super) fn sums(
    db: &Connection,
    day: Day,
    after: Option<&(Domain, Scope)>,
    limit: usize,
) -> rusqlite::Result<Vec<Sum>> {
    let (domain, scope) = place(after);
    rows(db, SUMS, params![day.0, domain, scope], limit, |row| {
        let mut columns = Columns::of(row);
        let (domain, scope) = (columns.domain()?, scope_of(columns.take()?)?);
        let mut sum = || columns.take::<Option<i64>>().map(|sum| positive(sum.unwrap_or(0)));
        Ok(Sum { domain, scope, counts: Counts { success: sum()?, failure: sum()? }, told: sum()? })
    })
}

/// How far a collector got.
pub(super) fn progress(db: &Connection, source: &str) -> rusqlite::Result<Option<Progress>> {
    let found = rows(db, PROGRESS, [source], 1, |row| {
        let mut columns = Columns::of(row);
        let mut word = || columns.take::<i64>().map(i64::cast_unsigned);
        Ok(Progress { run: word()?, events: word()?, told: word()? })
    })?;
    Ok(found.into_iter().next())
}

/// Datagrams in quarantine, newest first.
pub(super) fn quarantined(db: &Connection, limit: usize) -> rusqlite::Result<Vec<Quarantined>> {
    rows(db, QUARANTINED, [], limit, |row| {
        let mut columns = Columns::of(row);
        Ok(Quarantined { at: columns.time()?, reason: columns.take()?, octets: columns.take()? })
    })
}

type Name = (Domain, Scope, Option<Box<str>>);

fn name(row: &SqlRow<'_>) -> rusqlite::Result<Name> {
    let mut columns = Columns::of(row);
    Ok((columns.domain()?, scope_of(columns.take()?)?, columns.take()?))
}

fn whole_day(db: &Connection, day: Day, (domain, scope, record): Name) -> rusqlite::Result<DomainDay> {
    let sessions = rows(db, SESSIONS, params![day.0, domain.as_str(), number(scope)], usize::MAX, |row| {
        let mut columns = Columns::of(row);
        let (digest, policy): (Vec<u8>, String) = (columns.take()?, columns.take()?);
        let counts = Counts { success: whole(&mut columns)?, failure: whole(&mut columns)? };
        Ok((digest, PolicyDay { policy: read(&policy)?, counts, details: Vec::new() }))
    })?;
    let mut policies = Vec::with_capacity(sessions.len());
    for (digest, policy) in sessions {
        let key = params![day.0, domain.as_str(), number(scope), digest];
        let details = rows(db, DETAILS, key, usize::MAX, |row| {
            let mut columns = Columns::of(row);
            let detail: String = columns.take()?;
            Ok((read::<Detail>(&detail)?, whole(&mut columns)?))
        })?;
        policies.push(PolicyDay { details, ..policy });
    }
    Ok(DomainDay { day, domain, scope, record, policies })
}

//----------- Adding -------------------------------------------------------

/// Adds a delta.
pub(super) fn add(db: &Transaction<'_>, delta: &Delta) -> rusqlite::Result<Added> {
    let mut added = Added::default();
    // Of today and yesterday's last seconds there is no report to be looked for, which is nearly always so.
    let last_reported: Option<u32> = db.prepare_cached(LAST_REPORTED)?.query_row([], |row| row.get(0))?;
    for day in &delta.domains {
        if last_reported >= Some(day.day.0) && is_reported(db, day)? {
            added.late += sessions(day);
        }
        added.without += add_domain(db, day)?;
    }
    for (day, arrivals) in &delta.arrivals {
        note(db, *day, 0, arrivals)?;
    }
    if let Some((name, Progress { run, events, told })) = &delta.progress {
        db.prepare_cached(
            "INSERT INTO count_source (name, run, events, told) VALUES (?1, ?2, ?3, ?4)
                ON CONFLICT DO UPDATE SET run = excluded.run, events = excluded.events, told = excluded.told",
        )?
        .execute(params![name, run.cast_signed(), events.cast_signed(), told.cast_signed()])?;
    }
    quarantine(db, &delta.quarantined)?;
    Ok(added)
}

fn is_reported(db: &Transaction<'_>, day: &DomainDay) -> rusqlite::Result<bool> {
    db.prepare_cached(REPORTED)?.exists(params![day.day.0, day.domain.as_str(), number(day.scope)])
}

fn sessions(day: &DomainDay) -> u64 {
    day.policies.iter().map(|policy| policy.counts.success + policy.counts.failure).sum()
}

/// Adds a domain's day; returns sessions that found no place.
fn add_domain(db: &Transaction<'_>, day: &DomainDay) -> rusqlite::Result<u64> {
    let (number, name, scope) = (day.day.0, day.domain.as_str(), number(day.scope));
    let mut renew = db.prepare_cached(
        "UPDATE count_domain SET record = coalesce(?4, record) WHERE day = ?1 AND domain = ?2 AND scope = ?3",
    )?;
    if renew.execute(params![number, name, scope, day.record])? == 0 {
        let counted = db
            .prepare_cached("SELECT domains FROM count_day WHERE day = ?1")?
            .query_map([number], |row| row.get::<_, i64>(0).map(positive))?
            .next()
            .transpose()?;
        if counted.unwrap_or(0) >= DOMAINS_PER_DAY {
            let lost = sessions(day);
            note(db, day.day, 0, &Arrivals { dropped: lost, ..Arrivals::default() })?;
            return Ok(lost);
        }
        db.prepare_cached("INSERT INTO count_domain (day, domain, scope, record) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![number, name, scope, day.record])?;
        note(db, day.day, 1, &Arrivals::default())?;
    }
    day.policies.iter().try_for_each(|policy| add_policy(db, day, policy))?;
    Ok(0)
}

fn add_policy(db: &Transaction<'_>, day: &DomainDay, policy: &PolicyDay) -> rusqlite::Result<()> {
    let (number, name, scope) = (day.day.0, day.domain.as_str(), number(day.scope));
    let Counts { success, failure } = policy.counts;
    let more = |digest: &[u8]| {
        db.prepare_cached(
            "UPDATE count_session SET success = success + ?5, failure = failure + ?6
                WHERE day = ?1 AND domain = ?2 AND scope = ?3 AND policy = ?4",
        )?
        .execute(params![number, name, scope, digest, whole_of(success), whole_of(failure)])
    };
    let (mut digest, mut text) = digested(&policy.policy);
    if more(&digest)? == 0 {
        let apart: i64 = db
            .prepare_cached("SELECT count(*) FROM count_session WHERE day = ?1 AND domain = ?2 AND scope = ?3")?
            .query_row(params![number, name, scope], |row| row.get(0))?;
        if positive(apart) >= POLICIES_PER_DOMAIN {
            (digest, text) = digested(&policy.policy.other());
        }
        if more(&digest)? == 0 {
            db.prepare_cached(
                "INSERT INTO count_policy (digest, policy, day) VALUES (?1, ?2, ?3)
                    ON CONFLICT DO UPDATE SET day = max(day, excluded.day)",
            )?
            .execute(params![digest, text, number])?;
            db.prepare_cached(
                "INSERT INTO count_session (day, domain, scope, policy, success, failure) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![number, name, scope, digest, whole_of(success), whole_of(failure)])?;
        }
    }
    policy.details.iter().try_for_each(|detail| add_detail(db, day, &digest, detail))
}

fn add_detail(
    db: &Transaction<'_>,
    day: &DomainDay,
    policy: &[u8],
    (detail, sessions): &(Detail, u64),
) -> rusqlite::Result<()> {
    let (number, name, scope) = (day.day.0, day.domain.as_str(), number(day.scope));
    let more = |detail: &str| {
        db.prepare_cached(
            "UPDATE count_detail SET sessions = sessions + ?6
                WHERE day = ?1 AND domain = ?2 AND scope = ?3 AND policy = ?4 AND detail = ?5",
        )?
        .execute(params![number, name, scope, policy, detail, whole_of(*sessions)])
    };
    let mut text = written(detail);
    if more(&text)? > 0 {
        return Ok(());
    }
    let apart: i64 = db
        .prepare_cached(
            "SELECT count(*) FROM count_detail WHERE day = ?1 AND domain = ?2 AND scope = ?3 AND policy = ?4",
        )?
        .query_row(params![number, name, scope, policy], |row| row.get(0))?;
    if positive(apart) >= DETAILS_PER_POLICY {
        text = written(&detail.other());
    }
    db.prepare_cached(
        "INSERT INTO count_detail (day, domain, scope, policy, detail, sessions) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT DO UPDATE SET sessions = sessions + excluded.sessions",
    )?
    .execute(params![number, name, scope, policy, text, whole_of(*sessions)])
    .map(drop)
}

fn note(db: &Transaction<'_>, day: Day, domains: i64, arrivals: &Arrivals) -> rusqlite::Result<()> {
    let Arrivals { received, malformed, truncated, dropped, lost, observed } = *arrivals;
    let [received, malformed, truncated] = [received, malformed, truncated].map(whole_of);
    let [dropped, lost, observed] = [dropped, lost, observed].map(whole_of);
    db.prepare_cached(
        "INSERT INTO count_day (day, domains, received, malformed, truncated, dropped, lost, observed)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            ON CONFLICT DO UPDATE SET domains = domains + excluded.domains, received = received + excluded.received,
                malformed = malformed + excluded.malformed, truncated = truncated + excluded.truncated,
                dropped = dropped + excluded.dropped, lost = lost + excluded.lost, observed = observed + excluded.observed",
    )?
    .execute(params![day.0, domains, received, malformed, truncated, dropped, lost, observed])
    .map(drop)
}

fn quarantine(db: &Transaction<'_>, all: &[Quarantined]) -> rusqlite::Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    let mut add = db.prepare_cached("INSERT INTO quarantine (at, reason, octets) VALUES (?1, ?2, ?3)")?;
    for Quarantined { at, reason, octets } in all {
        let octets = octets.get(..QUARANTINE_OCTETS).unwrap_or(octets);
        add.execute(params![seconds(*at), reason, octets])?;
    }
    db.prepare_cached("DELETE FROM quarantine WHERE seq <= (SELECT max(seq) FROM quarantine) - ?1")?
        .execute([count(QUARANTINE)])
        .map(drop)
}

//----------- Forgetting ---------------------------------------------------

/// Removes at most `limit` domains of days before `before`, and with the last of them the days and their policies.
pub(super) fn forget(db: &Transaction<'_>, before: Day, limit: usize) -> rusqlite::Result<u64> {
    let doomed: Vec<(u32, String, i64)> = db
        .prepare_cached("SELECT day, domain, scope FROM count_domain WHERE day < ?1 LIMIT ?2")?
        .query_map(params![before.0, count(limit)], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (day, domain, scope) in &doomed {
        for table in ["count_detail", "count_session", "count_domain"] {
            db.prepare_cached(&format!("DELETE FROM {table} WHERE day = ?1 AND domain = ?2 AND scope = ?3"))?
                .execute(params![day, domain, scope])?;
        }
    }
    if doomed.len() < limit {
        db.execute("DELETE FROM count_day WHERE day < ?1", [before.0])?;
        // A row of a later day would have moved the policy's day.
        db.execute("DELETE FROM count_policy WHERE day < ?1", [before.0])?;
    }
    Ok(u64::try_from(doomed.len()).unwrap_or(u64::MAX))
}

//----------- Values -------------------------------------------------------

/// Where a page begins: behind this row.
fn place(after: Option<&(Domain, Scope)>) -> (&str, i64) {
    after.map_or(("", -1), |(domain, scope)| (domain.as_str(), number(*scope)))
}

const fn number(scope: Scope) -> i64 {
    match scope {
        Scope::Domain => 0,
        Scope::Host => 1,
    }
}

fn scope_of(number: i64) -> rusqlite::Result<Scope> {
    match number {
        0 => Ok(Scope::Domain),
        1 => Ok(Scope::Host),
        _ => Err(senseless(format!("there is no scope {number}"))),
    }
}

fn positive(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn whole(columns: &mut Columns<'_>) -> rusqlite::Result<u64> {
    columns.take().map(positive)
}

fn whole_of(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn written(value: &impl Serialize) -> String {
    // Texts, names and words alone: there is nothing that JSON could not hold.
    serde_json::to_string(value).unwrap_or_default()
}

fn read<T: DeserializeOwned>(text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text).map_err(|error| senseless(error.to_string()))
}

fn digested(policy: &PolicyKey) -> (Vec<u8>, String) {
    let text = written(policy);
    let digest = Sha256::digest(text.as_bytes());
    (digest.iter().copied().take(16).collect(), text)
}
