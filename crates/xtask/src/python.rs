//! Python programs from PyPI, each in a virtual environment of its own outside the checkout.

use std::path::PathBuf;
use std::process::Command;

use crate::run::{Outcome, command};
use crate::{packages, trees};

/// A program from PyPI; pinned, so that what it says can be compared.
pub(crate) struct Python {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    /// What pip is told.
    pub(crate) wants: &'static [&'static str],
}

impl Python {
    fn folder(&self) -> PathBuf {
        trees::folder().join(format!("{}-{}", self.name, self.version))
    }

    /// A program of its environment.
    pub(crate) fn bin(&self, program: &str) -> PathBuf {
        self.folder().join("bin").join(program)
    }

    /// Installs it, at first use.
    pub(crate) fn ensure(&self) -> Outcome {
        let Self { name, version, wants } = self;
        let folder = self.folder();
        let done = folder.join("installed");
        if done.is_file() {
            return Ok(format!("{name} {version}: kept from before\n"));
        }
        let environment = || command(Command::new("python3").args(["-m", "venv"]).arg(&folder));
        if environment().is_err() {
            packages::install(&["python3", "python3-venv"])?;
            environment()?;
        }
        command(Command::new(self.bin("pip")).args(["install", "--quiet"]).args(*wants))?;
        crate::write(&done, version)?;
        Ok(format!("{name} {version}: installed into {}\n", folder.display()))
    }
}
