//! Keeps a trouble that repeats itself from filling the log: the same event about the same thing is written once in five
//! minutes, with the number of times it was not written.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use strictmx_engine::time::Timestamp;

/// Seconds between two lines of the same event about the same thing.
const WINDOW: u64 = 300;
/// Things remembered at most; beyond that the oldest windows are forgotten, which costs a line too many, never one too few.
const REMEMBERED: usize = 4096;

/// What was written when.
#[derive(Debug, Default)]
pub(super) struct Limiter(Mutex<HashMap<(&'static str, Box<str>), Written>>);

#[derive(Debug, Clone, Copy)]
struct Written {
    at: Timestamp,
    since: u64,
}

/// Whether a line is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pass {
    /// Yes; so many were left out since the last one.
    Write {
        /// Lines left out.
        suppressed: u64,
    },
    /// No.
    Suppress,
}

impl Limiter {
    /// Decides about one line.
    pub(super) fn pass(&self, event: &'static str, about: &str, now: Timestamp) -> Pass {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(written) = seen.get_mut(&(event, Box::from(about)) as &(&'static str, Box<str>)) {
            // A clock that was set back is no reason to be silent until it has caught up.
            if now >= written.at && now.since(written.at) < WINDOW {
                written.since = written.since.saturating_add(1);
                return Pass::Suppress;
            }
            let suppressed = written.since;
            *written = Written { at: now, since: 0 };
            return Pass::Write { suppressed };
        }
        if seen.len() >= REMEMBERED {
            seen.retain(|_, written| now.since(written.at) < WINDOW);
        }
        if seen.len() >= REMEMBERED {
            seen.clear();
        }
        seen.insert((event, Box::from(about)), Written { at: now, since: 0 });
        Pass::Write { suppressed: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_event_about_the_same_thing_is_written_once_in_five_minutes() {
        let limiter = Limiter::default();
        let pass = |about, at| limiter.pass("fetch-failed", about, Timestamp(at));
        assert_eq!(pass("a.example", 1000), Pass::Write { suppressed: 0 });
        assert_eq!(pass("a.example", 1001), Pass::Suppress);
        assert_eq!(pass("a.example", 1299), Pass::Suppress);
        assert_eq!(pass("b.example", 1299), Pass::Write { suppressed: 0 });
        assert_eq!(pass("a.example", 1300), Pass::Write { suppressed: 2 });
        assert_eq!(pass("a.example", 1301), Pass::Suppress);
        assert_eq!(limiter.pass("expired", "a.example", Timestamp(1301)), Pass::Write { suppressed: 0 });
    }

    #[test]
    fn a_clock_that_was_set_back_silences_nothing() {
        let limiter = Limiter::default();
        assert_eq!(limiter.pass("e", "a", Timestamp(9000)), Pass::Write { suppressed: 0 });
        assert_eq!(limiter.pass("e", "a", Timestamp(10)), Pass::Write { suppressed: 0 });
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let limiter = Limiter::default();
        for i in 0..REMEMBERED * 3 {
            assert_eq!(limiter.pass("e", &i.to_string(), Timestamp(1)), Pass::Write { suppressed: 0 });
        }
        let seen = limiter.0.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(seen.len() <= REMEMBERED);
    }
}
