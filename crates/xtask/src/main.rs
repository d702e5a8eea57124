//! Development only: the one way to run the tests, the ledger, the layers, the docs and the benchmarks.
//!
//! `cargo xtask test` is the one test command; `.ci/run` calls it. Only the standard library is used, so that it
//! builds in a moment on a fresh machine.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command for people")]
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "the house rules bind production code")]

mod bench;
mod built;
mod docs;
mod layers;
mod ledger;
mod packages;
mod python;
mod run;
mod source;
mod spec;
mod test;
mod trees;
mod uses;
mod verifier;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What went wrong, as a sentence to be printed.
type Result<T> = std::result::Result<T, String>;

const USAGE: &str = "\
cargo xtask COMMAND

  test [--fast] [FILTER]  everything: format, clippy, ledger, layers, docs, all tests, real neighbours.
                          --fast leaves the real neighbours out; FILTER runs only the stages whose name has it
  spec                    the requirement ledger: where each MUST lives and which test covers it
  layers                  dependency directions, module graphs, sizes
  docs [--check]          generated docs, man pages, completions; --check only says whether they are stale
  bench [--quick]         whole-process figures into docs/performance.md";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments.as_slice() {
        ["test", rest @ ..] => test::main(rest),
        ["spec"] => spec::main().map(|text| println!("{text}")),
        ["layers"] => layers::main().map(|text| println!("{text}")),
        ["docs"] => docs::write_command(),
        ["docs", "--check"] => docs::check(),
        ["bench", rest @ ..] => bench::main(rest),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(64);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The folder of the workspace.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().and_then(Path::parent).unwrap_or(here).to_owned()
}

/// Reads a file, saying which where it cannot.
fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

/// Writes a file with its folder, saying which where it cannot.
fn write(path: &Path, text: &str) -> Result<()> {
    let folder = path.parent().unwrap_or(path);
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(path, text));
    written.map_err(|error| format!("cannot write {}: {error}", path.display()))
}

/// Every file below `folder` whose name ends in one of `endings`, sorted; build output and hidden folders left out.
fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else {
        return found;
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if !name.starts_with('.') && name != "target" {
                found.extend(files(&path, endings));
            }
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A path as the reader knows it: from the workspace root.
fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}
