//! What can be typed: the commands of this version, their options and their help.
//!
//! The doc comments here are the one source of the help pages, the man pages and the completions (`command::generated`).
//! Nothing in this module looks at the config or does anything; `main` matches on [`Command`].

mod check;
mod exit;
pub mod output;
mod report;
mod report_out;

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::builder::styling::{AnsiColor, Styles};
use clap::{ArgAction, Args, CommandFactory, Parser, Subcommand, ValueEnum};
use strictmx_engine::profile::Profile;

use crate::config::{self, Log};
pub use check::{Check, CheckFormat, Intended, Only};
pub use exit::Exit;
pub use report::{Emit, OneSession, PolicyWord, Report, ReportCommand, Today};
pub use report_out::{Bounce, Keygen, List, Preview, PreviewFormat, Resend, Send, Show, StateName};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default())
    .error(AnsiColor::Red.on_default().bold())
    .valid(AnsiColor::Green.on_default())
    .invalid(AnsiColor::Yellow.on_default());

/// Holds outgoing mail to the TLS that each receiver asks for: MTA-STS (RFC 8461) and DANE (RFC 7672)
///
/// strictmx tells a mail server, for every next hop, which TLS level to demand: never weaker than the receiver asks for, never
/// harder than needed. Its policy cache follows changed policies at once, survives restarts, and is never emptied by a fetch
/// that fails.
#[derive(Debug, Parser)]
#[command(
    name = "strictmx",
    version,
    styles = STYLES,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    after_help = "Begin with: strictmx serve, or strictmx check example.com",
    after_long_help = "\
Examples:
  strictmx serve                     try it out on loopback: no config needed
  strictmx explain example.com       what a sender would do for this domain, and why
  strictmx check example.com         what is wrong with a domain, and how to mend it
  strictmx report today              what was counted for TLS reports, and whose TLS broke
  strictmx config default            every setting, with its default and what it is for
  strictmx cache list                the policies that the running daemon knows

Config: --config, else $STRICTMX_CONFIG, else ./strictmx.toml, else /etc/strictmx/strictmx.toml.
Exit codes: 0 done, 1 findings, 2 could not look, 64 usage, 70 internal, 78 config.
Read next: strictmx serve --help, strictmx config --help"
)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options for every command")]
pub struct Global {
    /// The config file (default: ./strictmx.toml, then /etc/strictmx/strictmx.toml)
    #[arg(long, short, global = true, value_name = "FILE", env = "STRICTMX_CONFIG", hide_env_values = true)]
    pub config: Option<PathBuf>,
    /// How log lines are written to stderr (default: `log.format` of the config)
    #[arg(long, global = true, value_name = "FORMAT")]
    pub log: Option<LogFormat>,
    /// More log lines; twice for still more
    #[arg(long, short, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// Set by systemd where stderr is the journal: log lines then carry its priorities and no time of their own.
    #[arg(long, global = true, hide = true, env = "JOURNAL_STREAM", hide_env = true)]
    pub journal_stream: Option<String>,
}

impl Global {
    /// The log as configured, with what was typed on top: `--log` for the format, each `-v` one level more.
    pub fn log_settings(&self, configured: Log) -> Log {
        let format = match self.log {
            Some(LogFormat::Text) => config::LogFormat::Text,
            Some(LogFormat::Json) => config::LogFormat::Json,
            None => configured.format,
        };
        let level = (0..self.verbose).fold(configured.level, |level, _| level.more());
        Log { level, format }
    }
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One line for people, coloured on a terminal
    Text,
    /// One JSON object a line
    Json,
}

/// How a command writes its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// For programs: complete
    Json,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the daemon: every service whose section is in the config
    ///
    /// Runs until SIGTERM (finishes what is under way, then ends). SIGHUP reads the config again; a config with errors is
    /// refused and the old one stays. Without any config it starts a try-out on loopback, and says so: policy server on
    /// 127.0.0.1:8461, web on 127.0.0.1:8480, SQLite under ./strictmx-data.
    #[command(after_long_help = SERVE_HELP)]
    Serve,
    /// Show what a sender would do for a domain, step by step, and why
    ///
    /// Asks DNS, fetches the policy, looks for TLSA records, and prints every answer, each decision and the exact line that the
    /// mail server would get. Looks everything up afresh: no cache is read or written.
    #[command(after_long_help = EXPLAIN_HELP)]
    Explain(Explain),
    /// Check a domain: everything that is wrong with its MTA-STS, DANE and TLS reporting, whose it is to mend, and how
    ///
    /// Looks at the DNS, the policy host and every MX host, and says what each family of senders makes of it. Sends no mail.
    #[command(override_usage = check::USAGE, after_long_help = check::HELP)]
    Check(Box<Check>),
    /// Look into the running daemon's policy cache, or change it
    ///
    /// Speaks with the daemon through its control socket (`[control] socket`).
    #[command(subcommand_required = true, arg_required_else_help = true, after_long_help = CACHE_HELP)]
    Cache(Cache),
    /// Look at TLS reports: what was counted, what is sent; tell of sessions, send now, make keys
    #[command(subcommand_required = true, arg_required_else_help = true, after_long_help = report::HELP)]
    Report(Report),
    /// Check the config, show the effective one, or print the commented default
    #[command(subcommand_required = true, arg_required_else_help = true, after_long_help = CONFIG_HELP)]
    Config(Config),
    /// Print a completion script for a shell
    #[command(after_long_help = COMPLETIONS_HELP)]
    Completions(Completions),
    /// Print the manual page, or write all of them into a folder
    Man(Man),
}

const SERVE_HELP: &str = "\
Examples:
  strictmx serve                                   with the config found, or a try-out without
  strictmx serve --config /etc/strictmx/strictmx.toml
  strictmx serve --log json -v                     more log lines, as JSON

Then, in Postfix 3.10 or later (main.cf):
  smtp_dns_support_level = dnssec
  smtp_tls_security_level = dane
  smtp_tls_policy_maps = socketmap:inet:127.0.0.1:8461:postfix-3.10
(`postfix` instead of `postfix-3.10` for 3.4 to 3.9, `postfix-3.3` before.)

Read next: strictmx config default, strictmx explain --help";

const EXPLAIN_HELP: &str = "\
Examples:
  strictmx explain example.com                     the whole story, for people
  strictmx explain example.com --map sendmail      the answer sendmail would get
  strictmx explain '[mail.example.com]:587'        a smart host, as Postfix writes it
  strictmx explain example.com --format json       everything seen, for programs or a bug report

Read next: strictmx cache show --help (what the daemon knows already)";

const CACHE_HELP: &str = "\
Examples:
  strictmx cache list                              all policies, one line each
  strictmx cache show example.com                  one of them, with its history
  strictmx cache refresh example.com               ask now, whatever the id says
  strictmx cache purge example.com                 forget it
  postfix-tlspol -export > tlspol.txt && strictmx cache import --from tlspol tlspol.txt
  strictmx cache import --from mta-sts-resolver /var/lib/mta-sts/cache.db

Exit code 2 means that the daemon could not be reached.";

const CONFIG_HELP: &str = "\
Examples:
  strictmx config default > strictmx.toml          begin with every setting, explained
  strictmx config check                            errors with file, line and what to do; exit 78
  strictmx config print                            what holds after all defaults are filled in

Read next: strictmx serve --help";

const COMPLETIONS_HELP: &str = "\
Examples:
  strictmx completions bash > /etc/bash_completion.d/strictmx
  strictmx completions zsh > /usr/local/share/zsh/site-functions/_strictmx
  strictmx completions fish > ~/.config/fish/completions/strictmx.fish";

/// `strictmx explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// The next hop, as the mail server would ask: a domain, or `[host]:port`
    #[arg(value_name = "DOMAIN")]
    pub domain: String,
    /// Show the answer of this map alone (default: of every map)
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(Profile::names()))]
    pub map: Option<String>,
    /// For people or for programs
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}

/// `strictmx cache`.
#[derive(Debug, Args)]
pub struct Cache {
    /// What to do with it.
    #[command(subcommand)]
    pub command: CacheCommand,
}

/// `strictmx cache …`.
#[derive(Debug, Subcommand)]
pub enum CacheCommand {
    /// List the policies known, one line each
    List {
        /// Only these domains (default: all)
        #[arg(value_name = "DOMAIN")]
        domains: Vec<String>,
        /// For people or for programs
        #[arg(long, value_enum, default_value = "text")]
        format: Format,
    },
    /// Show all that is known of a domain: policy, id, dates, history, failures
    Show {
        /// The domains
        #[arg(value_name = "DOMAIN", required = true)]
        domains: Vec<String>,
        /// For people or for programs
        #[arg(long, value_enum, default_value = "text")]
        format: Format,
    },
    /// Ask for a policy again now, whatever its id says; a failure keeps the one there is
    Refresh(Selection),
    /// Forget a policy; the next query looks it up afresh
    ///
    /// Until that look-up has succeeded the domain has no policy: prefer `refresh`, which never weakens anything.
    Purge(Selection),
    /// Take over the cache of another policy server
    ///
    /// Policies that are still valid are put into the running daemon's cache; it asks for each of them again soon.
    Import {
        /// Which program wrote the file
        #[arg(long, value_enum)]
        from: ImportFrom,
        /// The file (`-`: standard input, for tlspol)
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

/// Which domains a `cache` command means.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
pub struct Selection {
    /// The domains
    #[arg(value_name = "DOMAIN")]
    pub domains: Vec<String>,
    /// Every domain in the cache
    #[arg(long)]
    pub all: bool,
}

/// Whose cache is imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ImportFrom {
    /// What `postfix-tlspol -export` printed
    Tlspol,
    /// The SQLite cache of postfix-mta-sts-resolver
    MtaStsResolver,
}

/// `strictmx config`.
#[derive(Debug, Args)]
pub struct Config {
    /// What to do with it.
    #[command(subcommand)]
    pub command: ConfigCommand,
}

/// `strictmx config …`.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum ConfigCommand {
    /// Read the config and say what is wrong with it: exit 0, or 78 with errors
    Check,
    /// Print the effective config, defaults filled in
    Print,
    /// Print a config in which every setting stands with its default and what it is for
    Default,
}

/// `strictmx completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// `strictmx man`.
#[derive(Debug, Args)]
pub struct Man {
    /// Write strictmx(1), a page for each command and strictmx.toml(5) into this folder
    #[arg(long, value_name = "FOLDER")]
    pub dir: Option<PathBuf>,
}

/// Reads the command line. Help, the version and usage errors are printed here; the code to end with comes back.
pub fn parse() -> Result<Cli, Exit> {
    Cli::try_parse().map_err(|error| {
        let code = if error.use_stderr() { Exit::Usage } else { Exit::Done };
        // Where nobody reads our output any more, the exit code is all that is left to say.
        drop(error.print());
        code
    })
}

/// The whole command line as clap sees it, for generated pages.
pub fn definition() -> clap::Command {
    Cli::command()
}
