//! The messages of Postfix's smtp client and tlsproxy.
use alloc::borrow::Cow;

use super::{Event, Failure, Peer, Status, Trust};
use crate::{name::Domain, postfix::tlsrpt_datagram::host, tlsrpt::ResultType};

/// What C prints for a text that is not there.
const NULL: &str = "(null)";

pub(super) fn read(message: &str) -> Option<Event<'_>> {
    if let Some(fields) = message.strip_prefix("TLSRPT: status=") {
        return tlsrpt(fields);
    }
    match message.split_once(" TLS connection established to ") {
        Some((trust, rest)) => established(trust, rest),
        None => delivery(message),
    }
}

/// `success, domain=D, receiving_mx=HOST[ADDR]`, or `failure, …, failure_type=T`, with or without `, failure_reason=…`.
fn tlsrpt(fields: &str) -> Option<Event<'_>> {
    let (status, rest) = fields.split_once(", domain=")?;
    let (domain, rest) = rest.split_once(", receiving_mx=")?;
    let (mx, failure) = match rest.split_once(", failure_type=") {
        Some((mx, rest)) => (mx, Some(rest)),
        None => (rest, None),
    };
    let failure = match (status, failure) {
        ("success", None) => None,
        ("failure", Some(rest)) => {
            let (word, reason) = match rest.split_once(", failure_reason=") {
                Some((word, reason)) => (word, Some(reason)),
                None => (rest, None),
            };
            Some(Failure { result: result(word), word, reason: reason.filter(|reason| !reason.is_empty()) })
        }
        _ => return None,
    };
    Some(Event::Tlsrpt { domain: Domain::parse_lenient(domain).ok()?, mx: peer(mx), failure })
}

/// Postfix writes the RFC's words with underscores here.
fn result(word: &str) -> Option<ResultType> {
    ResultType::parse(&word.replace('_', "-"))
}

/// `Untrusted` and `HOST[ADDR]:PORT: PROTOCOL with cipher NAME (256/256 bits) …`; before Postfix 2.5 there was no first word.
fn established<'a>(trust: &str, rest: &'a str) -> Option<Event<'a>> {
    let trust = match trust {
        "Anonymous" => Trust::Anonymous,
        "Untrusted" => Trust::Untrusted,
        "Trusted" => Trust::Trusted,
        "Verified" => Trust::Verified,
        _ => return None,
    };
    let (mx, session) = rest.split_once(": ")?;
    let (protocol, rest) = session.split_once(" with cipher ")?;
    let cipher = rest.split(' ').next().unwrap_or(rest);
    Some(Event::Established { trust, mx: peer(mx)?, protocol, cipher })
}

/// `QUEUEID: to=<…>, orig_to=<…>, relay=HOST[ADDR]:PORT, …, dsn=2.0.0, status=sent (…)`.
fn delivery(message: &str) -> Option<Event<'_>> {
    let (queue_id, rest) = message.split_once(": to=<")?;
    if !queue_id.bytes().all(|octet| octet.is_ascii_alphanumeric()) {
        return None;
    }
    let (to, rest) = rest.split_once(">, ")?;
    let (_, domain) = to.rsplit_once('@')?;
    let rest = match rest.strip_prefix("orig_to=<") {
        Some(rest) => rest.split_once(">, ")?.1,
        None => rest,
    };
    let (relay, rest) = rest.strip_prefix("relay=")?.split_once(", ")?;
    let (_, rest) = rest.split_once("status=")?;
    let (status, detail) = rest.split_once(' ').unwrap_or((rest, ""));
    let status = match status {
        "sent" => Status::Sent,
        "deferred" => Status::Deferred,
        "bounced" => Status::Bounced,
        _ => return None,
    };
    let detail = detail.strip_prefix('(').and_then(|detail| detail.strip_suffix(')')).unwrap_or(detail);
    let domain = Domain::parse_lenient(domain).ok()?;
    Some(Event::Delivery { queue_id, domain, relay: peer(relay), status, detail })
}

/// `HOST[ADDR]`, `HOST[ADDR]:PORT` or `HOST[/a/socket]`; `None` for `none` and for what C prints for nothing.
fn peer(text: &str) -> Option<Peer<'_>> {
    let (name, rest) = text.split_once('[')?;
    let (address, port) = rest.split_once(']')?;
    if name.is_empty() || name == NULL {
        return None;
    }
    let port = match port.strip_prefix(':') {
        Some(port) => Some(port.parse().ok()?),
        None if port.is_empty() => None,
        None => return None,
    };
    Some(Peer { host: host(Cow::Borrowed(name)), ip: address.parse().ok(), port })
}
