//! Verdicts for people: one line that says how it stands, then what to do, worst first; with `-v` the reasons and what was seen.
mod facts;
mod wrap;

use std::fmt::{Display, Write as _};

use strictmx_engine::check::{
    Finding, Health, Severity,
    senders::{Reading, Reads},
    suggest::Suggestion,
};
use strictmx_proto::name::Domain;

use self::wrap::{clean, wrapped};
use super::outcome::{Detail, Failed, Judged, count};
use crate::{
    cli::output::{BAD, DIM, GOOD, STRONG, WARN},
    when::span,
};

/// Columns that findings are indented by.
const INDENT: usize = 2;

/// Text being put together.
#[derive(Default)]
struct Page {
    text: String,
    width: usize,
}

impl Page {
    fn line(&mut self, text: impl Display) {
        // Writing to a String cannot fail.
        let _never_fails = writeln!(self.text, "{text}");
    }

    /// A paragraph, indented, broken at the terminal's width; `first` stands in the margin before its first line.
    fn paragraph(&mut self, indent: usize, first: &str, text: &str) {
        let room = self.width.saturating_sub(indent + first.chars().count()).max(wrap::LEAST);
        let margin = " ".repeat(first.chars().count());
        for (number, line) in wrapped(&clean(text), room).into_iter().enumerate() {
            let before = if number == 0 { first } else { margin.as_str() };
            self.line(format_args!("{:indent$}{before}{line}", ""));
        }
    }

    /// Lines that are to be copied as they are.
    fn verbatim(&mut self, indent: usize, text: &str) {
        for line in text.lines() {
            self.line(format_args!("{:indent$}{}", "", clean(line)));
        }
    }
}

/// Everything about one domain.
pub(super) fn page(judged: &Judged, detail: Detail, width: usize) -> String {
    let mut page = Page { width, ..Page::default() };
    let verdict = &judged.verdict;
    headline(&mut page, judged);
    let is_told = verdict.findings.iter().any(|finding| finding.check.id == "sts.policy.senders-disagree");
    if let Some(line) = disagreement(&verdict.senders).filter(|_| !is_told) {
        page.paragraph(INDENT, "", &line);
    }
    for one in verdict.findings.iter().filter(|one| one.severity > Severity::Info || detail == Detail::Full) {
        page.line("");
        finding(&mut page, one, detail);
    }
    let errors = count(verdict, Severity::Error) > 0;
    if let Some(suggestion) = verdict.suggestion.as_ref().filter(|_| errors || detail == Detail::Full) {
        suggested(&mut page, &verdict.domain, suggestion);
    }
    match detail {
        Detail::Full => {
            senders(&mut page, &verdict.senders);
            facts::all(&mut page, &judged.seen);
        }
        Detail::Brief => hint(&mut page, judged),
    }
    page.text
}

/// One domain of several: its line, and its errors.
pub(super) fn line(judged: &Judged, width: usize) -> String {
    let mut page = Page { width, ..Page::default() };
    headline(&mut page, judged);
    for error in judged.verdict.findings.iter().filter(|one| one.severity == Severity::Error) {
        page.line(head(error));
        page.paragraph(2 * INDENT, "", &error.seen);
    }
    page.text
}

/// A line of a list without a verdict.
pub(super) fn failed(failed: &Failed) -> String {
    format!("{STRONG}{}{STRONG:#}  {BAD}no verdict{BAD:#}: {}\n", clean(&failed.domain), clean(&failed.error))
}

/// `example.com  enforce, broken: 2 errors; mail to mx2.example.com would be refused`.
fn headline(page: &mut Page, judged: &Judged) {
    let verdict = &judged.verdict;
    let (head, rest) = verdict.summary.split_once(':').unwrap_or((&verdict.summary, ""));
    let head = if judged.is_unseen() { "could not look" } else { head };
    let colour = match verdict.health {
        Health::Healthy => GOOD,
        Health::AtRisk => WARN,
        Health::Broken => BAD,
        Health::Unknown => STRONG,
    };
    let plain = format!("{}  {head}", verdict.domain);
    let lines = wrapped(&clean(&format!("{}\u{a0}\u{a0}{head}:{rest}", verdict.domain)), page.width.max(wrap::LEAST));
    for (number, line) in lines.into_iter().enumerate() {
        let line = line.replace('\u{a0}', " ");
        match line.strip_prefix(&plain).filter(|_| number == 0) {
            Some(after) => {
                page.line(format_args!("{STRONG}{}{STRONG:#}  {colour}{head}{colour:#}{after}", verdict.domain));
            }
            None => page.line(format_args!("{:1$}{line}", "", if number == 0 { 0 } else { INDENT })),
        }
    }
}

/// How many notes there are, which `-v` shows.
fn hint(page: &mut Page, judged: &Judged) {
    let notes = match count(&judged.verdict, Severity::Info) {
        0 => return,
        1 => "1 note".to_owned(),
        n => format!("{n} notes"),
    };
    page.line(format_args!("\n{DIM}{notes}, the reasons and everything that was seen: -v{DIM:#}"));
}

/// `error    sts.policy.mx-uncovered  mx.example.com`.
fn head(finding: &Finding) -> String {
    let style = match finding.severity {
        Severity::Error => BAD,
        Severity::Warning => WARN,
        Severity::Info => DIM,
    };
    let word = match finding.severity {
        Severity::Info => "note",
        other => other.as_str(),
    };
    let subject = clean(&finding.subject);
    let between = if subject.is_empty() { "" } else { "  " };
    format!("{:INDENT$}{style}{word}{style:#}  {STRONG}{}{STRONG:#}{between}{subject}", "", finding.check.id)
}

fn finding(page: &mut Page, finding: &Finding, detail: Detail) {
    const INNER: usize = 2 * INDENT;
    page.line(head(finding));
    page.paragraph(INNER, "", &finding.seen);
    if detail == Detail::Full {
        page.paragraph(INNER, "why: ", finding.check.why);
        let by = if finding.check.requirement.is_empty() { "practice" } else { finding.check.requirement };
        page.paragraph(INNER, "", &format!("whose: {}; rule: {by}", finding.check.side.as_str()));
    }
    if !finding.next_step.is_empty() {
        page.paragraph(INNER, "→ ", &finding.next_step);
    }
    page.verbatim(INNER + INDENT, &finding.publish);
}

fn suggested(page: &mut Page, domain: &Domain, suggestion: &Suggestion) {
    page.line(format_args!("\n{STRONG}Suggested{STRONG:#}"));
    for because in &suggestion.because {
        page.paragraph(INDENT, "", because);
    }
    page.line(format_args!("{:INDENT$}{DIM}https://mta-sts.{domain}/.well-known/mta-sts.txt{DIM:#}", ""));
    page.verbatim(2 * INDENT, &suggestion.policy);
    let records = [&suggestion.record, &suggestion.tlsrpt];
    if records.iter().any(|record| !record.is_empty()) {
        page.line(format_args!("{:INDENT$}{DIM}records{DIM:#}", ""));
        for record in records {
            page.verbatim(2 * INDENT, record);
        }
    }
}

//----------- Senders -----------------------------------------------------

/// What a sender does with the policy, in a few words.
fn reads(reading: &Reading) -> String {
    match &reading.verdict {
        Reads::Policy { mode, .. } => format!("read it as {mode}"),
        Reads::Rejects { .. } => "reject it".to_owned(),
    }
}

/// One sentence where senders make different things of the policy.
fn disagreement(readings: &[Reading]) -> Option<String> {
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for reading in readings {
        let words = reads(reading);
        match groups.iter_mut().find(|(known, _)| *known == words) {
            Some((_, names)) => names.push(reading.sender),
            None => groups.push((words, vec![reading.sender])),
        }
    }
    if groups.len() < 2 {
        return None;
    }
    groups.sort_by_key(|(_, names)| names.len());
    let parts: Vec<String> = groups.iter().map(|(words, names)| format!("{} {words}", names.join(", "))).collect();
    Some(format!("Senders disagree about the policy: {}.", parts.join("; ")))
}

fn senders(page: &mut Page, readings: &[Reading]) {
    if readings.is_empty() {
        return;
    }
    page.line(format_args!("\n{STRONG}Senders{STRONG:#}"));
    let columns = readings.iter().map(|reading| reading.sender.len() + reading.version.len() + 1).max().unwrap_or(0);
    for reading in readings {
        let name = format!("{} {}", reading.sender, reading.version);
        let what = match &reading.verdict {
            Reads::Policy { mode, kept } => format!("{mode}, kept for {}", span(*kept)),
            Reads::Rejects { why } => format!("rejects it: {why}"),
        };
        let refuses = match reading.refuses.as_slice() {
            [] => String::new(),
            hosts => format!("; does not deliver to {}", hosts.join(", ")),
        };
        page.paragraph(INDENT, &format!("{name:columns$}  "), &(what + &refuses));
        for note in &reading.notes {
            page.paragraph(INDENT + columns + 2, "", note);
        }
    }
}
