//! Running out of descriptors. The test starts itself again, so that nobody else suffers from it.
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use strictmx_io::listen::serve_each;
use strictmx_io::task::Tasks;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::{Raw, again, loopback};

const PART: &str = "STRICTMX_TEST_SHORTAGE";

#[test]
fn a_server_without_descriptors_waits_without_spinning_and_goes_on() {
    if std::env::var_os(PART).is_some() {
        return;
    }
    let ended = again("shortage::the_child_has_few_descriptors", PART, "1").status().unwrap();
    assert!(ended.success());
}

#[tokio::test]
async fn the_child_has_few_descriptors() {
    if std::env::var_os(PART).is_none() {
        return;
    }
    let (listener, address) = loopback();
    let tasks = Tasks::new();
    let group = tasks.clone();
    tasks.spawn("server", async move {
        serve_each(listener, 1000, &group, "echo", |mut stream| async move {
            let mut one = [0];
            while stream.read_exact(&mut one).await.is_ok() && stream.write_all(&one).await.is_ok() {}
        })
        .await;
    });
    let mut first = Raw::connect(&address).await;
    first.send("a").await;
    first.expect("a").await;
    // Room for one more descriptor: the client's end of the next connection.
    let next = rustix::io::fcntl_dupfd_cloexec(&first.0, 0).unwrap();
    let limit = u64::try_from(std::os::fd::AsRawFd::as_raw_fd(&next)).unwrap() + 1;
    drop(next);
    setrlimit(Resource::Nofile, Rlimit { current: Some(limit), ..getrlimit(Resource::Nofile) }).unwrap();
    let mut second = Raw::connect(&address).await;
    let (before, start) = (processor_time(), Instant::now());
    second.send("b").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let spent = processor_time() - before;
    assert!(spent < start.elapsed() / 4, "spun for {spent:?}");
    // The old connection never noticed, and the new one is served once there is room.
    first.send("c").await;
    first.expect("c").await;
    setrlimit(Resource::Nofile, Rlimit { current: Some(limit + 10), ..getrlimit(Resource::Nofile) }).unwrap();
    second.expect("b").await;
}

/// Processor time this process has used so far.
fn processor_time() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap())
}
