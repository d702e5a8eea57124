//! Limits of the process.
use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the number of files the process may have open to `wanted`, as far as the hard limit allows, and returns what holds
/// now (`u64::MAX`: no limit). Never lowers it. Thousands of mail server processes may each hold a connection open.
///
/// # Errors
/// When the system refuses; the old limit then stays.
pub fn raise_open_files(wanted: u64) -> io::Result<u64> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let Some(now) = current else {
        return Ok(u64::MAX);
    };
    let goal = maximum.map_or(wanted, |most| most.min(wanted));
    if goal <= now {
        return Ok(now);
    }
    setrlimit(Resource::Nofile, Rlimit { current: Some(goal), maximum })?;
    Ok(goal)
}

/// How many datagrams a unix socket that is made now will hold (`net.unix.max_dgram_qlen`); `None`: the system does not say.
#[must_use]
pub fn datagram_queue() -> Option<u32> {
    std::fs::read_to_string("/proc/sys/net/unix/max_dgram_qlen").ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn the_limit_is_raised_and_never_lowered() {
        let before = raise_open_files(1).unwrap();
        let after = raise_open_files(before.saturating_add(1)).unwrap();
        assert!(after >= before);
        assert_eq!(raise_open_files(2).unwrap(), after);
    }
}
