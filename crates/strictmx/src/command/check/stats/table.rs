//! The counts, and how they are shown. Memory is one number a row, however long the file is.
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{
    Line,
    cause::{self, Cause},
};
use crate::cli::output::{DIM, STRONG};

/// The counts.
#[derive(Debug, Default)]
pub(super) struct Table {
    lines: u64,
    invalid: u64,
    unseen: u64,
    absent: u64,
    records: u64,
    states: BTreeMap<String, u64>,
    faulty: u64,
    enforced_and_failing: u64,
    causes: BTreeMap<Cause, u64>,
    findings: BTreeMap<String, u64>,
    without_reports: u64,
    asked_for_reports: u64,
}

/// One row of the result.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    key: String,
    title: String,
    domains: u64,
    percent: f64,
}

/// The result in JSON.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Told {
    /// Lines of the file.
    lines: u64,
    /// Of them: no domain name.
    invalid: u64,
    /// Of them: could not be looked at.
    unseen: u64,
    /// Of them: without a record.
    without_record: u64,
    /// Of them: with a record. Percentages are of these.
    with_record: u64,
    /// By state.
    states: Vec<Row>,
    /// Domains with an error in one of the stages.
    misconfigured: Row,
    /// Of them: a policy that is enforced and whose mail cannot be delivered to every MX host.
    delivery_failures: Row,
    /// By stage: a domain counts once in each stage that fails.
    causes: Vec<Row>,
    /// By finding, errors only, the most frequent first.
    findings: Vec<Row>,
    /// Domains with a record and no TLS reporting record, where that was looked at.
    without_reports: Row,
}

impl Table {
    /// Counts one line.
    pub(super) fn add(&mut self, line: &Line) {
        self.lines += 1;
        if line.error.is_some() {
            self.invalid += 1;
            return;
        }
        match line.state.as_str() {
            "unknown" => self.unseen += 1,
            "absent" => self.absent += 1,
            // A policy is served, and nobody is told of it: there is no record to count.
            _ if line.findings.iter().any(|found| found.id == NO_RECORD) => self.absent += 1,
            state => {
                self.records += 1;
                *self.states.entry(state.to_owned()).or_default() += 1;
                self.with_record(line, state);
            }
        }
    }

    fn with_record(&mut self, line: &Line, state: &str) {
        let errors = || line.findings.iter().filter(|found| found.is_error());
        let causes: BTreeSet<Cause> = errors().filter_map(cause::of).collect();
        for cause in &causes {
            *self.causes.entry(*cause).or_default() += 1;
        }
        self.faulty += u64::from(!causes.is_empty());
        let fails = causes.contains(&Cause::Coverage) || causes.contains(&Cause::MxTls);
        self.enforced_and_failing += u64::from(state == "enforce" && fails);
        for id in errors().map(|found| &found.id).collect::<BTreeSet<_>>() {
            // The catalogue bounds this map; a file that was not written by us does not.
            if self.findings.len() < MAX_IDS || self.findings.contains_key(id) {
                *self.findings.entry(id.clone()).or_default() += 1;
            }
        }
        if line.families.iter().any(|family| family == "tlsrpt") {
            self.asked_for_reports += 1;
            self.without_reports += u64::from(line.findings.iter().any(|found| found.id == NO_REPORTS));
        }
    }

    fn row(&self, key: &str, title: &str, domains: u64) -> Row {
        Row { key: key.to_owned(), title: title.to_owned(), domains, percent: percent(domains, self.records) }
    }

    /// The result.
    pub(super) fn told(&self) -> Told {
        let mut findings: Vec<Row> = self.findings.iter().map(|(id, count)| self.row(id, title(id), *count)).collect();
        findings.sort_by_key(|row| std::cmp::Reverse(row.domains));
        Told {
            lines: self.lines,
            invalid: self.invalid,
            unseen: self.unseen,
            without_record: self.absent,
            with_record: self.records,
            states: self.states.iter().map(|(state, count)| self.row(state, state, *count)).collect(),
            misconfigured: self.row("misconfigured", "misconfigured", self.faulty),
            delivery_failures: self.row(
                "delivery-failures",
                "enforced, and not every MX host takes mail under it",
                self.enforced_and_failing,
            ),
            causes: Cause::ALL
                .into_iter()
                .map(|cause| self.row(cause.key(), cause.title(), self.causes.get(&cause).copied().unwrap_or_default()))
                .collect(),
            findings,
            without_reports: Row {
                key: "without-reports".to_owned(),
                title: "no TLS reporting record".to_owned(),
                domains: self.without_reports,
                percent: percent(self.without_reports, self.asked_for_reports),
            },
        }
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let told = self.told();
        let mut page = format!("{STRONG}{} domains{STRONG:#}\n", told.lines);
        for (count, what) in [
            (told.invalid, "are no domain names"),
            (told.unseen, "could not be looked at"),
            (told.without_record, "have no _mta-sts record"),
            (told.with_record, "have one: percentages are of these"),
        ] {
            page.push_str(&format!("{count:>10}  {what}\n"));
        }
        let mut part = |head: &str, rows: &[&Row]| {
            if rows.is_empty() {
                return;
            }
            page.push_str(&format!("\n{STRONG}{head}{STRONG:#}\n"));
            for row in rows {
                let id = if row.key.contains('.') { format!("  {DIM}{}{DIM:#}", row.key) } else { String::new() };
                page.push_str(&format!("{:>10}  {:>5.1} %  {}{id}\n", row.domains, row.percent, row.title));
            }
        };
        part("State", &told.states.iter().collect::<Vec<_>>());
        part("Outcome", &[&told.misconfigured, &told.delivery_failures]);
        part("Errors by stage (a domain may fail at several)", &told.causes.iter().collect::<Vec<_>>());
        part("Errors by finding", &told.findings.iter().take(SHOWN).collect::<Vec<_>>());
        if self.asked_for_reports > 0 {
            part("Reporting", &[&told.without_reports]);
        }
        page
    }
}

/// Findings shown to people; JSON has all of them.
const SHOWN: usize = 25;
/// Ids counted at most.
const MAX_IDS: usize = 1000;
/// The finding of a domain that has no record.
const NO_RECORD: &str = "sts.record.absent";
/// The finding of a domain that has no TLS reporting record.
const NO_REPORTS: &str = "tlsrpt.absent";

/// What a finding is about, from the catalogue.
fn title(id: &str) -> &'static str {
    strictmx_engine::check::catalogue().find(|check| check.id == id).map_or("", |check| check.title)
}

/// One decimal.
fn percent(part: u64, whole: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts of domains are far below 2^52")]
    let share = if whole == 0 { 0.0 } else { part as f64 * 1000.0 / whole as f64 };
    share.round() / 10.0
}
