//! What we keep: policies, their history, failures and probes, what the monitor knows and sessions counted, behind one trait.
//!
//! [`open`] gives a store for a URL; callers know nothing else of it. Every write resolves after it has been committed, so what
//! was acknowledged survives a killed process. A failed write changes nothing: the caller still has what it wanted to keep, and
//! may try again. Reading and writing happen on threads of the store; nothing here blocks a task.
//!
//! Everything is bounded by number or age, see the constants; [`Store::sweep`] enforces those that depend on time.
pub mod counting;
mod error;
pub mod import_resolver;
pub mod mark;
pub mod monitor;
pub mod outgoing;
mod sqlite;

use std::path::Path;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use strictmx_engine::lookup::Known;
use strictmx_engine::time::Timestamp;
use strictmx_proto::name::Domain;

pub use error::{Error, Result};
use monitor::{AlertRow, Attempt, Look, Watched};

/// Changes kept for a domain; the oldest make room.
pub const HISTORY_PER_DOMAIN: usize = 200;
/// Changes kept for all domains together, enforced by [`Store::sweep`].
pub const HISTORY_IN_ALL: usize = 1_000_000;
/// Failures kept; the oldest make room.
pub const FAILURES: usize = 100_000;
/// How long probes are kept, seconds: longer than any report looks back.
pub const PROBE_LIFE: u64 = 30 * 86_400;
/// How long an expired policy is kept, seconds, for whoever asks what was in force.
pub const EXPIRED_LIFE: u64 = 30 * 86_400;

/// A domain's cached policy and what is known around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The policy domain.
    pub domain: Domain,
    /// What is known. Kept over a restart: the entry; the TXT answer when it was an id; until when a failed fetch is not to be
    /// repeated, but not why it failed (that is in the history).
    pub known: Known,
    /// When it was last asked for.
    pub used: Timestamp,
}

/// One change in what is known about a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryRow {
    /// The policy domain.
    pub domain: Domain,
    /// When.
    pub at: Timestamp,
    /// What happened, in one word.
    pub kind: String,
    /// The particulars, JSON.
    pub detail: String,
}

/// A failure of ours that a TLS report is to tell the domain's owner (RFC 8460 §4.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailureRow {
    /// The policy domain.
    pub domain: Domain,
    /// When.
    pub at: Timestamp,
    /// The RFC 8460 result type.
    pub result_type: String,
    /// The failure reason code, free text.
    pub reason: Option<String>,
    /// The particulars, JSON.
    pub detail: String,
}

/// A validated session with an MX host of a domain in testing mode (D-31).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeRow {
    /// The policy domain.
    pub domain: Domain,
    /// When.
    pub at: Timestamp,
    /// The id of the policy the session is judged under.
    pub policy_id: Option<String>,
    /// The MX host.
    pub host: String,
    /// What was seen, JSON.
    pub seen: String,
    /// Whether a pattern of the policy matches the host.
    pub covered: Covered,
    /// The RFC 8460 result type; `None` for a success, or when nothing about TLS was learnt.
    pub result_type: Option<String>,
    /// The failure reason code, free text.
    pub reason: Option<String>,
}

/// Whether an MX host is one the policy names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Covered {
    /// It is.
    Yes,
    /// It is not (D-50).
    No,
}

/// Things to write together: all of them or none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// Policies to forget; done before `puts`.
    pub removes: Vec<Domain>,
    /// Policies to keep, each in the place of the domain's earlier one. One without an entry is as good as a removal.
    pub puts: Vec<Row>,
    /// Changes to add.
    pub history: Vec<HistoryRow>,
    /// Failures to add.
    pub failures: Vec<FailureRow>,
    /// Probes to add.
    pub probes: Vec<ProbeRow>,
    /// Looks at watched domains, in order.
    pub looks: Vec<Look>,
    /// How attempts to tell alerts went; after `looks`.
    pub attempts: Vec<Attempt>,
}

impl Batch {
    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Rows in it.
    #[must_use]
    pub fn len(&self) -> usize {
        let looks: usize = self.looks.iter().map(|look| 1 + look.incidents.len() + look.alerts.len()).sum();
        let facts = self.history.len() + self.failures.len() + self.probes.len();
        self.removes.len() + self.puts.len() + facts + looks + self.attempts.len()
    }

    /// Takes over everything in `other`, which counts as later.
    pub fn append(&mut self, mut other: Self) {
        // Removals are done first, so a policy of ours that is removed later must not be put at all.
        self.puts.retain(|row| !other.removes.contains(&row.domain));
        self.removes.append(&mut other.removes);
        self.puts.append(&mut other.puts);
        self.history.append(&mut other.history);
        self.failures.append(&mut other.failures);
        self.probes.append(&mut other.probes);
        self.looks.append(&mut other.looks);
        self.attempts.append(&mut other.attempts);
    }
}

/// How many rows there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the words say it")]
pub struct Counts {
    pub policies: u64,
    pub history: u64,
    pub failures: u64,
    pub probes: u64,
    pub watched: u64,
    pub spans: u64,
    pub incidents: u64,
    pub alerts: u64,
}

/// A place that keeps things. Everything is a future; dropping one does not undo the work.
pub trait Store: counting::Counting + outgoing::Outgoing {
    /// At most `limit` policies in the order of their domains, those after `after`. Fewer than `limit`: that was the last page.
    fn load(&self, after: Option<&Domain>, limit: usize) -> BoxFuture<'static, Result<Vec<Row>>>;

    /// One domain's policy.
    fn policy(&self, domain: &Domain) -> BoxFuture<'static, Result<Option<Row>>>;

    /// Writes all of the batch or, with an error, none of it. Resolves after the commit; batches that wait together share one.
    fn write(&self, batch: Batch) -> BoxFuture<'static, Result<()>>;

    /// A domain's changes, newest first.
    fn history(&self, domain: &Domain, limit: usize) -> BoxFuture<'static, Result<Vec<HistoryRow>>>;

    /// Failures at or after `since`, in the order they were written.
    fn failures(&self, since: Timestamp, limit: usize) -> BoxFuture<'static, Result<Vec<FailureRow>>>;

    /// Probes at or after `since`, in the order they were written.
    fn probes(&self, since: Timestamp, limit: usize) -> BoxFuture<'static, Result<Vec<ProbeRow>>>;

    /// A domain's probes, newest first.
    fn probes_of(&self, domain: &Domain, limit: usize) -> BoxFuture<'static, Result<Vec<ProbeRow>>>;

    /// A domain's newest probe.
    fn last_probe(&self, domain: &Domain) -> BoxFuture<'static, Result<Option<ProbeRow>>>;

    /// What is known of a watched domain.
    fn watched(&self, domain: &Domain) -> BoxFuture<'static, Result<Watched>>;

    /// At most `limit` alerts that are to be told by `now`, those longest due first.
    fn alerts_due(&self, now: Timestamp, limit: usize) -> BoxFuture<'static, Result<Vec<AlertRow>>>;

    /// A domain's alerts, newest first.
    fn alerts_of(&self, domain: &Domain, limit: usize) -> BoxFuture<'static, Result<Vec<AlertRow>>>;

    /// How much there is.
    fn counts(&self) -> BoxFuture<'static, Result<Counts>>;

    /// Removes what has outlived its time, and returns how many rows that was.
    fn sweep(&self, now: Timestamp) -> BoxFuture<'static, Result<u64>>;

    /// Finishes what was begun and closes. Everything asked later is [`Error::Closed`].
    fn close(&self) -> BoxFuture<'static, ()>;
}

/// Opens the store of a URL, and makes it when there is none: `sqlite:///var/lib/strictmx/strictmx.db`, or `sqlite://./rel.db`.
/// Blocks; meant for the start of the program. Directories that are missing are made, for our user and group alone.
///
/// # Errors
/// When the URL is none we know, or what lies there cannot be used: it is then left as it is.
pub fn open(url: &str) -> Result<Arc<dyn Store>> {
    let path = path_of(url).map_err(|why| Error::Url { url: url.into(), why })?;
    Ok(Arc::new(sqlite::Sqlite::open(Path::new(path))?))
}

/// Opens the store of a URL for reading alone, changing nothing, whether or not somebody else writes to it: what is to be
/// written is answered with [`Error::Closed`]. `None`: there is no store, or one that this version has not yet taken over.
/// Blocks; meant for the start of the program.
///
/// # Errors
/// When the URL is none we know, or what lies there cannot be read.
pub fn open_reading(url: &str) -> Result<Option<Arc<dyn Store>>> {
    let path = path_of(url).map_err(|why| Error::Url { url: url.into(), why })?;
    Ok(sqlite::Sqlite::open_reading(Path::new(path))?.map(|store| Arc::new(store) as Arc<dyn Store>))
}

fn path_of(url: &str) -> std::result::Result<&str, &'static str> {
    const FORMS: &str = "write sqlite:///ABSOLUTE/PATH or sqlite://./RELATIVE/PATH";
    let Some((scheme, rest)) = url.split_once("://") else {
        return Err(FORMS);
    };
    match scheme {
        "sqlite" if rest.contains('\0') => Err("the path holds a NUL character"),
        "sqlite" if rest.ends_with('/') => Err("the path names a directory; add a file name"),
        "sqlite" if rest.starts_with('/') || rest.starts_with("./") || rest.starts_with("../") => Ok(rest),
        "postgres" | "postgresql" => Err(
            "PostgreSQL is not in this version; write sqlite:///var/lib/strictmx/strictmx.db, or wait for a later one",
        ),
        _ => Err(FORMS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_a_file_or_says_what_is_wrong_with_it() {
        assert_eq!(path_of("sqlite:///var/lib/x.db"), Ok("/var/lib/x.db"));
        assert_eq!(path_of("sqlite://./x.db"), Ok("./x.db"));
        assert_eq!(path_of("sqlite://../data/x.db"), Ok("../data/x.db"));
        for bad in ["", "x.db", "sqlite:x.db", "sqlite://x.db", "sqlite:///var/lib/", "mysql://h/x", "sqlite:///a\0b"] {
            assert!(path_of(bad).is_err(), "{bad}");
        }
        assert!(path_of("postgres://db/x").is_err_and(|why| why.contains("not in this version")));
    }

    #[test]
    fn a_policy_removed_after_it_was_put_is_not_put_by_the_joined_batch() {
        let Ok(domain) = Domain::parse("example.com") else {
            return;
        };
        let row = Row { domain: domain.clone(), known: Known::default(), used: Timestamp(1) };
        let mut batch = Batch { puts: vec![row], ..Batch::default() };
        batch.append(Batch { removes: vec![domain], ..Batch::default() });
        assert!(batch.puts.is_empty());
        assert_eq!(batch.len(), 1);
    }
}
