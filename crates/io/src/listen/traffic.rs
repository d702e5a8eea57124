//! How many connections a listener has taken, and how many of them are open.
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// Counts of one listener. Reading them costs nothing to those who connect.
#[derive(Debug, Default)]
pub struct Traffic {
    taken: AtomicU64,
    left: AtomicU64,
    refused: AtomicU64,
}

impl Traffic {
    /// Connections taken since the start.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// Connections open now.
    #[must_use]
    pub fn open(&self) -> u64 {
        // In this order a connection that comes and goes in between is never counted as less than none.
        let left = self.left.load(Ordering::Relaxed);
        self.taken().saturating_sub(left)
    }

    /// Connections that were closed because what came over them was not the protocol.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Counts one of those.
    pub(crate) fn refuse(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// One more connection, for as long as the visit lives.
    pub(super) fn enter(self: &Arc<Self>) -> Visit {
        self.taken.fetch_add(1, Ordering::Relaxed);
        Visit(Arc::clone(self))
    }
}

/// One open connection.
pub(super) struct Visit(Arc<Traffic>);

impl Drop for Visit {
    fn drop(&mut self) {
        self.0.left.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_open_until_its_visit_ends() {
        let traffic = Arc::new(Traffic::default());
        let (first, second) = (traffic.enter(), traffic.enter());
        assert_eq!((traffic.taken(), traffic.open()), (2, 2));
        drop(first);
        assert_eq!((traffic.taken(), traffic.open()), (2, 1));
        drop(second);
        assert_eq!((traffic.taken(), traffic.open()), (2, 0));
    }
}
