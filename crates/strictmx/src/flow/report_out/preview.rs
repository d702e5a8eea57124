//! What would be sent about a domain's day: composed as it would be, and kept nowhere.
use strictmx_engine::{
    report::{
        Day, DomainDay, Scope,
        compose::{self, ComposeError, Composed},
    },
    time::Timestamp,
};
use strictmx_io::store::{self, Store};
use strictmx_proto::{
    gzip::Compressor,
    mail::{Address, Message},
    name::Domain,
    tlsrpt::{Record, Report, Rua, mail::Letter},
};

use super::Rules;

/// What would be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// What was counted.
    pub counted: DomainDay,
    /// The report.
    pub report: Report,
    /// As it would leave.
    pub composed: Composed,
}

/// Why there is nothing to show.
#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// No counts.
    #[error("nothing was counted about {0}; `strictmx report today` shows what was")]
    Nothing(Domain),
    /// No report.
    #[error("there is no report: {0}")]
    Compose(#[from] ComposeError),
}

/// Composes a domain's day: the one named, or the newest with counts.
///
/// # Errors
/// [`PreviewError`].
pub async fn preview(
    store: &dyn Store,
    rules: &Rules,
    day: Option<Day>,
    domain: &Domain,
    scope: Scope,
) -> Result<Preview, PreviewError> {
    let days = match day {
        Some(day) => vec![day],
        None => store.days().await?.into_iter().rev().map(|(day, _)| day).collect(),
    };
    for day in days {
        if let Some(counted) = store.domain_day(day, domain, scope).await? {
            let report = compose::report(&rules.reporter, &counted);
            let composed = compose::compose(&rules.reporter, &counted, &mut Compressor::new())?;
            return Ok(Preview { counted, report, composed });
        }
    }
    Err(PreviewError::Nothing(domain.clone()))
}

impl Preview {
    /// The mail that would carry it to the first mailbox of the recorded record, or to the contact when there is none.
    ///
    /// # Errors
    /// A sentence.
    pub fn mail(&self, rules: &Rules, now: Timestamp) -> Result<Message, String> {
        let record = self.counted.record.as_deref().and_then(|text| Record::parse(text.as_bytes())?.ok());
        let mailbox = record.into_iter().flat_map(|record| record.rua).find_map(|rua| match rua {
            Rua::Mailto(address) => Address::parse(&address).ok(),
            Rua::Https(_) => None,
        });
        let to = mailbox.unwrap_or_else(|| rules.reporter.contact.clone());
        let letter = Letter {
            report: &self.report,
            gzip: &self.composed.gzip,
            domain: &self.counted.domain,
            from: &rules.from,
            to: &to,
            date: now.0,
        };
        let message = letter.compose().map_err(|error| error.to_string())?;
        rules.sign(message, now.0)
    }
}
