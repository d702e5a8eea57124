//! What is kept of TLS reports on their way out: the reports themselves, where each is to go, and which addresses are left in
//! peace.
//!
//! A report is written once, with the octets that go out on every attempt. Its destinations follow when it is due. Whatever an
//! attempt came to is written in one piece: the destination, the report's state, the address's silence, and what was handed
//! over that day. An attempt is written down before it is made, with the moment of the next: so a process that is killed at any
//! moment has lost nothing, sends nothing twice but what it was sending, and that no sooner than after a pause; a store that takes
//! nothing, such as one on a full disk, lets nothing go out that could not be noted; and of two processes one makes the attempt.
use futures_util::future::BoxFuture;
use strictmx_engine::report::outcome::{Silence, State, Strike};
use strictmx_engine::report::{Counts, Day, Scope};
use strictmx_engine::time::Timestamp;
use strictmx_proto::name::Domain;

use super::Result;

/// How long the silence of an address is remembered after it has ended, seconds: whoever is struck again meanwhile is left in
/// peace for longer.
pub const SILENCE_LIFE: u64 = 60 * 86_400;
/// How long it is remembered what left on a day, days.
pub const HANDED_LIFE: u32 = 30;

/// A domain's day, looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReport {
    /// The day.
    pub day: Day,
    /// The domain.
    pub domain: Domain,
    /// As what it is told.
    pub scope: Scope,
    /// When it was looked at.
    pub at: Timestamp,
    /// What came of it.
    pub made: Made,
}

/// What came of a domain's day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Made {
    /// A report.
    Report {
        /// Its id.
        id: String,
        /// Its octets.
        gzip: Box<[u8]>,
        /// The TLSRPT record of that day.
        record: Option<Box<str>>,
        /// Sessions in it.
        sessions: Counts,
        /// When it is to leave.
        due: Timestamp,
    },
    /// None, and why.
    Withheld(String),
}

/// How far a report is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReportState {
    /// It waits for its time.
    Composed,
    /// Its destinations are known, and some are still to be tried.
    Sending,
    /// Settled: one destination at least has it (TLSRPT-3-19).
    Sent,
    /// Settled: none has it.
    Failed,
    /// There is none to send.
    Withheld,
}

impl ReportState {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Composed, Self::Sending, Self::Sent, Self::Failed, Self::Withheld];

    /// The word in the store, in JSON and in text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Composed => "composed",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Withheld => "withheld",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// A report, without its octets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportRow {
    /// Its number; never given twice.
    pub number: u64,
    /// The day.
    pub day: Day,
    /// The domain.
    pub domain: Domain,
    /// As what it is told.
    pub scope: Scope,
    /// How far it is.
    pub state: ReportState,
    /// When it was made.
    pub made: Timestamp,
    /// Sessions in it.
    pub sessions: Counts,
    /// When its destinations are to be looked up.
    pub due: Option<Timestamp>,
    /// How often that was tried in vain.
    pub tries: u32,
    /// Why it is withheld, or what the last look-up came to.
    pub why: Option<String>,
    /// Its id; `None`: withheld.
    pub id: Option<String>,
    /// The TLSRPT record of that day.
    pub record: Option<String>,
}

/// Where a report is to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDestination {
    /// The address, as `mailto:` or `https:` URI.
    pub uri: String,
    /// Who takes it: the domain of a mailbox, or a host.
    pub host: String,
    /// What it counts as against the cap of a day.
    pub counts_as: String,
    /// For the envelope's sender.
    pub token: String,
    /// Why it is not tried; `None`: it is.
    pub skip: Option<String>,
}

/// What follows for a report that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The report.
    pub number: u64,
    /// When that was decided.
    pub at: Timestamp,
    /// What follows.
    pub next: Next,
}

/// What follows for a report that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// It goes to these.
    Send(Vec<NewDestination>),
    /// Its destinations are looked up again then, since the look-up failed.
    Later(Timestamp, String),
    /// It is not sent, and why.
    Withhold(String),
}

/// A destination of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DestinationRow {
    /// The report.
    pub report: u64,
    /// The address.
    pub uri: String,
    /// Who takes it.
    pub host: String,
    /// How far it is.
    pub state: State,
    /// How often it was tried, or began to be.
    pub tries: u32,
    /// When it was due for the first time.
    pub first: Timestamp,
    /// When it is to be tried.
    pub next: Option<Timestamp>,
    /// When it was tried last.
    pub last: Option<Timestamp>,
    /// What came of that.
    pub said: Option<String>,
    /// For the envelope's sender.
    pub token: String,
}

/// An attempt that is about to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The report.
    pub report: u64,
    /// The destination.
    pub uri: String,
    /// When it was to be tried, as it was read.
    pub seen: Option<Timestamp>,
    /// When to try again, should nobody hear of this attempt any more.
    pub again: Timestamp,
}

/// Whether an attempt is ours to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claimed {
    /// It is.
    Yes,
    /// Somebody else makes it, or has made it.
    No,
}

/// What an attempt came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// The report.
    pub report: u64,
    /// The destination.
    pub uri: String,
    /// When.
    pub at: Timestamp,
    /// Its new state.
    pub state: State,
    /// When to try again.
    pub next: Option<Timestamp>,
    /// What was said.
    pub said: String,
    /// Whether it was tried at all.
    pub attempt: Tried,
    /// What the address has earned.
    pub strike: Strike,
    /// The domain that a mail was handed over for.
    pub mailed: Option<Domain>,
}

/// Whether a destination was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tried {
    /// It was.
    Yes,
    /// It was not, for a reason of ours.
    No,
}

/// What is known already of a domain's day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Whether it has been looked at.
    pub reported: Reported,
    /// Mails with reports that were handed over that day for addresses at the domain; of an MX host, for those at domains whose
    /// sessions were held to a policy of the host's.
    pub mails: u64,
}

/// Whether a domain's day has been looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reported {
    /// It has.
    Yes,
    /// Not yet.
    No,
}

/// Which reports to list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Which {
    /// Of this day.
    pub day: Option<Day>,
    /// Of this domain.
    pub domain: Option<Domain>,
    /// With this id.
    pub id: Option<String>,
    /// As far as this.
    pub state: Option<ReportState>,
}

/// How much is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stand {
    /// Reports that wait for their time.
    pub composed: u64,
    /// Destinations that are to be tried.
    pub due: u64,
    /// When the oldest of them was due first.
    pub oldest: Option<Timestamp>,
    /// Addresses that are left in peace.
    pub silenced: u64,
}

/// Keeps reports on their way out. Dropping one of these futures does not undo the work.
pub trait Outgoing: Send + Sync {
    /// The secret that is kept, or `fresh` from now on.
    fn secret(&self, fresh: [u8; 32]) -> BoxFuture<'static, Result<[u8; 32]>>;

    /// Days of which domains have been looked at, with their number.
    fn reported_days(&self) -> BoxFuture<'static, Result<Vec<(Day, u64)>>>;

    /// What is known of these domains' day, in their order.
    fn standing(&self, day: Day, domains: Vec<(Domain, Scope)>) -> BoxFuture<'static, Result<Vec<Standing>>>;

    /// Writes all of them or none; what has been looked at already stays as it is. Returns how many were new.
    fn put_reports(&self, reports: Vec<NewReport>) -> BoxFuture<'static, Result<u64>>;

    /// At most `limit` reports whose destinations are to be looked up by now, those longest due first.
    fn reports_due(&self, now: Timestamp, limit: usize) -> BoxFuture<'static, Result<Vec<ReportRow>>>;

    /// Writes what follows for reports that were due, where they still are. A destination that has had `cap` reports this day is skipped; returns how
    /// many those were.
    fn plan(&self, plans: Vec<Planned>, cap: u64) -> BoxFuture<'static, Result<u64>>;

    /// At most `limit` destinations that are to be tried by now, with their reports, those longest due first.
    fn destinations_due(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> BoxFuture<'static, Result<Vec<(ReportRow, DestinationRow)>>>;

    /// A report's octets.
    fn report_octets(&self, number: u64) -> BoxFuture<'static, Result<Option<Vec<u8>>>>;

    /// Writes down that an attempt is about to be made; it counts from then on.
    fn claim(&self, claim: Claim) -> BoxFuture<'static, Result<Claimed>>;

    /// Writes what attempts came to.
    fn settle(&self, settled: Vec<Settled>) -> BoxFuture<'static, Result<()>>;

    /// At most `limit` reports, the newest day first, then by domain.
    fn reports(&self, which: Which, limit: usize) -> BoxFuture<'static, Result<Vec<ReportRow>>>;

    /// The report of this number.
    fn report(&self, number: u64) -> BoxFuture<'static, Result<Option<ReportRow>>>;

    /// A report's destinations.
    fn destinations(&self, number: u64) -> BoxFuture<'static, Result<Vec<DestinationRow>>>;

    /// Lets a report go out once more, to whoever wants it now.
    fn resend(&self, number: u64, now: Timestamp) -> BoxFuture<'static, Result<()>>;

    /// Why an address is left in peace, while it is or lately was.
    fn silence(&self, uri: &str) -> BoxFuture<'static, Result<Option<Silence>>>;

    /// At most `limit` addresses that are left in peace now.
    fn silences(&self, now: Timestamp, limit: usize) -> BoxFuture<'static, Result<Vec<(String, Silence)>>>;

    /// Forgets an address's silence; whether there was one.
    fn end_silence(&self, uri: &str) -> BoxFuture<'static, Result<Reported>>;

    /// A report came back: its destination counts as refusing from now on. `None`: no destination has this token.
    fn bounced(
        &self,
        token: &str,
        why: &str,
        now: Timestamp,
    ) -> BoxFuture<'static, Result<Option<(ReportRow, DestinationRow)>>>;

    /// How much is under way.
    fn stand(&self, now: Timestamp) -> BoxFuture<'static, Result<Stand>>;

    /// Removes reports made before this moment, at most `limit`, and what else has outlived its time. Returns how many reports
    /// those were: fewer than `limit` when it is done.
    fn forget_reports(&self, before: Timestamp, now: Timestamp, limit: usize) -> BoxFuture<'static, Result<u64>>;
}
