//! The four forms of a result: how one outcome is written, and what stands before, between and after several.
use std::sync::Arc;

use serde::Serialize;
use strictmx_engine::check::{Observations, Verdict};

use super::{
    outcome::{Detail, Failed, Judged, Outcome, Totals},
    sarif, text,
};
use crate::cli::CheckFormat;

/// Whether one domain was asked about, or several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plural {
    /// One.
    One,
    /// Several, or a list.
    Many,
}

/// How results are written.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    /// The form.
    pub(super) format: CheckFormat,
    /// How much.
    pub(super) detail: Detail,
    /// How many domains.
    pub(super) plural: Plural,
    /// Columns of the terminal.
    pub(super) width: usize,
    /// The policy file, for the places of a SARIF log.
    pub(super) file: Option<Arc<str>>,
}

impl Shape {
    /// What stands before the first.
    pub(super) fn head(&self) -> Result<String, serde_json::Error> {
        Ok(match (self.format, self.plural) {
            (CheckFormat::Json, Plural::Many) => "{\"domains\":[\n".to_owned(),
            (CheckFormat::Sarif, _) => sarif::head()?,
            _ => String::new(),
        })
    }

    /// What stands between two that are not empty.
    pub(super) const fn between(&self) -> &'static str {
        match (self.format, self.plural) {
            (CheckFormat::Json, Plural::Many) | (CheckFormat::Sarif, _) => ",\n",
            _ => "",
        }
    }

    /// What stands after the last.
    pub(super) fn tail(&self, totals: &Totals) -> String {
        match (self.format, self.plural) {
            (CheckFormat::Json, Plural::Many) => "\n]}\n".to_owned(),
            (CheckFormat::Sarif, _) => sarif::tail(totals),
            (CheckFormat::Text, Plural::Many) => format!("\n{}\n", totals.sentence()),
            _ => String::new(),
        }
    }

    /// One outcome.
    pub(super) fn one(&self, outcome: &Outcome) -> Result<String, serde_json::Error> {
        match (self.format, outcome) {
            (CheckFormat::Text, Outcome::Judged(judged)) => Ok(match (self.plural, self.detail) {
                (Plural::Many, Detail::Brief) => text::line(judged, self.width),
                (Plural::Many, Detail::Full) => text::page(judged, self.detail, self.width) + "\n",
                (Plural::One, _) => text::page(judged, self.detail, self.width),
            }),
            (CheckFormat::Text, Outcome::Failed(failed)) => Ok(text::failed(failed)),
            (CheckFormat::Json | CheckFormat::Jsonl, Outcome::Judged(judged)) => self.json(judged),
            (CheckFormat::Json | CheckFormat::Jsonl, Outcome::Failed(failed)) => self.json_failed(failed),
            (CheckFormat::Sarif, Outcome::Judged(judged)) => sarif::results(&judged.verdict, self.file.as_deref()),
            (CheckFormat::Sarif, Outcome::Failed(_)) => Ok(String::new()),
        }
    }

    fn json(&self, judged: &Judged) -> Result<String, serde_json::Error> {
        let observations = match self.detail {
            Detail::Brief => None,
            Detail::Full => Some(&judged.seen),
        };
        self.value(&Told { verdict: &judged.verdict, observations })
    }

    fn json_failed(&self, failed: &Failed) -> Result<String, serde_json::Error> {
        self.value(failed)
    }

    fn value(&self, value: &impl Serialize) -> Result<String, serde_json::Error> {
        match (self.format, self.plural) {
            (CheckFormat::Json, Plural::One) => serde_json::to_string_pretty(value).map(|json| json + "\n"),
            (CheckFormat::Json, Plural::Many) => serde_json::to_string(value),
            _ => serde_json::to_string(value).map(|json| json + "\n"),
        }
    }
}

/// A verdict as JSON has it; with `-v` what it rests on comes along.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    verdict: &'a Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    observations: Option<&'a Observations>,
}
