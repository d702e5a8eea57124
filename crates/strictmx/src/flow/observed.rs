//! Where observations for TLS reports are handed over: without waiting, since whoever does it is about to answer somebody.
use strictmx_engine::report::observe::Observation;
use tokio::sync::mpsc;

/// Observations that may wait; more are left out, and counted.
const WAITING: usize = 4096;

/// Takes observations. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Watch(mpsc::Sender<Observation>);

/// A watch, and where its observations come out.
pub(crate) fn watch() -> (Watch, mpsc::Receiver<Observation>) {
    let (to, from) = mpsc::channel(WAITING);
    (Watch(to), from)
}

/// Too many observations wait already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full;

impl Watch {
    /// Hands an observation over.
    pub(crate) fn saw(&self, what: Observation) -> Result<(), Full> {
        self.0.try_send(what).map_err(|_| Full)
    }
}
