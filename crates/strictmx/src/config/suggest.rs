//! "Did you mean …?": the nearest of a list of known words.

/// The known word nearest to what was written, when it is near enough to be what was meant.
pub(super) fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A comparison costs the product of the lengths, and no key of ours is longer than this.
    if written.len() > 40 {
        return None;
    }
    let plain = plain(written);
    known
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(&plain, &self::plain(word)), word))
        .filter(|(distance, word)| *distance <= word.chars().count().max(plain.chars().count()) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// Capitals and the kind of dash are never what a word differs by.
fn plain(word: &str) -> String {
    word.to_lowercase().replace(['-', ' '], "_")
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_of_the_finger_is_recognised_and_a_different_word_is_not() {
        let known = ["listen", "observe", "allow_private", "url"];
        assert_eq!(nearest("listne", known), Some("listen"));
        assert_eq!(nearest("Listen", known), Some("listen"));
        assert_eq!(nearest("allow-private", known), Some("allow_private"));
        assert_eq!(nearest("uri", known), Some("url"));
        assert_eq!(nearest("password", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(nearest(&"l".repeat(100_000), known), None);
    }
}
