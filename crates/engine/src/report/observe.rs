//! What we see ourselves, as counts: look-ups that fail, hosts no policy names, sessions with MX hosts of `testing` domains.
//!
//! No mail server can tell these. Postfix knows nothing of a policy that could not be fetched, and for a `testing` policy it
//! reports success whatever the certificate (D-31, D-37).
use alloc::{borrow::ToOwned as _, boxed::Box, string::ToString, vec, vec::Vec};
use core::net::IpAddr;

use strictmx_proto::{
    name::Domain,
    sts::{Pattern, Policy},
    tlsrpt::ResultType,
};

use super::count::{Detail, Outcome, PolicyKey, PolicyType};
use super::intake;
use crate::{
    dane::{HostDane, HostVerdict},
    fact::{DnsFailureKind, TlsSeen},
    tally::{self, Counted, Covered, Failure},
    time::Timestamp,
};

/// One thing seen, to be told to the owner of the domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// The domain.
    pub domain: Domain,
    /// When.
    pub at: Timestamp,
    /// The policy in force.
    pub policy: PolicyKey,
    /// How a session ended, or that there was none.
    pub outcome: Outcome,
    /// What failed.
    pub details: Vec<Detail>,
}

/// A failed look-up of a policy (STS-6-1, STS-6-2). `policy`: the cached one that stays in force.
#[must_use]
pub fn look_up(domain: &Domain, policy: Option<&Policy>, failure: &Failure, at: Timestamp) -> Observation {
    let policy = policy.map_or_else(|| PolicyKey::bare(PolicyType::Sts, domain), |policy| sts(domain, policy));
    let (domain, details) = (domain.clone(), vec![told(failure)]);
    Observation { domain, at, policy, outcome: Outcome::None, details }
}

/// An enforced policy that names none of the MX hosts: nothing can be delivered (D-50).
#[must_use]
pub fn uncovered<'a>(
    domain: &Domain,
    policy: &Policy,
    hosts: impl Iterator<Item = &'a Domain>,
    at: Timestamp,
) -> Observation {
    let of = |host: &Domain| Detail {
        receiving_mx_hostname: Some(host.as_str().into()),
        ..bare(ResultType::ValidationFailure, Some("mx-not-in-policy"))
    };
    let details = hosts.map(of).collect();
    Observation { domain: domain.clone(), at, policy: sts(domain, policy), outcome: Outcome::Failure, details }
}

/// What is wrong with the DANE of an MX host of the domain, if anything. A name server that does not answer is a transient trouble
/// (TLSRPT-4.3.4-1); one that answers with an error where TLSA records are asked for, or with wrong signatures, is not.
#[must_use]
pub fn dane(domain: &Domain, host: &HostVerdict, at: Timestamp) -> Option<Observation> {
    let policy = match &host.dane {
        HostDane::Unusable { base, records } => {
            let records: Vec<_> = records.iter().map(ToString::to_string).collect();
            let text = intake::tlsa(records.iter().map(|record| &**record));
            PolicyKey { text, ..PolicyKey::bare(PolicyType::Tlsa, base) }
        }
        HostDane::Failed { question, failure }
            if failure.kind == DnsFailureKind::Bogus
                || (*question == "tlsa" && failure.kind == DnsFailureKind::Servfail) =>
        {
            PolicyKey::bare(PolicyType::Tlsa, &host.host)
        }
        _ => return None,
    };
    let failure = tally::dane_result(&host.dane)?;
    let details = vec![Detail { receiving_mx_hostname: Some(host.host.as_str().into()), ..told(&failure) }];
    Some(Observation { domain: domain.clone(), at, policy, outcome: Outcome::None, details })
}

/// A session of ours with an MX host, judged by the policy (D-31); `None`: it says nothing about TLS.
#[must_use]
pub fn session(
    domain: &Domain,
    policy: &Policy,
    covered: Covered,
    seen: &TlsSeen,
    at: Timestamp,
) -> Option<Observation> {
    let address = |ip: IpAddr| ip.to_canonical().to_string().into();
    let (outcome, details) = match tally::session_result(&seen.outcome, covered) {
        Counted::Not => return None,
        Counted::Success => (Outcome::Success, Vec::new()),
        Counted::Failure(failure) => {
            let detail = Detail {
                sending_mta_ip: seen.local.map(address),
                receiving_mx_hostname: Some(seen.host.as_str().into()),
                receiving_mx_helo: seen.helo.as_deref().map(Into::into),
                receiving_ip: seen.address.map(|socket| address(socket.ip())),
                ..told(&failure)
            };
            (Outcome::Failure, vec![detail])
        }
    };
    Some(Observation { domain: domain.clone(), at, policy: sts(domain, policy), outcome, details })
}

/// A policy as Postfix gives it back to us, having had it from our answer: the same row counts both.
#[must_use]
pub fn sts(domain: &Domain, policy: &Policy) -> PolicyKey {
    let text: Box<[Box<str>]> = policy.text().split('\n').map(|line| line.replace('\t', " ").into()).collect();
    let mx = policy.mx.iter().map(|pattern| match pattern {
        Pattern::Wildcard(_) => ["*.", pattern.name().as_str()].concat().into(),
        Pattern::Exact(name) => name.as_str().to_owned().into(),
    });
    PolicyKey { text, mx: mx.collect(), ..PolicyKey::bare(PolicyType::Sts, domain) }
}

fn told(failure: &Failure) -> Detail {
    bare(failure.result, Some(&failure.reason))
}

fn bare(result: ResultType, reason: Option<&str>) -> Detail {
    Detail {
        result_type: result.as_str().into(),
        sending_mta_ip: None,
        receiving_mx_hostname: None,
        receiving_mx_helo: None,
        receiving_ip: None,
        additional_information: None,
        failure_reason_code: reason.map(Into::into),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::{AddrSeen, CertFault, DnsFailure, Dnssec, FetchFailure, Seen, TlsOutcome};

    const AT: Timestamp = Timestamp(7);

    fn domain(name: &str) -> Domain {
        Domain::parse(name).unwrap()
    }

    fn policy() -> Policy {
        Policy::parse(b"version: STSv1\nmode: testing\nmx:\tMX.example.com\nmx: *.mx.example.com\nmax_age: 86400\n")
            .unwrap()
            .policy
    }

    fn seen(outcome: TlsOutcome) -> TlsSeen {
        TlsSeen {
            host: "mx.example.com".into(),
            address: Some("[::ffff:192.0.2.1]:25".parse().unwrap()),
            local: Some("2001:DB8::1".parse().unwrap()),
            helo: Some("mx.example.com".into()),
            outcome,
            tls_version: None,
            chain: Vec::new(),
        }
    }

    // STS-6-1, D-37
    #[test]
    fn a_failed_fetch_is_told_under_the_policy_that_stays() {
        let failure = tally::fetch_result(&FetchFailure::NoAddress);
        let kept = look_up(&domain("example.com"), Some(&policy()), &failure, AT);
        assert_eq!((kept.outcome, kept.policy.mx.len(), kept.policy.text.len()), (Outcome::None, 2, 5));
        assert_eq!(&*kept.details[0].result_type, "sts-policy-fetch-error");
        assert_eq!(kept.details[0].receiving_mx_hostname, None);
        let first = look_up(&domain("example.com"), None, &failure, AT);
        assert_eq!(first.policy, PolicyKey::bare(PolicyType::Sts, &domain("example.com")));
    }

    #[test]
    fn a_policy_is_told_as_postfix_tells_it() {
        let key = sts(&domain("example.com"), &policy());
        let lines = ["version: STSv1", "mode: testing", "mx: MX.example.com", "mx: *.mx.example.com", "max_age: 86400"];
        assert_eq!(*key.text, lines.map(Box::from));
        assert_eq!(*key.mx, ["mx.example.com", "*.mx.example.com"].map(Box::from));
    }

    // D-50
    #[test]
    fn hosts_that_the_policy_does_not_name_are_told_each() {
        let hosts = [domain("a.example.net"), domain("b.example.net")];
        let told = uncovered(&domain("example.com"), &policy(), hosts.iter(), AT);
        assert_eq!((told.outcome, told.details.len()), (Outcome::Failure, 2));
        assert_eq!(told.details[1].receiving_mx_hostname.as_deref(), Some("b.example.net"));
        assert_eq!(told.details[1].failure_reason_code.as_deref(), Some("mx-not-in-policy"));
        assert_eq!(told.details[1].receiving_ip, None);
    }

    // D-31, R5952-4-1
    #[test]
    fn a_session_is_told_with_its_addresses_and_one_that_never_reached_tls_is_not() {
        let judge = |outcome| session(&domain("example.com"), &policy(), Covered::Yes, &seen(outcome), AT);
        let good = judge(TlsOutcome::Verified).unwrap();
        assert_eq!((good.outcome, good.details.len()), (Outcome::Success, 0));
        let bad = judge(TlsOutcome::Certificate(CertFault::Expired)).unwrap();
        let detail = &bad.details[0];
        assert_eq!((bad.outcome, &*detail.result_type), (Outcome::Failure, "certificate-expired"));
        assert_eq!(detail.receiving_ip.as_deref(), Some("192.0.2.1"));
        assert_eq!(detail.sending_mta_ip.as_deref(), Some("2001:db8::1"));
        assert_eq!(judge(TlsOutcome::Unreachable { detail: "refused".into() }), None);
    }

    // TLSRPT-4.3.4-1
    #[test]
    fn wrong_signatures_are_told_and_a_silent_name_server_is_not() {
        let of = |question, kind| {
            let failure = DnsFailure { kind, detail: Box::default() };
            let dnssec = Dnssec::Secure;
            let addresses = AddrSeen { a: Seen::NoData { dnssec, ttl: 60 }, aaaa: Seen::NoData { dnssec, ttl: 60 } };
            let verdict = HostDane::Failed { question, failure };
            let host = HostVerdict { host: domain("mx.example.com"), dane: verdict, addresses, ttl: 0 };
            dane(&domain("example.com"), &host, AT)
        };
        assert_eq!(&*of("addresses", DnsFailureKind::Bogus).unwrap().details[0].result_type, "dnssec-invalid");
        assert!(of("tlsa", DnsFailureKind::Servfail).is_some());
        assert!(of("tlsa", DnsFailureKind::Timeout).is_none());
        assert!(of("addresses", DnsFailureKind::Servfail).is_none());
    }
}
