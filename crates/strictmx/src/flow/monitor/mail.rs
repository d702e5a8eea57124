//! The mail about a domain: what has happened since the last look, in plain text.
use std::fmt::Write as _;

use strictmx_engine::time::Timestamp;
use strictmx_io::submit::Mail;
use strictmx_proto::{
    date::rfc5322,
    mail::{Field, FieldError, Message, mime::Part},
    name::Domain,
};

use super::alert::Told;

/// Incidents that are told one by one.
const SHOWN: usize = 40;
/// Longest heading in a subject, in characters.
const MAX_HEADING: usize = 120;

/// Puts the mail together. The same alerts give the same Message-ID, so that a mail that comes twice can be told from another.
pub(super) fn compose(
    from: &str,
    to: &[String],
    at: Timestamp,
    domain: &Domain,
    told: &[&Told],
) -> Result<Mail, FieldError> {
    let host = from.rsplit_once('@').map_or("localhost", |(_, host)| host);
    let Part { fields: mut content, body } = Part::text(&text(domain, told))?;
    let mut fields = vec![
        Field::new("Date", rfc5322(at.0))?,
        Field::new("From", format!("strictmx <{from}>"))?,
        Field::new("To", to.join(", "))?,
        Field::new("Subject", subject(domain, told))?,
        Field::new("Message-ID", format!("<{}.{:016x}.{domain}.monitor@{host}>", at.0, fingerprint(told)))?,
        // All mails about a domain belong together.
        Field::new("References", format!("<{domain}.monitor@{host}>"))?,
        Field::new("Auto-Submitted", "auto-generated")?,
        Field::new("MIME-Version", "1.0")?,
    ];
    fields.append(&mut content);
    Ok(Mail { from: from.to_owned(), to: to.to_vec(), message: Message { fields, body }.emit() })
}

/// A number that these alerts alone have (FNV-1a).
fn fingerprint(told: &[&Told]) -> u64 {
    let octets =
        told.iter().flat_map(|one| [&one.news, &one.id, &one.subject]).flat_map(|text| text.bytes().chain([0]));
    octets.fold(0xcbf2_9ce4_8422_2325, |hash, octet| (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3))
}

fn subject(domain: &Domain, told: &[&Told]) -> String {
    let (over, open): (Vec<&Told>, Vec<&Told>) = told.iter().partition(|one| one.is_all_clear());
    let what = match (open.as_slice(), over.as_slice()) {
        ([one], []) => format!("{}: {}", one.severity, one.heading()),
        ([], [one]) => format!("all clear: {}", one.heading()),
        (open, []) => format!("{} findings, {} of them errors", open.len(), errors(open)),
        ([], over) => format!("all clear of {} findings", over.len()),
        (open, over) => format!("{} new findings, all clear of {}", open.len(), over.len()),
    };
    let words = plain(&what);
    let cut: String = words.chars().take(MAX_HEADING).collect();
    let more = if cut.len() < words.len() { "..." } else { "" };
    format!("[strictmx] {domain}: {}{more}", cut.trim_end())
}

fn errors(told: &[&Told]) -> usize {
    told.iter().filter(|one| one.is_error()).count()
}

/// The text as words of ASCII: what a stranger's text could hold besides has no place in a header.
fn plain(text: &str) -> String {
    let ascii: String = text.chars().map(|c| if matches!(c, ' '..='~') { c } else { '?' }).collect();
    ascii.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn text(domain: &Domain, told: &[&Told]) -> String {
    let mut out = String::new();
    let mut line = |text: &str| {
        let _never_fails = writeln!(out, "{text}");
    };
    if let Some(last) = told.last() {
        line(&format!("{domain}: {}", last.health));
        line(&last.summary);
        line(&format!("Looked at {}.", last.at));
    }
    for one in told.iter().take(SHOWN) {
        line("");
        match one.is_all_clear() {
            true => line(&format!("ALL CLEAR: {}", one.heading())),
            false => line(&format!("{}: {}", one.severity.to_uppercase(), one.heading())),
        }
        let what = match one.news.as_str() {
            "worse" => "worse than before; since",
            "all-clear" => "it was so since",
            _ => "since",
        };
        line(&format!("  {what} {} [{}]", one.since, one.id));
        paragraph(&mut line, if one.is_all_clear() { "Seen last" } else { "Seen" }, &one.seen);
        paragraph(&mut line, "Next step", &one.next_step);
        paragraph(&mut line, "Publish", &one.publish);
    }
    if let Some(more) = told.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        line(&format!("\n... and {more} more."));
    }
    line(&format!("\nThe whole picture: strictmx check {domain}"));
    out
}

fn paragraph(line: &mut impl FnMut(&str), name: &str, text: &str) {
    let mut lines = text.lines();
    if let Some(first) = lines.next() {
        line(&format!("  {name}: {first}"));
    }
    for further in lines {
        line(&format!("    {further}"));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn told(news: &str, title: &str, subject: &str) -> Told {
        let text = |text: &str| text.to_owned();
        Told {
            news: text(news),
            domain: text("example.com"),
            at: text("2026-11-22T06:00:00Z"),
            since: text("2026-11-22T00:00:00Z"),
            severity: text("error"),
            id: text("smtp.certificate-expired"),
            subject: text(subject),
            title: text(title),
            seen: text("It ended on 2026-11-21."),
            next_step: text("Renew it."),
            publish: text(""),
            finding: None,
            health: text("broken"),
            summary: text("One MX host cannot be delivered to."),
        }
    }

    fn mail(told: &[&Told]) -> String {
        let domain = Domain::parse("example.com").unwrap();
        let to = ["ops@example.com".to_owned()];
        let mail = compose("strictmx@example.com", &to, Timestamp(1_795_327_200), &domain, told).unwrap();
        assert_eq!((mail.from.as_str(), mail.to.as_slice()), ("strictmx@example.com", &to[..]));
        String::from_utf8(mail.message).unwrap()
    }

    #[test]
    fn a_mail_says_what_is_wrong_since_when_and_what_to_do() {
        let one = told("raised", "the certificate has expired", "mx.example.com");
        let text = mail(&[&one]);
        for line in [
            "Date: Sun, 22 Nov 2026 06:00:00 +0000",
            "From: strictmx <strictmx@example.com>",
            "To: ops@example.com",
            "Auto-Submitted: auto-generated",
            "Content-Type: text/plain; charset=us-ascii",
            "example.com: broken",
            "ERROR: the certificate has expired (mx.example.com)",
            "  since 2026-11-22T00:00:00Z [smtp.certificate-expired]",
            "  Seen: It ended on 2026-11-21.",
            "  Next step: Renew it.",
        ] {
            assert!(text.contains(&format!("{line}\r\n")), "{line}\n{text}");
        }
        assert!(
            text.contains(
                "Subject: [strictmx] example.com: error: the certificate has expired\r\n (mx.example.com)\r\n"
            )
        );
        assert_eq!(text, mail(&[&one]), "the same alerts, the same mail");
        let id = |text: &str| text.lines().find(|line| line.starts_with("Message-ID")).unwrap().to_owned();
        assert_ne!(id(&text), id(&mail(&[&told("all-clear", "the certificate has expired", "mx.example.com")])));
    }

    #[test]
    fn several_things_are_one_mail_and_all_clears_say_so() {
        let (one, two) = (told("raised", "a", ""), told("all-clear", "b", "mx"));
        let both = mail(&[&one, &two]);
        assert!(both.contains("Subject: [strictmx] example.com: 1 new findings, all clear of 1\r\n"), "{both}");
        assert!(both.contains("ALL CLEAR: b (mx)\r\n  it was so since 2026"), "{both}");
        assert!(mail(&[&two]).contains("Subject: [strictmx] example.com: all clear: b (mx)\r\n"));
        let many: Vec<_> = (0..50).map(|number| told("raised", "a", &number.to_string())).collect();
        let many = mail(&many.iter().collect::<Vec<_>>());
        assert!(many.contains("50 findings, 50 of them errors") && many.contains("... and 10 more."), "{many}");
    }

    #[test]
    fn a_strangers_text_ends_no_header_and_passes_any_server() {
        let mut one = told("raised", "a", "mx\r\nBcc: all@example.com\u{202e} é");
        one.seen = "ü\r\n.\r\nMAIL FROM:<>".to_owned();
        let text = mail(&[&one]);
        let (header, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(!header.lines().any(|line| line.starts_with("Bcc")), "{header}");
        assert!(text.is_ascii() && !body.contains("\r\n.\r\n"));
        assert!(header.contains("Content-Transfer-Encoding: base64"));
    }
}
