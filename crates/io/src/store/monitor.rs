//! What is kept of domains that are watched: which pairs of record and policy were seen when, the incidents, and what has been
//! told of them to whom.
//!
//! A look is written whole or not at all: the incidents it changed and the alerts that follow from them. Alerts wait in the
//! store until each receiver has confirmed, so that nothing that was decided is lost with the process.
use strictmx_engine::check::incident::{Incident, Key};
use strictmx_engine::check::observations::Span;
use strictmx_engine::time::Timestamp;
use strictmx_proto::name::Domain;

/// Pairs of id and text kept for a domain; the oldest make room.
pub const SPANS_PER_DOMAIN: usize = 200;
/// Alerts kept, told or not; the oldest make room.
pub const ALERTS: usize = 100_000;
/// How long an alert is kept, seconds.
pub const ALERT_LIFE: u64 = 90 * 86_400;
/// How long a domain is remembered that nobody looks at any more, seconds.
pub const WATCH_LIFE: u64 = 400 * 86_400;

/// What one look at a domain came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// The domain.
    pub domain: Domain,
    /// When.
    pub at: Timestamp,
    /// The record's id and the policy's text; `None`: it could not be told.
    pub pair: Option<Pair>,
    /// All its incidents, in the place of those before.
    pub incidents: Vec<(Key, Incident)>,
    /// What is to be told, one for each receiver.
    pub alerts: Vec<NewAlert>,
}

/// What a domain has published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The record's id; `None`: no valid record.
    pub id: Option<String>,
    /// The policy's text; `None`: none could be fetched.
    pub text: Option<String>,
}

/// An alert to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAlert {
    /// Whom, in a word such as `webhook` or `mailto:ops@example.com`.
    pub receiver: String,
    /// What, JSON.
    pub body: String,
}

/// What is known of a domain that is watched.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Watched {
    /// When it was looked at last.
    pub at: Option<Timestamp>,
    /// What it has published, oldest first.
    pub spans: Vec<Span>,
    /// Its incidents.
    pub incidents: Vec<(Key, Incident)>,
}

/// An alert, and how far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertRow {
    /// Its number; never given twice.
    pub number: u64,
    /// The domain.
    pub domain: Domain,
    /// When the look was that it follows from.
    pub at: Timestamp,
    /// Whom.
    pub receiver: String,
    /// What, JSON.
    pub body: String,
    /// How often it was tried.
    pub tries: u32,
    /// How far it is.
    pub state: AlertState,
}

/// How far an alert is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlertState {
    /// To be told at this time.
    Due(Timestamp),
    /// The receiver confirmed it at this time.
    Told(Timestamp),
    /// Given up at this time, and why.
    GivenUp(Timestamp, String),
}

/// One attempt to tell an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The alert.
    pub number: u64,
    /// What is to be noted of it.
    pub state: AlertState,
}
