//! The peer beside us: postfix-mta-sts-resolver from PyPI, in a virtual environment outside the checkout.

use std::path::PathBuf;
use std::process::Command;

use crate::run::command;
use crate::{Result, packages, trees};

/// Pinned, so that figures can be compared; `uvloop` is what its own documentation recommends for speed.
pub(super) const PEER: &str = "postfix-mta-sts-resolver";
pub(super) const VERSION: &str = "1.5.0";

/// The daemon's program, installed at first use.
pub(super) fn ensure() -> Result<PathBuf> {
    let folder = trees::folder().join(format!("{PEER}-{VERSION}"));
    let program = folder.join("bin/mta-sts-daemon");
    if program.is_file() {
        return Ok(program);
    }
    let environment = |folder: &PathBuf| command(Command::new("python3").args(["-m", "venv"]).arg(folder));
    if environment(&folder).is_err() {
        packages::install(&["python3", "python3-venv"])?;
        environment(&folder)?;
    }
    let what = format!("{PEER}[uvloop]=={VERSION}");
    // Version 1.5.0 asks for an event loop the way uvloop 0.22 no longer allows.
    command(Command::new(folder.join("bin/pip")).args(["install", "--quiet", &what, "uvloop<0.22"]))?;
    Ok(program)
}
