//! The threads that empty the kernel's queue.
//!
//! There are two, and either can do it alone. A queue of 512 holds 25 ms of a busy site, and a thread can be held up for longer:
//! by others on its processor, or by a hypervisor that takes the processor away. The other one then goes on.
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::event::{EventfdFlags, Timespec, eventfd};
use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};
use tokio::sync::mpsc;

use super::{Batch, MAX_LEN, Socket};
use crate::clock::Clock;
use crate::listen::SocketFile;
use crate::task::Tasks;

/// The threads' names.
const THREADS: [&str; 2] = ["datagrams", "datagrams, too"];
/// What a thread is woken by.
const SOCKET: u64 = 0;
const BELL: u64 = 1;
/// Datagrams that go on together at most.
const BATCH: usize = 1024;
/// Octets that go on together at most, but for the last datagram; less where only little may wait.
const BATCH_OCTETS: usize = 512 * 1024;

/// Bounds of the way from the kernel to whoever counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Octets that may wait.
    pub octets: usize,
    /// How long a datagram is kept back for others to come with it: what it costs to hand one over is then shared.
    pub linger: Duration,
}

impl Default for Limits {
    /// 64 MiB, 10 ms.
    fn default() -> Self {
        Self { octets: 64 * 1024 * 1024, linger: Duration::from_millis(10) }
    }
}

/// What the threads have counted since they began. Outlives them.
#[derive(Debug, Default)]
pub struct Traffic {
    received: AtomicU64,
    truncated: AtomicU64,
    dropped: AtomicU64,
    waiting: AtomicUsize,
    most: AtomicUsize,
    burst: AtomicU64,
}

impl Traffic {
    /// Datagrams that came.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.received.load(Relaxed)
    }

    /// Those longer than [`MAX_LEN`]: half a datagram tells nothing, they are not handed on.
    #[must_use]
    pub fn truncated(&self) -> u64 {
        self.truncated.load(Relaxed)
    }

    /// Those that found no place among the waiting ones.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Relaxed)
    }

    /// Octets waiting now.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.load(Relaxed)
    }

    /// The most octets that ever waited.
    #[must_use]
    pub fn most_waiting(&self) -> usize {
        self.most.load(Relaxed)
    }

    /// The most datagrams that a thread took in a row before it found the kernel's queue empty. Beyond its length, senders may have
    /// lost some.
    #[must_use]
    pub fn longest_burst(&self) -> u64 {
        self.burst.load(Relaxed)
    }
}

/// Where the batches come out.
#[derive(Debug)]
pub struct Batches {
    batches: mpsc::Receiver<Batch>,
    traffic: Arc<Traffic>,
}

impl Batches {
    /// The next batch; `None`: the socket is closed, and nothing waits any more.
    pub async fn next(&mut self) -> Option<Batch> {
        let batch = self.batches.recv().await?;
        self.traffic.waiting.fetch_sub(batch.octets(), Relaxed);
        Some(batch)
    }

    /// What has been counted.
    #[must_use]
    pub fn traffic(&self) -> Arc<Traffic> {
        Arc::clone(&self.traffic)
    }
}

impl Socket {
    /// Begins to empty the socket, until the group is asked to stop: then its file goes first, so that nobody new comes, and
    /// what the kernel still holds is taken. (The service manager's socket stays, and what it holds waits for the next process.)
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn drain(self, clock: Clock, limits: Limits, tasks: &Tasks) -> io::Result<Batches> {
        let Self { socket, address, mut file } = self;
        // Batches are at most as many as fit when each holds one small datagram.
        let (to, batches) = mpsc::channel((limits.octets / 4096).max(16));
        let traffic = Arc::new(Traffic::default());
        let stop = Arc::new(Stop { bell: eventfd(0, EventfdFlags::CLOEXEC)?, rung: AtomicBool::new(false) });
        let (group, ringer) = (tasks.clone(), Arc::clone(&stop));
        tasks.spawn("datagram bell", async move {
            group.stopping().await;
            ringer.ring();
        });
        let socket = Arc::new(socket);
        let address: Arc<str> = address.to_string().into();
        for name in THREADS {
            let mut drain = Drain {
                watch: watch(&socket, &stop)?,
                socket: Arc::clone(&socket),
                address: Arc::clone(&address),
                file: file.take(),
                to: to.clone(),
                traffic: Arc::clone(&traffic),
                clock: clock.clone(),
                limits,
                stop: Arc::clone(&stop),
            };
            tasks.thread(name, move || drain.run())?;
        }
        Ok(Batches { batches, traffic })
    }
}

/// Where a thread waits. Of the threads that wait the kernel wakes one for a datagram, not all of them, and whoever is held up
/// does not count as waiting.
fn watch(socket: &UnixDatagram, stop: &Stop) -> io::Result<OwnedFd> {
    let watch = epoll::create(CreateFlags::CLOEXEC)?;
    epoll::add(&watch, socket, EventData::new_u64(SOCKET), EventFlags::IN | EventFlags::EXCLUSIVE)?;
    epoll::add(&watch, &stop.bell, EventData::new_u64(BELL), EventFlags::IN)?;
    Ok(watch)
}

/// Tells the threads to end.
struct Stop {
    bell: OwnedFd,
    rung: AtomicBool,
}

impl Stop {
    fn ring(&self) {
        self.rung.store(true, Relaxed);
        if let Err(error) = rustix::io::write(&self.bell, &1_u64.to_ne_bytes()) {
            tracing::warn!("the threads that take datagrams cannot be told to end: {error}");
        }
    }
}

/// One of the threads.
struct Drain {
    watch: OwnedFd,
    socket: Arc<UnixDatagram>,
    address: Arc<str>,
    /// The first one has it, if it is ours.
    file: Option<SocketFile>,
    to: mpsc::Sender<Batch>,
    traffic: Arc<Traffic>,
    clock: Clock,
    limits: Limits,
    stop: Arc<Stop>,
}

/// Whether the kernel's queue is empty.
#[derive(PartialEq, Eq)]
enum Queue {
    Empty,
    MoreToCome,
}

impl Drain {
    fn run(&mut self) {
        let mut buffer = vec![0; MAX_LEN];
        while !self.stop.rung.load(Relaxed) && !self.to.is_closed() {
            self.wait(None);
            self.gather(&mut buffer);
        }
        if self.file.take().is_some() {
            // Nobody finds the socket any more; whoever had found it may still be writing.
            while self.gather(&mut buffer) {}
        }
    }

    /// Takes what has come and hands it on, after having waited a moment for more. Whether there was anything.
    fn gather(&mut self, buffer: &mut [u8]) -> bool {
        let mut batch = Batch::new(self.clock.now());
        let began = Instant::now();
        let most = BATCH_OCTETS.min(self.limits.octets / 16);
        let mut burst = 0;
        loop {
            match self.take(buffer, &mut batch) {
                Queue::MoreToCome if batch.len() >= BATCH || batch.octets() >= most => {
                    burst += batch.len();
                    let full = std::mem::replace(&mut batch, Batch::new(self.clock.now()));
                    self.hand_on(full);
                }
                Queue::MoreToCome => {}
                Queue::Empty => {
                    let taken = u64::try_from(burst + batch.len()).unwrap_or(u64::MAX);
                    self.traffic.burst.fetch_max(taken, Relaxed);
                    burst = 0;
                    let left = self.limits.linger.saturating_sub(began.elapsed());
                    if batch.is_empty() || left.is_zero() || self.stop.rung.load(Relaxed) || !self.wait(Some(left)) {
                        break;
                    }
                }
            }
        }
        let any = !batch.is_empty();
        self.hand_on(batch);
        any
    }

    /// Takes one datagram.
    fn take(&self, buffer: &mut [u8], batch: &mut Batch) -> Queue {
        // With TRUNC the length is that of the datagram, whatever fitted.
        match recv(&*self.socket, &mut *buffer, RecvFlags::DONTWAIT | RecvFlags::TRUNC) {
            Ok((_, length)) => {
                self.traffic.received.fetch_add(1, Relaxed);
                match buffer.get(..length) {
                    Some(datagram) => batch.push(datagram),
                    None => {
                        self.traffic.truncated.fetch_add(1, Relaxed);
                    }
                }
                Queue::MoreToCome
            }
            Err(Errno::AGAIN) => Queue::Empty,
            Err(Errno::INTR) => Queue::MoreToCome,
            Err(error) => {
                tracing::warn!("taking a datagram from {}: {error}", self.address);
                Queue::Empty
            }
        }
    }

    /// Waits until something comes, or the order to end, or for this long. Whether something came.
    fn wait(&self, at_most: Option<Duration>) -> bool {
        let limit = at_most.and_then(|limit| Timespec::try_from(limit).ok());
        let mut room = [MaybeUninit::uninit(); 2];
        match epoll::wait(&self.watch, &mut room, limit.as_ref()) {
            Ok((events, _)) => events.iter().any(|event| event.data.u64() == SOCKET),
            Err(Errno::INTR) => true,
            Err(error) => {
                tracing::warn!("waiting for datagrams at {}: {error}", self.address);
                false
            }
        }
    }

    fn hand_on(&self, batch: Batch) {
        if batch.is_empty() {
            return;
        }
        let (octets, datagrams) = (batch.octets(), u64::try_from(batch.len()).unwrap_or(u64::MAX));
        let waiting = self.traffic.waiting.fetch_add(octets, Relaxed).saturating_add(octets);
        if waiting > self.limits.octets || self.to.try_send(batch).is_err() {
            self.traffic.waiting.fetch_sub(octets, Relaxed);
            self.traffic.dropped.fetch_add(datagrams, Relaxed);
            return;
        }
        self.traffic.most.fetch_max(waiting, Relaxed);
    }
}
