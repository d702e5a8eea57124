//! `strictmx cache import`: the cache of another policy server, taken over into ours.
//!
//! Written to the store, so that it works whether or not the daemon runs; one that runs is told to look at the store again. What
//! we know already is newer than what somebody else knew, and stays.
use std::{
    io::Read,
    path::{Path, PathBuf},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use strictmx_io::{
    clock::Clock,
    control,
    store::{self, Batch, HistoryRow, Row, Store, import_resolver},
};

use super::socket;
use crate::{
    cli::{Exit, ImportFrom, output},
    config::Settings,
    import::{self, Import, Imported},
};

/// Policies written at a time.
const PAGE: usize = 500;
/// Refused entries that are named one by one.
const NAMED: usize = 20;

/// Runs the command.
pub(super) async fn run(settings: &Settings, from: ImportFrom, file: &Path) -> Exit {
    let read = match read(from, file) {
        Ok(read) => read,
        Err(error) => {
            output::error(error);
            return Exit::NoLook;
        }
    };
    for refused in read.refused.iter().take(NAMED) {
        output::warning(format_args!("{}:{}: left out: {}", file.display(), refused.line, refused.why));
    }
    if read.refused.len() > NAMED {
        output::warning(format_args!("{} more entries were left out", read.refused.len() - NAMED));
    }
    match write(settings, &read.taken).await {
        Ok((taken, known)) => {
            let told = tell_daemon(settings).await;
            output::result(&summary(&read, taken, known, &told))
        }
        Err(error) => {
            output::error(error);
            Exit::Internal
        }
    }
}

fn read(from: ImportFrom, file: &Path) -> Result<Import, String> {
    let now = Clock::system().now();
    match from {
        ImportFrom::Tlspol => Ok(import::tlspol::read(&text(file)?, now)),
        ImportFrom::MtaStsResolver => {
            let rows = import_resolver::read(file).map_err(|error| error.to_string())?;
            Ok(import::resolver::read(&rows, now))
        }
    }
}

/// The file's text, or that of standard input for `-`; bounded.
fn text(file: &Path) -> Result<String, String> {
    let failed = |error: std::io::Error| format!("cannot read {}: {error}", file.display());
    let limit = u64::try_from(import::tlspol::LARGEST).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        std::io::stdin().lock().take(limit + 1).read_to_end(&mut bytes).map_err(failed)?;
    } else {
        std::fs::File::open(file).map_err(failed)?.take(limit + 1).read_to_end(&mut bytes).map_err(failed)?;
    }
    if bytes.len() > import::tlspol::LARGEST {
        return Err(format!("{} is longer than 64 MiB; that is no export of a cache", file.display()));
    }
    String::from_utf8(bytes)
        .map_err(|_| format!("{} is not UTF-8 text; is it the output of `postfix-tlspol -export`?", file.display()))
}

/// Writes what the store does not know yet. Returns how many were taken, and how many were known.
async fn write(settings: &Settings, taken: &[Imported]) -> Result<(usize, usize), store::Error> {
    let store = store::open(&settings.store.url)?;
    let bar = bar(taken.len());
    let mut new = 0;
    for page in taken.chunks(PAGE) {
        let batch = page_of(&*store, page).await?;
        new += batch.puts.len();
        store.write(batch).await?;
        bar.inc(u64::try_from(page.len()).unwrap_or_default());
    }
    bar.finish_and_clear();
    store.close().await;
    Ok((new, taken.len() - new))
}

async fn page_of(store: &dyn Store, page: &[Imported]) -> Result<Batch, store::Error> {
    let now = Clock::system().now();
    let mut batch = Batch::default();
    for imported in page {
        let before = store.policy(&imported.domain).await?;
        if before.is_some_and(|row| row.known.policy_at(now).is_some()) {
            continue;
        }
        let detail = json!({ "event": "imported", "note": imported.note }).to_string();
        batch.history.push(HistoryRow {
            domain: imported.domain.clone(),
            at: now,
            kind: "imported".to_owned(),
            detail,
        });
        batch.puts.push(Row { domain: imported.domain.clone(), known: imported.known.clone(), used: now });
    }
    Ok(batch)
}

/// Lets a running daemon look at the store again; says how that went.
async fn tell_daemon(settings: &Settings) -> String {
    let path: PathBuf = socket(settings);
    match control::call(&path, &json!({ "do": "reread" })).await {
        Ok(_) => "the running daemon has them".to_owned(),
        Err(_) => "no daemon runs; the next one to start has them".to_owned(),
    }
}

fn summary(read: &Import, taken: usize, known: usize, told: &str) -> String {
    let mut page = format!("{taken} policies taken over; {told}\n");
    let rest = [
        (known, "were known already, and newer"),
        (read.expired, "have expired: asked anew with the next mail"),
        (read.dane, "carry no policy because DANE decided: asked anew with the next mail"),
        (read.refused.len(), "were left out, see above"),
    ];
    for (count, what) in rest.into_iter().filter(|(count, _)| *count > 0) {
        page.push_str(&format!("{count} {what}\n"));
    }
    page
}

/// A progress bar on stderr, shown on a terminal only.
fn bar(length: usize) -> ProgressBar {
    let bar = ProgressBar::new(u64::try_from(length).unwrap_or_default());
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} policies, {per_sec}, {eta} left") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
