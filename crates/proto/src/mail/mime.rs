//! Parts and their encodings (RFC 2045, RFC 2046), as much as a report's mail needs.
use alloc::{format, string::String, vec::Vec};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::header::{Field, FieldError, MAX_LINE};

/// Octets that make a base64 line of 76 characters (RFC 2045 §6.8).
const LINE: usize = 57;

/// One part of a multipart message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its header.
    pub fields: Vec<Field>,
    /// Its content, encoded; lines end in CRLF.
    pub body: Vec<u8>,
}

impl Part {
    /// Plain text. It stands as it is when it is ASCII in lines of decent length, else it is UTF-8 in base64. Lines of `text` end
    /// in LF.
    ///
    /// # Errors
    /// Never for a text; the type is that of [`Field::new`].
    pub fn text(text: &str) -> Result<Self, FieldError> {
        let mut lines = String::with_capacity(text.len() + 80);
        for line in text.lines() {
            lines.push_str(line);
            lines.push_str("\r\n");
        }
        let plain = |line: &str| line.len() <= MAX_LINE && line.bytes().all(|octet| matches!(octet, b' '..=b'~'));
        let (charset, encoding, body) = if text.lines().all(plain) {
            ("us-ascii", "7bit", lines.into_bytes())
        } else {
            ("utf-8", "base64", base64_lines(lines.as_bytes()))
        };
        let fields = Vec::from([
            Field::new("Content-Type", format!("text/plain; charset={charset}"))?,
            Field::new("Content-Transfer-Encoding", encoding)?,
        ]);
        Ok(Self { fields, body })
    }

    /// A file in base64. Neither `media` nor `name` may hold a quote or a backslash.
    ///
    /// # Errors
    /// [`FieldError`]: the name cannot stand in a header field.
    pub fn file(media: &str, name: &str, octets: &[u8]) -> Result<Self, FieldError> {
        if name.contains(['"', '\\']) {
            return Err(FieldError::Character("Content-Disposition"));
        }
        let fields = Vec::from([
            Field::new("Content-Type", media)?,
            Field::new("Content-Transfer-Encoding", "base64")?,
            Field::new("Content-Disposition", format!("attachment; filename=\"{name}\""))?,
        ]);
        Ok(Self { fields, body: base64_lines(octets) })
    }
}

/// Puts parts together. `boundary` must occur in none of them.
#[must_use]
pub fn multipart(boundary: &str, parts: &[Part]) -> Vec<u8> {
    let mut out = Vec::new();
    for part in parts {
        out.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        part.fields.iter().for_each(|field| field.emit(&mut out));
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(&part.body);
        // The line end before a boundary belongs to the boundary.
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    out
}

/// Base64 in lines of 76 characters, each with its end.
#[must_use]
pub fn base64_lines(octets: &[u8]) -> Vec<u8> {
    let mut out = String::with_capacity(octets.len() / LINE * 78 + 80);
    for line in octets.chunks(LINE) {
        STANDARD.encode_string(line, &mut out);
        out.push_str("\r\n");
    }
    out.into_bytes()
}
