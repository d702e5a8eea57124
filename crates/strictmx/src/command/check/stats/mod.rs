//! `--stats`: which causes a file of JSON lines holds how often.
//!
//! The stages are those in which the IMC 2025 study of MTA-STS ("Unraveling the Complexities of MTA-STS Deployment and
//! Management in Securing Email") sorts what it found: the record, the retrieval of the policy by cause, the policy's text,
//! its match with the MX records, the certificates of the MX hosts. Shares are of the domains that have a record, as there.
mod cause;
mod table;

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

use serde::Deserialize;

use self::table::Table;
use super::{Wrong, resume::MAX_LINE};
use crate::cli::{CheckFormat, Exit, output};

/// One line of `check --format jsonl`, as far as it is counted.
#[derive(Debug, Deserialize)]
struct Line {
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    state: String,
    #[serde(default)]
    families: Vec<String>,
    #[serde(default)]
    findings: Vec<Found>,
}

/// One finding of it.
#[derive(Debug, Deserialize)]
struct Found {
    id: String,
    family: String,
    severity: String,
    #[serde(default)]
    side: String,
}

impl Found {
    fn is_error(&self) -> bool {
        self.severity == "error"
    }
}

/// Counts a file, `-` for standard input, and shows the table.
pub(super) fn run(path: &Path, format: Option<CheckFormat>) -> Result<Exit, Wrong> {
    let table = counted(path).map_err(Wrong::Input)?;
    Ok(output::result(&match format.unwrap_or(CheckFormat::Text) {
        CheckFormat::Text => table.text(),
        CheckFormat::Json => serde_json::to_string_pretty(&table.told())? + "\n",
        CheckFormat::Jsonl => serde_json::to_string(&table.told())? + "\n",
        CheckFormat::Sarif => {
            return Err(Wrong::Usage("--stats has no SARIF form: write --format text or json".to_owned()));
        }
    }))
}

fn counted(path: &Path) -> Result<Table, String> {
    let shown = path.display();
    let failed = |error: io::Error| format!("cannot read {shown}: {error}");
    let stream: Box<dyn Read> =
        if path == Path::new("-") { Box::new(io::stdin().lock()) } else { Box::new(File::open(path).map_err(failed)?) };
    let mut reader = BufReader::with_capacity(256 * 1024, stream);
    let (mut table, mut line) = (Table::default(), Vec::new());
    for number in 1_u64.. {
        line.clear();
        if reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut line).map_err(failed)? == 0 {
            break;
        }
        match serde_json::from_slice::<Line>(&line) {
            Ok(line) => table.add(&line),
            Err(_) if line.trim_ascii().is_empty() => {}
            // The run that writes it may still be at it, or was killed in the middle of a line.
            Err(_) if line.last() != Some(&b'\n') => {
                output::warning(format_args!("{shown}:{number}: the last line is torn and is left out"));
            }
            Err(error) => {
                return Err(format!("{shown}:{number}: this is no line of `strictmx check --format jsonl`: {error}"));
            }
        }
    }
    Ok(table)
}
