//! What a trial comes to, whichever library made it.
use strictmx_engine::check::observations::TrialResult;
use tokio::io::{AsyncRead, AsyncWrite};

/// A stream in both directions.
pub trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

/// What came of a trial.
pub struct Tried {
    /// How it went.
    pub result: TrialResult,
    /// The stream, decrypted, where the handshake was made: to take leave on.
    pub stream: Option<Box<dyn Duplex>>,
}

impl From<TrialResult> for Tried {
    fn from(result: TrialResult) -> Self {
        Self { result, stream: None }
    }
}
