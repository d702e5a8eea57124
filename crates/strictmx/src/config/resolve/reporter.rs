//! `[reporter]`.

use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use strictmx_proto::mail::{Address, bounce, dkim::Selector};
use toml::de::DeValue;

use super::super::diagnostic::Problem;
use super::super::raw::{Fields, Given, one_of};
use super::super::settings::{DkimKey, HttpsCertificates, Redact, Reporter, When};
use super::super::value::{self, Complaint, Read};
use super::{number, required};

/// Words of `reporter.when`.
pub(in super::super) const WHEN: [(&str, When); 2] = [("always", When::Always), ("failures", When::Failures)];
/// Words of `reporter.redact`.
pub(in super::super) const REDACT: [(&str, Redact); 2] =
    [("sending-mta-ip", Redact::SendingIp), ("failure-reason-code", Redact::Reason)];
/// Words of `reporter.https_certificates`.
pub(in super::super) const CERTIFICATES: [(&str, HttpsCertificates); 2] =
    [("valid", HttpsCertificates::Valid), ("any", HttpsCertificates::Any)];

/// Whoever sends at once, or a day later than others, sends at a time of their own all the same.
const SPREAD: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_hours(20);
/// What is not settled is kept anyhow.
const KEEP: RangeInclusive<Duration> = Duration::from_hours(8 * 24)..=Duration::from_hours(10 * 366 * 24);

/// `place`: the section's name in the text.
pub(super) fn reporter(mut f: Fields<'_, '_>, place: &Range<usize>) -> Reporter {
    let defaults = Reporter::default();
    let organization = required(&mut f, "organization", ("[reporter]", place), value::word).map(|g| g.value);
    let contact = required(&mut f, "contact", ("[reporter]", place), address).map(|g| g.value);
    let from = f.text("from", address);
    if let (Some(from), Some(contact)) = (&from, &contact) {
        aligned(&mut f, from, contact);
    }
    Reporter {
        organization: organization.unwrap_or_default(),
        contact,
        from: from.map(|g| g.value),
        submit: f.text("submit", value::mail_server).map_or(defaults.submit, |g| g.value),
        dkim: dkim(&mut f),
        spread: f.duration("spread", SPREAD).unwrap_or(defaults.spread),
        keep: f.duration("keep", KEEP).unwrap_or(defaults.keep),
        when: f.word("when", &WHEN).map_or(defaults.when, |g| g.value),
        redact: redact(&mut f),
        allow: f.texts("allow", pattern).map_or_else(Vec::new, |g| g.value),
        deny: f.texts("deny", pattern).map_or_else(Vec::new, |g| g.value),
        deny_domains: f
            .texts("deny_domains", |text: &str| value::domain(text).map(|name| name.as_str().to_owned()))
            .map_or_else(Vec::new, |g| g.value),
        max_per_destination: number(f.number("max_per_destination", 1..=1_000_000), defaults.max_per_destination),
        https_certificates: f
            .word("https_certificates", &CERTIFICATES)
            .map_or(defaults.https_certificates, |g| g.value),
        archive: f.text("archive", value::path).map(|g| g.value),
    }
}

/// A signature of the submitter's domain says nothing about mails of another one (TLSRPT-A5).
fn aligned(f: &mut Fields<'_, '_>, from: &Given<Address>, contact: &Address) {
    let (from_domain, submitter) = (from.value.domain(), contact.domain());
    let below = from_domain.as_str().strip_suffix(submitter.as_str()).is_some_and(|rest| rest.ends_with('.'));
    if from_domain != submitter && !below {
        let problem = Problem::warning(
            from.span.clone(),
            format!(
                "mails from {from_domain} will be signed by {submitter}, the domain of `contact`: receivers may refuse them"
            ),
        );
        f.note(problem.help(format!("write an address at {submitter}")));
    }
    if bounce::envelope_sender(&from.value, "0123456789abcdef").is_err() {
        let problem = Problem::error(
            from.span.clone(),
            "the part of `from` before the @ is too long: bounces come back to it with a token behind it",
        );
        f.note(problem.help("choose one of at most 40 characters"));
    }
}

fn dkim(f: &mut Fields<'_, '_>) -> Vec<DkimKey> {
    let help = "write dkim = [{ selector = \"tlsrpt1\", key_file = \"/etc/strictmx/tlsrpt1.pem\" }]; `strictmx report keygen` makes keys";
    let Some(value) = f.value("dkim") else {
        return Vec::new();
    };
    let DeValue::Array(list) = value.get_ref() else {
        f.note(Problem::error(value.span(), "`dkim` must be a list of tables").help(help));
        return Vec::new();
    };
    let mut keys: Vec<DkimKey> = Vec::new();
    for one in list {
        let DeValue::Table(table) = one.get_ref() else {
            f.note(Problem::error(one.span(), "a key of `dkim` is a table").help(help));
            continue;
        };
        for key in table.keys().filter(|key| !matches!(key.get_ref().as_ref(), "selector" | "key_file")) {
            let what = "a key of `dkim` has `selector` and `key_file`, nothing else";
            f.note(Problem::error(key.span(), what).help("leave it out"));
        }
        let mut inner = f.inner(table);
        let selector = inner.text("selector", selector);
        let key_file = inner.text("key_file", value::path).map(|given| given.value);
        for missing in ["selector", "key_file"].into_iter().filter(|key| !table.contains_key(*key)) {
            f.note(Problem::error(one.span(), format!("a key of `dkim` needs `{missing}`")).help(help));
        }
        let (Some(selector), Some(key_file)) = (selector, key_file) else {
            continue;
        };
        if keys.iter().any(|known| known.selector == selector.value) {
            let what = format!("there is a key with the selector {} already", selector.value);
            f.note(Problem::error(selector.span, what).help("each key has a selector of its own"));
            continue;
        }
        keys.push(DkimKey { selector: selector.value, key_file });
    }
    keys
}

fn redact(f: &mut Fields<'_, '_>) -> Vec<Redact> {
    let listed = f.texts("redact", |text: &str| one_of(text, &REDACT)).map_or_else(Vec::new, |g| g.value);
    let all = REDACT.into_iter().map(|(_, what)| what);
    all.filter(|what| listed.contains(what)).collect()
}

fn selector(text: &str) -> Read<Selector> {
    Selector::parse(text)
        .map_err(|error| Complaint { what: error.to_string(), help: Some("write one such as \"tlsrpt1\"".to_owned()) })
}

fn address(text: &str) -> Read<Address> {
    Address::parse(text).map_err(|error| Complaint {
        what: error.to_string(),
        help: Some("write a mail address such as \"postmaster@example.com\"".to_owned()),
    })
}

/// A pattern of `allow` or `deny`.
fn pattern(text: &str) -> Read<String> {
    let odd = text.contains(char::is_whitespace) || text.contains('*');
    if odd {
        return Err(Complaint {
            what: "this is no pattern of report addresses".to_owned(),
            help: Some(
                "write an address such as \"mailto:a@example.com\" or \"https://example.com/v1\", \"@example.com\" for its mailboxes, or \
                 \"example.com\" for everything at and below it"
                    .to_owned(),
            ),
        });
    }
    value::word(text)
}
