//! Supervised tasks: the only place that starts any.
//!
//! A task belongs to the group that spawned it. A panic inside one is logged under the task's name and counted, and ends
//! that task alone. What would keep a processor busy for long is for a [`Worker`]. Stopping asks every task to come to its end; [`Tasks::drain`] waits for them, but not for ever.
use std::any::Any;
use std::future::Future;
use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tokio_util::task::TaskTracker;

/// A group of tasks. Clones are the same group.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Beside the token, because asking a token takes a lock and connections look at this on every request.
    stopping: AtomicBool,
    panics: AtomicU64,
}

impl Shared {
    fn died(&self, name: &'static str, panic: &(dyn Any + Send)) {
        self.panics.fetch_add(1, Ordering::Relaxed);
        tracing::error!(task = name, "a task panicked and was ended; the rest goes on: {}", words(panic));
    }
}

impl Tasks {
    /// A group without tasks.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts a task on the current runtime. `name` is what the log calls it when it panics.
    pub fn spawn(&self, name: &'static str, future: impl Future<Output = ()> + Send + 'static) {
        let shared = Arc::clone(&self.shared);
        self.tracker.spawn(async move {
            if let Err(panic) = AssertUnwindSafe(future).catch_unwind().await {
                shared.died(name, &*panic);
            }
        });
    }

    /// Starts a thread of its own, for what must not share one with others. It has to look for the order to stop by itself.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn thread(&self, name: &'static str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let (shared, member) = (Arc::clone(&self.shared), self.tracker.token());
        std::thread::Builder::new().name(name.into()).spawn(move || {
            if let Err(panic) = std::panic::catch_unwind(AssertUnwindSafe(work)) {
                shared.died(name, &*panic);
            }
            drop(member);
        })?;
        Ok(())
    }

    /// Runs a task on a thread of its own, with the current runtime's clock and sockets, for what would keep a worker busy.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn spawn_apart(&self, name: &'static str, future: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let runtime = tokio::runtime::Handle::current();
        self.thread(name, move || runtime.block_on(future))
    }

    /// Resolves once the group has been asked to stop.
    pub fn stopping(&self) -> WaitForCancellationFutureOwned {
        self.stop.clone().cancelled_owned()
    }

    /// Whether the group has been asked to stop.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.shared.stopping.load(Ordering::Acquire)
    }

    /// Asks every task to come to its end. Does not wait.
    pub fn stop(&self) {
        self.shared.stopping.store(true, Ordering::Release);
        self.stop.cancel();
    }

    /// Asks every task to end and waits for them, at most `limit`. Returns how many were still running then.
    pub async fn drain(&self, limit: Duration) -> usize {
        self.stop();
        self.tracker.close();
        match tokio::time::timeout(limit, self.tracker.wait()).await {
            Ok(()) => 0,
            Err(_) => self.tracker.len(),
        }
    }

    /// Tasks running now.
    #[must_use]
    pub fn running(&self) -> usize {
        self.tracker.len()
    }

    /// Tasks that ended in a panic since the start.
    #[must_use]
    pub fn panics(&self) -> u64 {
        self.shared.panics.load(Ordering::Relaxed)
    }
}

/// A thread for work that keeps a processor busy for longer than a task may: jobs run one after the other. Clones are the same
/// thread; it ends with the last of them.
#[derive(Debug, Clone)]
pub struct Worker(mpsc::Sender<Job>);

type Job = Box<dyn FnOnce() + Send>;

/// Jobs that may wait.
const JOBS: usize = 4;

impl Worker {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system has none left.
    pub fn start(name: &str) -> std::io::Result<Self> {
        let (jobs, mut to_do) = mpsc::channel::<Job>(JOBS);
        let work = move || {
            while let Some(job) = to_do.blocking_recv() {
                if let Err(panic) = std::panic::catch_unwind(AssertUnwindSafe(job)) {
                    tracing::error!("a job panicked and was ended; the others go on: {}", words(&*panic));
                }
            }
        };
        std::thread::Builder::new().name(name.into()).spawn(work).map(|_| Self(jobs))
    }

    /// Does something on the thread. `None`: it panicked.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move || {
            // Whoever no longer waits needs no answer.
            drop(reply.send(work()));
        });
        self.0.send(job).await.ok()?;
        answer.await.ok()
    }
}

/// What a panic said.
fn words(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&'static str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("it said nothing")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[tokio::test]
    async fn a_panic_ends_its_task_alone_and_is_counted() {
        let tasks = Tasks::new();
        tasks.spawn("doomed", async { panic!("as planned") });
        let (send, receive) = tokio::sync::oneshot::channel();
        tasks.spawn("sound", async move {
            tokio::task::yield_now().await;
            assert_eq!(send.send(7), Ok(()));
        });
        assert_eq!(receive.await, Ok(7));
        assert_eq!(tasks.drain(Duration::from_secs(5)).await, 0);
        assert_eq!(tasks.panics(), 1);
    }

    #[tokio::test]
    async fn a_worker_does_its_jobs_in_turn_on_a_thread_of_its_own() {
        let worker = Worker::start("worker").unwrap();
        let here = std::thread::current().id();
        let (first, second) = tokio::join!(
            worker.run(|| std::thread::current().id()),
            worker.run(|| std::thread::current().name().map(str::to_owned)),
        );
        assert!(first.is_some_and(|id| id != here));
        assert_eq!(second.flatten().as_deref(), Some("worker"));
        assert_eq!(worker.run(|| -> u8 { panic!("as planned") }).await, None);
        assert_eq!(worker.run(|| 7).await, Some(7), "the thread is still there for the next");
    }

    #[tokio::test]
    async fn draining_tells_tasks_to_stop_and_waits_for_them() {
        let tasks = Tasks::new();
        let group = tasks.clone();
        tasks.spawn("polite", async move { group.stopping().await });
        assert!(!tasks.is_stopping());
        assert_eq!(tasks.drain(Duration::from_secs(5)).await, 0);
        assert!(tasks.is_stopping());
    }

    #[tokio::test]
    async fn a_thread_is_waited_for_like_a_task_and_its_panic_is_counted() {
        let tasks = Tasks::new();
        let group = tasks.clone();
        tasks.spawn_apart("apart", async move { group.stopping().await }).unwrap();
        tasks.thread("doomed", || panic!("as planned")).unwrap();
        assert_eq!(tasks.running(), 2);
        assert_eq!(tasks.drain(Duration::from_secs(5)).await, 0);
        assert_eq!(tasks.panics(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn draining_does_not_wait_for_ever() {
        let tasks = Tasks::new();
        tasks.spawn("stubborn", std::future::pending());
        assert_eq!(tasks.drain(Duration::from_secs(30)).await, 1);
    }
}
