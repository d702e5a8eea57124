//! Words to the service manager (`sd_notify(3)`), and its watchdog. Without a manager every one of them does nothing.
use std::time::Duration;

use sd_notify::NotifyState;

/// The service manager that started us, if any.
#[derive(Debug, Clone, Copy, Default)]
pub struct Service;

/// How often the manager wants a sign of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watchdog {
    /// Send one this often: half of what the manager allows.
    pub every: Duration,
}

impl Service {
    /// The doors are open. `status` is one line for people.
    pub fn ready(self, status: &str) {
        tell(&[NotifyState::Ready, NotifyState::Status(&one_line(status))]);
    }

    /// The configuration is being read again; [`Service::ready`] ends this.
    pub fn reloading(self) {
        match NotifyState::monotonic_usec_now() {
            Ok(now) => tell(&[NotifyState::Reloading, now]),
            Err(error) => tracing::debug!("the monotonic clock cannot be read, the reload is not announced: {error}"),
        }
    }

    /// The daemon is ending.
    pub fn stopping(self) {
        tell(&[NotifyState::Stopping]);
    }

    /// One line for people, shown by `systemctl status`.
    pub fn status(self, line: &str) {
        tell(&[NotifyState::Status(&one_line(line))]);
    }

    /// A sign of life.
    pub fn alive(self) {
        tell(&[NotifyState::Watchdog]);
    }

    /// Whether and how often the manager wants signs of life.
    #[must_use]
    pub fn watchdog(self) -> Option<Watchdog> {
        let every = sd_notify::watchdog_enabled()? / 2;
        (!every.is_zero()).then_some(Watchdog { every })
    }
}

/// A line end would begin another assignment in the manager's protocol.
fn one_line(text: &str) -> String {
    text.replace(|c: char| c.is_control(), " ")
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!("the service manager could not be told ({error})");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_stays_one_line() {
        assert_eq!(one_line("a\nREADY=1\r\0b"), "a READY=1  b");
    }

    #[test]
    fn without_a_service_manager_nothing_happens() {
        Service.ready("listening");
        Service.reloading();
        Service.status("fine");
        Service.alive();
        Service.stopping();
    }
}
