//! The clock: the only place that reads the time of day.
//!
//! Everything that decides takes a [`Timestamp`] as an argument; whoever drives a decision asks this clock once and hands the
//! value on. Tests hold a [`Hand`] and move time themselves.
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use std::time::{SystemTime, UNIX_EPOCH};

use strictmx_engine::time::Timestamp;

/// Tells the time of day. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System,
    Fixed(Arc<AtomicU64>),
}

impl Clock {
    /// The system's clock.
    #[must_use]
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `start` until its hand is moved.
    #[must_use]
    pub fn fixed(start: Timestamp) -> (Self, Hand) {
        let shared = Arc::new(AtomicU64::new(start.0));
        (Self(Source::Fixed(Arc::clone(&shared))), Hand(shared))
    }

    /// The time now, in whole seconds. A system clock set before 1970 counts as 1970.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => Timestamp(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs())),
            Source::Fixed(seconds) => Timestamp(seconds.load(Ordering::Acquire)),
        }
    }
}

/// Moves a fixed clock.
#[derive(Debug, Clone)]
pub struct Hand(Arc<AtomicU64>);

impl Hand {
    /// Sets the clock.
    pub fn set(&self, to: Timestamp) {
        self.0.store(to.0, Ordering::Release);
    }

    /// Moves the clock on by `seconds`.
    pub fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_clock_stands_until_its_hand_is_moved() {
        let (clock, hand) = Clock::fixed(Timestamp(100));
        assert_eq!(clock.now(), Timestamp(100));
        hand.advance(5);
        assert_eq!(clock.clone().now(), Timestamp(105));
        hand.set(Timestamp(7));
        assert_eq!(clock.now(), Timestamp(7));
    }

    #[test]
    fn the_system_clock_is_later_than_this_line_was_written() {
        assert!(Clock::system().now() > Timestamp(1_760_000_000));
    }
}
