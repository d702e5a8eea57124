//! What became of an attempt to send a report, and what follows: another attempt, silence for a dead address, or the end.
use alloc::{boxed::Box, vec::Vec};

use serde::{Deserialize, Serialize};
use strictmx_proto::tlsrpt::Rua;

use super::{
    count::{Counts, DomainDay},
    schedule,
};
use crate::time::Timestamp;

/// How long an address is left in peace after its first strike, seconds; doubled with each further one.
const FIRST_SILENCE: u64 = 86_400;
/// Longest silence, seconds.
const LONGEST_SILENCE: u64 = 30 * 86_400;

/// What a receiver said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "said", content = "text")]
pub enum Said {
    /// It has the report (SMTP 2xx after the data, HTTP 2xx).
    Accepted(Box<str>),
    /// Not now (SMTP 4xx, HTTP 408, 429, 5xx, no connection), or it is not known whether it has it: the same octets again.
    NotNow(Box<str>),
    /// Never (SMTP 5xx, HTTP 4xx).
    Never(Box<str>),
}

/// Where a report stands with one destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// To be tried.
    Due,
    /// The receiver has confirmed.
    Sent,
    /// Refused for good.
    Refused,
    /// Not accepted in 24 hours (TLSRPT-5.5-1).
    Expired,
    /// Not tried: the address is silenced, denied, or over its cap.
    Skipped,
}

impl State {
    /// The word in the store, in JSON and in text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Sent => "sent",
            Self::Refused => "refused",
            Self::Expired => "expired",
            Self::Skipped => "skipped",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Due, Self::Sent, Self::Refused, Self::Expired, Self::Skipped]
            .into_iter()
            .find(|one| one.as_str() == word)
    }
}

/// What follows from an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct After {
    /// The new state.
    pub state: State,
    /// When to try again, for [`State::Due`].
    pub next: Option<Timestamp>,
    /// Whether the address earns a strike.
    pub strike: Strike,
}

/// Whether an address has shown itself dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strike {
    /// It works: earlier strikes are forgotten.
    Clear,
    /// Nothing is known.
    Keep,
    /// It refuses.
    One,
}

/// How a report was handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// To a mail server of ours, which takes it further.
    Mail,
    /// To the receiver itself.
    Https,
}

/// What follows from the `tries`th attempt, the first of which was due at `first`.
#[must_use]
pub fn after(said: &Said, way: Way, first: Timestamp, tries: u32, now: Timestamp, seed: u64) -> After {
    match said {
        Said::Accepted(_) => After { state: State::Sent, next: None, strike: Strike::Clear },
        Said::Never(text) => {
            let strike = if way == Way::Mail && is_policy(text) { Strike::Keep } else { Strike::One };
            After { state: State::Refused, next: None, strike }
        }
        Said::NotNow(_) => match schedule::again(first, tries, now, seed) {
            Some(next) => After { state: State::Due, next: Some(next), strike: Strike::Keep },
            // A mail server of ours that takes nothing for a day says nothing about the address.
            None if way == Way::Mail => After { state: State::Expired, next: None, strike: Strike::Keep },
            None => After { state: State::Expired, next: None, strike: Strike::One },
        },
    }
}

/// Whether a refusal is of the server's policy (RFC 3463 §3.8), such as relaying that is not allowed: a matter between us and
/// it, that says nothing about the address.
fn is_policy(reply: &str) -> bool {
    reply.split([' ', '-']).nth(1).is_some_and(|status| status.starts_with("5.7."))
}

/// What an HTTP status means for a report: any 2xx is acceptance (TLSRPT-5.4-3, TLSRPT-A12, R9110-1), a request that was not understood or
/// not allowed will not be the next time either.
#[must_use]
pub fn http(status: u16, text: &str) -> Said {
    match status {
        200..=299 => Said::Accepted(text.into()),
        408 | 425 | 429 => Said::NotNow(text.into()),
        400..=499 => Said::Never(text.into()),
        _ => Said::NotNow(text.into()),
    }
}

/// An address that has refused reports.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Silence {
    /// How often in a row.
    pub strikes: u32,
    /// Left in peace until.
    pub until: Timestamp,
    /// What it said last.
    pub why: Box<str>,
}

impl Silence {
    /// One strike more: a day of silence, then two, four, … up to a month.
    #[must_use]
    pub fn struck(previous: Option<&Self>, why: &str, now: Timestamp) -> Self {
        let strikes = previous.map_or(0, |previous| previous.strikes).saturating_add(1);
        let doubled = FIRST_SILENCE.saturating_mul(1_u64.checked_shl(strikes - 1).unwrap_or(u64::MAX));
        Self { strikes, until: now.plus(doubled.min(LONGEST_SILENCE)), why: why.into() }
    }
}

/// Which addresses may have reports at all. Patterns are a whole address or URI, `@domain`, or a host.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lists {
    /// When not empty, only these.
    pub allow: Vec<Box<str>>,
    /// Never these.
    pub deny: Vec<Box<str>>,
    /// Reports about these domains are never sent.
    pub deny_domains: Vec<Box<str>>,
}

impl Lists {
    /// Why there is no report about `domain` at all, `None`: there may be one.
    #[must_use]
    pub fn refuses_domain(&self, domain: &str) -> Option<&'static str> {
        let denied = self.deny_domains.iter().any(|denied| same_or_below(domain, denied));
        denied.then_some("the domain is on the deny list")
    }

    /// Why an address gets no report about `domain`, `None`: it may.
    #[must_use]
    pub fn refuses(&self, domain: &str, rua: &Rua) -> Option<&'static str> {
        if let Some(why) = self.refuses_domain(domain) {
            return Some(why);
        }
        if self.deny.iter().any(|pattern| covers(pattern, rua)) {
            return Some("the address is on the deny list");
        }
        if !self.allow.is_empty() && !self.allow.iter().any(|pattern| covers(pattern, rua)) {
            return Some("the address is not on the allow list");
        }
        None
    }
}

fn covers(pattern: &str, rua: &Rua) -> bool {
    match rua {
        Rua::Mailto(address) => {
            let host = address.rsplit_once('@').map_or("", |(_, host)| host);
            let bare = pattern.strip_prefix("mailto:").unwrap_or(pattern);
            match bare.strip_prefix('@') {
                Some(domain) => host.eq_ignore_ascii_case(domain),
                None => bare.eq_ignore_ascii_case(address) || same_or_below(host, bare),
            }
        }
        Rua::Https(uri) => {
            let rest = uri.split_once("://").map_or("", |(_, rest)| rest);
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let host = authority.split(':').next().unwrap_or_default();
            pattern == uri || same_or_below(host, pattern)
        }
    }
}

fn same_or_below(host: &str, pattern: &str) -> bool {
    let (host, pattern) = (host.to_ascii_lowercase(), pattern.to_ascii_lowercase());
    host == pattern || host.strip_suffix(pattern.as_str()).is_some_and(|rest| rest.ends_with('.'))
}

/// Whether a day's sessions can all have been ours, carrying report mails: `mails` is how many were handed over that day for
/// addresses at this domain. Reporting them would make a report of every report, for ever (TLSRPT-3-8, D-54).
#[must_use]
pub fn is_only_reports(day: &DomainDay, mails: u64) -> bool {
    // A session counts once under each policy, so the policy with most sessions tells how many there were at least.
    let sessions = |counts: Counts| counts.success.saturating_add(counts.failure);
    let most = day.policies.iter().map(|policy| sessions(policy.counts)).max().unwrap_or(0);
    mails > 0 && most <= mails
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Day, PolicyDay, PolicyKey, PolicyType, Scope};
    use strictmx_proto::name::Domain;

    const NOW: Timestamp = Timestamp(1_800_000_000);

    /// D-58
    #[test]
    fn a_report_is_sent_only_when_the_receiver_has_said_so() {
        let after = |said: Said, tries, now| after(&said, Way::Https, NOW, tries, now, 0);
        assert_eq!(after(Said::Accepted("250 ok".into()), 1, NOW).state, State::Sent);
        assert_eq!(after(Said::NotNow("451".into()), 1, NOW).state, State::Due);
        assert_eq!(after(Said::Never("550".into()), 1, NOW).state, State::Refused);
        let late = NOW.plus(schedule::TRIED_FOR);
        assert_eq!(after(Said::NotNow("451".into()), 9, late).state, State::Expired);
    }

    #[test]
    fn an_address_is_struck_for_its_own_refusals_and_not_for_our_mail_server_s() {
        let strike = |said: &Said, way| after(said, way, NOW, 9, NOW.plus(schedule::TRIED_FOR), 0).strike;
        let gone = Said::Never("550 5.1.1 <a@b.example>: no such user".into());
        let relay = Said::Never("554 5.7.1 <a@b.example>: Relay access denied".into());
        let late = Said::NotNow("no connection".into());
        assert_eq!(strike(&gone, Way::Mail), Strike::One);
        assert_eq!(strike(&relay, Way::Mail), Strike::Keep);
        assert_eq!((strike(&late, Way::Mail), strike(&late, Way::Https)), (Strike::Keep, Strike::One));
        assert_eq!(strike(&Said::Never("404".into()), Way::Https), Strike::One);
    }

    /// TLSRPT-5.4-3, R9110-1
    #[test]
    fn only_a_2xx_status_is_acceptance() {
        assert!(matches!(http(204, ""), Said::Accepted(_)));
        assert!([301, 302, 500, 503, 429, 100].iter().all(|&status| matches!(http(status, ""), Said::NotNow(_))));
        assert!([400, 403, 404, 410, 413].iter().all(|&status| matches!(http(status, ""), Said::Never(_))));
    }

    #[test]
    fn an_address_that_goes_on_refusing_is_left_in_peace_for_longer_and_longer() {
        let first = Silence::struck(None, "550", NOW);
        let second = Silence::struck(Some(&first), "550", NOW);
        assert_eq!((first.until, second.until), (NOW.plus(86_400), NOW.plus(2 * 86_400)));
        let tenth = (0..8).fold(second, |last, _| Silence::struck(Some(&last), "550", NOW));
        assert_eq!((tenth.strikes, tenth.until), (10, NOW.plus(LONGEST_SILENCE)));
    }

    #[test]
    fn lists_name_addresses_domains_and_hosts() {
        let mail = Rua::parse("mailto:tls@Reports.example").unwrap();
        let web = Rua::parse("https://in.reports.example/v1").unwrap();
        let deny = |pattern: &str| Lists { deny: [pattern.into()].into(), ..Lists::default() };
        for pattern in ["mailto:tls@reports.example", "tls@reports.example", "@reports.example", "reports.example"] {
            assert!(deny(pattern).refuses("example.com", &mail).is_some(), "{pattern}");
        }
        assert!(deny("reports.example").refuses("example.com", &web).is_some());
        assert!(deny("@reports.example").refuses("example.com", &web).is_none());
        assert!(deny("orts.example").refuses("example.com", &mail).is_none());
        let allow = Lists { allow: ["@else.example".into()].into(), ..Lists::default() };
        assert!(allow.refuses("example.com", &mail).is_some());
        let about = Lists { deny_domains: ["example.com".into()].into(), ..Lists::default() };
        assert!(about.refuses("sub.example.com", &mail).is_some() && about.refuses("example.org", &mail).is_none());
    }

    /// TLSRPT-3-8, D-54
    #[test]
    fn a_day_of_nothing_but_our_own_report_mails_is_not_reported() {
        let domain = Domain::parse("example.com").unwrap();
        let policy = |success| PolicyDay {
            policy: PolicyKey {
                kind: PolicyType::NoPolicyFound,
                domain: domain.clone(),
                text: Box::default(),
                mx: Box::default(),
            },
            counts: Counts { success, failure: 0 },
            details: Vec::new(),
        };
        let day = |success| DomainDay {
            day: Day(1),
            domain: domain.clone(),
            scope: Scope::Domain,
            record: None,
            policies: [policy(success)].into(),
        };
        assert!(is_only_reports(&day(1), 1));
        assert!(!is_only_reports(&day(2), 1));
        assert!(!is_only_reports(&day(1), 0));
    }
}
