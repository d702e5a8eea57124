//! Bounces: whether a mail says that a mail of ours could not be delivered (RFC 3464), as much of it as is needed to tell which
//! address is dead.
//!
//! Which mail it was is told by the envelope's sender of that mail, `local+b.TOKEN@domain`, to which bounces come back.
use alloc::{format, string::String, vec::Vec};

use super::{Address, AddressError, header::Received};
use crate::shown::shown;

/// Stands between the local part and the token.
const MARK: &str = "+b.";
/// How much of a bounce is looked at, octets.
const MAX_LOOKED_AT: usize = 256 * 1024;
/// Most tokens that are taken from one bounce.
const MAX_TOKENS: usize = 8;
/// Longest token that is read, characters.
const MAX_TOKEN: usize = 40;
/// Characters of what a server said that are kept.
const MAX_SAID: usize = 500;

/// What a mail says about one of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounce {
    /// Tokens in it, in the order they were found.
    pub tokens: Vec<String>,
    /// What it says.
    pub verdict: Verdict,
}

/// What became of our mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It could not be delivered, and why.
    Failed(String),
    /// It is being tried still.
    Delayed,
    /// The mail is no bounce: an answer by a person or a machine, or a confirmation.
    NoBounce,
}

/// The envelope's sender for a token: where a bounce comes back to.
///
/// # Errors
/// [`AddressError`]: the sender's local part leaves no room for it.
pub fn envelope_sender(from: &Address, token: &str) -> Result<Address, AddressError> {
    Address::new(&format!("{}{MARK}{token}", from.local()), from.domain().clone())
}

impl Bounce {
    /// Looks at a mail, and at the address that it came to, when that is known. Nothing in it is trusted: without a token that we
    /// have given away, nothing follows from it.
    #[must_use]
    pub fn read(mail: &[u8], recipient: Option<&str>) -> Self {
        let head = mail.get(..MAX_LOOKED_AT).unwrap_or(mail);
        let mut tokens = Vec::new();
        for text in [recipient.unwrap_or_default().as_bytes(), head] {
            find(text, &mut tokens);
        }
        Self { tokens, verdict: verdict(head) }
    }
}

/// The tokens in a text: what stands between the mark and an `@`.
fn find(text: &[u8], tokens: &mut Vec<String>) {
    let mark = MARK.as_bytes();
    for (at, _) in text.windows(mark.len()).enumerate().filter(|(_, window)| *window == mark) {
        let rest = text.get(at + mark.len()..).unwrap_or_default();
        let rest = rest.get(..=MAX_TOKEN).unwrap_or(rest);
        let end = rest.iter().position(|octet| !octet.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let word = rest.get(..end).and_then(|word| core::str::from_utf8(word).ok()).unwrap_or_default();
        // Some mail servers write local parts in capitals.
        let word = word.to_ascii_lowercase();
        let known = tokens.contains(&word) || tokens.len() == MAX_TOKENS;
        if rest.get(end) == Some(&b'@') && !word.is_empty() && !known {
            tokens.push(word);
        }
    }
}

/// The fields of the first delivery status in it (RFC 3464 §2.3).
fn verdict(mail: &[u8]) -> Verdict {
    let header = Received::parse(mail);
    let kind = header.value("Content-Type").unwrap_or_default().to_ascii_lowercase();
    if !kind.contains("multipart/report") || !kind.contains("delivery-status") {
        return Verdict::NoBounce;
    }
    let mut action = String::new();
    let mut status = String::new();
    let mut said = String::new();
    for line in header.body.split(|octet| *octet == b'\n') {
        let line = String::from_utf8_lossy(line);
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        let field = match name.trim().to_ascii_lowercase().as_str() {
            "action" => &mut action,
            "status" => &mut status,
            "diagnostic-code" => &mut said,
            _ => continue,
        };
        if field.is_empty() {
            *field = value.trim().chars().take(MAX_SAID).collect();
        }
    }
    match action.to_ascii_lowercase().as_str() {
        "failed" => Verdict::Failed(shown(format!("bounced: {status} {said}").trim())),
        "delayed" => Verdict::Delayed,
        _ => Verdict::NoBounce,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNCE: &str = "Return-Path: <>\r\nDelivered-To: tls+b.abc234@sender.example\r\nSubject: Undelivered\r\n\
        Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"x\"\r\n\r\n--x\r\n\r\nSorry.\r\n\
        --x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n\
        Final-Recipient: rfc822; a@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n\
        Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n\r\n--x--\r\n";

    #[test]
    fn a_bounce_tells_which_mail_could_not_be_delivered_and_why() {
        let bounce = Bounce::read(BOUNCE.as_bytes(), Some("tls+b.ABC234@sender.example"));
        assert_eq!(bounce.tokens, ["abc234"]);
        assert_eq!(bounce.verdict, Verdict::Failed("bounced: 5.1.1 smtp; 550 5.1.1 no such user".into()));
    }

    #[test]
    fn an_answer_or_a_delay_is_no_failure() {
        let delayed = BOUNCE.replace("Action: failed", "Action: delayed");
        assert_eq!(Bounce::read(delayed.as_bytes(), None).verdict, Verdict::Delayed);
        let relayed = BOUNCE.replace("Action: failed", "Action: relayed");
        assert_eq!(Bounce::read(relayed.as_bytes(), None).verdict, Verdict::NoBounce);
        let answer = "Auto-Submitted: auto-replied\nTo: <tls+b.abc234@sender.example>\n\nI am away.\nAction: failed\n";
        let answer = Bounce::read(answer.as_bytes(), None);
        assert_eq!((answer.tokens.as_slice(), answer.verdict), (["abc234".into()].as_slice(), Verdict::NoBounce));
    }

    #[test]
    fn the_envelope_s_sender_carries_the_token() {
        let from = Address::parse("tls@sender.example").unwrap();
        let sender = envelope_sender(&from, "abc234").unwrap();
        assert_eq!(format!("{sender}"), "tls+b.abc234@sender.example");
        assert_eq!(Bounce::read(b"", Some(&format!("{sender}"))).tokens, ["abc234"]);
        assert!(
            Address::parse(&format!("{}@sender.example", "a".repeat(60)))
                .is_ok_and(|from| envelope_sender(&from, "abc234").is_err())
        );
    }

    #[test]
    fn whatever_comes_is_read_within_bounds() {
        let mut flood = b"+b.".repeat(100_000);
        flood.extend_from_slice(&[0xff, 0, b'@']);
        let read = Bounce::read(&flood, Some("+b.@ +b.x +b.\u{fc}@"));
        assert_eq!((read.tokens, read.verdict), (Vec::<String>::new(), Verdict::NoBounce));
        let many: String = (0..50).map(|n| format!("a+b.t{n}@x ")).collect();
        assert_eq!(Bounce::read(many.as_bytes(), None).tokens.len(), MAX_TOKENS);
    }
}
