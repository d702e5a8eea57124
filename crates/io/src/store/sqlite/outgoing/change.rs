//! The tables of reports on their way out: what changes them.
use rusqlite::{Transaction, params};
use strictmx_engine::report::outcome::{Silence, State, Strike};
use strictmx_engine::report::{Counts, Day};
use strictmx_engine::time::Timestamp;

use super::super::super::outgoing::{
    Claim, Claimed, DestinationRow, HANDED_LIFE, Made, NewDestination, NewReport, Next, Planned, ReportRow,
    ReportState, Reported, SILENCE_LIFE, Settled, Tried,
};
use super::super::row::{count, seconds, senseless};
use super::{number, of_token, silence};

/// Nothing is put off for as long as this, seconds.
const LATEST: u64 = 3 * 86_400;
/// The name under which the secret is kept.
const SECRET: &str = "secret";

/// The secret that is kept, or `fresh` from now on.
pub(in super::super) fn secret(db: &Transaction<'_>, fresh: [u8; 32]) -> rusqlite::Result<[u8; 32]> {
    db.execute(
        "INSERT INTO report_keep (name, value) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        params![SECRET, fresh.as_slice()],
    )?;
    let kept: Vec<u8> = db.query_row("SELECT value FROM report_keep WHERE name = ?1", [SECRET], |row| row.get(0))?;
    kept.try_into().map_err(|_| senseless("the secret of the reporter has another length than it should".to_owned()))
}

/// Writes reports, and passes over those that are there already.
pub(in super::super) fn put(db: &Transaction<'_>, reports: &[NewReport]) -> rusqlite::Result<u64> {
    let mut add = db.prepare_cached(
        "INSERT INTO report (day, domain, scope, state, made, success, failure, due, tries, why, id, record, gzip)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, ?9, ?10, ?11, ?12) ON CONFLICT DO NOTHING",
    )?;
    let mut added = 0;
    for NewReport { day, domain, scope, at, made } in reports {
        let (day, domain, scope, at) = (day.0, domain.as_str(), number(*scope), seconds(*at));
        added += match made {
            Made::Report { id, gzip, record, sessions: Counts { success, failure }, due } => add.execute(params![
                day,
                domain,
                scope,
                ReportState::Composed.as_str(),
                at,
                whole(*success),
                whole(*failure),
                seconds(*due),
                None::<&str>,
                id,
                record,
                gzip
            ])?,
            Made::Withheld(why) => add.execute(params![
                day,
                domain,
                scope,
                ReportState::Withheld.as_str(),
                at,
                0,
                0,
                None::<i64>,
                why,
                None::<&str>,
                None::<&str>,
                None::<&[u8]>
            ])?,
        };
    }
    Ok(u64::try_from(added).unwrap_or(u64::MAX))
}

/// Writes what follows for reports that were due, and still are: another process may have been quicker. Returns how many
/// destinations the cap left out.
pub(in super::super) fn plan(db: &Transaction<'_>, plans: &[Planned], cap: u64) -> rusqlite::Result<u64> {
    let mut update = db.prepare_cached(
        "UPDATE report SET state = ?2, due = ?3, tries = tries + ?4, why = ?5 WHERE seq = ?1 AND due IS NOT NULL",
    )?;
    let mut capped = 0;
    for Planned { number, at, next } in plans {
        let seq = number.cast_signed();
        match next {
            Next::Later(due, why) => {
                update.execute(params![seq, ReportState::Composed.as_str(), seconds(*due), 1, why])?;
            }
            Next::Withhold(why) => {
                update.execute(params![seq, ReportState::Withheld.as_str(), None::<i64>, 0, why])?;
            }
            Next::Send(destinations) => {
                let changed =
                    update.execute(params![seq, ReportState::Sending.as_str(), None::<i64>, 0, None::<&str>])?;
                if changed == 0 {
                    continue;
                }
                for destination in destinations {
                    capped += add_destination(db, seq, *at, destination, cap)?;
                }
                conclude(db, seq)?;
            }
        }
    }
    Ok(capped)
}

/// Adds a destination, or lets it be tried anew; 1 when the cap leaves it out.
fn add_destination(
    db: &Transaction<'_>,
    report: i64,
    at: Timestamp,
    new: &NewDestination,
    cap: u64,
) -> rusqlite::Result<u64> {
    let mut said = new.skip.clone();
    let mut capped = 0;
    if said.is_none() && hand(db, at, "destination", &new.counts_as)? > cap {
        said = Some(format!("over the cap: it has had {cap} reports today"));
        capped = 1;
    }
    let (state, next) = match said {
        Some(_) => (State::Skipped, None),
        None => (State::Due, Some(seconds(at))),
    };
    db.prepare_cached(
        "INSERT INTO destination (report, uri, host, state, tries, first, next, last, said, token)
            VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, NULL, ?7, ?8)
            ON CONFLICT DO UPDATE SET state = excluded.state, tries = 0, first = excluded.first, next = excluded.next,
                said = excluded.said, token = excluded.token",
    )?
    .execute(params![report, new.uri, new.host, state.as_str(), seconds(at), next, said, new.token])?;
    Ok(capped)
}

/// Counts something that leaves today, and returns how many it are with it.
fn hand(db: &Transaction<'_>, at: Timestamp, kind: &str, name: &str) -> rusqlite::Result<u64> {
    let number: i64 = db
        .prepare_cached(
            "INSERT INTO handed (day, kind, name, number) VALUES (?1, ?2, ?3, 1)
                ON CONFLICT DO UPDATE SET number = number + 1 RETURNING number",
        )?
        .query_row(params![Day::of(at).0, kind, name], |row| row.get(0))?;
    Ok(u64::try_from(number).unwrap_or(0))
}

/// Brings a report's state in line with its destinations'.
fn conclude(db: &Transaction<'_>, report: i64) -> rusqlite::Result<()> {
    db.prepare_cached(
        "UPDATE report SET state = CASE
                WHEN EXISTS (SELECT 1 FROM destination WHERE report = ?1 AND state = 'due') THEN 'sending'
                WHEN EXISTS (SELECT 1 FROM destination WHERE report = ?1 AND state = 'sent') THEN 'sent'
                ELSE 'failed' END
            WHERE seq = ?1 AND due IS NULL AND state <> 'withheld'",
    )?
    .execute([report])
    .map(drop)
}

/// Writes down that an attempt is about to be made, when the destination still waits as it was read.
pub(in super::super) fn claim(db: &Transaction<'_>, claim: &Claim) -> rusqlite::Result<Claimed> {
    let mut take = db.prepare_cached(
        "UPDATE destination SET tries = tries + 1, next = ?4
            WHERE report = ?1 AND uri = ?2 AND state = 'due' AND next IS ?3",
    )?;
    let seen = claim.seen.map(seconds);
    let taken = take.execute(params![claim.report.cast_signed(), claim.uri, seen, seconds(claim.again)])?;
    Ok(if taken > 0 { Claimed::Yes } else { Claimed::No })
}

/// Writes what attempts came to.
pub(in super::super) fn settle(db: &Transaction<'_>, settled: &[Settled]) -> rusqlite::Result<()> {
    let mut update = db.prepare_cached(
        "UPDATE destination SET state = ?3, next = ?5, last = CASE ?4 WHEN 0 THEN last ELSE ?6 END, said = ?7
             WHERE report = ?1 AND uri = ?2",
    )?;
    for one in settled {
        let report = one.report.cast_signed();
        let tries = i64::from(one.attempt == Tried::Yes);
        let next = one.next.map(seconds);
        update.execute(params![report, one.uri, one.state.as_str(), tries, next, seconds(one.at), one.said])?;
        strike(db, &one.uri, one.strike, &one.said, one.at)?;
        if let Some(domain) = &one.mailed {
            hand(db, one.at, "mail", domain.as_str())?;
        }
        conclude(db, report)?;
    }
    Ok(())
}

fn strike(db: &Transaction<'_>, uri: &str, strike: Strike, why: &str, now: Timestamp) -> rusqlite::Result<()> {
    match strike {
        Strike::Keep => Ok(()),
        Strike::Clear => db.prepare_cached("DELETE FROM silence WHERE uri = ?1")?.execute([uri]).map(drop),
        Strike::One => {
            let struck = Silence::struck(silence(db, uri)?.as_ref(), why, now);
            db.prepare_cached(
                "INSERT INTO silence (uri, strikes, until, why) VALUES (?1, ?2, ?3, ?4)
                    ON CONFLICT DO UPDATE SET strikes = excluded.strikes, until = excluded.until, why = excluded.why",
            )?
            .execute(params![uri, struck.strikes, seconds(struck.until), struck.why])
            .map(drop)
        }
    }
}

/// Lets a report go out once more.
pub(in super::super) fn resend(db: &Transaction<'_>, number: u64, now: Timestamp) -> rusqlite::Result<()> {
    let key = params![number.cast_signed(), seconds(now)];
    db.execute(
        "UPDATE report SET due = ?2, tries = 0, state = 'composed', why = NULL WHERE seq = ?1 AND gzip IS NOT NULL",
        key,
    )
    .map(drop)
}

/// Forgets an address's silence.
pub(in super::super) fn end_silence(db: &Transaction<'_>, uri: &str) -> rusqlite::Result<Reported> {
    let gone = db.execute("DELETE FROM silence WHERE uri = ?1", [uri])?;
    Ok(if gone > 0 { Reported::Yes } else { Reported::No })
}

/// A report came back.
pub(in super::super) fn bounced(
    db: &Transaction<'_>,
    token: &str,
    why: &str,
    now: Timestamp,
) -> rusqlite::Result<Option<(ReportRow, DestinationRow)>> {
    let Some((report, destination)) = of_token(db, token)? else {
        return Ok(None);
    };
    // The same bounce told twice counts once.
    if destination.state != State::Refused {
        let settled = Settled {
            report: report.number,
            uri: destination.uri.clone(),
            at: now,
            state: State::Refused,
            next: None,
            said: why.to_owned(),
            attempt: Tried::No,
            strike: Strike::One,
            mailed: None,
        };
        settle(db, &[settled])?;
    }
    Ok(Some((report, destination)))
}

/// Removes what has outlived its time.
pub(in super::super) fn forget(
    db: &Transaction<'_>,
    before: Timestamp,
    now: Timestamp,
    limit: usize,
) -> rusqlite::Result<u64> {
    let doomed: Vec<i64> = db
        .prepare_cached("SELECT seq FROM report WHERE made < ?1 AND due IS NULL AND state <> 'sending' LIMIT ?2")?
        .query_map(params![seconds(before), count(limit)], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut destinations = db.prepare_cached("DELETE FROM destination WHERE report = ?1")?;
    let mut report = db.prepare_cached("DELETE FROM report WHERE seq = ?1")?;
    for seq in &doomed {
        destinations.execute([seq])?;
        report.execute([seq])?;
    }
    mend_times(db, now)?;
    db.execute("DELETE FROM silence WHERE until < ?1", [seconds(Timestamp(now.0.saturating_sub(SILENCE_LIFE)))])?;
    db.execute("DELETE FROM handed WHERE day < ?1", [Day::of(now).back(HANDED_LIFE).0])?;
    Ok(u64::try_from(doomed.len()).unwrap_or(u64::MAX))
}

/// What waits for a moment that nothing is ever put off to was written by a clock that ran ahead: it is due now.
fn mend_times(db: &Transaction<'_>, now: Timestamp) -> rusqlite::Result<()> {
    let times = params![seconds(now), seconds(now.plus(LATEST))];
    db.execute("UPDATE report SET due = ?1 WHERE due > ?2", times)?;
    db.execute("UPDATE destination SET next = ?1, first = min(first, ?1) WHERE next > ?2", times).map(drop)
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
