//! `cargo xtask test`: everything, in the order in which a fault is found soonest.

use std::process::Command;

use crate::run::{Outcome, Report, cargo, command};
use crate::{Result, built, docs, layers, packages, spec, trees, verifier};

/// Longest time a run of the lab may take, in seconds.
const LAB_LIMIT: &str = "900";
/// What everything that is built takes on the disk, in KiB.
const ROOM: u64 = 3 << 20;

/// Runs all stages whose name holds the filter, and sums up.
pub(crate) fn main(arguments: &[&str]) -> Result<()> {
    let fast = arguments.contains(&"--fast");
    let filter = arguments.iter().find(|argument| !argument.starts_with("--")).copied().unwrap_or_default();
    if let Some(unknown) = arguments.iter().find(|argument| argument.starts_with("--") && **argument != "--fast") {
        return Err(format!("unknown option {unknown}; there is --fast"));
    }
    if let Some(scarce) = scarce() {
        println!("{scarce}");
    }
    let mut report = Report::default();
    let mut lab_is_possible = !fast;
    for (name, is_lab, work) in STAGES {
        if name.contains(filter) && (!is_lab || lab_is_possible) {
            let good = report.stage(name, work);
            // Without its programs or its trees a lab would only fail again, less clearly.
            lab_is_possible &= good || !is_lab || name.starts_with("lab: n");
        }
    }
    if fast {
        println!("\nthe real neighbours were left out (--fast)");
    }
    let (summary, good) = report.summary();
    println!("{summary}");
    if good { Ok(()) } else { Err(String::new()) }
}

/// Says so when the disk may be too small: the compiler's words for that are hard to find among the others.
fn scarce() -> Option<String> {
    let words = command(Command::new("df").arg("-Pk").arg(crate::root())).ok()?;
    let free: u64 = words.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()?;
    (free < ROOM).then(|| {
        format!(
            "only {} MiB are free here; building everything from nothing takes about {} MiB",
            free >> 10,
            ROOM >> 10
        )
    })
}

type Stage = (&'static str, bool, fn() -> Outcome);

const STAGES: [Stage; 11] = [
    ("lab: programs", true, lab_programs),
    ("format", false, || command(cargo().args(["fmt", "--all", "--check"]))),
    ("ledger", false, spec::main),
    ("layers", false, layers::main),
    ("clippy", false, || {
        command(cargo().args(["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"]))
    }),
    ("tests", false, || command(cargo().args(["test", "--workspace", "--no-fail-fast"]))),
    ("docs", false, docs::stage),
    ("lab: Debian trees", true, trees::ensure),
    ("lab: another DKIM verifier", true, verifier::ensure),
    ("lab: neighbours alone", true, || lab("neighbours")),
    ("lab: strictmx", true, || lab("lab")),
];

fn lab_programs() -> Outcome {
    if !packages::is_root() {
        return Err(format!(
            "the lab of real neighbours needs root (namespaces, chroot, mail servers that change users): run `cargo xtask \
             test` as root, or leave the lab out with `cargo xtask test --fast`. {}",
            packages::lacking()
        ));
    }
    packages::ensure()
}

/// Runs the ignored tests of one test binary inside namespaces of its own.
fn lab(test: &str) -> Outcome {
    let executable = built::test(test)?;
    let mut unshare = Command::new("unshare");
    unshare.args(["--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]);
    unshare.args(["timeout", LAB_LIMIT]).arg(executable).args(["--ignored", "--test-threads=16"]);
    unshare.env("STRICTMX_LAB", trees::folder());
    // Goldens lie there; cargo, which knows, may not be asked inside.
    unshare.env("INSTA_UPDATE", "no").env("INSTA_WORKSPACE_ROOT", crate::root());
    command(&mut unshare)
}
