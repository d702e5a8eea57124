//! Finding the end of a plain run eight octets at a time. Most of a JSON text is the inside of strings, so this is where the
//! time goes.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// How many octets stand before the first quote, backslash or control character (DEL is not one, RFC 8259 §7).
#[inline]
pub(super) fn plain_run(octets: &[u8]) -> usize {
    let (words, tail) = octets.as_chunks::<8>();
    let mut run = 0;
    for word in words {
        let marks = special(u64::from_le_bytes(*word));
        if marks != 0 {
            // The lowest mark belongs to the first such octet; see `special` on the ones above it.
            return run + usize::try_from(marks.trailing_zeros() / 8).unwrap_or(0);
        }
        run += 8;
    }
    let is_special = |octet: &u8| matches!(octet, b'"' | b'\\' | 0..0x20);
    run + tail.iter().position(is_special).unwrap_or(tail.len())
}

/// Sets the high bit of each special octet. A borrow may set bits above the lowest mark too, never below it.
fn special(word: u64) -> u64 {
    let zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    (control | zero(word ^ (ONES * 0x22)) | zero(word ^ (ONES * 0x5c))) & HIGHS
}
