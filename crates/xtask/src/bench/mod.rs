//! `cargo xtask bench`: whole-process figures, beside a floor and a peer, into `docs/performance.md`.
//!
//! Everything runs in namespaces of its own on loopback: the domains to look up, the server measured (on one core) and
//! the load (on another). Programs take turns in rounds, and medians are kept, because such machines are not quiet.

mod check;
mod page;
mod peer;
mod policyd;
mod process;
mod report;
mod world;

use std::path::PathBuf;
use std::process::Command;

use world::World;

use crate::run::{cargo, command};
use crate::{Result, built, packages};

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
    /// Domains of one round of checks.
    checked: usize,
    /// The longer list of domains for the checker's memory; the shorter one has a tenth.
    listed: usize,
    /// Seconds of datagrams at the steady rate.
    steady: usize,
    /// Datagrams of one round as fast as they are taken; the peer has a tenth.
    datagrams: usize,
    /// Sessions that reports are composed of.
    sessions: usize,
    /// Domains of the large day.
    reported: usize,
    /// Domains that the peer composes reports about.
    peer_reported: usize,
}

const WHOLE: Size = Size {
    rounds: 5,
    seconds: 3,
    cold: 2000,
    kept: 100_000,
    saved: 10_000,
    checked: 3_000,
    listed: 100_000,
    steady: 30,
    datagrams: 1_000_000,
    sessions: 1_000_000,
    reported: 100_000,
    peer_reported: 1_000,
};
const QUICK: Size = Size {
    rounds: 3,
    seconds: 1,
    cold: 300,
    kept: 5_000,
    saved: 1_000,
    checked: 300,
    listed: 5_000,
    steady: 5,
    datagrams: 300_000,
    sessions: 200_000,
    reported: 10_000,
    peer_reported: 100,
};

/// The programs measured.
struct Programs {
    strictmx: PathBuf,
    tool: PathBuf,
}

/// Something measured: what it is called, and what measures it and comes back with a chapter of the page.
type Part = (&'static str, fn(&World<'_>) -> Result<String>);
const PARTS: [Part; 3] = [("policyd", policyd::measure), ("check", check::measure), ("report", report::measure)];
const USAGE: &str = "usage: cargo xtask bench [--quick] [policyd|check|report]";

/// Builds, then measures inside namespaces; `--inside` is for ourselves.
pub(crate) fn main(arguments: &[&str]) -> Result<()> {
    match arguments {
        ["--inside", size, part, strictmx, tool] => {
            let size = if *size == "quick" { QUICK } else { WHOLE };
            let programs = Programs { strictmx: strictmx.into(), tool: tool.into() };
            let (name, measure) = *PARTS.iter().find(|(name, _)| name == part).ok_or(USAGE)?;
            let measured = measure(&World::new(&programs, size)?)?;
            page::write(name, &measured)
        }
        ["--quick", parts @ ..] => outside("quick", parts),
        parts => outside("whole", parts),
    }
}

fn outside(size: &str, parts: &[&str]) -> Result<()> {
    if parts.iter().any(|part| PARTS.iter().all(|(name, _)| name != part)) {
        return Err(USAGE.to_owned());
    }
    if !packages::is_root() {
        return Err(
            "the benchmarks need root (a network namespace of their own): run `cargo xtask bench` as root".to_owned()
        );
    }
    println!("building as for a release, which takes a while");
    let words = command(cargo().args(BUILD))?;
    peer::ensure()?;
    let itself = std::env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
    for (part, _) in PARTS.iter().filter(|(name, _)| parts.is_empty() || parts.contains(name)) {
        let mut unshare = Command::new("unshare");
        unshare.args(["--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]).arg(&itself);
        unshare.args(["bench", "--inside", size, part]);
        unshare.arg(built::executable(&words, "strictmx")?).arg(built::executable(&words, "testbed-bench")?);
        let status = unshare.status().map_err(|error| format!("cannot run unshare: {error}"))?;
        if !status.success() {
            return Err(format!("the measurement of {part} ended with {status}"));
        }
    }
    Ok(())
}

const BUILD: [&str; 8] =
    ["build", "--release", "--package=strictmx", "--package=strictmx-testbed", "--bins", "--locked", "--quiet", JSON];
const JSON: &str = "--message-format=json";
