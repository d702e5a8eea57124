//! Where a report that is due goes: the record is looked up again, since its owner may have changed it since; when that fails,
//! the text counts that was recorded with the sessions.
use std::collections::HashSet;

use futures_util::{StreamExt, stream};
use strictmx_engine::{
    fact::Seen,
    report::{endpoint::Endpoint, schedule},
    time::Timestamp,
};
use strictmx_io::{
    archive,
    store::{
        self,
        outgoing::{NewDestination, Next, Planned, ReportRow},
    },
};
use strictmx_proto::{
    gzip::{self, Limits},
    name::Domain,
    tlsrpt::{Record, Report, ReportId, Rua, mail},
};

use super::{Inner, Rules};
use crate::telemetry::Reporting;

/// Reports planned together.
const PAGE: usize = 256;
/// Records looked up at the same time.
const LOOKUPS_AT_ONCE: usize = 64;

/// What a domain asks for.
enum Wanted {
    /// Reports to these addresses.
    Reports(Vec<Rua>),
    /// None, and why.
    None(String),
    /// It could not be told.
    Unknown(String),
}

/// Plans whatever is due.
pub(super) async fn all_due(inner: &Inner) -> store::Result<()> {
    while !inner.tasks.is_stopping() {
        let due = inner.store.reports_due(inner.now(), PAGE).await?;
        let whole = due.len() == PAGE;
        these(inner, due).await?;
        if !whole {
            break;
        }
    }
    Ok(())
}

/// Plans these reports.
pub(super) async fn these(inner: &Inner, due: Vec<ReportRow>) -> store::Result<()> {
    if due.is_empty() {
        return Ok(());
    }
    let rules = inner.rules.load_full();
    let planned: Vec<(ReportRow, store::Result<Planned>)> = stream::iter(due)
        .map(|row| async {
            let planned = one(inner, &rules, &row).await;
            (row, planned)
        })
        .buffer_unordered(LOOKUPS_AT_ONCE)
        .collect()
        .await;
    let mut plans = Vec::with_capacity(planned.len());
    for (row, plan) in planned {
        let plan = plan?;
        if let Next::Withhold(why) = &plan.next {
            inner.tell(Reporting::Withheld { domain: &row.domain, day: row.day, why });
        }
        plans.push(plan);
    }
    let capped = inner.store.plan(plans, rules.cap).await?;
    if capped > 0 {
        inner.tell(Reporting::Capped { count: capped, cap: rules.cap });
    }
    Ok(())
}

async fn one(inner: &Inner, rules: &Rules, row: &ReportRow) -> store::Result<Planned> {
    let now = inner.now();
    let next = match wanted(inner, &row.domain, row.record.as_deref()).await {
        Wanted::None(why) => Next::Withhold(why),
        // Without an answer and without a recorded text nobody knows where to; for how long it is tried is the same as for a
        // destination.
        Wanted::Unknown(why) => {
            let seed = inner.secret.seed();
            let first = schedule::due(row.day, &row.domain, row.scope, rules.spread, seed, row.made);
            match schedule::again(first, row.tries + 1, now, seed) {
                Some(at) => Next::Later(at, why),
                None => Next::Withhold(format!("where it should go could not be looked up: {why}")),
            }
        }
        Wanted::Reports(addresses) => {
            let mut destinations = Vec::with_capacity(addresses.len());
            for rua in addresses {
                destinations.push(destination(inner, rules, row, &rua, now).await?);
            }
            keep_copy(inner, rules, row).await?;
            Next::Send(destinations)
        }
    };
    Ok(Planned { number: row.number, at: now, next })
}

/// What the domain asks for now.
async fn wanted(inner: &Inner, domain: &Domain, recorded: Option<&str>) -> Wanted {
    let Some(owner) = domain.child("_tls").and_then(|name| name.child("_smtp")) else {
        return Wanted::None("its name leaves no room for a TLSRPT record".to_owned());
    };
    let seen = inner.senses.load_full().dns.txt(&owner).await;
    match seen {
        Seen::Found { data, .. } => match Record::select(&data) {
            Ok(record) => Wanted::Reports(once(record.rua)),
            Err(why) => Wanted::None(format!("the domain asks for no reports now: {why}")),
        },
        Seen::NoData { .. } | Seen::NxDomain { .. } => {
            Wanted::None("the domain asks for no reports now: there is no TLSRPT record".to_owned())
        }
        Seen::Failed(failure) => match recorded.and_then(|text| Record::parse(text.as_bytes())) {
            Some(Ok(record)) => Wanted::Reports(once(record.rua)),
            _ => Wanted::Unknown(failure.to_string()),
        },
    }
}

/// One address, and whether it is tried at all.
async fn destination(
    inner: &Inner,
    rules: &Rules,
    row: &ReportRow,
    rua: &Rua,
    now: Timestamp,
) -> store::Result<NewDestination> {
    let uri = rua.to_string();
    let (host, counts_as) = place(rua);
    let skip = match rules.lists.refuses(row.domain.as_str(), rua) {
        Some(why) => Some(why.to_owned()),
        None => match inner.store.silence(&uri).await? {
            Some(silence) if silence.until > now => Some(format!("left in peace: {}", silence.why)),
            _ => None,
        },
    };
    let token = inner.secret.token(&[row.id.as_deref().unwrap_or_default(), &uri]);
    Ok(NewDestination { uri, host, counts_as, token, skip })
}

/// Who takes what goes to an address, and what it counts as against the cap: a mailbox whatever stands behind a `+` in it, or an
/// HTTPS host whatever the path (TLSRPT-7-3).
fn place(rua: &Rua) -> (String, String) {
    match rua {
        Rua::Mailto(address) => {
            let (local, host) = address.rsplit_once('@').unwrap_or((address, ""));
            let local = local.split('+').next().unwrap_or_default().to_ascii_lowercase();
            (host.to_owned(), format!("mailto:{local}@{host}"))
        }
        Rua::Https(uri) => {
            let host = Endpoint::parse(uri).map_or_else(|_| uri.clone(), |endpoint| endpoint.host.to_string());
            let counts_as = format!("https://{host}");
            (host, counts_as)
        }
    }
}

/// Each address once, in the order of the record.
fn once(addresses: Vec<Rua>) -> Vec<Rua> {
    let mut seen = HashSet::new();
    addresses.into_iter().filter(|rua| seen.insert(rua.to_string())).collect()
}

/// Puts a copy into the archive, under the name that it has in the mail.
async fn keep_copy(inner: &Inner, rules: &Rules, row: &ReportRow) -> store::Result<()> {
    let Some(folder) = rules.archive.clone() else {
        return Ok(());
    };
    let Some(octets) = inner.store.report_octets(row.number).await? else {
        return Ok(());
    };
    let name = gzip::inflate(&octets, Limits::REPORT).ok().and_then(|json| Report::read(&json).ok()).and_then(|read| {
        let (submitter, id) = (mail::submitter(&read.report)?, ReportId::parse(&read.report.id)?);
        Some(mail::file_name(read.report.period, &row.domain, &submitter, &id))
    });
    let (Some(name), day) = (name, row.day.to_string()) else {
        return Ok(());
    };
    let place = folder.clone();
    let written = inner.worker.run(move || archive::put(&place, &day, &name, &octets)).await;
    if let Some(Err(error)) = written {
        let what = format!("no copy of a report can be put into {}: {error}", folder.display());
        inner.tell(Reporting::Trouble { what: &what });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn rua(text: &str) -> Rua {
        Rua::parse(text).unwrap()
    }

    /// TLSRPT-7-3
    #[test]
    fn the_cap_is_of_a_mailbox_or_a_host_however_it_is_written() {
        let counts_as = |text: &str| place(&rua(text)).1;
        assert_eq!(counts_as("mailto:Victim+1@v.example"), counts_as("mailto:victim+2@V.example"));
        assert_eq!(counts_as("https://v.example/a"), counts_as("https://v.example:8443/b?c"));
        assert_ne!(counts_as("mailto:a@v.example"), counts_as("mailto:b@v.example"));
    }

    #[test]
    fn an_address_that_stands_there_twice_counts_once() {
        let twice = vec![rua("mailto:a@v.example"), rua("https://v.example/"), rua("MAILTO:a@V.example")];
        assert_eq!(once(twice.clone()), twice[..2]);
    }
}
