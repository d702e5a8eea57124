//! What people ask a reporter for: to send now, to send once more, to hear of a bounce.
use strictmx_engine::report::{Day, outcome::State};
use strictmx_io::store::{
    self,
    outgoing::{DestinationRow, ReportRow, ReportState, Which},
};
use strictmx_proto::name::Domain;

use super::{Inner, Reporter, compose, deliver, plan};
use crate::telemetry::{ReportFate, Reporting};

/// Reports that are sent at once at most, when nobody names domains.
const MOST: usize = 200_000;

/// A report and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The report.
    pub report: ReportRow,
    /// Its destinations.
    pub destinations: Vec<DestinationRow>,
}

/// Why an errand was not done.
#[derive(Debug, thiserror::Error)]
pub enum ErrandError {
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// There is nothing to send.
    #[error("there is no report about {domain} for {day}; `strictmx report list` shows which there are")]
    NoReport {
        /// About whom.
        domain: Domain,
        /// Of which day.
        day: Day,
    },
}

/// What a mail came to that may be a bounce.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bounced {
    /// This report did not arrive there; the address is left in peace for a while.
    Noted {
        /// The report.
        report: ReportRow,
        /// The destination.
        uri: String,
        /// Why.
        why: String,
    },
    /// Nothing follows from it, and why.
    Nothing(&'static str),
}

impl Reporter {
    /// Reports that wait: of one day or all, about some domains or all. Finished days are composed first.
    ///
    /// # Errors
    /// [`ErrandError::Store`].
    pub async fn waiting(&self, day: Option<Day>, domains: &[Domain]) -> Result<Vec<ReportRow>, ErrandError> {
        let inner = &*self.0;
        let _round = inner.round.lock().await;
        compose::finished_days(inner).await?;
        let all = [None];
        let named: Vec<Option<Domain>> = domains.iter().cloned().map(Some).collect();
        let mut found = Vec::new();
        for domain in if named.is_empty() { &all[..] } else { &named } {
            for state in [ReportState::Composed, ReportState::Sending] {
                let which = Which { day, domain: domain.clone(), state: Some(state), id: None };
                found.extend(inner.store.reports(which, MOST).await?);
            }
        }
        Ok(found)
    }

    /// Tries these reports now, whenever they are due, and tells where they stand then.
    ///
    /// # Errors
    /// [`ErrandError::Store`].
    pub async fn send(&self, reports: Vec<ReportRow>) -> Result<Vec<Outcome>, ErrandError> {
        let inner = &*self.0;
        let _round = inner.round.lock().await;
        let numbers: Vec<u64> = reports.iter().map(|report| report.number).collect();
        // As they stand now: since they were listed, others may have been at them.
        let mut reports = Vec::with_capacity(numbers.len());
        for number in &numbers {
            reports.extend(inner.store.report(*number).await?);
        }
        plan::these(inner, reports.iter().filter(|report| report.due.is_some()).cloned().collect()).await?;
        let mut due = Vec::new();
        for report in reports {
            let all = inner.store.destinations(report.number).await?;
            due.extend(all.into_iter().filter(|one| one.state == State::Due).map(|one| (report.clone(), one)));
        }
        deliver::these(inner, due).await?;
        outcomes(inner, &numbers).await
    }

    /// Sends reports about a domain and day once more, whatever became of them: the same octets, with the same id, to whoever
    /// wants them now. Addresses that refused them are left in peace no longer.
    ///
    /// # Errors
    /// [`ErrandError`].
    pub async fn resend(&self, day: Day, domain: &Domain) -> Result<Vec<Outcome>, ErrandError> {
        let which = Which { day: Some(day), domain: Some(domain.clone()), ..Which::default() };
        let found = self.0.store.reports(which.clone(), MOST).await?;
        let sendable: Vec<ReportRow> = found.into_iter().filter(|report| report.id.is_some()).collect();
        if sendable.is_empty() {
            return Err(ErrandError::NoReport { domain: domain.clone(), day });
        }
        for report in &sendable {
            for destination in self.0.store.destinations(report.number).await? {
                self.0.store.end_silence(&destination.uri).await?;
            }
            self.0.store.resend(report.number, self.0.now()).await?;
        }
        self.send(sendable).await
    }

    /// A report came back, with these tokens in the bounce: its address is left in peace for a while.
    ///
    /// # Errors
    /// [`ErrandError::Store`].
    pub async fn bounced(&self, tokens: &[String], why: &str) -> Result<Bounced, ErrandError> {
        let inner = &*self.0;
        for token in tokens {
            let Some((report, destination)) = inner.store.bounced(token, why, inner.now()).await? else {
                continue;
            };
            inner.tell(Reporting::Tried {
                domain: &report.domain,
                day: report.day,
                to: &destination.uri,
                fate: ReportFate::Bounced,
                said: why,
            });
            return Ok(Bounced::Noted { report, uri: destination.uri, why: why.to_owned() });
        }
        Ok(Bounced::Nothing("it names no report of ours"))
    }
}

async fn outcomes(inner: &Inner, numbers: &[u64]) -> Result<Vec<Outcome>, ErrandError> {
    let mut outcomes = Vec::with_capacity(numbers.len());
    for number in numbers {
        if let Some(report) = inner.store.report(*number).await? {
            outcomes.push(Outcome { report, destinations: inner.store.destinations(*number).await? });
        }
    }
    Ok(outcomes)
}
