//! How a stranger's text is shown to people: cut to a bounded length, with nothing in it that could steer a terminal, a log
//! or a mail server's reply.
use alloc::string::String;

/// Longest text shown, in characters.
pub(crate) const MAX_SHOWN: usize = 256;

/// `text` cut to [`MAX_SHOWN`] characters (the cut marked by `…`), unsafe characters replaced by U+FFFD.
pub(crate) fn shown(text: &str) -> String {
    let mut out = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == MAX_SHOWN {
            out.push('…');
            break;
        }
        out.push(if is_unsafe(c) { '\u{fffd}' } else { c });
    }
    out
}

/// [`shown`] for octets that may be no text at all.
pub(crate) fn shown_bytes(bytes: &[u8]) -> String {
    // Four octets a character at most, so no more than this is ever looked at.
    let head = bytes.get(..MAX_SHOWN * 4).unwrap_or(bytes);
    shown(&String::from_utf8_lossy(head))
}

/// Whether there is a control character in it. Nearly all texts are ASCII, and those are looked through at memory speed.
pub(crate) fn has_control(text: &str) -> bool {
    if text.is_ascii() {
        text.bytes().fold(false, |found, octet| found | octet.is_ascii_control())
    } else {
        text.chars().any(char::is_control)
    }
}

/// Control characters, and the invisible ones that reorder or break a line.
pub(crate) fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}
