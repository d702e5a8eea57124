//! A DNS look-up that failed, told by its cause: a name that was not answered for is never called absent.
use alloc::{format, string::String};

use super::{Check, Findings, Severity};
use crate::fact::{DnsFailure, DnsFailureKind};

/// The checks of one name's look-up, one for each cause that somebody else must mend.
pub(super) struct Failed {
    /// The name servers answer with an error.
    pub(super) answered: &'static Check,
    /// The signatures are wrong.
    pub(super) bogus: &'static Check,
    /// Nobody answered in time, or could be reached: it may lie here.
    pub(super) unreachable: &'static Check,
}

impl Failed {
    /// Notes the failure of the question for the `kind` records of `name`. What is known beside it stands in `more`.
    pub(super) fn note(
        &self,
        found: &mut Findings,
        severity: Severity,
        (kind, name): (&str, &str),
        failure: &DnsFailure,
        more: &str,
    ) {
        let check = match failure.kind {
            DnsFailureKind::Bogus => self.bogus,
            DnsFailureKind::Timeout | DnsFailureKind::Network => self.unreachable,
            _ => self.answered,
        };
        let seen = format!("The look-up of {kind} {name} failed: {}.{more}", cause(failure));
        found.add(check, severity, seen).about(String::from(name)).step(step(failure.kind, kind, name));
    }
}

/// Why there is no answer, in words that fit behind a colon.
pub(super) fn cause(failure: &DnsFailure) -> String {
    super::shown::shown(&format!("{failure}"))
}

fn step(failure: DnsFailureKind, kind: &str, name: &str) -> String {
    match failure {
        DnsFailureKind::Bogus => format!(
            "Compare the DS record at the registrar with the zone's DNSKEY records, see whether the signatures have run out, \
             and have the zone signed anew. `delv {name} {kind}` tells which signature is wrong."
        ),
        DnsFailureKind::Timeout => format!(
            "Ask again, and from another network too: `dig {name} {kind}`. If it stays silent only here, look at our resolver; \
             if everywhere, the zone's name servers do not answer for this name."
        ),
        DnsFailureKind::Network => String::from(
            "See whether our resolver is reachable from this machine, and check again. Nothing is known of the domain.",
        ),
        DnsFailureKind::Malformed => format!(
            "See with `dig {name} {kind}` what the name servers send: aliases that lead in a circle, or an answer that breaks \
             the DNS format."
        ),
        _ => format!(
            "Ask each name server of the zone, `dig @SERVER {name} {kind} +norecurse`, and have the one that answers with an \
             error mended; an empty answer must be NOERROR or NXDOMAIN."
        ),
    }
}
