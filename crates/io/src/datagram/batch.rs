//! Datagrams that go on together: their octets one behind the other, and where each ends.
use strictmx_engine::time::Timestamp;

/// At least one datagram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    octets: Vec<u8>,
    ends: Vec<usize>,
    at: Timestamp,
}

impl Batch {
    /// An empty one, for datagrams that come at this moment.
    pub(super) const fn new(at: Timestamp) -> Self {
        Self { octets: Vec::new(), ends: Vec::new(), at }
    }

    pub(super) fn push(&mut self, datagram: &[u8]) {
        self.octets.extend_from_slice(datagram);
        self.ends.push(self.octets.len());
    }

    /// When the first of them came; the others came within moments.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Octets of all of them.
    #[must_use]
    pub const fn octets(&self) -> usize {
        self.octets.len()
    }

    /// One after the other, as they came.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let datagram = self.octets.get(start..*end).unwrap_or_default();
            start = *end;
            datagram
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datagrams_come_out_as_they_went_in() {
        let mut batch = Batch::new(Timestamp(7));
        for datagram in [&b"one"[..], b"", b"three"] {
            batch.push(datagram);
        }
        assert_eq!((batch.len(), batch.octets(), batch.at()), (3, 8, Timestamp(7)));
        assert_eq!(batch.iter().collect::<Vec<_>>(), [&b"one"[..], b"", b"three"]);
    }
}
