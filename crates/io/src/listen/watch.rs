//! How long a connection may do nothing, and whether it is time to stop, at the price of two loads a request.
use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Waker};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::Limits;
use crate::task::Tasks;

/// Time is measured in quarters of the shorter limit.
const QUARTERS: u32 = 4;

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing; the next request is up to the peer.
    Idle,
    /// A request is half here, or a reply is not taken.
    Midway,
    /// We are working on a reply.
    Working,
}

/// Watches one connection. Its timer is set once per quarter, not per request, and neither it nor the order to stop is polled
/// again while the task's waker stays the same, as it does for the life of a task.
pub(super) struct Watch {
    limits: Limits,
    tasks: Tasks,
    tick: Duration,
    timer: Pin<Box<Sleep>>,
    stop: Pin<Box<WaitForCancellationFutureOwned>>,
    waker: Option<Waker>,
    /// Quarters that have begun since there was progress.
    quiet: u32,
}

impl Watch {
    pub(super) fn new(limits: Limits, tasks: Tasks) -> Self {
        let tick = (limits.idle.min(limits.io_timeout) / QUARTERS).max(Duration::from_millis(1));
        let stop = Box::pin(tasks.stopping());
        Self { limits, tasks, tick, timer: Box::pin(sleep(tick)), stop, waker: None, quiet: 0 }
    }

    /// A request was completed, or octets of a reply were taken.
    pub(super) const fn progress(&mut self) {
        self.quiet = 0;
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.tasks.is_stopping()
    }

    /// Whether the connection has been in this state for too long. Sees to it that the task is woken when that may be so, and
    /// when it is time to stop.
    pub(super) fn has_expired(&mut self, cx: &mut Context<'_>, state: State) -> bool {
        if !self.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            self.waker = Some(cx.waker().clone());
            if self.stop.as_mut().poll(cx).is_ready() {
                cx.waker().wake_by_ref();
            }
        } else if !self.timer.is_elapsed() {
            return false;
        }
        while self.timer.as_mut().poll(cx).is_ready() {
            self.timer.as_mut().reset(Instant::now() + self.tick);
            if state == State::Working {
                self.progress();
            }
            self.quiet = self.quiet.saturating_add(1);
        }
        let limit = match state {
            State::Idle => self.limits.idle,
            State::Midway => self.limits.io_timeout,
            State::Working => return false,
        };
        self.tick.saturating_mul(self.quiet) >= limit
    }
}
