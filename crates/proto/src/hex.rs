//! Hexadecimal digits, and the `%XX` encoding made of them (RFC 3986 §2.1, tcp_table(5)).
use alloc::vec::Vec;

/// The octet that two digits of either case stand for.
pub(crate) fn octet(high: u8, low: u8) -> Option<u8> {
    let octet = (char::from(high).to_digit(16)? << 4) | char::from(low).to_digit(16)?;
    u8::try_from(octet).ok()
}

/// Decodes `%XX`; `None` when a `%` has no two digits behind it, or an octet that `plain` refuses stands as itself.
pub(crate) fn percent_decode(text: &[u8], plain: impl Fn(u8) -> bool) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    loop {
        rest = match rest {
            [] => return Some(out),
            [b'%', high, low, after @ ..] => {
                out.push(octet(*high, *low)?);
                after
            }
            [first, after @ ..] if *first != b'%' && plain(*first) => {
                out.push(*first);
                after
            }
            _ => return None,
        };
    }
}
