//! `strictmx report …`: what was counted for TLS reports, telling the collector of sessions, and outgoing reports.
//!
//! What only looks reads the store, beside the daemon. What acts asks the daemon through its control socket, and is done here when
//! no daemon runs.
mod act;
mod emit;
mod keygen;
mod list;
mod log;
mod preview;
mod shape;
mod show;
mod teller;
mod text;
mod today;

use std::sync::Arc;

use strictmx_io::store::{self, Store};

use crate::{
    cli::{Exit, ReportCommand, output},
    config::Settings,
};

/// Runs the command.
pub fn run(settings: &Settings, command: &ReportCommand) -> Exit {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::error(format_args!("cannot start the runtime: {error}"));
            return Exit::Internal;
        }
    };
    runtime.block_on(async {
        match command {
            ReportCommand::Today(asked) => today::run(settings, asked).await,
            ReportCommand::Emit(asked) => emit::run(settings, asked).await,
            ReportCommand::Preview(asked) => preview::run(settings, asked).await,
            ReportCommand::List(asked) => list::run(settings, asked).await,
            ReportCommand::Show(asked) => show::run(settings, asked).await,
            ReportCommand::Send(asked) => act::send(settings, asked).await,
            ReportCommand::Resend(asked) => act::resend(settings, asked).await,
            ReportCommand::Keygen(asked) => keygen::run(settings, asked),
            ReportCommand::Bounce(asked) => act::bounce(settings, asked).await,
        }
    })
}

/// The store, to be read beside the daemon.
fn reading(settings: &Settings) -> Result<Arc<dyn Store>, Exit> {
    match store::open_reading(&settings.store.url) {
        Ok(Some(store)) => Ok(store),
        Ok(None) => {
            output::error(format_args!(
                "there is nothing in the store {} yet; has `strictmx serve` run with this config, and a [collector] section?",
                settings.store.url
            ));
            Err(Exit::NoLook)
        }
        Err(error) => {
            output::error(error);
            Err(Exit::NoLook)
        }
    }
}

/// An error, and the code to end with.
fn failed(error: impl std::fmt::Display) -> Exit {
    output::error(error);
    Exit::NoLook
}
