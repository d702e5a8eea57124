//! The peers beside us: Python programs from PyPI, each in a virtual environment outside the checkout.

use std::path::PathBuf;
use std::process::Command;

use crate::run::command;
use crate::{Result, packages, trees};

/// A program from PyPI; pinned, so that figures can be compared.
pub(super) struct Peer {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
    /// What pip is told.
    wants: &'static [&'static str],
    program: &'static str,
}

/// `uvloop` is what its own documentation recommends for speed; version 1.5.0 asks for an event loop the way uvloop 0.22 no
/// longer allows.
pub(super) const RESOLVER: Peer = Peer {
    name: "postfix-mta-sts-resolver",
    version: "1.5.0",
    wants: &["postfix-mta-sts-resolver[uvloop]==1.5.0", "uvloop<0.22"],
    program: "mta-sts-daemon",
};
/// The checker others use; a library too.
pub(super) const CHECKER: Peer =
    Peer { name: "checkdmarc", version: "6.0.4", wants: &["checkdmarc==6.0.4"], program: "python3" };
/// libtlsrpt's own collector and reporter.
pub(super) const REPORTER: Peer =
    Peer { name: "tlsrpt-reporter", version: "0.6.0", wants: &["tlsrpt-reporter==0.6.0"], program: "tlsrpt-collectd" };

/// All of them there, installed at first use.
pub(super) fn ensure() -> Result<()> {
    [RESOLVER, CHECKER, REPORTER].iter().try_for_each(Peer::ensure)
}

impl Peer {
    fn folder(&self) -> PathBuf {
        trees::folder().join(format!("{}-{}", self.name, self.version))
    }

    /// A program of its environment.
    pub(super) fn bin(&self, program: &str) -> PathBuf {
        self.folder().join("bin").join(program)
    }

    /// Its main program.
    pub(super) fn program(&self) -> PathBuf {
        self.bin(self.program)
    }

    fn ensure(&self) -> Result<()> {
        let folder = self.folder();
        let done = folder.join("installed");
        if done.is_file() {
            return Ok(());
        }
        let environment = |folder: &PathBuf| command(Command::new("python3").args(["-m", "venv"]).arg(folder));
        if environment(&folder).is_err() {
            packages::install(&["python3", "python3-venv"])?;
            environment(&folder)?;
        }
        command(Command::new(folder.join("bin/pip")).args(["install", "--quiet"]).args(self.wants))?;
        crate::write(&done, self.version)
    }
}
