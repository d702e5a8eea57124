//! `cargo xtask test`: everything, in the order in which a fault is found soonest.

use std::path::PathBuf;
use std::process::Command;

use crate::run::{Outcome, Report, cargo, command};
use crate::{Result, docs, layers, packages, spec, trees, verifier};

/// Longest time a run of the lab may take, in seconds.
const LAB_LIMIT: &str = "900";

/// Runs all stages whose name holds the filter, and sums up.
pub(crate) fn main(arguments: &[&str]) -> Result<()> {
    let fast = arguments.contains(&"--fast");
    let filter = arguments.iter().find(|argument| !argument.starts_with("--")).copied().unwrap_or_default();
    if let Some(unknown) = arguments.iter().find(|argument| argument.starts_with("--") && **argument != "--fast") {
        return Err(format!("unknown option {unknown}; there is --fast"));
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

type Stage = (&'static str, bool, fn() -> Outcome);

const STAGES: [Stage; 11] = [
    ("lab: programs", true, lab_programs),
    ("format", false, || command(cargo().args(["fmt", "--all", "--check"]))),
    ("ledger", false, spec::main),
    ("layers", false, layers::main),
    ("clippy", false, || {
        let mut clippy = cargo();
        clippy.args(["clippy", "--workspace", "--all-targets", "--quiet"]).args(features());
        command(clippy.args(["--", "-D", "warnings"]))
    }),
    ("tests", false, || command(cargo().args(["test", "--workspace", "--no-fail-fast"]).args(features()))),
    ("docs", false, docs::stage),
    ("lab: Debian trees", true, trees::ensure),
    ("lab: another DKIM verifier", true, verifier::ensure),
    ("lab: neighbours alone", true, || lab("strictmx-testbed", "neighbours")),
    ("lab: strictmx", true, || lab("strictmx", "lab")),
];

/// Everything that can be built here: what needs OpenSSL only where its headers are.
fn features() -> &'static [&'static str] {
    if packages::is_there(packages::OPENSSL) { &["--features", "strictmx/legacy-tls"] } else { &[] }
}

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
fn lab(package: &str, test: &str) -> Outcome {
    let executable = executable(package, test)?;
    let mut unshare = Command::new("unshare");
    unshare.args(["--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]);
    unshare.args(["timeout", LAB_LIMIT]).arg(executable).args(["--ignored", "--test-threads=16"]);
    unshare.env("STRICTMX_LAB", trees::folder());
    // Goldens lie there; cargo, which knows, may not be asked inside.
    unshare.env("INSTA_UPDATE", "no").env("INSTA_WORKSPACE_ROOT", crate::root());
    command(&mut unshare)
}

/// Builds a test binary and says where it is.
pub(crate) fn executable(package: &str, test: &str) -> Result<PathBuf> {
    let arguments = ["test", "--package", package, "--test", test, "--no-run"];
    // Once for people, should it fail; then once more for its name, with nothing left to build.
    command(cargo().args(arguments))?;
    let words = command(cargo().args(arguments).arg("--message-format=json"))?;
    let name = format!("\"name\":\"{test}\"");
    let line = words.lines().find(|line| line.contains(&name) && line.contains("\"executable\":\""));
    let path = line.and_then(|line| line.split("\"executable\":\"").nth(1)?.split('"').next());
    path.map(PathBuf::from)
        .ok_or_else(|| format!("cargo names no executable for the test {test} of {package}:\n{words}"))
}
