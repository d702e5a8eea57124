//! Datagrams that come again, octet for octet: a busy site tells of the same success thousands of times a day (TLSRPT-4.2-1).
//!
//! Only the first one has to be read. Those that come after it are numbers, until somebody counts them all at once.
use alloc::boxed::Box;

use hashbrown::HashMap;

/// Longest datagram that is remembered, octets: successes are short, and one that comes again with the same long failure is rare.
const LONGEST: usize = 2_048;
/// What a datagram takes beside its octets, roughly.
const ROW: usize = 48;

/// Datagrams that were counted, and how often each has come again since.
#[derive(Debug, Default)]
pub struct Repeats {
    seen: HashMap<Box<[u8]>, u64>,
    octets: usize,
    most: usize,
}

/// Whether a datagram is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// It is, and has been noted once more.
    Yes,
    /// It is not.
    No,
}

impl Repeats {
    /// Remembers so many octets at most.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { most, ..Self::default() }
    }

    /// Notes once more a datagram that is known.
    pub fn again(&mut self, datagram: &[u8]) -> Known {
        match self.seen.get_mut(datagram) {
            Some(times) => {
                *times = times.saturating_add(1);
                Known::Yes
            }
            None => Known::No,
        }
    }

    /// From now on this datagram is known, if there is a place for it.
    pub fn remember(&mut self, datagram: &[u8]) {
        let octets = datagram.len() + ROW;
        if datagram.len() <= LONGEST && self.octets.saturating_add(octets) <= self.most {
            self.octets += octets;
            self.seen.insert(datagram.into(), 0);
        }
    }

    /// Memory that they take, octets, roughly.
    #[must_use]
    pub const fn octets(&self) -> usize {
        self.octets
    }

    /// Hands over those that have come again, each with how often, and knows none any more.
    pub fn take(&mut self) -> impl Iterator<Item = (Box<[u8]>, u64)> {
        self.octets = 0;
        core::mem::take(&mut self.seen).into_iter().filter(|(_, times)| *times > 0)
    }
}

#[cfg(test)]
mod tests {
    use alloc::{vec, vec::Vec};

    use super::*;

    #[test]
    fn what_comes_again_is_a_number() {
        let mut repeats = Repeats::new(1_000);
        assert_eq!(repeats.again(b"a"), Known::No);
        repeats.remember(b"a");
        repeats.remember(b"b");
        assert_eq!(
            [repeats.again(b"a"), repeats.again(b"a"), repeats.again(b"c")],
            [Known::Yes, Known::Yes, Known::No]
        );
        let taken: Vec<_> = repeats.take().collect();
        assert_eq!(taken, [(b"a"[..].into(), 2)]);
        assert_eq!((repeats.octets(), repeats.again(b"a")), (0, Known::No));
    }

    #[test]
    fn memory_is_bounded() {
        let mut repeats = Repeats::new(2 * LONGEST);
        repeats.remember(&vec![0; LONGEST + 1]);
        assert_eq!(repeats.octets(), 0);
        for number in 0..1_000_u16 {
            repeats.remember(&number.to_le_bytes());
            assert!(repeats.octets() <= 2 * LONGEST);
        }
        assert_eq!((repeats.again(&[0, 0]), repeats.again(&999_u16.to_le_bytes())), (Known::Yes, Known::No));
    }
}
