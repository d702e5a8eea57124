//! How a stranger's text is quoted in a finding: cut to a bounded length, with nothing in it that could steer a terminal, a
//! log or the file it is written to.
use alloc::string::String;

/// Longest text quoted, in characters.
const MAX_SHOWN: usize = 200;

/// `text` cut to 200 characters (the cut marked by `…`), characters that could steer a terminal replaced by U+FFFD.
pub(super) fn shown(text: &str) -> String {
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
pub(super) fn shown_bytes(bytes: &[u8]) -> String {
    // Four octets a character at most, so no more than this is ever looked at.
    let head = bytes.get(..MAX_SHOWN * 4 + 4).unwrap_or(bytes);
    shown(&String::from_utf8_lossy(head))
}

/// Control characters, and the invisible ones that reorder or break a line.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[test]
fn a_strangers_text_is_cut_and_cannot_steer_a_terminal() {
    assert_eq!(shown("a\r\n\u{1b}[31mb\u{202e}\u{feff}"), "a\u{fffd}\u{fffd}\u{fffd}[31mb\u{fffd}\u{fffd}");
    assert_eq!(shown(&"é".repeat(201)), alloc::format!("{}…", "é".repeat(200)));
    assert_eq!(shown_bytes(b"a\xffb"), "a\u{fffd}b");
    assert_eq!(shown_bytes(&[b'a'; 5000]).chars().count(), 201);
}
