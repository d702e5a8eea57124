//! Whether a host's tickets allow early data (RFC 8446 §4.2.10, §4.6.1), without sending any.
//!
//! Nothing else is ever resumed: the store that tickets go to lives as long as the one trial.
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::{ClientConfig, ClientConnection};
use rustls_pki_types::ServerName;

use super::Prepared;

/// Tickets kept: rustls keeps eight of one host.
const KEPT: usize = 8;

/// The configuration of a session whose tickets are kept.
pub(super) fn keeping(config: &ClientConfig) -> ClientConfig {
    let mut config = config.clone();
    config.enable_early_data = true;
    config.resumption = Resumption::in_memory_sessions(KEPT);
    config
}

/// A session's tickets, as they come.
pub(super) struct Tickets {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl Tickets {
    /// Those of the session that is to be made.
    pub(super) fn of(prepared: &Prepared) -> Self {
        Self { config: Arc::clone(&prepared.config), name: prepared.sent.clone() }
    }

    /// Whether a session resumed now could begin with early data. The connection that this takes is made in memory alone.
    pub(super) fn allow_early_data(&self) -> bool {
        ClientConnection::new(Arc::clone(&self.config), self.name.clone())
            .is_ok_and(|mut connection| connection.early_data().is_some())
    }
}
