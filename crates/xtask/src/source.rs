//! Rust source, read just well enough: comments and strings blanked out, test modules and functions found.

/// The source with every comment and every literal's inside replaced by blanks; lines and columns stay.
pub(crate) fn mask(source: &str) -> String {
    let bytes = source.as_bytes();
    let mut masked = bytes.to_vec();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let rest = bytes.get(at..).unwrap_or_default();
        let (keep, end) = match byte {
            b'/' if rest.starts_with(b"//") => (0, at + line_length(rest)),
            b'/' if rest.starts_with(b"/*") => (0, at + block_comment_length(rest)),
            b'"' => (1, at + string_length(rest)),
            b'r' | b'b' if !follows_word(bytes, at) => match raw_string_length(rest) {
                Some(length) => (1, at + length),
                None => (0, at),
            },
            b'\'' => (1, at + char_length(rest)),
            _ => (0, at),
        };
        if end <= at {
            at += 1;
            continue;
        }
        let inside = at + keep..end.saturating_sub(keep).max(at + keep);
        for slot in masked.get_mut(inside).unwrap_or_default() {
            if *slot != b'\n' {
                *slot = b' ';
            }
        }
        at = end;
    }
    String::from_utf8_lossy(&masked).into_owned()
}

fn line_length(rest: &[u8]) -> usize {
    rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len())
}

fn block_comment_length(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        match rest.get(at..at + 2) {
            Some(b"/*") => (depth, at) = (depth + 1, at + 2),
            Some(b"*/") => (depth, at) = (depth.saturating_sub(1), at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

fn string_length(rest: &[u8]) -> usize {
    let mut at = 1;
    while let Some(byte) = rest.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// `r"…"`, `r#"…"#`, `br"…"`, `b"…"`.
fn raw_string_length(rest: &[u8]) -> Option<usize> {
    let prefix = rest.iter().take_while(|byte| matches!(byte, b'r' | b'b')).count();
    let after = rest.get(prefix..)?;
    let is_raw = rest.get(..prefix)?.contains(&b'r');
    if !is_raw {
        return after.starts_with(b"\"").then(|| prefix + string_length(after));
    }
    let hashes = after.iter().take_while(|byte| **byte == b'#').count();
    if prefix > 2 || after.get(hashes) != Some(&b'"') {
        return None;
    }
    let close = [b"\"".as_slice(), &b"#".repeat(hashes)].concat();
    let body = after.get(hashes + 1..)?;
    let end = body.windows(close.len()).position(|window| window == close)?;
    Some(prefix + hashes + 1 + end + close.len())
}

/// Length of a character literal, 0 for a lifetime.
fn char_length(rest: &[u8]) -> usize {
    match rest.get(1) {
        Some(b'\\') => rest.iter().skip(3).position(|byte| *byte == b'\'').map_or(0, |end| end + 4),
        Some(_) => {
            let text = String::from_utf8_lossy(rest.get(1..rest.len().min(6)).unwrap_or_default()).into_owned();
            let width = text.chars().next().map_or(1, char::len_utf8);
            if rest.get(1 + width) == Some(&b'\'') { width + 2 } else { 0 }
        }
        None => 0,
    }
}

fn follows_word(bytes: &[u8], at: usize) -> bool {
    at.checked_sub(1)
        .and_then(|before| bytes.get(before))
        .is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

/// Line ranges (from 1, both ends in) of modules and functions behind `#[cfg(test)]`.
pub(crate) fn test_regions(masked: &str) -> Vec<(usize, usize)> {
    let marks = masked.match_indices("#[cfg(test)]").chain(masked.match_indices("#[cfg(all(test"));
    marks.filter_map(|(at, _)| Some((line_of(masked, at), line_of(masked, block_end(masked, at)?)))).collect()
}

/// A function: its name and the lines from `fn` to the closing brace.
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) lines: usize,
}

/// Every function with a body.
pub(crate) fn functions(masked: &str) -> Vec<Function> {
    let mut found = Vec::new();
    for (at, _) in masked.match_indices("fn ") {
        if follows_word(masked.as_bytes(), at) {
            continue;
        }
        let rest = masked.get(at + 3..).unwrap_or_default();
        let name: String = rest.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
        let Some(end) = (!name.is_empty()).then(|| block_end(masked, at)).flatten() else {
            continue;
        };
        let line = line_of(masked, at);
        found.push(Function { name, line, lines: line_of(masked, end) - line + 1 });
    }
    found
}

/// Where the block opened next after `from` closes; nothing when a `;` comes first.
fn block_end(masked: &str, from: usize) -> Option<usize> {
    let (mut braces, mut parens) = (0_usize, 0_usize);
    for (offset, byte) in masked.bytes().enumerate().skip(from) {
        match byte {
            b'(' | b'[' => parens += 1,
            b')' | b']' => parens = parens.saturating_sub(1),
            b';' if braces == 0 && parens == 0 => return None,
            b'{' => braces += 1,
            b'}' => {
                braces = braces.saturating_sub(1);
                if braces == 0 {
                    return Some(offset);
                }
            }
            _ => {}
        }
    }
    None
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_comments_and_lifetimes_do_not_confuse_the_mask() {
        let source = "fn a<'x>() { let _ = (\"}\\\"{\", '{', r#\"}\"#); /* } */ } // }\nfn b() {}\n";
        let masked = mask(source);
        assert_eq!(masked.len(), source.len());
        let found: Vec<_> = functions(&masked).into_iter().map(|f| (f.name, f.line, f.lines)).collect();
        assert_eq!(found, [("a".to_owned(), 1, 1), ("b".to_owned(), 2, 1)]);
    }

    #[test]
    fn test_modules_are_found_to_their_last_line() {
        let masked = mask("fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\nfn c() {}\n");
        assert_eq!(test_regions(&masked), [(2, 5)]);
    }
}
