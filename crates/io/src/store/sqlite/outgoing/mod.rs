//! The tables of reports on their way out: reading. What changes them is in `change`.
pub(super) mod change;

use futures_util::future::BoxFuture;
use rusqlite::{Connection, Row as SqlRow, ToSql, params};
use strictmx_engine::report::outcome::{Silence, State};
use strictmx_engine::report::{Counts, Day, Scope};
use strictmx_engine::time::Timestamp;
use strictmx_proto::name::Domain;

use super::super::Result;
use super::super::outgoing::{
    Claim, Claimed, DestinationRow, NewReport, Outgoing, Planned, ReportRow, ReportState, Reported, Settled, Stand,
    Standing, Which,
};
use super::Sqlite;
use super::row::{Columns, rows, seconds, senseless};

/// Columns of a report, as [`report`] reads them.
const REPORT: &str =
    "r.seq, r.day, r.domain, r.scope, r.state, r.made, r.success, r.failure, r.due, r.tries, r.why, r.id, r.record";
/// Columns of a destination, as [`destination`] reads them.
const DESTINATION: &str = "d.report, d.uri, d.host, d.state, d.tries, d.first, d.next, d.last, d.said, d.token";

const DAYS: &str = "SELECT day, count(*) FROM report GROUP BY day ORDER BY day";
const STANDING: &str = "SELECT EXISTS (SELECT 1 FROM report WHERE day = ?1 AND domain = ?2 AND scope = ?3),
    coalesce((SELECT number FROM handed WHERE day = ?1 AND kind = 'mail' AND name = ?2), 0)";
/// Mails for domains whose sessions were held to a policy of this MX host.
const MAILS_AT_HOST: &str =
    "SELECT coalesce(sum(h.number), 0) FROM handed h WHERE h.day = ?1 AND h.kind = 'mail' AND EXISTS (
    SELECT 1 FROM count_session host JOIN count_session mail
        ON mail.day = host.day AND mail.domain = h.name AND mail.scope = 0 AND mail.policy = host.policy
        WHERE host.day = ?1 AND host.domain = ?2 AND host.scope = 1)";
const OCTETS: &str = "SELECT gzip FROM report WHERE seq = ?1 AND gzip IS NOT NULL";
const SILENCE: &str = "SELECT uri, strikes, until, why FROM silence WHERE uri = ?1";
const SILENCES: &str = "SELECT uri, strikes, until, why FROM silence WHERE until > ?1 ORDER BY uri";
const STAND: &str = "SELECT (SELECT count(*) FROM report WHERE due IS NOT NULL),
    (SELECT count(*) FROM destination WHERE next IS NOT NULL),
    (SELECT min(first) FROM destination WHERE next IS NOT NULL AND next <= ?1),
    (SELECT count(*) FROM silence WHERE until > ?1)";

fn due() -> String {
    format!("SELECT {REPORT} FROM report r WHERE due <= ?1 ORDER BY due, seq")
}

fn destinations_sql() -> String {
    format!("SELECT {DESTINATION} FROM destination d WHERE report = ?1 ORDER BY uri")
}

fn by_token() -> String {
    format!("SELECT {REPORT}, {DESTINATION} FROM destination d JOIN report r ON r.seq = d.report WHERE token = ?1")
}

fn destinations_due_sql() -> String {
    format!(
        "SELECT {REPORT}, {DESTINATION} FROM destination d JOIN report r ON r.seq = d.report
            WHERE d.next <= ?1 ORDER BY d.next, d.report"
    )
}

/// Whether the tables are there, with the columns we know.
pub(super) fn verify(db: &Connection) -> rusqlite::Result<()> {
    let own = [due(), destinations_sql(), by_token(), destinations_due_sql()];
    [DAYS, STANDING, MAILS_AT_HOST, OCTETS, SILENCE, SILENCES, STAND]
        .into_iter()
        .chain(own.iter().map(String::as_str))
        .try_for_each(|sql| db.prepare(sql).map(drop))
}

/// Days of which domains have been looked at, with their number.
pub(super) fn days(db: &Connection) -> rusqlite::Result<Vec<(Day, u64)>> {
    rows(db, DAYS, [], usize::MAX, |row| {
        let mut columns = Columns::of(row);
        Ok((Day(columns.take()?), whole(&mut columns)?))
    })
}

/// What is known of these domains' day.
pub(super) fn standing(db: &Connection, day: Day, domains: &[(Domain, Scope)]) -> rusqlite::Result<Vec<Standing>> {
    let mut look = db.prepare_cached(STANDING)?;
    let mut at_host = db.prepare_cached(MAILS_AT_HOST)?;
    let mut mails =
        |domain: &Domain| at_host.query_row(params![day.0, domain.as_str()], |row| whole(&mut Columns::of(row)));
    let one = |(domain, scope): &(Domain, Scope)| {
        let standing = look.query_row(params![day.0, domain.as_str(), number(*scope)], |row| {
            let mut columns = Columns::of(row);
            let reported = if columns.take()? { Reported::Yes } else { Reported::No };
            Ok(Standing { reported, mails: whole(&mut columns)? })
        })?;
        match (standing.reported, scope) {
            (Reported::No, Scope::Host) => Ok(Standing { mails: mails(domain)?, ..standing }),
            _ => Ok(standing),
        }
    };
    domains.iter().map(one).collect()
}

/// Reports whose destinations are to be looked up by now.
pub(super) fn reports_due(db: &Connection, now: Timestamp, limit: usize) -> rusqlite::Result<Vec<ReportRow>> {
    rows(db, &due(), [seconds(now)], limit, |row| report(&mut Columns::of(row)))
}

/// Destinations that are to be tried by now, with their reports.
pub(super) fn destinations_due(
    db: &Connection,
    now: Timestamp,
    limit: usize,
) -> rusqlite::Result<Vec<(ReportRow, DestinationRow)>> {
    rows(db, &destinations_due_sql(), [seconds(now)], limit, both)
}

/// A report's octets.
pub(super) fn octets(db: &Connection, report: u64) -> rusqlite::Result<Option<Vec<u8>>> {
    Ok(rows(db, OCTETS, [report.cast_signed()], 1, |row| row.get(0))?.pop())
}

/// Reports, the newest day first.
pub(super) fn reports(db: &Connection, which: &Which, limit: usize) -> rusqlite::Result<Vec<ReportRow>> {
    let Which { day, domain, id, state } = which;
    let (day, domain) = (day.map(|day| day.0), domain.as_ref().map(Domain::as_str));
    let state = state.map(ReportState::as_str);
    let given: [(&str, Option<&dyn ToSql>); 4] = [
        ("day", day.as_ref().map(|value| value as _)),
        ("domain", domain.as_ref().map(|value| value as _)),
        ("id", id.as_ref().map(|value| value as _)),
        ("state", state.as_ref().map(|value| value as _)),
    ];
    let mut conditions = String::new();
    let mut values: Vec<&dyn ToSql> = Vec::new();
    for (column, value) in given {
        if let Some(value) = value {
            values.push(value);
            conditions.push_str(&format!(" AND r.{column} = ?{}", values.len()));
        }
    }
    let sql = format!("SELECT {REPORT} FROM report r WHERE TRUE{conditions} ORDER BY day DESC, domain, scope");
    rows(db, &sql, values.as_slice(), limit, |row| report(&mut Columns::of(row)))
}

/// The report of this number.
pub(super) fn by_number(db: &Connection, number: u64) -> rusqlite::Result<Option<ReportRow>> {
    let sql = format!("SELECT {REPORT} FROM report r WHERE r.seq = ?1");
    Ok(rows(db, &sql, [number.cast_signed()], 1, |row| report(&mut Columns::of(row)))?.pop())
}

/// A report's destinations.
pub(super) fn destinations(db: &Connection, report: u64) -> rusqlite::Result<Vec<DestinationRow>> {
    rows(db, &destinations_sql(), [report.cast_signed()], usize::MAX, |row| destination(&mut Columns::of(row)))
}

/// The destination that a token was given to.
pub(super) fn of_token(db: &Connection, token: &str) -> rusqlite::Result<Option<(ReportRow, DestinationRow)>> {
    Ok(rows(db, &by_token(), [token], 1, both)?.pop())
}

/// Why an address is left in peace, while it is or lately was.
pub(super) fn silence(db: &Connection, uri: &str) -> rusqlite::Result<Option<Silence>> {
    Ok(rows(db, SILENCE, [uri], 1, one_silence)?.pop().map(|(_, silence)| silence))
}

/// Addresses that are left in peace now.
pub(super) fn silences(db: &Connection, now: Timestamp, limit: usize) -> rusqlite::Result<Vec<(String, Silence)>> {
    rows(db, SILENCES, [seconds(now)], limit, one_silence)
}

/// How much is under way.
pub(super) fn stand(db: &Connection, now: Timestamp) -> rusqlite::Result<Stand> {
    db.prepare_cached(STAND)?.query_row([seconds(now)], |row| {
        let mut columns = Columns::of(row);
        Ok(Stand {
            composed: whole(&mut columns)?,
            due: whole(&mut columns)?,
            oldest: moment(&mut columns)?,
            silenced: whole(&mut columns)?,
        })
    })
}

//----------- Values -------------------------------------------------------

fn both(row: &SqlRow<'_>) -> rusqlite::Result<(ReportRow, DestinationRow)> {
    let mut columns = Columns::of(row);
    Ok((report(&mut columns)?, destination(&mut columns)?))
}

fn report(columns: &mut Columns<'_>) -> rusqlite::Result<ReportRow> {
    Ok(ReportRow {
        number: whole(columns)?,
        day: Day(columns.take()?),
        domain: columns.domain()?,
        scope: match columns.take::<i64>()? {
            0 => Scope::Domain,
            1 => Scope::Host,
            other => return Err(senseless(format!("there is no scope {other}"))),
        },
        state: word(columns, ReportState::parse)?,
        made: columns.time()?,
        sessions: Counts { success: whole(columns)?, failure: whole(columns)? },
        due: moment(columns)?,
        tries: columns.take()?,
        why: columns.take()?,
        id: columns.take()?,
        record: columns.take()?,
    })
}

fn destination(columns: &mut Columns<'_>) -> rusqlite::Result<DestinationRow> {
    Ok(DestinationRow {
        report: whole(columns)?,
        uri: columns.take()?,
        host: columns.take()?,
        state: word(columns, State::parse)?,
        tries: columns.take()?,
        first: columns.time()?,
        next: moment(columns)?,
        last: moment(columns)?,
        said: columns.take()?,
        token: columns.take()?,
    })
}

fn one_silence(row: &SqlRow<'_>) -> rusqlite::Result<(String, Silence)> {
    let mut columns = Columns::of(row);
    let (uri, strikes) = (columns.take()?, columns.take()?);
    Ok((uri, Silence { strikes, until: columns.time()?, why: columns.take::<String>()?.into() }))
}

fn word<T>(columns: &mut Columns<'_>, read: fn(&str) -> Option<T>) -> rusqlite::Result<T> {
    let word: String = columns.take()?;
    read(&word).ok_or_else(|| senseless(format!("`{}` is no state", word.escape_debug())))
}

fn whole(columns: &mut Columns<'_>) -> rusqlite::Result<u64> {
    columns.take().map(|number: i64| u64::try_from(number).unwrap_or(0))
}

fn moment(columns: &mut Columns<'_>) -> rusqlite::Result<Option<Timestamp>> {
    columns.take().map(|at: Option<i64>| at.map(|at| Timestamp(u64::try_from(at).unwrap_or(0))))
}

const fn number(scope: Scope) -> i64 {
    match scope {
        Scope::Domain => 0,
        Scope::Host => 1,
    }
}

//----------- What can be asked of the store -------------------------------

impl Outgoing for Sqlite {
    fn secret(&self, fresh: [u8; 32]) -> BoxFuture<'static, Result<[u8; 32]>> {
        self.change(move |db| change::secret(db, fresh))
    }

    fn reported_days(&self) -> BoxFuture<'static, Result<Vec<(Day, u64)>>> {
        self.ask(days)
    }

    fn standing(&self, day: Day, domains: Vec<(Domain, Scope)>) -> BoxFuture<'static, Result<Vec<Standing>>> {
        self.ask(move |db| standing(db, day, &domains))
    }

    fn put_reports(&self, reports: Vec<NewReport>) -> BoxFuture<'static, Result<u64>> {
        self.change(move |db| change::put(db, &reports))
    }

    fn reports_due(&self, now: Timestamp, limit: usize) -> BoxFuture<'static, Result<Vec<ReportRow>>> {
        self.ask(move |db| reports_due(db, now, limit))
    }

    fn plan(&self, plans: Vec<Planned>, cap: u64) -> BoxFuture<'static, Result<u64>> {
        self.change(move |db| change::plan(db, &plans, cap))
    }

    fn destinations_due(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> BoxFuture<'static, Result<Vec<(ReportRow, DestinationRow)>>> {
        self.ask(move |db| destinations_due(db, now, limit))
    }

    fn report_octets(&self, number: u64) -> BoxFuture<'static, Result<Option<Vec<u8>>>> {
        self.ask(move |db| octets(db, number))
    }

    fn claim(&self, claim: Claim) -> BoxFuture<'static, Result<Claimed>> {
        self.change(move |db| change::claim(db, &claim))
    }

    fn settle(&self, settled: Vec<Settled>) -> BoxFuture<'static, Result<()>> {
        self.change(move |db| change::settle(db, &settled))
    }

    fn reports(&self, which: Which, limit: usize) -> BoxFuture<'static, Result<Vec<ReportRow>>> {
        self.ask(move |db| reports(db, &which, limit))
    }

    fn report(&self, number: u64) -> BoxFuture<'static, Result<Option<ReportRow>>> {
        self.ask(move |db| by_number(db, number))
    }

    fn destinations(&self, number: u64) -> BoxFuture<'static, Result<Vec<DestinationRow>>> {
        self.ask(move |db| destinations(db, number))
    }

    fn resend(&self, number: u64, now: Timestamp) -> BoxFuture<'static, Result<()>> {
        self.change(move |db| change::resend(db, number, now))
    }

    fn silence(&self, uri: &str) -> BoxFuture<'static, Result<Option<Silence>>> {
        let uri = uri.to_owned();
        self.ask(move |db| silence(db, &uri))
    }

    fn silences(&self, now: Timestamp, limit: usize) -> BoxFuture<'static, Result<Vec<(String, Silence)>>> {
        self.ask(move |db| silences(db, now, limit))
    }

    fn end_silence(&self, uri: &str) -> BoxFuture<'static, Result<Reported>> {
        let uri = uri.to_owned();
        self.change(move |db| change::end_silence(db, &uri))
    }

    fn bounced(
        &self,
        token: &str,
        why: &str,
        now: Timestamp,
    ) -> BoxFuture<'static, Result<Option<(ReportRow, DestinationRow)>>> {
        let (token, why) = (token.to_owned(), why.to_owned());
        self.change(move |db| change::bounced(db, &token, &why, now))
    }

    fn stand(&self, now: Timestamp) -> BoxFuture<'static, Result<Stand>> {
        self.ask(move |db| stand(db, now))
    }

    fn forget_reports(&self, before: Timestamp, now: Timestamp, limit: usize) -> BoxFuture<'static, Result<u64>> {
        self.change(move |db| change::forget(db, before, now, limit))
    }
}
