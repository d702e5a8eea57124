//! Postfix's log as sessions, for mail servers that send no datagrams.
//!
//! Postfix 3.10 and later write a `TLSRPT:` line for each session of a domain that wants reports. Older ones tell of a connection
//! and then of deliveries over it, by the same process: the first delivery names the domain, further ones are the same session.
use alloc::{boxed::Box, string::ToString as _};
use core::net::IpAddr;

use hashbrown::{HashMap, HashSet};
use strictmx_proto::{
    name::Domain,
    postfix::tlsrpt_log::{Event, Line, Peer, Status, Trust},
    tlsrpt::ResultType,
};

/// Processes whose connection waits for its delivery; a log in which more are found is none of Postfix's.
const WAITING: usize = 10_000;
/// Longest reason that is taken over, octets.
const MAX_REASON: usize = 200;

/// A session that the log tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The recipient domain.
    pub domain: Domain,
    /// The MX host.
    pub host: Option<Box<str>>,
    /// Its address.
    pub ip: Option<IpAddr>,
    /// What failed; `None`: nothing.
    pub failure: Option<(ResultType, Option<Box<str>>)>,
    /// What Postfix thought of the certificate; `None`: the line does not say.
    pub trust: Option<Trust>,
}

/// A process of Postfix's: machine and number.
type Process = (Box<str>, u32);

/// Connections that were told of and not yet used.
#[derive(Debug, Default)]
pub struct Connections {
    waiting: HashMap<Process, (Box<str>, Option<IpAddr>, Trust)>,
    /// Machines whose Postfix writes `TLSRPT:` lines: its other lines would tell the same sessions once more.
    modern: HashSet<Box<str>>,
}

impl Connections {
    /// What a line adds: a session, or nothing yet.
    pub fn saw(&mut self, line: &Line<'_>) -> Option<Session> {
        match &line.event {
            Event::Tlsrpt { domain, mx, failure } => {
                if self.modern.len() < WAITING && !self.modern.contains(line.host) {
                    self.modern.insert(line.host.into());
                }
                let failure = failure.map(|failure| {
                    let result = failure.result.unwrap_or(ResultType::ValidationFailure);
                    // A word that nobody knows is told as the reason.
                    let word = failure.result.is_none().then_some(failure.word);
                    (result, failure.reason.or(word).map(short))
                });
                let host = mx.as_ref().map(|peer| peer.host.as_ref().into());
                let ip = mx.as_ref().and_then(|peer| peer.ip);
                Some(Session { domain: domain.clone(), host, ip, failure, trust: None })
            }
            _ if self.modern.contains(line.host) => None,
            Event::Established { trust, mx, .. } => {
                if self.waiting.len() >= WAITING {
                    self.waiting.clear();
                }
                self.waiting.insert(key(line)?, (mx.host.as_ref().into(), mx.ip, *trust));
                None
            }
            Event::Delivery { domain, relay, status, detail, .. } => {
                self.delivery(line, domain, relay.as_ref(), *status, detail)
            }
            _ => None,
        }
    }

    fn delivery(
        &mut self,
        line: &Line<'_>,
        domain: &Domain,
        relay: Option<&Peer<'_>>,
        status: Status,
        detail: &str,
    ) -> Option<Session> {
        let session = |host: &str, ip, failure, trust| {
            Some(Session { domain: domain.clone(), host: Some(host.into()), ip, failure, trust })
        };
        let waiting = key(line).and_then(|key| self.waiting.remove(&key));
        let failed = (status != Status::Sent).then(|| failure(detail)).flatten();
        match (waiting, relay) {
            // Another connection than the one that was told of: the one told of served nobody.
            (Some((host, ip, trust)), Some(relay)) if *host == *relay.host && ip == relay.ip => {
                session(&host, ip, failed, Some(trust))
            }
            // TLS was never reached, and that is why nothing was delivered.
            (_, Some(relay)) if failed.is_some() => session(&relay.host, relay.ip, failed, None),
            _ => None,
        }
    }
}

fn key(line: &Line<'_>) -> Option<Process> {
    Some((line.host.into(), line.pid?))
}

/// What Postfix says when TLS is the reason for a delivery that failed.
fn failure(detail: &str) -> Option<(ResultType, Option<Box<str>>)> {
    const WORDS: [(&str, ResultType); 6] = [
        ("TLS is required, but was not offered", ResultType::StarttlsNotSupported),
        ("TLS is required, but host", ResultType::StarttlsNotSupported),
        ("Server certificate not verified", ResultType::ValidationFailure),
        ("Server certificate not trusted", ResultType::CertificateNotTrusted),
        ("Cannot start TLS", ResultType::ValidationFailure),
        ("certificate verification failed", ResultType::ValidationFailure),
    ];
    let (words, result) = WORDS.iter().find(|(words, _)| detail.contains(words))?;
    Some((*result, Some((*words).to_string().into())))
}

fn short(text: &str) -> Box<str> {
    text.get(..text.floor_char_boundary(MAX_REASON)).unwrap_or(text).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sessions(log: &str) -> alloc::vec::Vec<Session> {
        let mut connections = Connections::default();
        log.lines().filter_map(|line| Line::parse(line.as_bytes())).filter_map(|line| connections.saw(&line)).collect()
    }

    #[test]
    fn a_line_of_postfix_3_10_is_a_session() {
        let told = sessions(
            "2026-11-22T03:43:11.5+01:00 out postfix/smtp[71]: TLSRPT: status=success, domain=example.com, receiving_mx=mx.example.com[192.0.2.1]\n\
             2026-11-22T03:43:12.5+01:00 out postfix/smtp[71]: TLSRPT: status=failure, domain=example.com, receiving_mx=mx.example.com[192.0.2.1], failure_type=certificate_expired\n",
        );
        assert_eq!((told.len(), told[0].domain.as_str()), (2, "example.com"));
        assert_eq!((told[0].host.as_deref(), told[0].failure.clone()), (Some("mx.example.com"), None));
        assert_eq!(told[1].failure, Some((ResultType::CertificateExpired, None)));
    }

    #[test]
    fn a_postfix_that_writes_such_lines_is_not_counted_twice() {
        let told = sessions(
            "Nov 22 03:43:11 out postfix/smtp[71]: Verified TLS connection established to mx.example.com[192.0.2.1]:25: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\n\
             Nov 22 03:43:11 out postfix/smtp[71]: TLSRPT: status=success, domain=example.com, receiving_mx=mx.example.com[192.0.2.1]\n\
             Nov 22 03:43:12 out postfix/smtp[71]: 4dFk2: to=<a@example.com>, relay=mx.example.com[192.0.2.1]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)\n",
        );
        assert_eq!(told.len(), 1, "{told:?}");
    }

    #[test]
    fn a_connection_of_an_older_postfix_counts_once_for_the_domain_it_first_served() {
        let told = sessions(
            "Nov 22 03:43:11 out postfix/smtp[71]: Verified TLS connection established to mx.example.com[192.0.2.1]:25: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\n\
             Nov 22 03:43:11 out postfix/smtp[72]: Untrusted TLS connection established to mx.example.net[192.0.2.2]:25: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\n\
             Nov 22 03:43:12 out postfix/smtp[71]: 4dFk2: to=<a@example.com>, relay=mx.example.com[192.0.2.1]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)\n\
             Nov 22 03:43:12 out postfix/smtp[71]: 4dFk2: to=<b@example.com>, relay=mx.example.com[192.0.2.1]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)\n\
             Nov 22 03:43:13 out postfix/smtp[72]: 4dFk3: to=<a@example.net>, relay=mx.example.net[192.0.2.2]:25, delay=1, delays=0/0/0/1, dsn=4.7.5, status=deferred (Server certificate not verified)\n",
        );
        assert_eq!(told.len(), 2, "{told:?}");
        assert_eq!(
            (told[0].domain.as_str(), told[0].trust, &told[0].failure),
            ("example.com", Some(Trust::Verified), &None)
        );
        assert_eq!(told[1].failure.as_ref().unwrap().0, ResultType::ValidationFailure);
    }

    #[test]
    fn a_host_without_starttls_is_a_failure_and_any_other_trouble_is_no_session() {
        let told = sessions(
            "Nov 22 03:43:12 out postfix/smtp[71]: 4dFk2: to=<a@example.com>, relay=mx.example.com[192.0.2.1]:25, delay=1, delays=0/0/0/1, dsn=4.7.4, status=deferred (TLS is required, but was not offered by host mx.example.com[192.0.2.1])\n\
             Nov 22 03:43:12 out postfix/smtp[71]: 4dFk2: to=<a@example.com>, relay=mx.example.com[192.0.2.1]:25, delay=1, delays=0/0/0/1, dsn=4.0.0, status=deferred (host mx.example.com[192.0.2.1] said: 450 later)\n\
             Nov 22 03:43:12 out postfix/smtp[71]: 4dFk2: to=<a@example.com>, relay=none, delay=1, delays=0/0/0/1, dsn=4.4.1, status=deferred (connect to mx.example.com[192.0.2.1]:25: Connection refused)\n",
        );
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(told[0].failure.as_ref().unwrap().0, ResultType::StarttlsNotSupported);
    }
}
