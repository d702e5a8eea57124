//! `explain`: what a sender would do for a next hop, asked anew, with everything that was seen on the way.
//!
//! The same questions, in the same order, through the same code as the daemon's; it only keeps what the daemon forgets.
//! Nothing is read from a cache and nothing is written.
use serde::Serialize;
use strictmx_engine::{
    fact::{AddrSeen, CnameSeen, Dnssec, FetchFailure, FetchSeen, FetchTrace, MxSeen, Seen, TlsaSeen, TxtSeen},
    lookup::{self, Done},
    nexthop::Route,
    profile::{self, Answer, Profile},
    route::{self, Allowed, Cover, DaneState, Dropped, HostRow, Hosts, MxSource, RouteKnown},
    tally, tls,
    trust::Trust,
};
use strictmx_proto::{
    name::Domain,
    sts::{NoRecord, Policy, Record},
};

use super::{
    ask::{self, HostTrail, PolicyTrail, RouteTrail, Senses},
    rules::{Observe, Rules},
    self_test::SelfTest,
};

/// Everything about one next hop. Serialises to the complete JSON of `explain --format json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Explanation {
    /// The next hop, as understood.
    pub next_hop: String,
    /// The policy domain.
    pub domain: String,
    /// Who was asked, and whether their word on DNSSEC counts.
    pub resolver: Resolver,
    /// The MTA-STS side.
    pub mta_sts: MtaSts,
    /// The MX and DANE side.
    pub mx: MxSide,
    /// What follows.
    pub decision: Decision,
    /// What each map would answer.
    pub answers: Vec<MapAnswer>,
}

/// Who was asked.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Resolver {
    /// Servers asked.
    pub servers: Vec<String>,
    /// `trust-ad`, `validate` or `off`.
    pub dnssec: &'static str,
    /// What the self-test showed; `None`: it is switched off.
    pub self_test: Option<Trust>,
}

/// The MTA-STS side.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct MtaSts {
    /// The name asked for.
    pub txt_name: String,
    /// The answer.
    pub txt: Option<TxtSeen>,
    /// The id of the one valid record.
    pub id: Option<String>,
    /// Why there is no valid record.
    pub record_problem: Option<String>,
    /// The policy host's addresses.
    pub addresses: Option<AddrSeen>,
    /// The course of the fetch.
    pub fetch: Option<FetchTrace>,
    /// Why it gave no body.
    pub fetch_failure: Option<FetchFailure>,
    /// The policy.
    pub policy: Option<PolicySeen>,
    /// Why the body is no policy.
    pub policy_problem: Option<String>,
    /// What other senders may refuse, though it was accepted.
    pub findings: Vec<FindingSeen>,
    /// What an RFC 8460 report would say of it.
    pub report: Option<String>,
}

/// A policy for people and programs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PolicySeen {
    /// `enforce`, `testing`, `none`.
    pub mode: &'static str,
    /// Seconds.
    pub max_age: u32,
    /// Patterns as understood.
    pub mx: Vec<String>,
    /// Lines as published.
    pub lines: Vec<String>,
}

/// Something odd about a policy.
#[derive(Debug, Serialize)]
pub struct FindingSeen {
    /// 1-based line, 0 for the whole.
    pub line: u32,
    /// A plain sentence.
    pub what: String,
}

/// The MX and DANE side.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct MxSide {
    /// The MX answer; `None` where none is asked.
    pub answer: Option<MxSeen>,
    /// What it means.
    pub summary: String,
    /// Records left out.
    pub dropped: Vec<Dropped>,
    /// Each host.
    pub hosts: Vec<HostSeen>,
}

/// One MX host.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct HostSeen {
    /// Its name.
    pub host: String,
    /// Lower is better.
    pub preference: u16,
    /// Its addresses.
    pub addresses: AddrSeen,
    /// Its own CNAME record, where it was asked.
    pub alias: Option<CnameSeen>,
    /// TLSA answers.
    pub tlsa: Vec<TlsaAnswer>,
    /// What DANE means for it, in one word.
    pub dane: DaneState,
    /// The same in a sentence.
    pub dane_reason: String,
    /// Which pattern of the policy names it.
    pub cover: Cover,
    /// Whether a delivery would be allowed.
    pub allowed: Allowed,
    /// The same in a sentence.
    pub verdict: String,
}

/// One TLSA answer.
#[derive(Debug, Serialize)]
pub struct TlsaAnswer {
    /// The name asked for.
    pub name: String,
    /// The answer.
    pub answer: TlsaSeen,
}

/// What follows.
#[derive(Debug, Serialize)]
pub struct Decision {
    /// The level in one word.
    pub level: &'static str,
    /// Why, in plain sentences.
    pub reasons: Vec<String>,
    /// The operator's override for this domain, which has its way.
    #[serde(rename = "override")]
    pub overridden: Option<String>,
    /// Observe mode: the mail server is told "not found" whatever the decision.
    pub observed: bool,
}

/// What one map would answer.
#[derive(Debug, Serialize)]
pub struct MapAnswer {
    /// Its name.
    pub map: &'static str,
    /// The reply as it goes over the socket.
    pub reply: String,
}

/// Who is asked.
pub struct Asked<'a> {
    /// DNS servers, for showing.
    pub servers: Vec<String>,
    /// Who judges signatures, in one word.
    pub dnssec: &'static str,
    /// The names of the resolver's self-test; `None`: it is switched off.
    pub self_test: Option<&'a SelfTest>,
}

impl Explanation {
    /// Keeps the answer of one map alone.
    pub fn keep_map(&mut self, map: &str) {
        let wanted = Profile::from_map_name(map).map(Profile::as_str);
        self.answers.retain(|answer| Some(answer.map) == wanted);
    }
}

/// Asks everything about a next hop anew.
pub async fn explain(senses: &Senses, rules: &Rules, route: &Route, asked: Asked<'_>) -> Explanation {
    let start = lookup::start(None, senses.clock.now());
    let ((done, policy_trail), (known, route_trail), tested) = tokio::join!(
        ask::policy(senses, &route.domain, start),
        ask::route(senses, route, rules.smtp_port),
        tested(senses, asked.self_test),
    );
    let settings = match &tested {
        Some(Trust::DoesNotValidate { .. }) => tls::Settings { dane: tls::DaneUse::Off, ..rules.plan },
        _ => rules.plan,
    };
    let plan = tls::plan(Some(&known), &done.verdict, &settings);
    let overridden = rules.override_for(&route.domain, senses.clock.now());
    let policy = done.verdict.policy().map(|policy| &**policy);
    let answers = Profile::ALL
        .iter()
        .map(|&profile| {
            let answer = match overridden {
                Some(rule) => rule.answer.apply(profile),
                None if rules.observe == Observe::Observe => Answer::NotFound,
                None => profile::answer(&plan, profile, &route.domain, policy),
            };
            MapAnswer { map: profile.as_str(), reply: reply(&answer) }
        })
        .collect();
    Explanation {
        next_hop: route.to_string(),
        domain: route.domain.to_string(),
        resolver: Resolver { servers: asked.servers, dnssec: asked.dnssec, self_test: tested },
        mx: mx_side(&known, route_trail, policy),
        decision: Decision {
            level: plan.level.as_str(),
            reasons: plan.reasons.iter().map(|reason| reason.sentence().to_owned()).collect(),
            overridden: overridden.map(|rule| format!("{} ({})", rule.answer.as_str(), rule.reason)),
            observed: rules.observe == Observe::Observe,
        },
        mta_sts: mta_sts(&route.domain, &done, policy_trail),
        answers,
    }
}

async fn tested(senses: &Senses, names: Option<&SelfTest>) -> Option<Trust> {
    match names {
        Some(names) => Some(names.run(&senses.dns).await),
        None => None,
    }
}

fn mta_sts(domain: &Domain, done: &Done, trail: PolicyTrail) -> MtaSts {
    let record = match &trail.txt {
        Some(Seen::Found { data, .. }) => Record::select(data).map_err(|why| why.to_string()),
        Some(Seen::Failed(_)) => Err("the record could not be looked up".to_owned()),
        _ => Err(NoRecord::None.to_string()),
    };
    let (fetched, fetch) = trail.fetch.unzip();
    let parsed = match &fetched {
        Some(FetchSeen::Body(body)) => Some(Policy::parse(body)),
        _ => None,
    };
    let (policy, findings, policy_problem) = match parsed {
        Some(Ok(parsed)) => (Some(shown(&parsed.policy)), parsed.findings, None),
        Some(Err(error)) => (None, Vec::new(), Some(error.to_string())),
        None => (None, Vec::new(), None),
    };
    MtaSts {
        txt_name: format!("_mta-sts.{domain}"),
        txt: trail.txt,
        id: record.as_ref().ok().map(|record| record.id.to_string()),
        record_problem: record.err(),
        addresses: trail.addresses,
        fetch,
        fetch_failure: match fetched {
            Some(FetchSeen::Failed(failure)) => Some(failure),
            _ => None,
        },
        policy,
        policy_problem,
        findings: findings
            .into_iter()
            .map(|finding| FindingSeen { line: finding.line, what: finding.kind.to_string() })
            .collect(),
        report: done
            .events
            .iter()
            .find_map(tally::event)
            .map(|failure| format!("{}: {}", failure.result.as_str(), failure.reason)),
    }
}

fn shown(policy: &Policy) -> PolicySeen {
    PolicySeen {
        mode: policy.mode.as_str(),
        max_age: policy.max_age,
        mx: policy.mx.iter().map(ToString::to_string).collect(),
        lines: policy.text().split('\n').map(str::to_owned).collect(),
    }
}

fn mx_side(known: &RouteKnown, trail: RouteTrail, policy: Option<&Policy>) -> MxSide {
    let rows = route::table(known, policy);
    let hosts = trail
        .looked_up
        .into_iter()
        .filter_map(|host| {
            let row = rows.iter().find(|row| row.host == host.verdict.host)?;
            Some(host_seen(host, row))
        })
        .collect();
    let summary = summary(&trail.hosts);
    let dropped = match trail.hosts {
        Hosts::Found { dropped, .. } => dropped,
        _ => Vec::new(),
    };
    MxSide { answer: trail.mx, summary, dropped, hosts }
}

/// What an MX answer means, in a sentence.
fn summary(hosts: &Hosts) -> String {
    match hosts {
        Hosts::Found { source: MxSource::Mx(Dnssec::Secure), .. } => {
            "MX records signed by DNSSEC: DANE can bind their hosts".to_owned()
        }
        Hosts::Found { source: MxSource::Mx(Dnssec::Insecure), .. } => {
            "MX records without DNSSEC: DANE cannot bind, since anybody could have changed them".to_owned()
        }
        Hosts::Found { source: MxSource::Implicit(_), .. } => {
            "no MX record: the domain itself takes its mail".to_owned()
        }
        Hosts::Found { source: MxSource::Configured, .. } => {
            "the mail server's configuration names the host; no MX look-up".to_owned()
        }
        Hosts::Null { .. } => "a null MX: the domain takes no mail".to_owned(),
        Hosts::NoDomain { .. } => "the domain does not exist".to_owned(),
        Hosts::Failed(failure) => format!("the MX look-up failed: {failure}"),
    }
}

fn host_seen(host: HostTrail, row: &HostRow) -> HostSeen {
    HostSeen {
        host: row.host.to_string(),
        preference: row.preference,
        addresses: host.verdict.addresses,
        alias: host.alias,
        tlsa: host.tlsa.into_iter().map(|(name, answer)| TlsaAnswer { name: name.to_string(), answer }).collect(),
        dane: row.dane,
        dane_reason: host.verdict.dane.to_string(),
        cover: row.cover.clone(),
        allowed: row.allowed,
        verdict: row.allowed.sentence().to_owned(),
    }
}

/// A reply as it goes over the socket, without the frame.
fn reply(answer: &Answer) -> String {
    match answer {
        Answer::Line(line) => format!("OK {line}"),
        Answer::NotFound => "NOTFOUND ".to_owned(),
        Answer::Temp(why) => format!("TEMP {why}"),
    }
}
