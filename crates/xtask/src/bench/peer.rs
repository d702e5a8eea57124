//! The peers beside us.

use crate::Result;
use crate::python::Python;

/// `uvloop` is what its own documentation recommends for speed; version 1.5.0 asks for an event loop the way uvloop 0.22 no
/// longer allows.
pub(super) const RESOLVER: Python = Python {
    name: "postfix-mta-sts-resolver",
    version: "1.5.0",
    wants: &["postfix-mta-sts-resolver[uvloop]==1.5.0", "uvloop<0.22"],
};
/// The checker others use; a library too.
pub(super) const CHECKER: Python = Python { name: "checkdmarc", version: "6.0.4", wants: &["checkdmarc==6.0.4"] };
/// libtlsrpt's own collector and reporter.
pub(super) const REPORTER: Python =
    Python { name: "tlsrpt-reporter", version: "0.6.0", wants: &["tlsrpt-reporter==0.6.0"] };

/// All of them there, installed at first use.
pub(super) fn ensure() -> Result<()> {
    [RESOLVER, CHECKER, REPORTER].iter().try_for_each(|peer| peer.ensure().map(drop))
}
