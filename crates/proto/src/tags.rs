//! The `tag=value;` scanner that the `_mta-sts` and `_smtp._tls` TXT records share (RFC 8461 §3.1, RFC 8460 §3).
//!
//! Grammar: the version literal, then one or more of `;` and a field, then at most one final `;`, with spaces and tabs
//! allowed round each `;` and nowhere else (D-9). What a value may hold is the record's own business.
use alloc::string::String;

use crate::shown::shown_bytes;

/// Longest record that is read, octets. No DNS answer that real domains give comes near it.
pub const MAX_RECORD: usize = 4096;
/// Longest field name, octets (RFC 8461 §3.1, §3.2).
pub const MAX_NAME: usize = 32;

/// One field of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// What stands before the first `=`: a well-formed name.
    pub name: &'a str,
    /// What stands after it, at least one octet, ASCII, without white space at the ends.
    pub value: &'a str,
}

/// How a TXT record begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin<'a> {
    /// Not with the version literal: some other record.
    Other,
    /// With the version literal, and that is all of it.
    Bare,
    /// With the version literal and a `;`.
    Fields(Fields<'a>),
}

/// The fields of a record, in order. After the first malformed one the rest is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fields<'a> {
    rest: Option<&'a [u8]>,
}

/// A field that is none: what stood there, made safe to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed(pub String);

/// Looks at how `txt` begins; `version` is the literal with its tag, such as `v=STSv1` (STS-3.1-5, STS-3.1-6, E-2).
#[must_use]
pub fn begin<'a>(txt: &'a [u8], version: &str) -> Begin<'a> {
    let Some(rest) = txt.strip_prefix(version.as_bytes()) else {
        return Begin::Other;
    };
    match trim_start(rest) {
        [] => Begin::Bare,
        [b';', rest @ ..] => Begin::Fields(Fields { rest: Some(rest) }),
        _ => Begin::Other,
    }
}

/// Among all TXT records of a name, the only one of ours, or how many there are (STS-3.1-6, STS-3.1-7, TLSRPT-3-15,
/// TLSRPT-3-16). A bare version literal counts only when nothing better is there.
///
/// # Errors
/// The number of records of ours, when it is not one.
pub fn only_one<'a, T: AsRef<[u8]>>(txts: &'a [T], version: &str) -> Result<&'a [u8], usize> {
    let all = || txts.iter().map(AsRef::as_ref).map(|txt| (txt, begin(txt, version)));
    let mut full = all().filter(|(_, begin)| matches!(begin, Begin::Fields(_)));
    let mut bare = all().filter(|(_, begin)| *begin == Begin::Bare);
    match (full.next(), full.count()) {
        (Some((txt, _)), 0) => Ok(txt),
        (Some(_), more) => Err(more + 1),
        (None, _) => bare.next().map(|(txt, _)| txt).ok_or(0),
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let text = trim_start(self.rest.take()?);
        if text.is_empty() {
            return None;
        }
        let mut parts = text.splitn(2, |&octet| octet == b';');
        let raw = trim_end(parts.next().unwrap_or_default());
        let Some(field) = field(raw) else {
            return Some(Err(Malformed(shown_bytes(raw))));
        };
        self.rest = parts.next();
        Some(Ok(field))
    }
}

fn field(raw: &[u8]) -> Option<Field<'_>> {
    if !raw.is_ascii() {
        return None;
    }
    let (name, value) = core::str::from_utf8(raw).ok()?.split_once('=')?;
    (is_name(name) && !value.is_empty()).then_some(Field { name, value })
}

/// Whether this is a field name, in a TXT record or a policy: a letter or digit, then up to 31 letters, digits, `_`, `-`, `.`.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let [first, rest @ ..] = name.as_bytes() else {
        return false;
    };
    first.is_ascii_alphanumeric()
        && rest.len() < MAX_NAME
        && rest.iter().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b'-' | b'.'))
}

/// Whether an unknown field's value is acceptable: printable, no space. The RFC also bars `=`, which base64 padding needs; we
/// are lenient there.
#[must_use]
pub fn is_value(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|octet| octet.is_ascii_graphic() && octet != b';')
}

fn trim_start(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = text {
        text = rest;
    }
    text
}

fn trim_end(mut text: &[u8]) -> &[u8] {
    while let [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}
