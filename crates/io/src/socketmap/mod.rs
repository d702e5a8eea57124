//! The socketmap server (interfaces.md "Policy server protocol"): netstring frames over TCP and unix sockets, pipelined, replies
//! in order.
//!
//! A frame that is none ends the connection quietly; a frame that holds no question is answered `PERM`. Octets are counted by
//! `proto`, connections and time by [`Limits`].
use std::future::Future;

use strictmx_proto::postfix::socketmap::{Decoded, MAX_REQUEST, Reply, Request, decode};

pub use crate::listen::Limits;
use crate::listen::Listener;
use crate::listen::pipeline::{self, Protocol, Taken};
use crate::task::Tasks;

/// Answers questions. One clone serves each connection.
pub trait Answers: Clone + Send + Sync + Unpin + 'static {
    /// Appends the whole reply frame to `out` and returns `true` when the answer is known at once; otherwise appends nothing,
    /// and [`Answers::later`] is asked.
    fn now(&self, request: Request<'_>, out: &mut Vec<u8>) -> bool;

    /// The whole reply frame, when it is known. Dropped when the peer leaves before that.
    fn later(&self, map: String, key: String) -> impl Future<Output = Vec<u8>> + Send;
}

/// Serves until the group is asked to stop; then every connection ends once its questions have been answered.
pub async fn serve<A: Answers>(listener: Listener, limits: Limits, answers: A, tasks: &Tasks) {
    pipeline::serve(listener, limits, Socketmap(answers), tasks, "socketmap").await;
}

#[derive(Clone)]
struct Socketmap<A>(A);

impl<A: Answers> Protocol for Socketmap<A> {
    fn take(&self, input: &[u8], out: &mut Vec<u8>) -> Taken {
        let (payload, used) = match decode(input, MAX_REQUEST) {
            Decoded::Frame { payload, used } => (payload, used),
            Decoded::NeedMore => return Taken::NeedMore,
            Decoded::Bad(error) => return Taken::Bad(error.to_string()),
        };
        let request = match Request::parse(payload) {
            Ok(request) => request,
            Err(error) => {
                Reply::Perm(&error.to_string()).encode(out);
                return Taken::Now(used);
            }
        };
        if self.0.now(request, out) {
            return Taken::Now(used);
        }
        let (answers, map, key) = (self.0.clone(), request.map.to_owned(), request.key.to_owned());
        Taken::Later(used, Box::pin(async move { answers.later(map, key).await }))
    }
}
