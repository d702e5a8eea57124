//! Somebody else's DKIM verifier, which reads the mails we sign.

use crate::python::Python;
use crate::run::Outcome;

/// PyNaCl is what it verifies Ed25519 with.
const VERIFIER: Python = Python { name: "dkimpy", version: "1.1.8", wants: &["dkimpy==1.1.8", "pynacl"] };

/// Installs it, at first use.
pub(crate) fn ensure() -> Outcome {
    VERIFIER.ensure()
}
