//! `strictmx check`: what can be typed behind it.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args, ValueEnum};
use strictmx_engine::check::Family;

use crate::config;

/// Its forms.
pub(super) const USAGE: &str = "\
strictmx check [OPTIONS] DOMAIN…
       strictmx check [OPTIONS] --from FILE [--resume OUT.jsonl]
       strictmx check [OPTIONS] --policy-file FILE --mx HOST,… [--txt RECORD] [DOMAIN]
       strictmx check [OPTIONS] --replay FILE
       strictmx check [OPTIONS] --watch EVERY DOMAIN…
       strictmx check --stats OUT.jsonl | --list | --schema";

/// The end of `strictmx check --help`.
pub(super) const HELP: &str = "\
Examples:
  strictmx check example.com                     everything, for people
  strictmx check example.com -v                  and the reasons, the senders, all that was seen
  strictmx check example.com --only sts,tlsrpt   leave the MX hosts alone
  strictmx check example.com --format sarif      for a code scanner
  strictmx check --policy-file mta-sts.txt --mx mx1.example.com,mx2.example.com
                                                 before it is published; asks nobody
  strictmx check --from list.txt --only sts --resume out.jsonl
                                                 a list; the same line again goes on from there
  strictmx check --stats out.jsonl               which causes were found how often
  strictmx check example.com --save seen.json    keep what was seen, for a bug report
  strictmx check --replay seen.json -v           and judge it again
  strictmx check --watch 6h example.com          again and again; tells what breaks, and when it is mended

Families for --only: record, host, policy, mx (together: sts), smtp, dane, tlsrpt, time.
Exit codes: 0 no error found, 1 errors found, 2 could not look (at one domain at least), 64 usage.
Read next: strictmx check --list (every check), strictmx explain --help (what a sender would do)";

/// From one look to the next: a second to a month, as in the config.
fn every(text: &str) -> Result<Duration, String> {
    let every = config::length_of_time(text)?;
    let range = Duration::from_secs(1)..=Duration::from_hours(24 * 30);
    if range.contains(&every) { Ok(every) } else { Err("write a length of time from 1s to 30d".to_owned()) }
}

/// `strictmx check`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").required(true).multiple(true)
    .args(["domains", "from", "replay", "policy_file", "stats", "schema", "list"])))]
pub struct Check {
    /// The domains (with --policy-file: the one the policy is for)
    #[arg(value_name = "DOMAIN", conflicts_with_all = ["from", "replay", "stats", "schema", "list"])]
    pub domains: Vec<String>,
    /// Check every domain of this list: one a line, or `rank,domain`; `-`: standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["replay", "policy_file", "stats", "schema", "list"])]
    pub from: Option<PathBuf>,
    /// How the result is written (default: text; with --resume: jsonl)
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<CheckFormat>,
    /// Only these families of checks
    #[arg(long, value_enum, value_name = "FAMILY,…", value_delimiter = ',')]
    pub only: Vec<Only>,
    /// How to look.
    #[command(flatten)]
    pub look: Look,
    /// What the owner intends.
    #[command(flatten)]
    pub intent: Intended,
    /// Keeping and repeating.
    #[command(flatten)]
    pub keep: Keep,
    /// Without the network.
    #[command(flatten)]
    pub offline: Offline,
}

/// How to look.
#[derive(Debug, Args)]
#[command(next_help_heading = "How to look")]
pub struct Look {
    /// Ask every name server, try other TLS versions, look for misplaced records (default for domains named here)
    #[arg(long, conflicts_with = "quick")]
    pub thorough: bool,
    /// Only what senders do: record, policy, MX hosts (default for --from)
    #[arg(long)]
    pub quick: bool,
    /// Try out the addresses that reports go to: name the recipient to its mail host, post a small report
    ///
    /// No mail is sent. An https address gets one small test report.
    #[arg(long)]
    pub probe_destinations: bool,
    /// Domains looked at side by side (default: 8; with --from: 128)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub concurrency: Option<u16>,
    /// Our own name, as told to MX hosts (default: `policyd.helo` of the config, else this host's name)
    #[arg(long, value_name = "NAME")]
    pub helo: Option<String>,
    /// The port that MX hosts listen on
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Option<u16>,
}

/// What the owner of the domain intends.
#[derive(Debug, Args)]
#[command(next_help_heading = "What you intend (differences become findings)")]
pub struct Intended {
    /// The only MX hosts that may be there
    #[arg(long, value_name = "HOST,…", value_delimiter = ',')]
    pub expect_mx: Vec<String>,
    /// Where mta-sts.DOMAIN is to point by CNAME
    #[arg(long, value_name = "NAME")]
    pub expect_alias: Option<String>,
    /// An address that the TLS reporting record must name, such as mailto:tls@example.com
    #[arg(long, value_name = "URI")]
    pub expect_rua: Option<String>,
    /// The policy text that is meant to be served
    #[arg(long, value_name = "FILE")]
    pub expect_policy: Option<PathBuf>,
    /// When a change of MX or policy is planned, such as 2026-12-24 (UTC)
    #[arg(long, value_name = "DATE")]
    pub change_at: Option<String>,
    /// Warn when a certificate ends within so many days
    #[arg(long, value_name = "N", default_value_t = 14)]
    pub certificate_days: u32,
    /// Warn when `testing` has lasted so many days
    #[arg(long, value_name = "N", default_value_t = 90)]
    pub testing_days: u32,
}

/// Keeping what was seen, and going on with it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Keeping and repeating")]
pub struct Keep {
    /// Write what was seen into this file: one JSON object, or one a line for several domains
    #[arg(long, value_name = "FILE", conflicts_with_all = ["replay", "policy_file", "stats", "schema", "list"])]
    pub save: Option<PathBuf>,
    /// Judge what was seen and saved before; nothing is looked at
    #[arg(long, value_name = "FILE", conflicts_with_all = ["policy_file", "stats", "schema", "list"])]
    pub replay: Option<PathBuf>,
    /// Append the results to this file, and leave out the domains that are in it
    #[arg(long, value_name = "OUT.jsonl")]
    pub resume: Option<PathBuf>,
    /// Look again and again, and tell what breaks once, and once more when it is mended, until Ctrl-C
    ///
    /// Tells the log, and whom [monitor] in the config names: a webhook, people by mail. What was seen is kept in the store, as the
    /// daemon does for the domains of [monitor].
    #[arg(long, value_name = "EVERY", value_parser = every, requires = "domains",
        conflicts_with_all = ["from", "format", "save", "replay", "resume", "policy_file", "stats", "schema", "list",
            "probe_destinations", "expect_policy", "change_at", "concurrency"])]
    pub watch: Option<Duration>,
    /// Count the causes in the output of `--format jsonl`
    #[arg(long, value_name = "OUT.jsonl", conflicts_with_all = ["policy_file", "schema", "list"])]
    pub stats: Option<PathBuf>,
}

/// Without the network.
#[derive(Debug, Args)]
#[command(next_help_heading = "Without the network")]
pub struct Offline {
    /// Check this policy, which need not be published (`-`: standard input)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["schema", "list"])]
    pub policy_file: Option<PathBuf>,
    /// The MX hosts that the policy has to cover
    #[arg(long, value_name = "HOST,…", value_delimiter = ',', requires = "policy_file")]
    pub mx: Vec<String>,
    /// The _mta-sts record that goes with it, such as 'v=STSv1; id=20261122;'
    #[arg(long, value_name = "RECORD", requires = "policy_file")]
    pub txt: Vec<String>,
    /// Print the JSON Schema of what --format json and jsonl write
    #[arg(long, conflicts_with = "list")]
    pub schema: bool,
    /// Print every check there is
    #[arg(long)]
    pub list: bool,
}

/// How `check` writes its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// For people
    Text,
    /// One JSON value
    Json,
    /// One JSON object a line, each as soon as it is there
    Jsonl,
    /// SARIF 2.1.0, for code scanners
    Sarif,
}

/// What `--only` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Only {
    /// The `_mta-sts` record
    Record,
    /// The policy host
    Host,
    /// The policy's text
    Policy,
    /// The MX records, and whether the policy covers them
    Mx,
    /// record, host, policy and mx together
    Sts,
    /// Each MX host over SMTP
    Smtp,
    /// DANE beside it
    Dane,
    /// The TLS reporting record
    Tlsrpt,
    /// What only time shows
    Time,
}

impl Only {
    /// The families it stands for.
    const fn families(self) -> &'static [Family] {
        match self {
            Self::Record => &[Family::Record],
            Self::Host => &[Family::Host],
            Self::Policy => &[Family::Policy],
            Self::Mx => &[Family::Mx],
            Self::Sts => &[Family::Record, Family::Host, Family::Policy, Family::Mx],
            Self::Smtp => &[Family::Smtp],
            Self::Dane => &[Family::Dane],
            Self::Tlsrpt => &[Family::Tlsrpt],
            Self::Time => &[Family::Time],
        }
    }
}

impl Check {
    /// The families asked for, in their own order; all of them without `--only`.
    pub fn families(&self) -> Vec<Family> {
        let named = |family: &Family| self.only.iter().any(|only| only.families().contains(family));
        Family::ALL.into_iter().filter(|family| self.only.is_empty() || named(family)).collect()
    }

    /// Whether the network is needed.
    pub fn looks(&self) -> bool {
        self.from.is_some() || (!self.domains.is_empty() && self.offline.policy_file.is_none())
    }
}
