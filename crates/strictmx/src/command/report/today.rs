//! `strictmx report today`: what was counted on a day, and whose TLS broke since the day before.
use std::{collections::BTreeMap, sync::Arc};

use strictmx_engine::report::{
    Counts, Day, DomainDay, Scope,
    health::{self, Change, Sum},
};
use strictmx_io::{
    clock::Clock,
    store::{self, FailureRow, Store, counting::QUARANTINE},
};
use strictmx_proto::name::Domain;

use super::{
    reading,
    shape::{OfDomain, OfFailure, OfPolicy, Report, Unreadable, Unreported},
    text,
};
use crate::{
    cli::{Exit, Format, Today, output},
    config::Settings,
    when::rfc3339,
};

/// Domains read from the store at once.
const PAGE: usize = 5000;
/// Datagrams in quarantine that are shown, and characters of each.
const UNREADABLE: (usize, usize) = (5, 200);
/// Failures of ours that are looked through at most.
const FAILURES: usize = 100_000;
/// How often a day is read that does not hold still.
const READINGS: usize = 4;

pub(super) async fn run(settings: &Settings, asked: &Today) -> Exit {
    let store = match reading(settings) {
        Ok(store) => store,
        Err(exit) => return exit,
    };
    let day = asked.day.unwrap_or_else(|| Day::of(Clock::system().now()));
    match look(&store, day, asked).await {
        Ok(report) => match asked.format {
            Format::Text => output::result(&text::day(&report)),
            Format::Json => output::result(&format!("{}\n", serde_json::to_string(&report).unwrap_or_default())),
        },
        Err(error) => {
            output::error(error);
            Exit::NoLook
        }
    }
}

/// The day as it is at one moment: where the daemon has written more meanwhile, it is read again.
async fn look(store: &Arc<dyn Store>, day: Day, asked: &Today) -> store::Result<Report> {
    let mut known = store.arrivals(day).await?;
    for _ in 1..READINGS {
        let report = read(store, day, asked).await?;
        if report.arrivals == known {
            return Ok(report);
        }
        known = report.arrivals;
    }
    read(store, day, asked).await
}

async fn read(store: &Arc<dyn Store>, day: Day, asked: &Today) -> store::Result<Report> {
    let (today, before) = (sums(store, day).await?, sums(store, day.back(1)).await?);
    let (broke, mended) = news(&before, &today, asked);
    let mut sessions = Counts::default();
    for sum in today.iter().filter(|sum| sum.scope == Scope::Domain) {
        sessions.success += sum.counts.success;
        sessions.failure += sum.counts.failure;
    }
    let not_reported = unreported(store, day, &today, asked).await?;
    let domains_counted = today.iter().filter(|sum| sum.scope == Scope::Domain).count();
    let (shown, more) = chosen(today, asked);
    let (mut domains, mut hosts) = (Vec::new(), Vec::new());
    for (domain, scope) in shown {
        if let Some(found) = store.domain_day(day, &domain, scope).await? {
            match scope {
                Scope::Domain => domains.push(of_domain(found)),
                Scope::Host => hosts.push(of_domain(found)),
            }
        }
    }
    let quarantine = quarantine(store, day).await?;
    let (day, arrivals) = (day.to_string(), store.arrivals(day).await?);
    Ok(Report {
        day,
        arrivals,
        sessions,
        domains_counted,
        domains,
        more,
        hosts,
        broke,
        mended,
        not_reported,
        quarantine,
    })
}

/// The newest datagrams of the day that cannot be read.
async fn quarantine(store: &Arc<dyn Store>, day: Day) -> store::Result<Vec<Unreadable>> {
    let kept = store.quarantined(QUARANTINE).await?;
    let of_day = kept.into_iter().filter(|one| Day::of(one.at) == day).take(UNREADABLE.0);
    let shown = of_day.map(|one| Unreadable {
        at: rfc3339(one.at),
        why: one.reason,
        begins: String::from_utf8_lossy(&one.octets).chars().take(UNREADABLE.1).collect(),
    });
    Ok(shown.collect())
}

/// A day in numbers, in the order of domain and scope.
async fn sums(store: &Arc<dyn Store>, day: Day) -> store::Result<Vec<Sum>> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = store.sums(day, after, PAGE).await?;
        let whole = page.len() == PAGE;
        after = page.last().map(|sum| (sum.domain.clone(), sum.scope));
        all.extend(page);
        if !whole {
            return Ok(all);
        }
    }
}

/// Whose TLS broke, and whose is well again.
fn news(before: &[Sum], today: &[Sum], asked: &Today) -> (Vec<Domain>, Vec<Domain>) {
    let changes = health::changes(before, today);
    let of = |wanted: Change| {
        let wanted = changes.iter().filter(|(domain, change)| *change == wanted && asks_for(asked, domain));
        wanted.map(|(domain, _)| domain.clone()).take(asked.limit).collect()
    };
    (of(Change::Broke), of(Change::Mended))
}

fn asks_for(asked: &Today, domain: &Domain) -> bool {
    asked.domains.is_empty() || asked.domains.contains(domain)
}

/// Which are shown, those with most failures first, and how many are not.
fn chosen(mut sums: Vec<Sum>, asked: &Today) -> (Vec<(Domain, Scope)>, usize) {
    sums.retain(|sum| asks_for(asked, &sum.domain));
    sums.sort_by(|a, b| {
        let grave = |sum: &Sum| (sum.counts.failure, sum.told, sum.counts.success);
        grave(b).cmp(&grave(a)).then_with(|| (&a.domain, a.scope).cmp(&(&b.domain, b.scope)))
    });
    let more = sums.len().saturating_sub(asked.limit);
    (sums.into_iter().take(asked.limit).map(|sum| (sum.domain, sum.scope)).collect(), more)
}

fn of_domain(day: DomainDay) -> OfDomain {
    let mut policies: Vec<OfPolicy> = day
        .policies
        .into_iter()
        .map(|one| {
            let failure = |(detail, sessions)| OfFailure { detail, sessions };
            let mut failure_details: Vec<_> = one.details.into_iter().map(failure).collect();
            failure_details.sort_by_key(|failure| std::cmp::Reverse(failure.sessions));
            OfPolicy {
                kind: one.policy.kind.as_str(),
                policy_domain: one.policy.domain,
                policy_string: one.policy.text,
                mx_host: one.policy.mx,
                success: one.counts.success,
                failure: one.counts.failure,
                failure_details,
            }
        })
        .collect();
    policies.sort_by_key(|policy| std::cmp::Reverse((policy.failure, policy.success)));
    OfDomain { domain: day.domain, record: day.record, policies }
}

/// Failures of ours on the day about domains that are not among the counted ones: they want no reports.
async fn unreported(
    store: &Arc<dyn Store>,
    day: Day,
    counted: &[Sum],
    asked: &Today,
) -> store::Result<Vec<Unreported>> {
    let rows = store.failures(day.begin(), FAILURES).await?;
    let known = |domain: &Domain| counted.binary_search_by(|sum| sum.domain.cmp(domain)).is_ok();
    let mut times: BTreeMap<(Domain, String), u64> = BTreeMap::new();
    for FailureRow { domain, result_type, .. } in
        rows.into_iter().filter(|row| row.at <= day.end() && asks_for(asked, &row.domain) && !known(&row.domain))
    {
        *times.entry((domain, result_type)).or_default() += 1;
    }
    let told = |((domain, result_type), times)| Unreported { domain, result_type, times };
    Ok(times.into_iter().take(asked.limit).map(told).collect())
}
