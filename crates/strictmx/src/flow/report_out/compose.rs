//! Finished days become reports, page by page: one page is read while the one before is composed and written.
use std::{collections::HashMap, sync::Arc, time::Instant};

use strictmx_engine::{
    report::{Day, DomainDay, compose, outcome, schedule},
    time::Timestamp,
};
use strictmx_io::store::{
    self,
    outgoing::{Made, NewReport, Reported, Standing},
};
use strictmx_proto::gzip::Compressor;

use super::{Inner, Rules, When};
use crate::telemetry::Reporting;

/// Domains of a page. Their reports share a transaction.
const PAGE: usize = 500;

/// What came of a day.
#[derive(Debug, Default, Clone, Copy)]
struct Sum {
    reports: u64,
    withheld: u64,
}

/// Composes whatever of the finished days is not composed yet.
pub(super) async fn finished_days(inner: &Inner) -> store::Result<()> {
    let now = inner.now();
    let reported: HashMap<Day, u64> = inner.store.reported_days().await?.into_iter().collect();
    for (day, domains) in inner.store.days().await? {
        let known = reported.get(&day).copied().unwrap_or(0);
        if schedule::is_reportable(day, now) && known < domains && !inner.tasks.is_stopping() {
            one_day(inner, day, now).await?;
        }
    }
    Ok(())
}

async fn one_day(inner: &Inner, day: Day, now: Timestamp) -> store::Result<()> {
    let (began, mut sum) = (Instant::now(), Sum::default());
    let mut page = inner.store.domain_days(day, None, PAGE).await?;
    while let Some(last) = page.last() {
        let after = (last.domain.clone(), last.scope);
        let (next, added) = if page.len() < PAGE {
            (Ok(Vec::new()), one_page(inner, day, page, now).await)
        } else {
            tokio::join!(inner.store.domain_days(day, Some(after), PAGE), one_page(inner, day, page, now))
        };
        let added = added?;
        sum = Sum { reports: sum.reports + added.reports, withheld: sum.withheld + added.withheld };
        page = if inner.tasks.is_stopping() { Vec::new() } else { next? };
    }
    if sum.reports + sum.withheld > 0 {
        let Sum { reports, withheld } = sum;
        inner.tell(Reporting::Composed { day, reports, withheld, took: began.elapsed() });
    }
    Ok(())
}

async fn one_page(inner: &Inner, day: Day, page: Vec<DomainDay>, now: Timestamp) -> store::Result<Sum> {
    let names = page.iter().map(|one| (one.domain.clone(), one.scope)).collect();
    let standing = inner.store.standing(day, names).await?;
    let fresh = page.into_iter().zip(standing).filter(|(_, standing)| standing.reported == Reported::No).collect();
    let (rules, seed) = (inner.rules.load_full(), inner.secret.seed());
    let made = composed(inner, Arc::new(Batch { rules, seed, now, fresh })).await;
    let mut sum = Sum::default();
    for report in &made {
        match &report.made {
            Made::Report { .. } => sum.reports += 1,
            Made::Withheld(why) => {
                sum.withheld += 1;
                inner.tell(Reporting::Withheld { domain: &report.domain, day, why });
            }
        }
    }
    inner.store.put_reports(made).await?;
    Ok(sum)
}

/// What is composed together.
struct Batch {
    rules: Arc<Rules>,
    seed: u64,
    now: Timestamp,
    fresh: Vec<(DomainDay, Standing)>,
}

/// The reports of a batch. A panic is a fault of ours that would come back with the same day: whoever meets with it is passed
/// over and told, and all others have their reports.
async fn composed(inner: &Inner, batch: Arc<Batch>) -> Vec<NewReport> {
    let whole = Arc::clone(&batch);
    if let Some(made) = inner.worker.run(move || reports(&whole, &whole.fresh)).await {
        return made;
    }
    let mut made = Vec::with_capacity(batch.fresh.len());
    for (index, (day, _)) in batch.fresh.iter().enumerate() {
        let one = Arc::clone(&batch);
        match inner.worker.run(move || reports(&one, one.fresh.get(index..=index).unwrap_or_default())).await {
            Some(report) => made.extend(report),
            None => {
                let what = format!("composing the report about {} broke off; please report it", day.domain);
                inner.tell(Reporting::Trouble { what: &what });
            }
        }
    }
    made
}

fn reports(batch: &Batch, some: &[(DomainDay, Standing)]) -> Vec<NewReport> {
    let mut compressor = Compressor::new();
    let Batch { rules, seed, now, .. } = batch;
    some.iter().map(|(day, standing)| report(rules, day, *standing, *seed, *now, &mut compressor)).collect()
}

fn report(
    rules: &Rules,
    day: &DomainDay,
    standing: Standing,
    seed: u64,
    now: Timestamp,
    compressor: &mut Compressor,
) -> NewReport {
    let made = match reason(rules, day, standing) {
        Some(why) => Made::Withheld(why),
        None => match compose::compose(&rules.reporter, day, compressor) {
            Ok(composed) => Made::Report {
                id: composed.id.as_str().to_owned(),
                gzip: composed.gzip,
                record: day.record.clone(),
                sessions: composed.sessions,
                due: schedule::due(day.day, &day.domain, day.scope, rules.spread, seed, now),
            },
            Err(error) => Made::Withheld(error.to_string()),
        },
    };
    NewReport { day: day.day, domain: day.domain.clone(), scope: day.scope, at: now, made }
}

/// Why there is to be no report, `None`: there is to be one.
fn reason(rules: &Rules, day: &DomainDay, standing: Standing) -> Option<String> {
    if let Some(why) = rules.lists.refuses_domain(day.domain.as_str()) {
        return Some(why.to_owned());
    }
    // TLSRPT-3-8, D-54
    if outcome::is_only_reports(day, standing.mails) {
        return Some("all its sessions may have carried reports of ours".to_owned());
    }
    let failed = day.policies.iter().any(|policy| policy.counts.failure > 0 || !policy.details.is_empty());
    (rules.when == When::Failures && !failed).then(|| "nothing failed, and only failures are reported".to_owned())
}
