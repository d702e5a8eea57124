//! The collector's part of starting: its socket, and what to put into main.cf for it.
use std::{path::Path, sync::Arc};

use strictmx_io::{
    clock::Clock,
    datagram::{self, Socket},
    listen::{self, Access, Address, Handed},
    store::Store,
    sys,
    task::Tasks,
};

use crate::{
    config::{self, Settings},
    flow::{
        Desk,
        collect::{
            self, Collector,
            token::{Token, TokenError},
            watch,
        },
    },
    telemetry::Telemetry,
};

/// Datagrams that the kernel should hold: what systemd sets.
const QUEUE: u32 = 512;
/// Where Debian's and most other Postfix keep their queue.
const QUEUE_DIRECTORY: &str = "/var/spool/postfix/";

/// Why the collector does not start: a sentence.
#[derive(Debug, thiserror::Error)]
pub(super) enum CollectorError {
    /// The password of those who post.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The system.
    #[error("cannot start the collector: {0}")]
    System(#[from] std::io::Error),
}

/// Opens the socket, or takes it from systemd.
pub(super) fn open(settings: &config::Collector, handed: &mut Handed) -> Result<Socket, listen::Error> {
    let access = Access { mode: settings.mode.0, owner: settings.owner.clone(), group: settings.group.clone() };
    let path = std::path::absolute(&settings.socket).unwrap_or_else(|_| settings.socket.clone());
    datagram::bind(&Address::Unix(path), &access, handed)
}

/// Starts it; from then on the desk tells it what it sees.
pub(super) async fn start(
    socket: Socket,
    settings: &Settings,
    desk: &Desk,
    store: &Arc<dyn Store>,
    telemetry: &Telemetry,
    tasks: &Tasks,
) -> Result<Collector, CollectorError> {
    let collector = settings.collector.clone().unwrap_or_default();
    let days = collector.keep.as_secs() / 86_400;
    let options = collect::Options {
        flush: collector.flush,
        queue: collector.queue_mib.saturating_mul(1024 * 1024),
        counts: collector.counts_mib.saturating_mul(1024 * 1024),
        keep: u32::try_from(days).unwrap_or(u32::MAX),
        hosts: collector.mx_host_scope,
        token: collector.token_file.as_deref().map(Token::read).transpose()?,
        store_url: settings.store.url.clone(),
    };
    let parts = collect::Parts {
        store: Arc::clone(store),
        telemetry: telemetry.clone(),
        tasks: tasks.clone(),
        clock: Clock::system(),
        options,
    };
    if let Some(length) = sys::datagram_queue() {
        telemetry.kernel_queue(length);
    }
    let (collector, counted) = Collector::start(socket, parts).await?;
    watch::start(desk, counted, tasks);
    Ok(collector)
}

/// What is weaker than it should be.
pub(super) fn notices(settings: &Settings) -> Option<String> {
    settings.collector.as_ref()?;
    let length = sys::datagram_queue().filter(|length| *length < QUEUE)?;
    Some(format!(
        "the kernel holds {length} datagrams for the collector, and mail servers drop what finds no place: run \
         `sysctl -w net.unix.max_dgram_qlen={QUEUE}`, write that setting into /etc/sysctl.d, and restart strictmx: a socket keeps \
         the length it was made with"
    ))
}

/// Lines for main.cf that fit the socket.
pub(super) fn paste(socket: &Address) -> String {
    let Address::Unix(path) = socket else { return String::new() };
    format!(
        "\x20 smtp_tlsrpt_enable = yes\n\
         \x20 smtp_tlsrpt_socket_name = {}\n\
         \x20 smtp_tlsrpt_skip_reused_handshakes = no\n",
        name(path)
    )
}

/// The socket as Postfix is to be told of it: below its queue directory, where a chroot reaches it, relative to that.
fn name(path: &Path) -> String {
    let path = path.display().to_string();
    path.strip_prefix(QUEUE_DIRECTORY).map_or(path.clone(), ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn postfix_is_told_the_socket_as_its_chroot_sees_it() {
        assert_eq!(name(Path::new("/var/spool/postfix/run/tlsrpt.sock")), "run/tlsrpt.sock");
        assert_eq!(name(Path::new("/run/strictmx/tlsrpt.sock")), "/run/strictmx/tlsrpt.sock");
    }
}
