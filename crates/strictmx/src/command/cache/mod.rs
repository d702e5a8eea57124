//! `strictmx cache …`: the running daemon's policy cache, through its control socket.
mod import;
mod text;

use std::path::PathBuf;

use serde_json::{Value, json};
use strictmx_io::control;

use crate::{
    cli::{CacheCommand, Exit, Format, Selection, output},
    config::Settings,
};

/// Runs the command.
pub fn run(settings: &Settings, command: &CacheCommand) -> Exit {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::error(format_args!("cannot start the runtime: {error}"));
            return Exit::Internal;
        }
    };
    runtime.block_on(async {
        match command {
            CacheCommand::List { domains, format } => {
                ask(settings, json!({ "do": "list", "domains": domains }), *format, text::list).await
            }
            CacheCommand::Show { domains, format } => {
                ask(settings, json!({ "do": "show", "domains": domains }), *format, text::show).await
            }
            CacheCommand::Refresh(selection) => {
                ask(settings, request("refresh", selection), Format::Text, text::refreshed).await
            }
            CacheCommand::Import { from, file } => import::run(settings, *from, file).await,
            CacheCommand::Purge(selection) => {
                ask(settings, request("purge", selection), Format::Text, text::purged).await
            }
        }
    })
}

fn request(what: &str, selection: &Selection) -> Value {
    json!({ "do": what, "domains": selection.domains, "all": selection.all })
}

/// Asks the daemon and shows its lines. An error in one of them is an error of the command.
async fn ask(settings: &Settings, request: Value, format: Format, shown: fn(&[Value]) -> String) -> Exit {
    let lines = match control::call(&socket(settings), &request).await {
        Ok(lines) => lines,
        Err(error) => {
            output::error(error);
            return Exit::NoLook;
        }
    };
    let (failed, lines): (Vec<Value>, Vec<Value>) = lines.into_iter().partition(|line| line.get("error").is_some());
    let exit = match format {
        Format::Text => output::result(&shown(&lines)),
        Format::Json => output::result(&lines.iter().map(|line| format!("{line}\n")).collect::<String>()),
    };
    for line in &failed {
        let about = line.get("domain").and_then(Value::as_str).map(|domain| format!("{domain}: ")).unwrap_or_default();
        output::error(format_args!("{about}{}", line.get("error").and_then(Value::as_str).unwrap_or_default()));
    }
    if failed.is_empty() { exit } else { Exit::NoLook }
}

/// Where the daemon listens: as configured, else where it listens by default.
pub(super) fn socket(settings: &Settings) -> PathBuf {
    settings.control.clone().unwrap_or_default().socket
}
