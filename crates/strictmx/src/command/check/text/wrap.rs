//! Breaking sentences at the width of a terminal, and taking out of them what could steer it.

/// A paragraph is never narrower than this, columns.
pub(super) const LEAST: usize = 30;

/// The text without characters that move a cursor, change colours or reorder what is read: strangers wrote parts of it.
pub(super) fn clean(text: &str) -> String {
    text.chars().map(|c| if is_steering(c) { '\u{fffd}' } else { c }).collect()
}

fn is_steering(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The text in lines of at most `room` characters, broken at spaces; a longer word stays whole, so that it can be copied.
pub(super) fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut line, mut length) = (String::new(), 0);
    for word in text.split([' ', '\n', '\t']).filter(|word| !word.is_empty()) {
        let columns = word.chars().count();
        if length > 0 && length + 1 + columns > room {
            lines.push(std::mem::take(&mut line));
            length = 0;
        }
        if length > 0 {
            line.push(' ');
            length += 1;
        }
        line.push_str(word);
        length += columns;
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces_and_long_words_stay_whole() {
        assert_eq!(wrapped("one two  three four", 9), ["one two", "three", "four"]);
        assert_eq!(
            wrapped("a https://example.com/a/very/long/one b", 8),
            ["a", "https://example.com/a/very/long/one", "b"]
        );
        assert_eq!(wrapped("", 8), Vec::<String>::new());
    }

    #[test]
    fn nothing_that_steers_a_terminal_gets_through() {
        assert_eq!(clean("a\u{1b}[2Jb\u{202e}c\r\nd"), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}\u{fffd}d");
    }
}
