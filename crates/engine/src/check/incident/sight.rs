//! How far one look saw: what it did not show is mended only where the look would have shown it.
use strictmx_proto::{name::Domain, sts::NoRecord};

use super::super::{
    Context, Family, Health, Intent, Observations, Verdict,
    observations::{HostSeen, PolicyHostSeen},
};
use super::{Incident, Key};
use crate::fact::{AddrSeen, TlsOutcome};

/// What one look could see.
pub(super) struct Sight<'a> {
    seen: &'a Observations,
    verdict: &'a Verdict,
    /// Whether the record was answered for, one way or the other.
    record: bool,
    /// Whether there is a policy to be judged, or none to be expected.
    policy: bool,
}

impl<'a> Sight<'a> {
    pub(super) fn of(seen: &'a Observations, verdict: &'a Verdict) -> Self {
        let intent = Intent::default();
        let context = Context::new(seen, &intent);
        let absent = matches!(context.record, Some(Err(NoRecord::None)));
        Self { seen, verdict, record: context.record.is_some(), policy: context.body.is_some() || absent }
    }

    /// Whether the look would have shown it. What belongs to no family we know will never be shown again.
    pub(super) fn reaches(&self, key: &Key, incident: &Incident) -> bool {
        if self.verdict.health == Health::Unknown {
            return false;
        }
        let Some(family) = incident.family else {
            return true;
        };
        self.verdict.families.contains(&family)
            && match family {
                Family::Record => self.record,
                Family::Host => self.record && self.seen.policy_host.as_ref().is_none_or(is_reached),
                Family::Policy | Family::Time => self.record && self.policy,
                Family::Mx => self.mx() && self.record && self.policy,
                Family::Smtp => self.mx() && self.hosts(key, was_spoken_with),
                Family::Dane => self.mx() && self.hosts(key, tlsa_answered),
                Family::Tlsrpt => self.seen.tlsrpt.as_ref().is_some_and(|seen| seen.record.txt.failure().is_none()),
            }
    }

    fn mx(&self) -> bool {
        self.seen.mx.as_ref().is_some_and(|mail| mail.mx.failure().is_none())
    }

    /// Whether the host that it is about could be looked at; of what is about no host, every host.
    fn hosts(&self, key: &Key, good: fn(&HostSeen) -> bool) -> bool {
        let mut hosts = self.seen.hosts.iter();
        match hosts.find(|host| names(&key.subject, &host.name)) {
            Some(host) => good(host),
            None => self.seen.hosts.iter().all(|host| good(host)),
        }
    }
}

/// Whether a subject names this host: `mx.example.com`, `_25._tcp.mx.example.com`, `mx.example.com [192.0.2.1]`.
fn names(subject: &str, host: &Domain) -> bool {
    subject.split(' ').any(|word| {
        let rest = word.strip_suffix(host.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    })
}

/// Whether any address of the policy host answered, or it has none.
fn is_reached(host: &PolicyHostSeen) -> bool {
    let answered = host.visits.iter().any(|visit| visit.status.is_some() || visit.tls.is_some());
    answered || (host.visits.is_empty() && was_looked_up(&host.addresses))
}

fn was_spoken_with(host: &HostSeen) -> bool {
    let spoken = |outcome: &TlsOutcome| !matches!(outcome, TlsOutcome::Unreachable { .. });
    match host.sessions.as_slice() {
        [] => host.addresses.as_ref().is_none_or(was_looked_up),
        sessions => sessions.iter().any(|session| spoken(&session.outcome)),
    }
}

fn tlsa_answered(host: &HostSeen) -> bool {
    let answers = host.tlsa.iter().flatten();
    was_spoken_with(host) && answers.into_iter().all(|(_, tlsa)| tlsa.failure().is_none())
}

fn was_looked_up(addresses: &AddrSeen) -> bool {
    addresses.a.failure().is_none() && addresses.aaaa.failure().is_none()
}
