//! Signals, as the daemon understands them.
use std::io;

use tokio::signal::unix::{self, SignalKind};

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGHUP: read the configuration again.
    Reload,
    /// SIGTERM or SIGINT: finish what is under way, then end.
    Stop,
}

/// The stream of signals. While it lives, these signals no longer end the process by themselves.
#[derive(Debug)]
pub struct Signals {
    hangup: unix::Signal,
    terminate: unix::Signal,
    interrupt: unix::Signal,
}

impl Signals {
    /// Begins to listen for signals. Needs a running runtime.
    ///
    /// # Errors
    /// When the system refuses a handler.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            hangup: unix::signal(SignalKind::hangup())?,
            terminate: unix::signal(SignalKind::terminate())?,
            interrupt: unix::signal(SignalKind::interrupt())?,
        })
    }

    /// The next signal. Signals of one kind that come together count once.
    pub async fn next(&mut self) -> Signal {
        // `recv` of a process signal never ends: the registry behind it lives as long as the process.
        tokio::select! {
            biased;
            _ = self.terminate.recv() => Signal::Stop,
            _ = self.interrupt.recv() => Signal::Stop,
            _ = self.hangup.recv() => Signal::Reload,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use rustix::process::{Signal as Raw, getpid, kill_process};

    #[tokio::test]
    async fn a_hangup_asks_for_a_reload_and_a_termination_for_the_end() {
        let mut signals = Signals::new().unwrap();
        kill_process(getpid(), Raw::HUP).unwrap();
        assert_eq!(signals.next().await, Signal::Reload);
        kill_process(getpid(), Raw::TERM).unwrap();
        assert_eq!(signals.next().await, Signal::Stop);
        kill_process(getpid(), Raw::INT).unwrap();
        assert_eq!(signals.next().await, Signal::Stop);
    }
}
