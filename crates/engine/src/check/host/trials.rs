//! Handshakes of other kinds with the policy host: protocol versions, and no server name (RFC 8461 §7).
use alloc::{format, string::String, vec::Vec};

use super::super::{
    Check, Family, Findings, Severity, Side,
    observations::{PolicyHostSeen, TrialResult, Way},
};

pub(super) static OLD_TLS_ONLY: Check = Check {
    id: "sts.host.old-tls-only",
    family: Family::Host,
    title: "the policy host offers neither TLS 1.2 nor TLS 1.3",
    why: "Senders speak TLS 1.2 and 1.3 only; older versions are broken and switched off nearly everywhere. So no sender can fetch \
          the policy.",
    requirement: "STS-7.2-1",
    side: Side::PolicyHost,
};

pub(super) static OLD_TLS: Check = Check {
    id: "sts.host.old-tls",
    family: Family::Host,
    title: "the policy host still accepts TLS 1.1 or older",
    why: "Senders do not use these versions, so the policy is safe. They are broken all the same and must not be negotiated any \
          more.",
    requirement: "R9325-3.1.1-1",
    side: Side::PolicyHost,
};

pub(super) static SNI_NEEDED: Check = Check {
    id: "sts.host.sni-needed",
    family: Family::Host,
    title: "the policy host answers only who names it (SNI)",
    why: "Senders must name the host in the handshake, and one web server can serve many domains only in this way. It is worth \
          knowing when a fetch by hand fails.",
    requirement: "STS-7.1-4",
    side: Side::PolicyHost,
};

pub(super) fn judge(host: &PolicyHostSeen, weight: Severity, found: &mut Findings) {
    let name = || String::from(host.name.as_str());
    let (mut old, mut new_made, mut new_refused) = (Vec::new(), false, false);
    for trial in &host.trials {
        match (&trial.way, &trial.result, trial.result.agreed()) {
            (Way::Version(version), TrialResult::Refused(_), _) if is_new(version) => new_refused = true,
            (Way::Version(version), _, Some(_)) if !is_new(version) => old.push(version.as_str()),
            // A hello offers more suites than a session would: what is refused to one may be agreed to in the other.
            (Way::Version(_) | Way::Hello, _, Some((agreed, _))) if is_new(agreed) => new_made = true,
            _ => {}
        }
    }
    if !old.is_empty() && new_refused && !new_made {
        found
            .add(&OLD_TLS_ONLY, weight, format!("It takes {} and refuses TLS 1.2 and 1.3.", old.join(", ")))
            .about(name())
            .step("Switch on TLS 1.2 and TLS 1.3 in the web server, and the older versions off.");
    } else if !old.is_empty() {
        found
            .add(&OLD_TLS, Severity::Info, format!("It takes {} too.", old.join(", ")))
            .about(name())
            .step("Switch them off in the web server.");
    }
    let without_name = host.trials.iter().find(|trial| trial.way == Way::NoSni).map(|trial| &trial.result);
    let good = host.visits.iter().filter_map(|visit| visit.tls.as_ref()).any(|tls| tls.fault.is_none());
    let seen = match without_name {
        Some(TrialResult::Refused(_)) => "Without a server name the handshake is refused.",
        Some(TrialResult::Made(tls)) if tls.fault.is_some() => "Without a server name it shows another certificate.",
        _ => return,
    };
    if good {
        found.add(&SNI_NEEDED, Severity::Info, seen).about(name()).step("Nothing needs to be done.");
    }
}

fn is_new(version: &str) -> bool {
    matches!(version, "TLSv1.2" | "TLSv1.3")
}
