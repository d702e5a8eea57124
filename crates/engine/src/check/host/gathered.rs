//! Faults of single addresses, told once for all addresses that have them.
use alloc::{borrow::Cow, format, string::String, vec::Vec};
use core::net::IpAddr;

use super::super::{
    Check, Findings, Severity,
    observations::{PolicyHostSeen, Visit},
};

/// Collects the faults of the visits.
pub(super) struct Gathered<'a> {
    host: &'a PolicyHostSeen,
    faults: Vec<Fault>,
}

struct Fault {
    check: &'static Check,
    severity: Severity,
    seen: String,
    step: Cow<'static, str>,
    addresses: Vec<IpAddr>,
}

impl<'a> Gathered<'a> {
    pub(super) fn new(host: &'a PolicyHostSeen) -> Self {
        Self { host, faults: Vec::new() }
    }

    /// The policy host's name.
    pub(super) fn host_name(&self) -> &'a str {
        self.host.name.as_str()
    }

    /// Notes what one visit showed. The same fault, seen in the same words at another address, is one finding.
    pub(super) fn note(
        &mut self,
        visit: &Visit,
        check: &'static Check,
        severity: Severity,
        seen: String,
        step: impl Into<Cow<'static, str>>,
    ) {
        let address = visit.address.ip();
        match self.faults.iter_mut().find(|fault| fault.check.id == check.id && fault.seen == seen) {
            Some(fault) => fault.addresses.push(address),
            None => {
                let addresses = Vec::from([address]);
                self.faults.push(Fault { check, severity, seen, step: step.into(), addresses });
            }
        }
    }

    /// Writes them down; where not all addresses share a fault, those that have it are named.
    pub(super) fn tell(self, found: &mut Findings) {
        for fault in self.faults {
            let subject = if fault.addresses.len() == self.host.visits.len() {
                String::from(self.host.name.as_str())
            } else {
                format!("{} at {}", self.host.name, list(&fault.addresses))
            };
            found.add(fault.check, fault.severity, fault.seen).about(subject).step(fault.step);
        }
    }
}

/// Addresses one after the other.
pub(super) fn list(addresses: &[IpAddr]) -> String {
    addresses.iter().map(|address| format!("{address}")).collect::<Vec<_>>().join(", ")
}
