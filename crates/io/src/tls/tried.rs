//! What a trial comes to, whichever way it was made.
use strictmx_engine::check::observations::TrialResult;
use tokio::io::{AsyncRead, AsyncWrite};

use super::tickets::Tickets;

/// A stream in both directions.
pub trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

/// What came of a trial.
pub struct Tried {
    /// The stream, decrypted, where the handshake was made: to take leave on.
    pub stream: Option<Box<dyn Duplex>>,
    result: TrialResult,
    /// Where the tickets of the session are, if it is them that count.
    tickets: Option<Tickets>,
}

impl Tried {
    /// A handshake that was made, and the stream it was made on.
    pub(super) fn made(result: TrialResult, stream: Box<dyn Duplex>) -> Self {
        Self { stream: Some(stream), result, tickets: None }
    }

    /// The same, of which the tickets decide that come before the first thing the host says.
    pub(super) fn awaiting(self, tickets: Tickets) -> Self {
        Self { tickets: Some(tickets), ..self }
    }

    /// How it went. For [`Way::EarlyData`](strictmx_engine::check::observations::Way) to be asked after something was read from
    /// the stream.
    #[must_use]
    pub fn result(self) -> TrialResult {
        match self.tickets {
            Some(tickets) if !tickets.allow_early_data() => {
                TrialResult::Refused(String::from("no ticket of the host allows early data"))
            }
            _ => self.result,
        }
    }
}

impl From<TrialResult> for Tried {
    fn from(result: TrialResult) -> Self {
        Self { stream: None, result, tickets: None }
    }
}
