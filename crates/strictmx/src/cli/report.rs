//! `strictmx report`: what can be typed behind it.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use strictmx_engine::report::Day;
use strictmx_proto::name::Domain;

use super::Format;
use super::report_out::{BOUNCE_HELP, Bounce, Keygen, List, Preview, Resend, Send, Show};

/// The end of `strictmx report --help`.
pub(super) const HELP: &str = "\
Examples:
  strictmx report today                            what was counted so far, whose TLS broke since yesterday
  strictmx report today --day 2026-11-22 --format json
  strictmx report emit --domain example.com --policy sts --result certificate-expired
                                                   tell of one session, as an MTA without libtlsrpt may
  strictmx report emit < sessions.jsonl            tell of many
  tail -F /var/log/mail.log | strictmx report emit --postfix-log -
  strictmx report preview example.org              what would be sent about this domain
  strictmx report list --day 2026-11-21            reports of a day, and how far each is
  strictmx report show example.org                 one of them: where it went, what was said
  strictmx report send example.org                 now, instead of waiting for its time
  strictmx report resend example.org --day 2026-11-21
                                                   once more, the same octets with the same id
  strictmx report keygen --domain example.com      keys that sign the mails, and what to publish

Read next: strictmx report today --help, strictmx report emit --help";

/// The end of `strictmx report emit --help`.
pub(super) const EMIT_HELP: &str = "\
Without --domain and --postfix-log, sessions are read from standard input, one JSON object a line, either as libtlsrpt
writes its datagrams or in the words of a report, of which `domain` alone must be there:
  {\"domain\": \"example.com\", \"policy-type\": \"sts\", \"policy-domain\": \"example.com\",
   \"policy-string\": [\"version: STSv1\", \"mode: enforce\", \"mx: mx.example.com\", \"max_age: 604800\"],
   \"mx-host\": [\"mx.example.com\"], \"result-type\": \"certificate-expired\", \"receiving-mx-hostname\": \"mx.example.com\",
   \"receiving-mx-helo\": \"mx.example.com\", \"receiving-ip\": \"192.0.2.1\", \"sending-mta-ip\": \"198.51.100.1\",
   \"failure-reason-code\": \"X509_V_ERR_CERT_HAS_EXPIRED\", \"additional-information\": \"https://…\",
   \"record\": \"v=TLSRPTv1; rua=…\", \"at\": \"2026-11-22T10:00:00Z\", \"count\": 1}
A `result-type` makes it a failure, unless \"result\": \"success\" says that the session succeeded in the end.

Sessions of a time (`at`, or those of a log) are written into the store; all others are sent to the collector's socket.

Exit codes: 0 all told, 1 some lines could not be used, 2 the collector or the store could not be reached.";

/// `strictmx report`.
#[derive(Debug, Args)]
pub struct Report {
    /// What to do.
    #[command(subcommand)]
    pub command: ReportCommand,
}

/// `strictmx report …`.
#[derive(Debug, Subcommand)]
pub enum ReportCommand {
    /// Show what was counted today: sessions and failures by domain, and whose TLS broke since yesterday
    ///
    /// Reads the store; the daemon may run or not. What came within the last second may not be there yet.
    Today(Today),
    /// Tell the collector of sessions: from flags, from standard input, or from a Postfix log
    #[command(after_long_help = EMIT_HELP)]
    Emit(Box<Emit>),
    /// Show what would be sent about a domain, from what was counted
    ///
    /// The report is composed as it would be, checked, and kept nowhere.
    Preview(Preview),
    /// List reports, one line each: the newest day first
    List(List),
    /// Show a report: how far it is, where it went, what was said, and the report itself
    Show(Show),
    /// Send reports now, instead of waiting for their time
    ///
    /// Speaks with the running daemon; without one, this command sends by itself.
    Send(Send),
    /// Send a report once more: the same octets with the same id, whatever became of it
    Resend(Resend),
    /// Make keys that sign report mails (RSA and Ed25519), and show what to publish
    Keygen(Keygen),
    /// Take a mail that came back, on standard input, and leave its address in peace
    #[command(after_long_help = BOUNCE_HELP)]
    Bounce(Bounce),
}

/// `strictmx report today`.
#[derive(Debug, Args)]
pub struct Today {
    /// Only these domains (default: all, those with failures first)
    #[arg(value_name = "DOMAIN")]
    pub domains: Vec<Domain>,
    /// Another day, UTC (default: today)
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub day: Option<Day>,
    /// Domains that are shown at most
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub limit: usize,
    /// For people or for programs
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}

/// `strictmx report emit`.
#[derive(Debug, Args)]
pub struct Emit {
    /// The recipient domain of one session; without it, sessions are read
    #[arg(long, value_name = "DOMAIN", conflicts_with = "postfix_log")]
    pub domain: Option<Domain>,
    /// Its parts.
    #[command(flatten)]
    pub session: OneSession,
    /// Take sessions from this log of Postfix's (`-`: standard input)
    ///
    /// `TLSRPT:` lines of Postfix 3.10 and later; of older ones, the lines about TLS connections, each with the delivery that
    /// follows it. Do not use it beside smtp_tlsrpt_enable: every session would be counted twice.
    #[arg(long, value_name = "FILE", verbatim_doc_comment)]
    pub postfix_log: Option<PathBuf>,
    /// Time zone of log lines without one, as hours from UTC, such as +01:00 (default: this machine's)
    #[arg(long, value_name = "OFFSET", requires = "postfix_log", allow_hyphen_values = true, value_parser = offset)]
    pub zone: Option<i64>,
    /// Print what would be told, one JSON object a line, and tell nobody
    #[arg(long)]
    pub print: bool,
}

/// One session, in flags.
#[derive(Debug, Args)]
#[command(next_help_heading = "One session")]
pub struct OneSession {
    /// Which policy it was held to
    #[arg(long, value_enum, value_name = "TYPE", default_value = "no-policy-found", requires = "domain")]
    pub policy: PolicyWord,
    /// The policy's domain (default: the recipient domain; of tlsa, the MX host)
    #[arg(long, value_name = "DOMAIN", requires = "domain")]
    pub policy_domain: Option<Domain>,
    /// A line of the policy, or a TLSA record; once for each
    #[arg(long, value_name = "LINE", requires = "domain")]
    pub policy_string: Vec<String>,
    /// An MX pattern of the policy; once for each
    #[arg(long, value_name = "PATTERN", requires = "domain")]
    pub mx_host: Vec<String>,
    /// `success`, or what failed, such as certificate-expired
    #[arg(long, value_name = "RESULT", default_value = "success", requires = "domain")]
    pub result: String,
    /// The MX host
    #[arg(long, value_name = "HOST", requires = "domain")]
    pub mx: Option<String>,
    /// Its name in the reply to EHLO
    #[arg(long, value_name = "NAME", requires = "domain")]
    pub helo: Option<String>,
    /// Its address
    #[arg(long, value_name = "IP", requires = "domain")]
    pub ip: Option<std::net::IpAddr>,
    /// Our own address
    #[arg(long, value_name = "IP", requires = "domain")]
    pub sending_ip: Option<std::net::IpAddr>,
    /// More about a failure: a code or a short text
    #[arg(long, value_name = "TEXT", requires = "domain")]
    pub reason: Option<String>,
    /// The domain's TLSRPT record, if known
    #[arg(long, value_name = "TXT", requires = "domain")]
    pub record: Option<String>,
}

/// Kinds of policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PolicyWord {
    /// MTA-STS
    Sts,
    /// DANE
    Tlsa,
    /// Neither
    NoPolicyFound,
}

/// `+01:00`, `-0330`, `Z`: seconds east of Greenwich.
fn offset(text: &str) -> Result<i64, String> {
    let wrong = || format!("{text:?} is no distance from UTC; write it like +01:00");
    if matches!(text, "Z" | "z" | "UTC") {
        return Ok(0);
    }
    let (sign, rest) = match (text.strip_prefix('+'), text.strip_prefix('-')) {
        (Some(rest), _) => (1, rest),
        (_, Some(rest)) => (-1, rest),
        _ => return Err(wrong()),
    };
    let digits: String = rest.chars().filter(|c| *c != ':').collect();
    let (hours, minutes) = digits.split_at_checked(2).ok_or_else(wrong)?;
    let number = |text: &str| if text.is_empty() { Ok(0) } else { text.parse::<i64>().map_err(|_| wrong()) };
    match (number(hours)?, number(minutes)?) {
        (hours @ 0..=14, minutes @ 0..=59) if digits.len() <= 4 => Ok(sign * (hours * 3600 + minutes * 60)),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distance_from_utc_is_read() {
        for (text, seconds) in [("+01:00", 3600), ("-0330", -12_600), ("+02", 7200), ("Z", 0)] {
            assert_eq!(offset(text), Ok(seconds), "{text}");
        }
        for bad in ["", "01:00", "+1", "+25:00", "+01:60", "CET", "+01:000"] {
            assert!(offset(bad).is_err(), "{bad}");
        }
    }
}
