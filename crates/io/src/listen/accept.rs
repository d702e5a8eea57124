//! Accepting connections: bounded in number, never failing, never spinning.
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::{Listener, Socket, Stream};
use crate::task::Tasks;

/// How long to wait when the system has no descriptor or memory for one more connection.
const BACK_OFF: Duration = Duration::from_millis(100);

/// Accepts connections until the group is asked to stop, and runs `each` for every one as a task called `name`. At most
/// `connections` are open at a time; more wait in the kernel's queue. The socket closes when this returns; tasks go on.
pub async fn serve_each<F, C>(listener: Listener, connections: usize, tasks: &Tasks, name: &'static str, each: F)
where
    F: Fn(Stream) -> C,
    C: Future<Output = ()> + Send + 'static,
{
    let traffic = listener.traffic();
    let room = Arc::new(Semaphore::new(connections.clamp(1, Semaphore::MAX_PERMITS)));
    let mut stopping = std::pin::pin!(tasks.stopping());
    loop {
        let accepted = async {
            // Only a closed semaphore fails, and nobody closes this one; then there is no more to do either.
            let permit = Arc::clone(&room).acquire_owned().await.ok()?;
            Some((permit, listener.accept().await))
        };
        let taken = tokio::select! {
            biased;
            () = &mut stopping => None,
            taken = accepted => taken,
        };
        let Some((permit, stream)) = taken else {
            return;
        };
        let conversation = each(stream);
        let visit = traffic.enter();
        tasks.spawn(name, async move {
            conversation.await;
            drop((permit, visit));
        });
    }
}

impl Listener {
    /// The next connection. Failures that concern one connection are passed over; when the system lacks descriptors or memory
    /// this waits and tries again, and says so once per shortage.
    pub async fn accept(&self) -> Stream {
        let mut told = false;
        loop {
            match self.try_accept().await {
                Ok(stream) => return stream,
                Err(error) if concerns_one_connection(&error) => {}
                Err(error) => {
                    if !told {
                        tracing::warn!("{} cannot accept connections for now: {error}", self.address);
                        told = true;
                    }
                    tokio::time::sleep(BACK_OFF).await;
                }
            }
        }
    }

    async fn try_accept(&self) -> io::Result<Stream> {
        match &self.socket {
            Socket::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                // An answer is one write; it must not wait for an acknowledgement. Fails only where the peer has left again.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::trace!("a connection was gone before it began: {error}");
                }
                Ok(Stream::Tcp(stream))
            }
            Socket::Unix(listener) => listener.accept().await.map(|(stream, _)| Stream::Unix(stream)),
        }
    }
}

/// Errors that the peer caused before we came to accept it (accept(2)).
fn concerns_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        error.kind(),
        Kind::ConnectionAborted
            | Kind::ConnectionReset
            | Kind::ConnectionRefused
            | Kind::Interrupted
            | Kind::TimedOut
            | Kind::HostUnreachable
            | Kind::NetworkUnreachable
            | Kind::NetworkDown
            | Kind::NotConnected
            | Kind::BrokenPipe
    )
}
