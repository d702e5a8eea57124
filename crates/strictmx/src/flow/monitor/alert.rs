//! What is told of an incident: the same for every receiver, as JSON in the store and to programs.
use serde::{Deserialize, Serialize};
use serde_json::Value;
use strictmx_engine::check::{Severity, Verdict, catalogue, incident};
use strictmx_io::store::monitor::NewAlert;

use super::Receivers;
use crate::when::rfc3339;

/// The receiver that is always there.
pub(super) const LOG: &str = "log";
/// The program.
pub(super) const WEBHOOK: &str = "webhook";
/// What stands before the address of people.
pub(super) const MAIL: &str = "mailto:";

/// One alert. A published form: fields are added, never changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Told {
    /// `raised`, `worse` or `all-clear`.
    pub(super) news: String,
    /// The domain.
    pub(super) domain: String,
    /// When the look was that it follows from.
    pub(super) at: String,
    /// Since when it is so, or was.
    pub(super) since: String,
    /// `error` or `warning`; of an all-clear, what it was.
    pub(super) severity: String,
    /// The finding's id.
    pub(super) id: String,
    /// What it is about; empty for the whole domain.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) subject: String,
    /// What is wrong, or was.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) title: String,
    /// What was seen last.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) seen: String,
    /// What to do.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) next_step: String,
    /// What to publish.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) publish: String,
    /// The whole finding, as `strictmx check` has it; not there for an all-clear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) finding: Option<Value>,
    /// How the domain is as a whole.
    pub(super) health: String,
    /// The same in a sentence.
    pub(super) summary: String,
}

impl Told {
    /// What is told of this news.
    pub(super) fn of(verdict: &Verdict, alert: &incident::Alert) -> Self {
        let title = catalogue().find(|check| check.id == alert.key.id).map_or("", |check| check.title);
        let finding = alert.finding.as_ref();
        Self {
            news: alert.news.as_str().to_owned(),
            domain: verdict.domain.to_string(),
            at: rfc3339(verdict.at),
            since: rfc3339(alert.since),
            severity: alert.severity.as_str().to_owned(),
            id: alert.key.id.clone(),
            subject: alert.key.subject.clone(),
            title: title.to_owned(),
            seen: alert.seen.clone(),
            next_step: finding.map_or_else(String::new, |finding| finding.next_step.to_string()),
            publish: finding.map_or_else(String::new, |finding| finding.publish.to_string()),
            finding: finding.and_then(|finding| serde_json::to_value(finding).ok()),
            health: verdict.health.as_str().to_owned(),
            summary: verdict.summary.clone(),
        }
    }

    /// Whether it is over.
    pub(super) fn is_all_clear(&self) -> bool {
        self.news == incident::News::AllClear.as_str()
    }

    /// Whether it is an error, or was.
    pub(super) fn is_error(&self) -> bool {
        self.severity == Severity::Error.as_str()
    }

    /// What is wrong with what, in a few words.
    pub(super) fn heading(&self) -> String {
        let title = if self.title.is_empty() { &self.id } else { &self.title };
        if self.subject.is_empty() { title.clone() } else { format!("{title} ({})", self.subject) }
    }
}

/// What is to be told to each receiver.
pub(super) fn for_all(receivers: &Receivers, verdict: &Verdict, alerts: &[incident::Alert]) -> Vec<NewAlert> {
    let names = names(receivers);
    let bodies = alerts.iter().filter_map(|alert| serde_json::to_string(&Told::of(verdict, alert)).ok());
    bodies
        .flat_map(|body| names.iter().map(move |receiver| NewAlert { receiver: receiver.clone(), body: body.clone() }))
        .collect()
}

/// The words that receivers have in the store.
fn names(receivers: &Receivers) -> Vec<String> {
    let webhook = receivers.webhook.iter().map(|_| WEBHOOK.to_owned());
    let mail = receivers.mail.iter().flat_map(|mail| mail.to.iter().map(|to| format!("{MAIL}{to}")));
    [LOG.to_owned()].into_iter().chain(webhook).chain(mail).collect()
}
