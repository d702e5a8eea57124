//! `strictmx report …`: looking at outgoing reports, and sending them.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use strictmx_engine::report::Day;
use strictmx_proto::name::Domain;

use super::Format;

/// The end of `strictmx report bounce --help`.
pub(super) const BOUNCE_HELP: &str = "\
Reports leave with an envelope sender of their own, such as tlsrpt-noreply+b.TOKEN@example.com. Let bounces come back to this
command, and dead addresses are left in peace for a day, then two, four, up to a month. In Postfix, with recipient_delimiter = +,
in master.cf:

  strictmx unix - n n - - pipe
    flags=Rq user=strictmx argv=/usr/bin/strictmx report bounce --to ${original_recipient}

and in the transport map: tlsrpt-noreply@example.com strictmx:";

/// `strictmx report preview`.
#[derive(Debug, Args)]
pub struct Preview {
    /// About whom
    #[arg(value_name = "DOMAIN")]
    pub domain: Domain,
    /// Of which day (default: the newest with sessions)
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub day: Option<Day>,
    /// The report for an MX host, about its own DANE policy
    #[arg(long)]
    pub mx_host: bool,
    /// For people, the report as it is, or the mail that would carry it
    #[arg(long, value_enum, default_value = "text")]
    pub format: PreviewFormat,
}

/// How a preview is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PreviewFormat {
    /// For people
    Text,
    /// The report itself (RFC 8460 §4.4)
    Json,
    /// The mail, signed
    Mail,
}

/// `strictmx report list`.
#[derive(Debug, Args)]
pub struct List {
    /// Of this day alone
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub day: Option<Day>,
    /// As far as this alone
    #[arg(long, value_enum)]
    pub state: Option<StateName>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub limit: usize,
    /// For people or for programs (one JSON object a line)
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}

/// How far a report is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StateName {
    /// Waits for its time
    Composed,
    /// Some destinations are still to be tried
    Sending,
    /// One destination at least has it
    Sent,
    /// No destination took it
    Failed,
    /// There is none to send, and why
    Withheld,
}

/// `strictmx report show`.
#[derive(Debug, Args)]
pub struct Show {
    /// About whom, or the report's id
    #[arg(value_name = "DOMAIN|ID")]
    pub what: String,
    /// Of which day (default: the newest there is)
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub day: Option<Day>,
    /// For people or for programs
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}

/// `strictmx report send`.
#[derive(Debug, Args)]
pub struct Send {
    /// About these alone (default: all that wait)
    #[arg(value_name = "DOMAIN")]
    pub domains: Vec<Domain>,
    /// Of this day alone
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub day: Option<Day>,
    /// For people or for programs (one JSON object a line)
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}

/// `strictmx report resend`.
#[derive(Debug, Args)]
pub struct Resend {
    /// About whom
    #[arg(value_name = "DOMAIN")]
    pub domain: Domain,
    /// Of which day
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub day: Day,
    /// For people or for programs (one JSON object a line)
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}

/// `strictmx report keygen`.
#[derive(Debug, Args)]
pub struct Keygen {
    /// What the keys' names in the DNS begin with: SELECTOR-rsa and SELECTOR-ed
    #[arg(long, default_value = "tlsrpt")]
    pub selector: String,
    /// The domain that signs (default: that of `[reporter] contact`)
    #[arg(long)]
    pub domain: Option<Domain>,
    /// The folder for the key files
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    pub out: PathBuf,
}

/// `strictmx report bounce`.
#[derive(Debug, Args)]
pub struct Bounce {
    /// The address that the mail came to (default: it is looked for in the mail)
    #[arg(long = "to", value_name = "ADDRESS")]
    pub recipient: Option<String>,
}
