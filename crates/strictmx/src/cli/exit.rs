//! How the program ends: exit codes as a type (interfaces: 64 usage, 70 internal, 78 config; those numbers are sysexits.h's).

use std::process::ExitCode;

/// What the program ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Exit {
    /// 0: done; of a check: no error finding.
    Done,
    /// 1: a check came to an error finding.
    Findings,
    /// 2: could not look: the daemon cannot be reached, DNS does not answer, a file cannot be read.
    NoLook,
    /// 64: the command line makes no sense.
    Usage,
    /// 70: a fault of ours, or of the machine, that no other code names.
    Internal,
    /// 78: the config has errors.
    Config,
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Findings => 1,
            Self::NoLook => 2,
            Self::Usage => 64,
            Self::Internal => 70,
            Self::Config => 78,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
