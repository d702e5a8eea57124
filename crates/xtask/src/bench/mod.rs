//! `cargo xtask bench`: whole-process figures, beside a floor and a peer, into `docs/performance.md`.
//!
//! Everything runs in namespaces of its own on loopback: the domains to look up, the server measured (on one core) and
//! the load (on another). Programs take turns in rounds, and medians are kept, because such machines are not quiet.

mod inside;
mod page;
mod peer;
mod process;

use std::path::PathBuf;
use std::process::Command;

use crate::run::{cargo, command};
use crate::{Result, packages};

/// How much is measured.
#[derive(Clone, Copy)]
struct Size {
    rounds: usize,
    /// Seconds of one round of cached answers.
    seconds: usize,
    /// Domains of one round of cold answers.
    cold: usize,
    /// Policies kept for the memory figure.
    kept: usize,
    /// Policies saved for the start.
    saved: usize,
}

const WHOLE: Size = Size { rounds: 5, seconds: 3, cold: 2000, kept: 100_000, saved: 10_000 };
const QUICK: Size = Size { rounds: 3, seconds: 1, cold: 300, kept: 5_000, saved: 1_000 };

/// The programs measured.
struct Programs {
    strictmx: PathBuf,
    tool: PathBuf,
    peer: PathBuf,
}

/// Builds, then measures inside namespaces; `--inside` is for ourselves.
pub(crate) fn main(arguments: &[&str]) -> Result<()> {
    match arguments {
        ["--inside", size, strictmx, tool, peer] => {
            let size = if *size == "quick" { QUICK } else { WHOLE };
            let programs = Programs { strictmx: strictmx.into(), tool: tool.into(), peer: peer.into() };
            let figures = inside::measure(&programs, size)?;
            page::write(&figures, size)
        }
        [] => outside("whole"),
        ["--quick"] => outside("quick"),
        _ => Err("usage: cargo xtask bench [--quick]".to_owned()),
    }
}

fn outside(size: &str) -> Result<()> {
    if !packages::is_root() {
        return Err(
            "the benchmarks need root (a network namespace of their own): run `cargo xtask bench` as root".to_owned()
        );
    }
    println!("building with the profile ci (optimised, without link-time optimisation)");
    let words = command(cargo().args(BUILD))?;
    let peer = peer::ensure()?;
    let itself = std::env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
    let mut unshare = Command::new("unshare");
    unshare.args(["--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]).arg(itself);
    unshare.args(["bench", "--inside", size]);
    unshare.arg(executable(&words, "strictmx")?).arg(executable(&words, "testbed-bench")?).arg(peer);
    let status = unshare.status().map_err(|error| format!("cannot run unshare: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("the measurement ended with {status}")) }
}

const BUILD: [&str; 8] = [
    "build",
    "--profile=ci",
    "--package=strictmx",
    "--package=strictmx-testbed",
    "--bins",
    "--locked",
    "--quiet",
    JSON,
];
const JSON: &str = "--message-format=json";

fn executable(words: &str, name: &str) -> Result<PathBuf> {
    let end = format!("/{name}\"");
    let found = words.lines().find_map(|line| {
        let path = line.split("\"executable\":").nth(1)?.split(',').next()?;
        path.ends_with(&end).then(|| PathBuf::from(path.trim_matches('"')))
    });
    found.ok_or_else(|| format!("cargo names no executable {name}"))
}
