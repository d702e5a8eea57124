//! A policy that every sender reads alike and that covers the live MX hosts.
use alloc::{format, string::String, vec::Vec};

use serde::Serialize;
use strictmx_proto::{
    name::Domain,
    sts::{Mode, Pattern, Policy, policy::MAX_MAX_AGE},
    tlsrpt,
};

use super::{
    Context, calendar, providers,
    text::{lines, meant},
};
use crate::time::Timestamp;

#[cfg(test)]
mod tests;

const DAY: u32 = 86_400;
const WEEK: u32 = 7 * DAY;
/// Reasons told.
const MAX_REASONS: usize = 20;

/// A policy and a record to publish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Suggestion {
    /// The policy's text, lines ending in CRLF.
    pub policy: String,
    /// The `_mta-sts` record in zone-file form, its id new.
    pub record: String,
    /// The `_smtp._tls` record in zone-file form; empty when there is a good one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tlsrpt: String,
    /// Why it looks as it does, in sentences.
    pub because: Vec<String>,
}

/// What the checks found of the text that is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text {
    /// Nothing that ought to be mended.
    Good,
    /// Something.
    Flawed,
}

/// Suggests a policy; `None` where the one published is as good, where there is no MX to cover, or where nobody looked at
/// what is published.
#[must_use]
pub fn suggest(context: &Context<'_>, text: Text) -> Option<Suggestion> {
    if !is_known(context) {
        return None;
    }
    let mut because = Vec::new();
    let now = Published::of(context);
    let mode = mode(&now, &mut because);
    if mode == Mode::Enforce && context.parsed().is_none() {
        because.push(
            "Most senders cannot use the text that is published, so that little is enforced today: begin with `testing` if \
             it never worked."
                .into(),
        );
    }
    let max_age = max_age(mode, now.max_age);
    if now.max_age != Some(max_age) {
        because.push(age_reason(mode));
    }
    let mx = cover(context, &now.patterns, &mut because);
    if mx.is_empty() {
        return None;
    }
    let policy = Policy::new(mode, max_age, mx).ok()?;
    if !is_better(context, &policy, text) {
        return None;
    }
    let record =
        format!("_mta-sts.{}. 3600 IN TXT \"v=STSv1; id={};\"", context.domain(), new_id(context, context.seen.at));
    let tlsrpt = tlsrpt_record(context, &mut because);
    Some(Suggestion { policy: policy.emit(), record, tlsrpt, because: bounded(because) })
}

/// Each reason once, and no more of them than anybody reads: a policy of 64 KiB has room for thousands of lines.
fn bounded(because: Vec<String>) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    for reason in because {
        if told.len() == MAX_REASONS {
            told.push("There are more reasons of this kind.".into());
            break;
        }
        if !told.contains(&reason) {
            told.push(reason);
        }
    }
    told
}

/// The `max_age` to publish in this mode, given the one that is published: a week or more where it protects, a day where
/// changes are to come through (STS-3.2-8, STS-8.3-1).
pub(super) fn max_age(mode: Mode, published: Option<u32>) -> u32 {
    let (least, most) = match mode {
        Mode::Enforce => (WEEK, MAX_MAX_AGE),
        Mode::Testing | Mode::None => (DAY, WEEK),
    };
    published.filter(|seconds| (least..=most).contains(seconds)).unwrap_or(least)
}

fn age_reason(mode: Mode) -> String {
    match mode {
        Mode::Enforce => {
            "max_age is a week, the least that protects; raise it to weeks or months when all has run well.".into()
        }
        Mode::Testing | Mode::None => "max_age is a day, so that changes come through soon.".into(),
    }
}

/// The patterns that a policy needs for the live MX hosts.
pub(super) fn patterns(context: &Context<'_>) -> Vec<Pattern> {
    cover(context, &Published::of(context).patterns, &mut Vec::new())
}

/// The pattern that stands for a host in a policy: its provider's, or its name. `None`: no pattern can name it.
pub(super) fn pattern_for(host: &Domain) -> Option<Pattern> {
    let own = Pattern::parse(host.as_str()).ok().map(|(pattern, _)| pattern);
    providers::of(host).and_then(|provider| provider.pattern(host)).or(own)
}

/// What is published now, as far as it can be read.
struct Published {
    mode: Option<Mode>,
    max_age: Option<u32>,
    patterns: Vec<Pattern>,
}

impl Published {
    fn of(context: &Context<'_>) -> Self {
        if let Some(policy) = context.parsed() {
            return Self { mode: Some(policy.mode), max_age: Some(policy.max_age), patterns: policy.mx.to_vec() };
        }
        let text = context.body.and_then(|body| core::str::from_utf8(body).ok()).unwrap_or_default();
        let lines = lines::lines(text);
        Self {
            mode: meant::mode(&lines),
            max_age: meant::max_age(&lines),
            patterns: meant::published(&lines).into_iter().map(|(_, pattern)| pattern).collect(),
        }
    }
}

fn mode(now: &Published, because: &mut Vec<String>) -> Mode {
    match now.mode {
        Some(mode) => {
            because.push(format!("The mode stays as it is published, {mode}."));
            mode
        }
        None => {
            because.push(
                "There is no policy yet: in `testing` senders report what would fail and deliver all the same.".into(),
            );
            Mode::Testing
        }
    }
}

/// What is published keeps its lines as far as they cover a live host; each host left gets a line of its own.
fn cover(context: &Context<'_>, published: &[Pattern], because: &mut Vec<String>) -> Vec<Pattern> {
    let live = context.live_mx();
    let approved = |host: &Domain| context.intent.mx.is_empty() || context.intent.mx.contains(host);
    let (hosts, strangers): (Vec<&Domain>, Vec<&Domain>) =
        live.into_iter().map(|(_, host)| host).chain(&context.intent.mx).partition(|host| approved(host));
    let matching = |pattern: &Pattern| hosts.iter().any(|host| pattern.matches(host));
    let mut mx: Vec<Pattern> = Vec::new();
    for pattern in published {
        let shared = matches!(pattern, Pattern::Wildcard(base) if meant::is_shared(base));
        if mx.contains(pattern) {
            continue;
        }
        if shared {
            because.push(format!("`{pattern}` is left out: it covers names of strangers."));
        } else if matching(pattern) {
            mx.push(pattern.clone());
        } else {
            because.push(format!(
                "`{pattern}` is left out: it matches no live MX host. Keep it if you are about to move there, or have just \
                 moved away."
            ));
        }
    }
    for host in &hosts {
        if mx.iter().any(|pattern| pattern.matches(host)) {
            continue;
        }
        match pattern_for(host) {
            Some(pattern) => {
                name_provider(host, &pattern, because);
                mx.push(pattern);
            }
            None => because.push(format!("{host} is left out: a policy cannot name a host with an underscore.")),
        }
    }
    for host in strangers {
        because.push(format!("{host} is left out: it is not among the MX hosts that you declared."));
    }
    mx
}

fn name_provider(host: &Domain, pattern: &Pattern, because: &mut Vec<String>) {
    if let (Pattern::Wildcard(_), Some(provider)) = (pattern, providers::of(host)) {
        because.push(format!("`{pattern}` is the pattern for hosts of {}, as of {}.", provider.name, provider.as_of));
    }
}

/// Whether it is known what is published: the policy's text, or that there is none. A host that only could not be reached
/// may serve anything.
fn is_known(context: &Context<'_>) -> bool {
    if context.body.is_some() {
        return true;
    }
    context.seen.policy_host.as_ref().is_some_and(|host| {
        let refused = host.visits.iter().any(|visit| visit.status.is_some());
        let unlooked = host.addresses.a.failure().is_some() || host.addresses.aaaa.failure().is_some();
        refused || (host.visits.is_empty() && !unlooked && !super::context::has_address(&host.addresses))
    })
}

/// Whether publishing this would mend anything.
fn is_better(context: &Context<'_>, policy: &Policy, text: Text) -> bool {
    let Some(now) = context.parsed() else {
        return true;
    };
    let same = now.mode == policy.mode
        && now.max_age == policy.max_age
        && now.mx.len() == policy.mx.len()
        && now.mx.iter().all(|pattern| policy.mx.contains(pattern));
    !same || matches!(context.record, Some(Err(_))) || text == Text::Flawed
}

/// An id that is not the one published (STS-3.1-3).
fn new_id(context: &Context<'_>, at: Timestamp) -> String {
    let id = calendar::new_id(at);
    match &context.record {
        Some(Ok(record)) if *record.id == *id => calendar::new_id(at.plus(1)),
        _ => id,
    }
}

fn tlsrpt_record(context: &Context<'_>, because: &mut Vec<String>) -> String {
    let Some(seen) = &context.seen.tlsrpt else {
        return String::new();
    };
    let txts = match &seen.record.txt {
        crate::fact::Seen::Failed(_) => return String::new(),
        other => other.data().map(Vec::as_slice).unwrap_or_default(),
    };
    if tlsrpt::record::Record::select(txts).is_ok() {
        return String::new();
    }
    because.push("Without a TLSRPT record no sender tells you what fails.".into());
    let domain = context.domain();
    let rua = context.intent.rua.clone().unwrap_or_else(|| format!("mailto:tls-reports@{domain}"));
    format!("_smtp._tls.{domain}. 3600 IN TXT \"v=TLSRPTv1; rua={rua};\"")
}
