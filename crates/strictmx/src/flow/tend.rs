//! Tending the cache while the daemon runs: what `strictmx cache …` asks for through the control socket.
//!
//! One JSON request line, any number of JSON lines back: one a policy for `list`, one a domain otherwise.
use serde_json::{Value, json};
use strictmx_engine::lookup::{Known, Verdict};
use strictmx_io::control::{Gone, Handler, Replies};
use strictmx_proto::name::Domain;

use super::{
    background,
    card::Card,
    desk::{Desk, Errand},
    report_out::Reporter,
};
use crate::telemetry::Event;

/// History and failures shown of one domain.
const SHOWN: usize = 50;

/// Carries out commands on the cache, and hands those about reports on.
#[derive(Clone)]
pub struct Tender {
    /// Whose cache it is.
    pub desk: Desk,
    /// Who sends reports.
    pub reporter: Option<Reporter>,
}

impl Handler for Tender {
    async fn handle(&self, request: Value, replies: &mut Replies) -> Result<(), Gone> {
        if request.get("do").and_then(Value::as_str).is_some_and(|what| what.starts_with("report-")) {
            return match &self.reporter {
                Some(reporter) => Box::pin(reporter.tend(&request, replies)).await,
                None => {
                    let why = "the daemon sends no reports: there is no [reporter] section in its config";
                    replies.send(&json!({ "error": why })).await
                }
            };
        }
        let domains = match domains(&request) {
            Ok(_) if request.get("all").is_some_and(|all| all == true) => self.kept(),
            Ok(domains) => domains,
            Err(error) => return replies.send(&json!({ "error": error })).await,
        };
        match request.get("do").and_then(Value::as_str) {
            Some("list") => self.list(&domains, replies).await,
            Some("show") => self.each(domains, replies, Self::show).await,
            Some("refresh") => self.each(domains, replies, Self::refresh).await,
            Some("purge") => self.each(domains, replies, Self::purge).await,
            Some("reread") => {
                let loaded = background::warm(&self.desk).await;
                self.desk.telemetry().emit(Event::CacheChanged { done: "imported", count: loaded });
                replies.send(&json!({ "loaded": loaded })).await
            }
            other => replies.send(&json!({ "error": format!("unknown command {other:?}") })).await,
        }
    }
}

/// The `domains` of a request, as A-labels.
fn domains(request: &Value) -> Result<Vec<Domain>, String> {
    let Some(list) = request.get("domains").and_then(Value::as_array) else { return Ok(Vec::new()) };
    list.iter()
        .map(|name| {
            let name = name.as_str().unwrap_or_default();
            Domain::parse(name).map_err(|error| format!("{name:?} is no domain name: {error}"))
        })
        .collect()
}

impl Tender {
    async fn list(&self, only: &[Domain], replies: &mut Replies) -> Result<(), Gone> {
        let mut kept = if only.is_empty() { self.kept() } else { only.to_vec() };
        kept.sort();
        for domain in kept {
            if let Some(card) = self.desk.card_or_stored(&domain).await
                && card.known.entry.is_some()
            {
                replies.send(&summary(&domain, &card)).await?;
            }
        }
        Ok(())
    }

    fn kept(&self) -> Vec<Domain> {
        self.desk.kept_policies()
    }

    async fn each<F>(
        &self,
        domains: Vec<Domain>,
        replies: &mut Replies,
        act: impl Fn(Self, Domain) -> F,
    ) -> Result<(), Gone>
    where
        F: Future<Output = Value>,
    {
        for domain in domains {
            let told = act(self.clone(), domain).await;
            replies.send(&told).await?;
        }
        Ok(())
    }

    async fn show(self, domain: Domain) -> Value {
        let store = self.desk.store();
        let mut shown = match self.desk.card_or_stored(&domain).await {
            Some(card) => summary(&domain, &card),
            None => json!({ "domain": domain.as_str(), "known": false }),
        };
        let history = store.history(&domain, SHOWN).await;
        let probes = store.probes_of(&domain, SHOWN).await;
        if let Some(fields) = shown.as_object_mut() {
            match history {
                Ok(rows) => {
                    fields.insert("history".into(), rows.iter().map(event).collect());
                }
                Err(error) => {
                    fields.insert("history-error".into(), error.to_string().into());
                }
            }
            if let Ok(rows) = probes {
                fields.insert("sessions".into(), rows.iter().map(session).collect());
            }
        }
        shown
    }

    async fn refresh(self, domain: Domain) -> Value {
        match self.desk.run(&domain, Errand::Refresh).await {
            Some(landed) => {
                let mut told = summary(&domain, &landed.card);
                if let (Some(fields), Verdict::None(why)) = (told.as_object_mut(), &landed.verdict) {
                    fields.insert("no-policy".into(), why.to_string().into());
                }
                told
            }
            None => {
                json!({ "domain": domain.as_str(), "error": "the look-up was broken off; the daemon is stopping or has logged why" })
            }
        }
    }

    async fn purge(self, domain: Domain) -> Value {
        match self.desk.purge(&domain).await {
            Ok(()) => {
                self.desk.telemetry().emit(Event::CacheChanged { done: "purged", count: 1 });
                json!({ "domain": domain.as_str(), "purged": true })
            }
            Err(error) => json!({ "domain": domain.as_str(), "error": error }),
        }
    }
}

fn event(row: &strictmx_io::store::HistoryRow) -> Value {
    let detail: Value = serde_json::from_str(&row.detail).unwrap_or_else(|_| row.detail.clone().into());
    json!({ "at": row.at.0, "kind": row.kind, "detail": detail })
}

fn session(row: &strictmx_io::store::ProbeRow) -> Value {
    let seen: Value = serde_json::from_str(&row.seen).unwrap_or_else(|_| row.seen.clone().into());
    json!({ "at": row.at.0, "host": row.host, "result": row.result_type, "reason": row.reason, "seen": seen })
}

/// What a list shows of one domain.
fn summary(domain: &Domain, card: &Card) -> Value {
    let known: &Known = &card.known;
    let mut told = json!({ "domain": domain.as_str(), "known": true, "asked": known.asked.0, "used": card.used().0 });
    let Some(fields) = told.as_object_mut() else { return told };
    if let Some(entry) = &known.entry {
        fields.insert("mode".into(), entry.policy.mode.as_str().into());
        fields.insert("id".into(), entry.id.as_deref().into());
        fields.insert("mx".into(), entry.policy.mx.iter().map(ToString::to_string).collect());
        fields.insert("max-age".into(), entry.policy.max_age.into());
        fields.insert("fetched".into(), entry.fetched.0.into());
        fields.insert("expires".into(), entry.expires.0.into());
        fields.insert("lines".into(), entry.policy.text().split('\n').collect());
    }
    if let Some(backoff) = &known.backoff {
        fields.insert("failures".into(), backoff.count.into());
        fields.insert("last-failure".into(), backoff.why.to_string().into());
        fields.insert("next-try-after".into(), backoff.until.0.into());
    }
    told
}
