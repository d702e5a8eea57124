//! The tcp_table server (tcp_table(5)): `get KEY` lines, answered in order. For MTAs and scripts that speak no socketmap.
//!
//! A line that is no request is answered `400`; one that is too long ends the connection quietly.
use std::future::Future;

use strictmx_proto::postfix::tcp_table::{Decoded, Reply, Request, decode};

pub use crate::listen::Limits;
use crate::listen::Listener;
use crate::listen::pipeline::{self, Protocol, Taken};
use crate::task::Tasks;

/// Answers questions. One clone serves each connection.
pub trait Answers: Clone + Send + Sync + Unpin + 'static {
    /// Appends the whole reply line to `out` and returns `true` when the answer is known at once; otherwise appends nothing, and
    /// [`Answers::later`] is asked.
    fn now(&self, key: &str, out: &mut Vec<u8>) -> bool;

    /// The whole reply line, when it is known. Dropped when the peer leaves before that.
    fn later(&self, key: String) -> impl Future<Output = Vec<u8>> + Send;
}

/// Serves until the group is asked to stop; then every connection ends once its questions have been answered.
pub async fn serve<A: Answers>(listener: Listener, limits: Limits, answers: A, tasks: &Tasks) {
    pipeline::serve(listener, limits, TcpTable(answers), tasks, "tcp_table").await;
}

#[derive(Clone)]
struct TcpTable<A>(A);

impl<A: Answers> Protocol for TcpTable<A> {
    fn take(&self, input: &[u8], out: &mut Vec<u8>) -> Taken {
        let (line, used) = match decode(input) {
            Decoded::Line { line, used } => (line, used),
            Decoded::NeedMore => return Taken::NeedMore,
            Decoded::TooLong => return Taken::Bad("the line is longer than allowed".into()),
        };
        let request = match Request::parse(line) {
            Ok(request) => request,
            Err(error) => {
                Reply::Temp(&error.to_string()).encode(out);
                return Taken::Now(used);
            }
        };
        if self.0.now(&request.key, out) {
            return Taken::Now(used);
        }
        let answers = self.0.clone();
        Taken::Later(used, Box::pin(async move { answers.later(request.key).await }))
    }
}
