//! The HTTP/1.1 server under every web door: bounded in connections, header size, header time and life; ends gracefully.
use std::convert::Infallible;
use std::error::Error as StdError;
use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tower_service::Service;

use crate::listen::{Listener, Stream, serve_each};
use crate::task::Tasks;

/// Octets of a request's head.
const MAX_HEAD: usize = 16 * 1024;
/// Octets read ahead.
const MAX_BUFFER: usize = 32 * 1024;
/// Header lines of a request.
const MAX_HEADERS: usize = 64;
/// What an exchange under way is given when its connection has to end.
const GRACE: Duration = Duration::from_secs(10);

/// Bounds of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections open at a time; more wait until one closes.
    pub connections: usize,
    /// A request's head must be complete within this long, counted from the end of the exchange before: so it is also the time
    /// a connection may stay open unused.
    pub header_timeout: Duration,
    /// How long a connection may live, however busy; a peer that sends its body or takes its reply too slowly loses it then.
    pub lifetime: Duration,
}

impl Default for Limits {
    /// 512 connections, 10 seconds, 10 minutes.
    fn default() -> Self {
        Self { connections: 512, header_timeout: Duration::from_secs(10), lifetime: Duration::from_mins(10) }
    }
}

/// Serves `service` (a tower service such as an axum router) until the group is asked to stop; exchanges under way are then
/// finished.
pub async fn serve<S, B>(listener: Listener, service: S, limits: Limits, tasks: &Tasks)
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    let group = tasks.clone();
    serve_each(listener, limits.connections, tasks, "http", move |stream| {
        converse(stream, service.clone(), limits, group.clone())
    })
    .await;
}

async fn converse<S, B>(stream: Stream, service: S, limits: Limits, tasks: Tasks)
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    let mut connection = std::pin::pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.header_timeout)
            .max_headers(MAX_HEADERS)
            .max_header_size(MAX_HEAD)
            .max_buf_size(MAX_BUFFER)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
    );
    let ended = tokio::select! {
        ended = connection.as_mut() => Ok(ended),
        () = tasks.stopping() => Err("the daemon is ending"),
        () = tokio::time::sleep(limits.lifetime) => Err("it has lived its time"),
    };
    let ended = match ended {
        Ok(ended) => ended,
        Err(why) => {
            connection.as_mut().graceful_shutdown();
            match tokio::time::timeout(GRACE, connection).await {
                Ok(ended) => ended,
                Err(_) => return tracing::debug!("http: cut a connection short: {why}"),
            }
        }
    };
    if let Err(error) = ended {
        // Peers leave in every manner; that is no trouble of ours.
        tracing::debug!("http: a connection ended early: {error}");
    }
}
