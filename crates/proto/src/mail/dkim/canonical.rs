//! The `relaxed` canonicalisations (RFC 6376 §3.4.2, §3.4.4).
use alloc::vec::Vec;

/// Appends a header field: name in lower case, folds and runs of white space as single blanks, none at the ends, CRLF behind.
/// `value` is what follows the colon, folded or not.
pub fn push_field(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend(name.bytes().map(|octet| octet.to_ascii_lowercase()));
    out.push(b':');
    let words = value.split(|octet| matches!(octet, b' ' | b'\t' | b'\r' | b'\n')).filter(|word| !word.is_empty());
    for (index, word) in words.enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(word);
    }
    out.extend_from_slice(b"\r\n");
}

/// The fields that `h=` names, in its order. A name that occurs again stands for the field of that name above the last one taken;
/// one for which no field is left stands for nothing (RFC 6376 §5.4.2). The work grows with names times fields, and with the
/// square of the names: who takes them from a stranger bounds them first.
#[must_use]
pub fn header(fields: &[(&str, &[u8])], names: &[&str]) -> Vec<u8> {
    let mut out = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let before = names.iter().take(index).filter(|other| other.eq_ignore_ascii_case(name)).count();
        let mut same = fields.iter().rev().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        if let Some((name, value)) = same.nth(before) {
            push_field(&mut out, name, value);
        }
    }
    out
}

/// The body: runs of blanks and tabs as single blanks, none at line ends, no empty lines at the end. Lines end in CRLF.
#[must_use]
pub fn body(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    // Where the last line that is not empty ends.
    let mut end = 0;
    for line in Lines(body) {
        let start = out.len();
        push_line(&mut out, line);
        let filled = out.len() > start;
        out.extend_from_slice(b"\r\n");
        if filled {
            end = out.len();
        }
    }
    out.truncate(end);
    out
}

fn push_line(out: &mut Vec<u8>, line: &[u8]) {
    let mut blank = false;
    for octet in line {
        match octet {
            b' ' | b'\t' => blank = true,
            other => {
                if blank {
                    out.push(b' ');
                }
                blank = false;
                out.push(*other);
            }
        }
    }
}

/// Lines that end in CRLF; a bare CR or LF is an octet like others.
struct Lines<'a>(&'a [u8]);

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.0.is_empty() {
            return None;
        }
        let end = self.0.windows(2).position(|pair| pair == b"\r\n").unwrap_or(self.0.len());
        let (line, rest) = self.0.split_at_checked(end)?;
        self.0 = rest.get(2..).unwrap_or_default();
        Some(line)
    }
}
