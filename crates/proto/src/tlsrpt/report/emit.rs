//! Writing a report: the keys in the order of RFC 8460 §4.4, no white space.
use alloc::{format, string::String};

use super::{Entry, Failure, Policy, Report};
use crate::{date::rfc3339, json::push_string};

impl Report {
    /// The report as I-JSON (TLSRPT-4-1): UTF-8 without byte order mark, each key once, IP addresses in the form of RFC 5952
    /// (TLSRPT-A20, R5952-4-1).
    ///
    /// `policies`, `policy-string` and `mx-host` are arrays always, empty ones where there is nothing to say (TLSRPT-4-3,
    /// TLSRPT-A2, TLSRPT-A3, TLSRPT-E1): some receivers need the keys. Other things that are not known have no key
    /// (TLSRPT-A4).
    #[must_use]
    pub fn emit(&self) -> String {
        let mut out = String::with_capacity(256 + 512 * self.entries.len());
        out.push('{');
        text(&mut out, "organization-name", &self.organization);
        out.push_str(&format!(
            ",\"date-range\":{{\"start-datetime\":\"{}\",\"end-datetime\":\"{}\"}}",
            rfc3339(self.period.start),
            rfc3339(self.period.end)
        ));
        optional(&mut out, "contact-info", self.contact.as_deref());
        out.push(',');
        text(&mut out, "report-id", &self.id);
        list(&mut out, "policies", &self.entries, entry);
        out.push('}');
        out
    }
}

fn entry(out: &mut String, entry: &Entry) {
    out.push_str("{\"policy\":");
    policy(out, &entry.policy);
    out.push_str(&format!(
        ",\"summary\":{{\"total-successful-session-count\":{},\"total-failure-session-count\":{}}}",
        entry.successful, entry.failed
    ));
    if !entry.failures.is_empty() {
        list(out, "failure-details", &entry.failures, failure);
    }
    out.push('}');
}

fn policy(out: &mut String, policy: &Policy) {
    out.push('{');
    text(out, "policy-type", &format!("{}", policy.kind));
    list(out, "policy-string", &policy.strings, |out, line| push_string(out, line));
    optional(out, "policy-domain", policy.domain.as_ref().map(AsRef::as_ref));
    list(out, "mx-host", &policy.mx, |out, pattern| push_string(out, pattern));
    out.push('}');
}

fn failure(out: &mut String, failure: &Failure) {
    let address = |address: Option<_>| address.map(|address| format!("{address}"));
    out.push('{');
    text(out, "result-type", &format!("{}", failure.result));
    optional(out, "sending-mta-ip", address(failure.sending_ip).as_deref());
    optional(out, "receiving-mx-hostname", failure.mx.as_deref());
    optional(out, "receiving-mx-helo", failure.helo.as_deref());
    optional(out, "receiving-ip", address(failure.receiving_ip).as_deref());
    out.push_str(&format!(",\"failed-session-count\":{}", failure.sessions));
    optional(out, "additional-information", failure.information.as_deref());
    optional(out, "failure-reason-code", failure.reason.as_deref());
    out.push('}');
}

fn text(out: &mut String, key: &str, value: &str) {
    push_string(out, key);
    out.push(':');
    push_string(out, value);
}

fn optional(out: &mut String, key: &str, value: Option<&str>) {
    if let Some(value) = value {
        out.push(',');
        text(out, key, value);
    }
}

fn list<T>(out: &mut String, key: &str, items: &[T], each: impl Fn(&mut String, &T)) {
    out.push(',');
    push_string(out, key);
    out.push_str(":[");
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        each(out, item);
    }
    out.push(']');
}
