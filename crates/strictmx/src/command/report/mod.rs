//! `strictmx report …`: what was counted for TLS reports, and telling the collector of sessions.
mod emit;
mod log;
mod shape;
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
