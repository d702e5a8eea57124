//! Writing strings.
use alloc::string::String;
use core::fmt::Write as _;

/// Appends `text` as a JSON string, quotes included.
///
/// Control characters and DEL are escaped. Noncharacters, which I-JSON forbids (TLSRPT-4-1, RFC 7493 §2.1), become U+FFFD. All
/// else stands as it is: `/` needs no escape, and the text is UTF-8.
pub fn push_string(out: &mut String, text: &str) {
    out.reserve(text.len() + 2);
    out.push('"');
    if text.bytes().all(|octet| matches!(octet, 0x20..=0x7e) && octet != b'"' && octet != b'\\') {
        out.push_str(text);
    } else {
        text.chars().for_each(|c| push_char(out, c));
    }
    out.push('"');
}

fn push_char(out: &mut String, c: char) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        // Writing to a String cannot fail.
        '\0'..='\u{1f}' | '\u{7f}' => write!(out, "\\u{:04x}", u32::from(c)).unwrap_or_default(),
        _ if is_noncharacter(c) => out.push(char::REPLACEMENT_CHARACTER),
        _ => out.push(c),
    }
}

/// U+FDD0..U+FDEF, and the last two of each plane (R7493-2.1-1).
fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdef}') || u32::from(c) & 0xfffe == 0xfffe
}
