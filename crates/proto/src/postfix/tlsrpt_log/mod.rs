//! What Postfix's smtp client says about TLS in its log, for sites whose Postfix sends no datagrams.
//!
//! ```text
//! Nov 22 03:43:11 out postfix/smtp[71]: TLSRPT: status=failure, domain=example.com, receiving_mx=mx.example.com[192.0.2.1],
//!     failure_type=certificate_expired, failure_reason=…
//! 2026-11-22T03:43:11.5+01:00 out postfix/smtp[71]: Untrusted TLS connection established to mx.example.com[192.0.2.1]:25:
//!     TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) …
//! Nov 22 03:43:12 out postfix/smtp[71]: 4dFk2: to=<user@example.com>, relay=mx.example.com[192.0.2.1]:25, …, status=sent (250 …)
//! ```
//!
//! The first kind, of Postfix 3.10 and later, says all. Older ones only have the second, which names no domain; the third, by the
//! same process about the same relay, tells it. Joining the two is the caller's.
mod message;
mod stamp;

use alloc::borrow::Cow;
use core::net::IpAddr;

pub use stamp::Stamp;

use crate::{name::Domain, tlsrpt::ResultType};

/// Longest line that is read, octets. Postfix cuts its messages at 2000.
pub const MAX_LINE: usize = 8192;

/// A line of the log that is about TLS, or about a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<'a> {
    /// When.
    pub stamp: Stamp,
    /// The machine that logged, as written.
    pub host: &'a str,
    /// The program, `postfix/smtp`, `postfix-out/smtp`, `postfix/relay/smtp`, `postfix/tlsproxy` …
    pub program: &'a str,
    /// Its process id.
    pub pid: Option<u32>,
    /// What happened.
    pub event: Event<'a>,
}

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A session was reported, or would have been with a collector (Postfix 3.10+).
    Tlsrpt {
        /// The recipient domain.
        domain: Domain,
        /// The MX host; `None` where the failure came before a connection.
        mx: Option<Peer<'a>>,
        /// What failed, `None` for a success.
        failure: Option<Failure<'a>>,
    },
    /// A TLS session was made (`smtp_tls_loglevel = 1`, all versions).
    Established {
        /// What Postfix thinks of the certificate.
        trust: Trust,
        /// The MX host.
        mx: Peer<'a>,
        /// `TLSv1.3` and the like.
        protocol: &'a str,
        /// The cipher suite's name.
        cipher: &'a str,
    },
    /// A recipient was served, or not.
    Delivery {
        /// The message.
        queue_id: &'a str,
        /// The recipient's domain.
        domain: Domain,
        /// The host that took or refused it; `None` where there was none.
        relay: Option<Peer<'a>>,
        /// How it went.
        status: Status,
        /// What the parentheses hold: the reply, or Postfix's reason.
        detail: &'a str,
    },
}

/// A host that Postfix was connected to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer<'a> {
    /// Its name; lower case and without trailing dot.
    pub host: Cow<'a, str>,
    /// Its address; `None` for a local socket.
    pub ip: Option<IpAddr>,
    /// Its port, where the line has one.
    pub port: Option<u16>,
}

/// A failure as logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure<'a> {
    /// `failure_type`, where it is one of the RFC's.
    pub result: Option<ResultType>,
    /// `failure_type` as logged.
    pub word: &'a str,
    /// `failure_reason`.
    pub reason: Option<&'a str>,
}

/// What Postfix thinks of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// There was none.
    Anonymous,
    /// It does not chain to a trusted root, or nobody looked.
    Untrusted,
    /// It does, but its name was not compared, or is another.
    Trusted,
    /// It is what the policy asks for.
    Verified,
}

/// How a delivery went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Delivered.
    Sent,
    /// To be tried again.
    Deferred,
    /// Returned.
    Bounced,
}

impl<'a> Line<'a> {
    /// Reads a line, its end aside. `None`: it is about something else, or not of this form.
    #[must_use]
    pub fn parse(line: &'a [u8]) -> Option<Self> {
        if line.len() > MAX_LINE {
            return None;
        }
        let text = core::str::from_utf8(line).ok()?.trim_end_matches(['\r', '\n']);
        let (stamp, rest) = stamp::take(without_priority(text))?;
        let (host, rest) = rest.split_once(' ')?;
        let (tag, message) = rest.split_once(": ")?;
        let (program, pid) = match tag.strip_suffix(']').and_then(|tag| tag.split_once('[')) {
            Some((program, pid)) => (program, Some(pid.parse().ok()?)),
            None => (tag, None),
        };
        let (_, name) = program.rsplit_once('/')?;
        if !matches!(name, "smtp" | "tlsproxy") {
            return None;
        }
        let event = message::read(message)?;
        Some(Self { stamp, host, program, pid, event })
    }
}

/// Some collections keep the priority that syslog sends over the wire, `<22>`.
fn without_priority(text: &str) -> &str {
    let behind = text.strip_prefix('<').and_then(|rest| rest.split_once('>'));
    match behind {
        Some((priority, rest)) if priority.len() <= 3 && priority.parse::<u8>().is_ok() => rest,
        _ => text,
    }
}
