//! The mail that carries a report (RFC 8460 §5.3).
//!
//! ```text
//! From, To, Subject: Report Domain: D Submitter: S Report-ID: <left@S>, Date, Message-ID,
//! TLS-Report-Domain: D, TLS-Report-Submitter: S, TLS-Required: No, Auto-Submitted: auto-generated, MIME-Version,
//! Content-Type: multipart/report; report-type="tlsrpt"
//!   text/plain                what it is, for people
//!   application/tlsrpt+gzip   the report, S!D!begin!end!unique.json.gz
//! ```
//!
//! Everything that identifies the report is taken from the report itself, so that mail and report cannot differ (TLSRPT-5.3-3,
//! TLSRPT-5.6-1, TLSRPT-A19). The same report for the same address always gives the same mail, its date aside.
use alloc::{format, string::String, vec::Vec};

use sha2::{Digest as _, Sha256};

use super::{
    ReportId,
    report::{Entry, Failure, Period, Report},
};
use crate::{
    date::{rfc3339, rfc5322},
    mail::{
        Address, Field, FieldError, Message,
        mime::{Part, multipart},
    },
    name::Domain,
    shown::shown,
};

/// The media type of a report in gzip (TLSRPT-5.4-1, TLSRPT-6-1); the body of an HTTPS post has it too.
pub const MEDIA_GZIP: &str = "application/tlsrpt+gzip";
/// The media type of a report that is not compressed.
pub const MEDIA_JSON: &str = "application/tlsrpt+json";
/// Most policies, and most failures of each, that the text for people lists.
const MAX_LISTED: usize = 20;

/// A report and where it goes.
#[derive(Debug, Clone, Copy)]
pub struct Letter<'a> {
    /// The report.
    pub report: &'a Report,
    /// The report, emitted and compressed.
    pub gzip: &'a [u8],
    /// The domain whose record asked for the report.
    pub domain: &'a Domain,
    /// The sender, in From.
    pub from: &'a Address,
    /// The address that the record gave.
    pub to: &'a Address,
    /// The moment, in seconds since the epoch, for Date.
    pub date: u64,
}

/// Why no mail can be made of a report. [`Report::check`] finds the first two as well.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LetterError {
    /// There is no contact-info, or it is no mail address.
    #[error("the report's contact-info is no mail address")]
    Contact,
    /// The report-id is not of the form that the Subject wants.
    #[error("the report's report-id is not of the form left@domain")]
    Id,
    /// A value that cannot stand in a header field.
    #[error("the mail cannot be composed: {0}")]
    Field(#[from] FieldError),
}

impl Letter<'_> {
    /// The mail, unsigned.
    ///
    /// # Errors
    /// [`LetterError`]: the report is none of ours.
    pub fn compose(&self) -> Result<Message, LetterError> {
        let (domain, report) = (self.domain, self.report);
        let submitter = submitter(report).ok_or(LetterError::Contact)?;
        let id = ReportId::parse(&report.id).ok_or(LetterError::Id)?;
        let parts = [
            Part::text(&summary(report, domain))?,
            Part::file(MEDIA_GZIP, &file_name(report.period, domain, &submitter, &id), self.gzip)?,
        ];
        let boundary = boundary(&id, &parts);
        let fields = Vec::from([
            Field::new("From", format!("{}", self.from))?,
            Field::new("To", format!("{}", self.to))?,
            // TLSRPT-5.3-5
            Field::new("Subject", format!("Report Domain: {domain} Submitter: {submitter} Report-ID: <{id}>"))?,
            Field::new("Date", rfc5322(self.date))?,
            Field::new("Message-ID", self.message_id(&submitter, &id))?,
            // TLSRPT-5.3-2
            Field::new("TLS-Report-Domain", domain.as_str())?,
            Field::new("TLS-Report-Submitter", submitter.as_str())?,
            // TLSRPT-3-7, TLSRPT-5.3.1-1, D-53; once (R8689-3-2)
            Field::new("TLS-Required", "No")?,
            Field::new("Auto-Submitted", "auto-generated")?,
            Field::new("MIME-Version", "1.0")?,
            // TLSRPT-5.3-1, R6522-3-2
            Field::new("Content-Type", format!("multipart/report; report-type=\"tlsrpt\"; boundary=\"{boundary}\""))?,
        ]);
        Ok(Message { fields, body: multipart(&boundary, &parts) })
    }

    /// One for each addressee, the same on every attempt.
    fn message_id(&self, submitter: &Domain, id: &ReportId) -> String {
        format!("<{}.{}@{submitter}>", id.left(), digest(&[format!("{}", self.to).as_bytes()], 4))
    }
}

/// Whose report it is: the domain of its contact (TLSRPT-5.3-3). `None`: its contact is no address.
#[must_use]
pub fn submitter(report: &Report) -> Option<Domain> {
    let contact = Address::parse(report.contact.as_deref()?).ok()?;
    Some(contact.domain().clone())
}

/// `submitter!policy-domain!begin!end!unique.json.gz` (TLSRPT-5.1-1, TLSRPT-5.1-2, TLSRPT-5.1-3); `unique` is made of the id.
#[must_use]
pub fn file_name(period: Period, domain: &Domain, submitter: &Domain, id: &ReportId) -> String {
    let unique = digest(&[id.as_str().as_bytes()], 8);
    format!("{submitter}!{domain}!{}!{}!{unique}.json.gz", period.start, period.end)
}

/// A digest of the parts themselves occurs in none of them.
fn boundary(id: &ReportId, parts: &[Part]) -> String {
    let mut all = Vec::from([id.as_str().as_bytes()]);
    all.extend(parts.iter().map(|part| part.body.as_slice()));
    format!("=_strictmx_{}", digest(&all, 16))
}

/// The first octets of a SHA-256, in hexadecimal digits.
fn digest(texts: &[&[u8]], octets: usize) -> String {
    let mut hash = Sha256::new();
    texts.iter().for_each(|text| hash.update(text));
    hash.finalize().iter().take(octets).map(|octet| format!("{octet:02x}")).collect()
}

//----------- For people --------------------------------------------------

/// What the report says, for people; lines end in LF.
#[must_use]
pub fn summary(report: &Report, domain: &Domain) -> String {
    let Report { organization, period, contact, id, entries } = report;
    let mut text = format!(
        "This is a TLS report (RFC 8460) about mail to {domain}.\n\n\
         By:      {}\nContact: {}\nFrom:    {}\nTo:      {}\nId:      {}\n",
        shown(organization),
        shown(contact.as_deref().unwrap_or("-")),
        rfc3339(period.start),
        rfc3339(period.end),
        shown(id)
    );
    for entry in entries.iter().take(MAX_LISTED) {
        push_entry(&mut text, entry);
    }
    push_more(&mut text, "\n", entries.len(), "policies");
    text.push_str("\nThe attached file has it all in JSON, compressed with gzip.\n");
    text
}

fn push_entry(text: &mut String, entry: &Entry) {
    let Entry { policy, successful, failed, failures } = entry;
    let domain = policy.domain.as_ref().map_or("-", Domain::as_str);
    text.push_str(&format!(
        "\nPolicy {} of {domain}\n    Sessions: {successful} succeeded, {failed} failed\n",
        shown(&format!("{}", policy.kind))
    ));
    for failure in failures.iter().take(MAX_LISTED) {
        push_failure(text, failure);
    }
    push_more(text, "    ", failures.len(), "kinds of failure");
}

fn push_failure(text: &mut String, failure: &Failure) {
    text.push_str(&format!("    {} failed with {}", failure.sessions, shown(&format!("{}", failure.result))));
    if let Some(mx) = &failure.mx {
        text.push_str(&format!(" at {}", shown(mx)));
    }
    if let Some(reason) = &failure.reason {
        text.push_str(&format!(": {}", shown(reason)));
    }
    text.push('\n');
}

fn push_more(text: &mut String, indent: &str, count: usize, what: &str) {
    if count > MAX_LISTED {
        text.push_str(&format!("{indent}and {} more {what}\n", count - MAX_LISTED));
    }
}
