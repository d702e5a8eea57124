//! What was seen outside: the only things adapters report and decisions read.
//!
//! Each value says what happened, never what to do about it. They serialise, so that a set of them can be saved, sent to us
//! and judged again.
mod dns;
mod fetch;
mod session;
#[cfg(test)]
mod tests;

pub use dns::{
    ASeen, AaaaSeen, AddrSeen, CnameSeen, DnsFailure, DnsFailureKind, Dnssec, Exchange, Mx, MxSeen, Seen, TlsaRecord,
    TlsaSeen, Txt, TxtSeen,
};
pub use fetch::{CertFault, CertSeen, FetchFailure, FetchPhase, FetchSeen, FetchTrace, Tried};
pub use session::{TlsOutcome, TlsSeen};
