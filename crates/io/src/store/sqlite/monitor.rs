//! The tables of the monitor: spans, incidents and alerts.
use rusqlite::{Connection, Row as SqlRow, Transaction, params};
use strictmx_engine::check::incident::{Incident, Key, Phase};
use strictmx_engine::check::observations::Span;
use strictmx_engine::check::{Family, Severity};
use strictmx_engine::time::Timestamp;
use strictmx_proto::name::Domain;

use super::super::monitor::{
    ALERT_LIFE, ALERTS, AlertRow, AlertState, Attempt, Look, NewAlert, Pair, SPANS_PER_DOMAIN, WATCH_LIFE, Watched,
};
use super::row::{Columns, count, rows, seconds, senseless};

const LOOK: &str = "SELECT at FROM look WHERE domain = ?1";
const SPANS: &str = "SELECT id, policy, first, last FROM span WHERE domain = ?1 ORDER BY seq";
const INCIDENTS: &str = "SELECT id, subject, family, phase, looks, told, severity, since, last, raised, seen
    FROM incident WHERE domain = ?1 ORDER BY id, subject";
const DUE: &str = "SELECT seq, domain, at, receiver, body, tries, due, settled, why
    FROM alert WHERE due <= ?1 ORDER BY due, seq";
const ALERTS_OF: &str = "SELECT seq, domain, at, receiver, body, tries, due, settled, why
    FROM alert WHERE domain = ?1 ORDER BY seq DESC";

/// Whether the tables are there, with the columns we know.
pub(super) fn verify(db: &Connection) -> rusqlite::Result<()> {
    [LOOK, SPANS, INCIDENTS, DUE, ALERTS_OF].iter().try_for_each(|sql| db.prepare(sql).map(drop))
}

//----------- Reading ------------------------------------------------------

/// What is known of a watched domain.
pub(super) fn watched(db: &Connection, domain: &Domain) -> rusqlite::Result<Watched> {
    let name = [domain.as_str()];
    let at = rows(db, LOOK, name, 1, |row| Columns::of(row).time())?.pop();
    let spans = rows(db, SPANS, name, SPANS_PER_DOMAIN, span)?;
    Ok(Watched { at, spans, incidents: rows(db, INCIDENTS, name, usize::MAX, incident)? })
}

/// Alerts that are to be told by now, those longest due first.
pub(super) fn due(db: &Connection, now: Timestamp, limit: usize) -> rusqlite::Result<Vec<AlertRow>> {
    rows(db, DUE, [seconds(now)], limit, alert)
}

/// A domain's alerts, newest first.
pub(super) fn alerts_of(db: &Connection, domain: &Domain, limit: usize) -> rusqlite::Result<Vec<AlertRow>> {
    rows(db, ALERTS_OF, [domain.as_str()], limit, alert)
}

fn span(row: &SqlRow<'_>) -> rusqlite::Result<Span> {
    let mut columns = Columns::of(row);
    Ok(Span { id: columns.take()?, text: columns.take()?, first: columns.time()?, last: columns.time()? })
}

fn incident(row: &SqlRow<'_>) -> rusqlite::Result<(Key, Incident)> {
    let mut columns = Columns::of(row);
    let key = Key { id: columns.take()?, subject: columns.take()? };
    let family: String = columns.take()?;
    let family = Family::ALL.into_iter().find(|known| known.as_str() == family);
    let (phase, looks): (String, u32) = (columns.take()?, columns.take()?);
    let told: Option<String> = columns.take()?;
    let phase = match (&*phase, told) {
        ("suspected", _) => Phase::Suspected(looks),
        ("open", Some(told)) => Phase::Open { told: severity(&told)?, missed: looks },
        ("over", _) => Phase::Over,
        (other, _) => return Err(senseless(format!("`{other}` is no phase of an incident"))),
    };
    let worst: String = columns.take()?;
    let incident = Incident {
        family,
        phase,
        severity: severity(&worst)?,
        since: columns.time()?,
        last: columns.time()?,
        raised: columns.take()?,
        seen: columns.take()?,
    };
    Ok((key, incident))
}

fn severity(word: &str) -> rusqlite::Result<Severity> {
    let all = [Severity::Info, Severity::Warning, Severity::Error];
    let found = all.into_iter().find(|known| known.as_str() == word);
    found.ok_or_else(|| senseless(format!("`{}` is no severity", word.escape_debug())))
}

fn alert(row: &SqlRow<'_>) -> rusqlite::Result<AlertRow> {
    let mut columns = Columns::of(row);
    let number: i64 = columns.take()?;
    let (domain, at, receiver, body) = (columns.domain()?, columns.time()?, columns.take()?, columns.take()?);
    let tries = columns.take()?;
    let time = |seconds: i64| Timestamp(u64::try_from(seconds).unwrap_or(0));
    let (due, settled): (Option<i64>, Option<i64>) = (columns.take()?, columns.take()?);
    let settled = time(settled.unwrap_or(0));
    let state = match (due, columns.take::<Option<String>>()?) {
        (Some(due), _) => AlertState::Due(time(due)),
        (None, Some(why)) => AlertState::GivenUp(settled, why),
        (None, None) => AlertState::Told(settled),
    };
    let number = u64::try_from(number).unwrap_or(0);
    Ok(AlertRow { number, domain, at, receiver, body, tries, state })
}

//----------- Writing ------------------------------------------------------

/// Writes what looks came to.
pub(super) fn add_looks(db: &Transaction<'_>, looks: &[Look]) -> rusqlite::Result<()> {
    for look in looks {
        let mut put = db.prepare_cached(
            "INSERT INTO look (domain, at) VALUES (?1, ?2) ON CONFLICT (domain) DO UPDATE SET at = excluded.at",
        )?;
        put.execute(params![look.domain.as_str(), seconds(look.at)])?;
        if let Some(pair) = &look.pair {
            move_span(db, &look.domain, look.at, pair)?;
        }
        put_incidents(db, look)?;
        add_alerts(db, look)?;
    }
    Ok(())
}

/// The newest span goes on where it shows the same pair; otherwise another begins.
fn move_span(db: &Transaction<'_>, domain: &Domain, at: Timestamp, pair: &Pair) -> rusqlite::Result<()> {
    let (domain, at, Pair { id, text }) = (domain.as_str(), seconds(at), pair);
    let moved = db
        .prepare_cached(
            "UPDATE span SET last = max(last, ?2) WHERE id IS ?3 AND policy IS ?4
                AND seq = (SELECT seq FROM span WHERE domain = ?1 ORDER BY seq DESC LIMIT 1)",
        )?
        .execute(params![domain, at, id, text])?;
    if moved > 0 {
        return Ok(());
    }
    db.prepare_cached("INSERT INTO span (domain, id, policy, first, last) VALUES (?1, ?2, ?3, ?4, ?4)")?
        .execute(params![domain, id, text, at])?;
    db.prepare_cached(
        "DELETE FROM span WHERE domain = ?1 AND seq <=
            (SELECT seq FROM span WHERE domain = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2)",
    )?
    .execute(params![domain, count(SPANS_PER_DOMAIN)])
    .map(drop)
}

fn put_incidents(db: &Transaction<'_>, look: &Look) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM incident WHERE domain = ?1")?.execute([look.domain.as_str()])?;
    let mut add = db.prepare_cached(
        "INSERT INTO incident (domain, id, subject, family, phase, looks, told, severity, since, last, raised, seen)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?;
    for (key, incident) in &look.incidents {
        let (phase, looks, told) = match incident.phase {
            Phase::Suspected(times) => ("suspected", times, None),
            Phase::Open { told, missed } => ("open", missed, Some(told.as_str())),
            Phase::Over => ("over", 0, None),
        };
        add.execute(params![
            look.domain.as_str(),
            key.id,
            key.subject,
            incident.family.map_or("", Family::as_str),
            phase,
            looks,
            told,
            incident.severity.as_str(),
            seconds(incident.since),
            seconds(incident.last),
            incident.raised,
            incident.seen,
        ])?;
    }
    Ok(())
}

fn add_alerts(db: &Transaction<'_>, look: &Look) -> rusqlite::Result<()> {
    if look.alerts.is_empty() {
        return Ok(());
    }
    let mut add =
        db.prepare_cached("INSERT INTO alert (domain, at, receiver, body, tries, due) VALUES (?1, ?2, ?3, ?4, 0, ?2)")?;
    for NewAlert { receiver, body } in &look.alerts {
        add.execute(params![look.domain.as_str(), seconds(look.at), receiver, body])?;
    }
    // Numbers run nearly without gaps, since only the oldest are ever removed.
    db.prepare_cached("DELETE FROM alert WHERE seq <= (SELECT max(seq) FROM alert) - ?1")?
        .execute([count(ALERTS)])
        .map(drop)
}

/// Notes how attempts to tell went.
pub(super) fn note(db: &Transaction<'_>, attempts: &[Attempt]) -> rusqlite::Result<()> {
    let mut update = db.prepare_cached(
        "UPDATE alert SET tries = tries + 1, due = ?2, settled = ?3, why = ?4 WHERE seq = ?1 AND due IS NOT NULL",
    )?;
    for Attempt { number, state } in attempts {
        let (due, settled, why) = match state {
            AlertState::Due(at) => (Some(seconds(*at)), None, None),
            AlertState::Told(at) => (None, Some(seconds(*at)), None),
            AlertState::GivenUp(at, why) => (None, Some(seconds(*at)), Some(why)),
        };
        update.execute(params![i64::try_from(*number).unwrap_or(i64::MAX), due, settled, why])?;
    }
    Ok(())
}

/// Removes old alerts, and what is left of domains that nobody watches any more.
pub(super) fn sweep(db: &Transaction<'_>, now: Timestamp) -> rusqlite::Result<usize> {
    let before = |life: u64| seconds(Timestamp(now.0.saturating_sub(life)));
    let mut gone = db.execute("DELETE FROM alert WHERE at < ?1", [before(ALERT_LIFE)])?;
    let old = [before(WATCH_LIFE)];
    gone += db.execute("DELETE FROM span WHERE domain IN (SELECT domain FROM look WHERE at < ?1)", old)?;
    gone += db.execute("DELETE FROM incident WHERE domain IN (SELECT domain FROM look WHERE at < ?1)", old)?;
    gone += db.execute("DELETE FROM look WHERE at < ?1", old)?;
    Ok(gone)
}
