//! What a killed process has lost: two numbers, one written as events come, one committed with the counts.
//!
//! The first lies in a file that is written often and never flushed: it survives the process, not a power cut. The second stands
//! in the store, in the same transaction as the counts. What lies between them had come and was not yet kept.

/// How far a process got. Numbers of different runs have nothing to do with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mark {
    /// Which run of the process; drawn by lot at its start.
    pub run: u64,
    /// Events that had come.
    pub events: u64,
}

/// How far the store got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// The run whose events are counted here.
    pub run: u64,
    /// Events that are kept, or were told to be dropped.
    pub events: u64,
    /// The run before, whose loss has been told.
    pub told: u64,
}

/// Events that the last run received and did not keep. `left`: what it had left behind; `kept`: what the store has.
#[must_use]
pub fn lost(left: Option<Mark>, kept: Option<Progress>) -> u64 {
    match (left, kept) {
        (None, _) => 0,
        (Some(left), None) => left.events,
        (Some(left), Some(kept)) if left.run == kept.told => 0,
        (Some(left), Some(kept)) if left.run == kept.run => left.events.saturating_sub(kept.events),
        // It was killed before its first commit.
        (Some(left), Some(_)) => left.events,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn kept(run: u64, events: u64, told: u64) -> Option<Progress> {
        Some(Progress { run, events, told })
    }

    const fn left(run: u64, events: u64) -> Option<Mark> {
        Some(Mark { run, events })
    }

    #[test]
    fn what_came_after_the_last_commit_is_lost() {
        assert_eq!(lost(left(7, 130), kept(7, 100, 0)), 30);
        assert_eq!(lost(left(7, 100), kept(7, 100, 0)), 0);
        // The file is written after the commit of events that came meanwhile, so it may be behind.
        assert_eq!(lost(left(7, 90), kept(7, 100, 0)), 0);
    }

    #[test]
    fn a_run_that_never_committed_has_lost_all_it_received() {
        assert_eq!(lost(left(8, 5), kept(7, 100, 6)), 5);
        assert_eq!(lost(left(8, 5), None), 5);
    }

    #[test]
    fn a_loss_is_told_once() {
        assert_eq!(lost(left(7, 130), kept(8, 0, 7)), 0);
        assert_eq!(lost(None, kept(8, 0, 7)), 0);
        assert_eq!(lost(None, None), 0);
    }
}
