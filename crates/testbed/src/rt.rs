//! The one runtime all loopback servers of this crate run on.

use std::future::Future;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::OnceLock;

use tokio::net::TcpListener;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;

/// Handle of the runtime, started at first use and never stopped.
pub(crate) fn handle() -> &'static Handle {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME
        .get_or_init(|| {
            Builder::new_multi_thread()
                .worker_threads(2)
                .thread_name("testbed")
                .enable_all()
                .build()
                .expect("a runtime")
        })
        .handle()
}

/// A task that ends when its value is dropped.
pub(crate) struct Guard(JoinHandle<()>);

impl Guard {
    /// Starts `task` on the runtime of this crate.
    pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(handle().spawn(task))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Listens on `address` (port 0 picks one), at once, whatever thread this is called from.
pub(crate) fn listen(address: &str) -> (TcpListener, SocketAddr) {
    let std = StdListener::bind(address).unwrap_or_else(|e| panic!("cannot listen on {address}: {e}"));
    adopt(std)
}

/// Hands a listener of the standard library to the runtime.
pub(crate) fn adopt(std: StdListener) -> (TcpListener, SocketAddr) {
    std.set_nonblocking(true).expect("a non-blocking listener");
    let address = std.local_addr().expect("a bound address");
    let _inside = handle().enter();
    (TcpListener::from_std(std).expect("a listener"), address)
}
