//! `strictmx report emit --postfix-log`: sessions from Postfix's log, which tells neither the policy nor, mostly, the year.
use std::{collections::HashMap, path::Path, sync::Arc};

use jiff::{Timestamp as Moment, tz::TimeZone};
use strictmx_engine::{
    lookup::Known,
    report::{
        PolicyKey, PolicyType,
        log::{Connections, Session},
        observe,
    },
    time::Timestamp,
};
use strictmx_io::{clock::Clock, store::Store};
use strictmx_proto::{
    name::Domain,
    postfix::tlsrpt_log::{Line, MAX_LINE, Trust},
    tlsrpt::ResultType,
};

use super::teller::{EmitError, Input, Teller};
use crate::{
    flow::collect::session::{self, Words},
    when::rfc3339,
};

/// Policies remembered of the store.
const REMEMBERED: usize = 50_000;

/// Reads the log to its end, which for a pipe is when it closes.
pub(super) async fn run(path: &Path, zone: Option<i64>, teller: &mut Teller) -> Result<(), EmitError> {
    let mut input = Input::open(path)?;
    let mut connections = Connections::default();
    let mut policies = Policies { store: teller.store()?, known: HashMap::new() };
    while let Some((number, line)) = input.next()? {
        let Some(line) = Line::parse(line) else {
            if line.len() > MAX_LINE || looks_like_ours(line) {
                teller.wrong(number, "this looks like a line about a TLS session, and cannot be read");
            }
            continue;
        };
        let Some(at) = moment(&line, zone) else {
            teller.wrong(number, "there is no such day");
            continue;
        };
        if let Some(found) = connections.saw(&line) {
            let policy = policies.of(&found, at).await;
            let told = session::told(words(&found, policy, at));
            match told.and_then(|told| told.check(Clock::system().now()).map(|()| told)) {
                Ok(told) => teller.tell(&told).await?,
                Err(why) => teller.wrong(number, &why.to_string()),
            }
        }
    }
    Ok(())
}

/// A line that says it is a `TLSRPT:` line, and is not read as one.
fn looks_like_ours(line: &[u8]) -> bool {
    let needle = b"]: TLSRPT: status=";
    line.windows(needle.len()).any(|part| part == needle)
}

/// When a line was written: in this zone, or in the machine's as it was then.
fn moment(line: &Line<'_>, zone: Option<i64>) -> Option<Timestamp> {
    let now = Clock::system().now().0;
    let at = |offset| line.stamp.resolve(now, offset);
    match zone {
        Some(offset) => at(offset).map(Timestamp),
        None => {
            let near = at(machine_offset(now))?;
            at(machine_offset(near)).map(Timestamp)
        }
    }
}

/// Seconds east of Greenwich that this machine's clocks show at a moment.
fn machine_offset(at: u64) -> i64 {
    let moment = i64::try_from(at).ok().and_then(|seconds| Moment::from_second(seconds).ok());
    let zone = TimeZone::try_system().unwrap_or(TimeZone::UTC);
    moment.map_or(0, |moment| zone.to_offset(moment).seconds().into())
}

/// The policies that sessions were held to, as far as our own policy server has kept them.
struct Policies {
    store: Arc<dyn Store>,
    known: HashMap<Domain, Option<Known>>,
}

impl Policies {
    /// The policy a session was held to. The log does not tell: a failure that only one kind can have tells it, else a cached
    /// MTA-STS policy, else a verified certificate, which without such a policy DANE has verified.
    async fn of(&mut self, session: &Session, at: Timestamp) -> PolicyKey {
        let domain = &session.domain;
        let host = session.host.as_deref().and_then(|host| Domain::parse_lenient(host).ok());
        let tlsa = || PolicyKey::bare(PolicyType::Tlsa, host.as_ref().unwrap_or(domain));
        let failed = session.failure.as_ref().map(|(result, _)| *result);
        if matches!(failed, Some(ResultType::TlsaInvalid | ResultType::DnssecInvalid | ResultType::DaneRequired)) {
            return tlsa();
        }
        let kept = self.kept(domain).await;
        let policy = kept.and_then(|known| known.policy_at(at));
        match (policy, failed, session.trust) {
            (Some(policy), ..) => observe::sts(domain, policy),
            (
                None,
                Some(ResultType::StsPolicyFetchError | ResultType::StsPolicyInvalid | ResultType::StsWebpkiInvalid),
                _,
            ) => PolicyKey::bare(PolicyType::Sts, domain),
            (None, _, Some(Trust::Verified)) => tlsa(),
            (None, ..) => PolicyKey::bare(PolicyType::NoPolicyFound, domain),
        }
    }

    async fn kept(&mut self, domain: &Domain) -> Option<&Known> {
        if !self.known.contains_key(domain) {
            if self.known.len() >= REMEMBERED {
                self.known.clear();
            }
            let known = self.store.policy(domain).await.ok().flatten().map(|row| row.known);
            self.known.insert(domain.clone(), known);
        }
        self.known.get(domain).and_then(Option::as_ref)
    }
}

fn words(session: &Session, policy: PolicyKey, at: Timestamp) -> Words {
    let texts = |all: &[Box<str>]| all.iter().map(ToString::to_string).collect();
    // As with datagrams, hosts are told of failures alone.
    let failure = session.failure.as_ref();
    Words {
        domain: session.domain.to_string(),
        policy_type: Some(policy.kind.as_str().to_owned()),
        policy_domain: Some(policy.domain.to_string()),
        policy_string: texts(&policy.text),
        mx_host: texts(&policy.mx),
        result: None,
        result_type: failure.map(|(result, _)| result.as_str().to_owned()),
        receiving_mx_hostname: failure.and(session.host.as_deref()).map(str::to_owned),
        receiving_ip: failure.and(session.ip),
        failure_reason_code: failure.and_then(|(_, reason)| reason.as_deref()).map(str::to_owned),
        at: Some(rfc3339(at)),
        ..Words::default()
    }
}
