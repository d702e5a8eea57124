//! A day for people.
use std::fmt::{Display, Write as _};

use strictmx_proto::name::Domain;

use super::shape::{OfDomain, OfFailure, OfPolicy, Report};
use crate::cli::output::{BAD, DIM, GOOD, STRONG, WARN};

/// Kinds of failure shown of one policy.
const FAILURES: usize = 5;
/// Names in one line of news.
const NAMES: usize = 20;

pub(super) fn day(report: &Report) -> String {
    let mut page = String::new();
    head(&mut page, report);
    for one in &report.quarantine {
        put(&mut page, format_args!("  {DIM}{} {}: {}{DIM:#}", one.at, clean(&one.why), clean(&one.begins)));
    }
    news(&mut page, &format!("{BAD}broke{BAD:#}"), "failures, and none the day before", &report.broke);
    news(&mut page, &format!("{GOOD}mended{GOOD:#}"), "failures the day before, and none since", &report.mended);
    table(&mut page, &report.domains);
    if !report.hosts.is_empty() {
        put(&mut page, format_args!("\n{STRONG}MX hosts under policies of their own{STRONG:#}"));
        table(&mut page, &report.hosts);
    }
    if report.more > 0 {
        put(&mut page, format_args!("{DIM}and {} more; --limit shows them{DIM:#}", report.more));
    }
    if !report.not_reported.is_empty() {
        put(&mut page, format_args!("\n{STRONG}Failures of ours at domains that want no reports{STRONG:#}"));
        for one in &report.not_reported {
            put(&mut page, format_args!("  {}  {} × {}", one.domain, one.times, clean(&one.result_type)));
        }
    }
    page
}

fn head(page: &mut String, report: &Report) {
    let arrivals = &report.arrivals;
    put(
        page,
        format_args!(
            "{STRONG}{} (UTC){STRONG:#}: {} told, {} domains, {} sessions well, {} failed",
            report.day, arrivals.received, report.domains_counted, report.sessions.success, report.sessions.failure
        ),
    );
    if arrivals.observed > 0 {
        put(page, format_args!("  {} seen by ourselves", arrivals.observed));
    }
    for (number, what) in [
        (arrivals.malformed, "could not be read and are in quarantine"),
        (arrivals.truncated, "were too long to be read"),
        (arrivals.dropped, "found no place and were not counted"),
        (arrivals.lost, "were lost when the process was killed"),
    ] {
        if number > 0 {
            put(page, format_args!("  {WARN}{number} {what}{WARN:#}"));
        }
    }
}

fn news(page: &mut String, word: &str, meaning: &str, domains: &[Domain]) {
    if domains.is_empty() {
        return;
    }
    let shown: Vec<&str> = domains.iter().take(NAMES).map(Domain::as_str).collect();
    let more = match domains.len().saturating_sub(NAMES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    put(page, format_args!("  {word} {DIM}({meaning}){DIM:#}: {}{more}", shown.join(", ")));
}

fn table(page: &mut String, domains: &[OfDomain]) {
    if domains.is_empty() {
        return;
    }
    let width = domains.iter().map(|one| one.domain.as_str().len()).max().unwrap_or(0).clamp(6, 50);
    put(
        page,
        format_args!("\n{STRONG}{:<width$}  {:<15}  {:>9}  {:>9}{STRONG:#}", "domain", "policy", "well", "failed"),
    );
    for one in domains {
        for policy in &one.policies {
            row(page, width, &one.domain, policy);
        }
    }
}

fn row(page: &mut String, width: usize, domain: &Domain, policy: &OfPolicy) {
    let other = if policy.policy_domain == *domain { String::new() } else { format!("  {}", policy.policy_domain) };
    let colour = if policy.failure > 0 { BAD } else { GOOD };
    put(
        page,
        format_args!(
            "{:<width$}  {:<15}  {:>9}  {colour}{:>9}{colour:#}{DIM}{other}{DIM:#}",
            domain.as_str(),
            policy.kind,
            policy.success,
            policy.failure
        ),
    );
    for failure in policy.failure_details.iter().take(FAILURES) {
        put(page, format_args!("{:width$}    {}", "", told(failure)));
    }
    if policy.failure_details.len() > FAILURES {
        let more = policy.failure_details.len() - FAILURES;
        put(page, format_args!("{:width$}    {DIM}and {more} kinds of failure more{DIM:#}", ""));
    }
}

fn told(failure: &OfFailure) -> String {
    let detail = &failure.detail;
    let mut line = format!("{} × {WARN}{}{WARN:#}", failure.sessions, clean(&detail.result_type));
    let at = [&detail.receiving_mx_hostname, &detail.receiving_ip];
    let at: Vec<String> = at.into_iter().flatten().map(|text| clean(text)).collect();
    if !at.is_empty() {
        line.push_str(&format!(" at {}", at.join(" ")));
    }
    if let Some(reason) = &detail.failure_reason_code {
        line.push_str(&format!(": {}", clean(reason)));
    }
    line
}

/// What strangers wrote, without what could move a terminal's cursor.
fn clean(text: &str) -> String {
    text.chars().take(200).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn put(page: &mut String, line: impl Display) {
    let _never_fails = writeln!(page, "{line}");
}
