//! Writing a datagram, octet for octet as libtlsrpt does: a blank after the colon of a text, none elsewhere.
use alloc::{borrow::Cow, format, string::String};

use super::{Datagram, Failure, Outcome, Policy, Version, greeted_name};
use crate::json::push_string;

impl Datagram<'_> {
    /// The datagram as libtlsrpt writes it; [`Datagram::parse`] reads it as an equal value, what was cut aside.
    #[must_use]
    pub fn emit(&self) -> String {
        let mut out = String::from("{");
        match &self.version {
            Version::Absent => {}
            Version::One => out.push_str("\"dpv\": \"1\","),
            Version::Other(version) => {
                text(&mut out, "dpv", version);
                out.push(',');
            }
        }
        text(&mut out, "d", self.domain.as_str());
        out.push(',');
        text(&mut out, "pr", &self.record);
        list(&mut out, ",\"policies\":", &self.policies, policy);
        out.push('}');
        out
    }
}

fn policy(out: &mut String, policy: &Policy<'_>) {
    out.push_str(&format!("{{\"policy-type\":{}", policy.kind.number()));
    if let Some(domain) = &policy.domain {
        out.push(',');
        text(out, "policy-domain", domain.as_str());
    }
    let quoted = |out: &mut String, text: &Cow<'_, str>| push_string(out, text);
    if !policy.strings.is_empty() {
        list(out, ",\"policy-string\":", &policy.strings, quoted);
    }
    if !policy.mx.is_empty() {
        list(out, ",\"mx-host\":", &policy.mx, quoted);
    }
    if !policy.failures.is_empty() {
        list(out, ",\"failure-details\":", &policy.failures, failure);
    }
    let outcome = match policy.outcome {
        Outcome::Success => 0,
        Outcome::Failure => 1,
        Outcome::Unknown(number) => number,
    };
    out.push_str(&format!(",\"t\":{},\"f\":{outcome}}}", policy.failures.len()));
}

fn failure(out: &mut String, failure: &Failure<'_>) {
    out.push_str(&format!("{{\"c\":{}", failure.code.number()));
    let address = |address: Option<core::net::IpAddr>| address.map(|address| Cow::Owned(format!("{address}")));
    let borrowed = |text: &'_ Option<Cow<'_, str>>| text.as_deref().map(|text| Cow::Owned(text.into()));
    for (key, value) in [
        ("s", address(failure.sending_ip)),
        ("n", borrowed(&failure.mx)),
        ("h", failure.helo.as_deref().map(as_reply)),
        ("r", address(failure.receiving_ip)),
        ("a", borrowed(&failure.information)),
        ("f", borrowed(&failure.reason)),
    ] {
        if let Some::<Cow<'_, str>>(value) = value {
            out.push(',');
            text(out, key, &value);
        }
    }
    out.push('}');
}

/// A host may be called `250-0.example`, which by itself is read as the reply of a host called `0.example`: the code in front
/// makes it the reply that it came from.
fn as_reply(name: &str) -> Cow<'_, str> {
    let is_read_as_itself = greeted_name(Cow::Borrowed(name)).is_some_and(|read| read == name);
    if is_read_as_itself { Cow::Borrowed(name) } else { Cow::Owned(format!("250 {name}")) }
}

fn text(out: &mut String, key: &str, value: &str) {
    push_string(out, key);
    out.push_str(": ");
    push_string(out, value);
}

fn list<T>(out: &mut String, key: &str, items: &[T], each: impl Fn(&mut String, &T)) {
    out.push_str(key);
    for (index, item) in items.iter().enumerate() {
        out.push(if index == 0 { '[' } else { ',' });
        each(out, item);
    }
    if items.is_empty() {
        out.push('[');
    }
    out.push(']');
}
