//! Somebody else's DKIM verifier, which reads the mails we sign: dkimpy from PyPI, in a virtual environment outside the checkout.

use std::process::Command;

use crate::run::{Outcome, command};
use crate::{packages, trees};

/// Pinned; PyNaCl is what it verifies Ed25519 with.
const VERIFIER: &str = "dkimpy";
const VERSION: &str = "1.1.8";

/// Installs it, at first use.
pub(crate) fn ensure() -> Outcome {
    let folder = trees::folder().join(format!("{VERIFIER}-{VERSION}"));
    let is_there = || Command::new(folder.join("bin/python")).args(["-c", "import dkim, nacl"]).output();
    if is_there().is_ok_and(|output| output.status.success()) {
        return Ok(format!("{VERIFIER} {VERSION}: kept from before\n"));
    }
    let environment = || command(Command::new("python3").args(["-m", "venv"]).arg(&folder));
    if environment().is_err() {
        packages::install(&["python3", "python3-venv"])?;
        environment()?;
    }
    let what = format!("{VERIFIER}=={VERSION}");
    command(Command::new(folder.join("bin/pip")).args(["install", "--quiet", &what, "pynacl"]))?;
    Ok(format!("{VERIFIER} {VERSION}: installed into {}\n", folder.display()))
}
