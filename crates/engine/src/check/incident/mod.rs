//! What has to be told of a domain that is looked at again and again: once when something breaks, once when it is mended.
//!
//! An incident is one finding about one subject. It begins when looks in a row have shown it ([`Rules::confirm`]), and it ends
//! when looks in a row have not. A look that could not see ends nothing. What keeps coming and going is told less and less:
//! each time it comes back, more looks have to pass without it before it counts as mended.
use alloc::{
    collections::BTreeMap,
    string::{String, ToString},
    vec::Vec,
};

use serde::Serialize;

use self::sight::Sight;
use super::{Family, Finding, Observations, Severity, Side, Verdict};
use crate::time::Timestamp;

mod sight;
#[cfg(test)]
mod tests;

/// Incidents remembered of one domain. A domain that shows a new subject with every look has no more than these.
pub const MAX_INCIDENTS: usize = 500;
/// How long an incident that ended is remembered, seconds: it is flapping when it comes back within this time.
const MEMORY: u64 = 7 * 86_400;
/// Looks without it that end an incident the first time.
const MENDED_AFTER: u32 = 2;
/// How often that number doubles at most: 64 looks.
const MAX_DOUBLINGS: u32 = 5;
/// Longest text kept of what was seen, in characters.
const MAX_SEEN: usize = 500;

/// When to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Looks in a row that must have shown it; zero counts as one.
    pub confirm: u32,
    /// The least severity that is told.
    pub from: Severity,
}

/// What an incident is about, within one domain.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Key {
    /// The finding's id.
    pub id: String,
    /// The finding's subject.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub subject: String,
}

impl Key {
    fn of(finding: &Finding) -> Self {
        Self { id: finding.check.id.to_string(), subject: finding.subject.to_string() }
    }
}

/// One incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// The finding's family; `None`: one that this version does not know.
    pub family: Option<Family>,
    /// How far it is.
    pub phase: Phase,
    /// How bad it was when it was seen last.
    pub severity: Severity,
    /// When it was seen first, this time.
    pub since: Timestamp,
    /// When it was seen last.
    pub last: Timestamp,
    /// How often it was raised within the last days.
    pub raised: u32,
    /// What was seen last, cut.
    pub seen: String,
}

/// How far an incident is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Seen in so many looks in a row; not told yet.
    Suspected(u32),
    /// Raised.
    Open {
        /// The worst severity that was told.
        told: Severity,
        /// Looks in a row that did not show it.
        missed: u32,
    },
    /// All clear was given.
    Over,
}

/// What is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum News {
    /// It has begun.
    Raised,
    /// It has grown worse.
    Worse,
    /// It is over.
    AllClear,
}

impl News {
    /// The word in JSON and in text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Worse => "worse",
            Self::AllClear => "all-clear",
        }
    }
}

/// One thing to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// What has happened.
    pub news: News,
    /// To which incident.
    pub key: Key,
    /// How bad it is; of an all-clear, how bad it was.
    pub severity: Severity,
    /// When it was seen first.
    pub since: Timestamp,
    /// What was seen last, cut.
    pub seen: String,
    /// The finding; `None` for an all-clear.
    pub finding: Option<Finding>,
}

/// The incidents of one domain.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Incidents {
    list: BTreeMap<Key, Incident>,
}

impl FromIterator<(Key, Incident)> for Incidents {
    fn from_iter<T: IntoIterator<Item = (Key, Incident)>>(rows: T) -> Self {
        Self { list: rows.into_iter().collect() }
    }
}

impl Incidents {
    /// All of them, those that are over included, in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Incident)> {
        self.list.iter()
    }

    /// Whether another look soon would settle something: whether it has begun, or whether it is over.
    #[must_use]
    pub fn is_unsettled(&self) -> bool {
        self.list.values().any(|incident| match incident.phase {
            Phase::Suspected(_) => true,
            // A flapping one takes its time.
            Phase::Open { missed, .. } => missed > 0 && incident.raised <= 1,
            Phase::Over => false,
        })
    }

    /// Takes in what the next look showed, and says what is to be told, in the order of the findings and all-clears last.
    ///
    /// Findings count whatever else the look could see, save those that blame the network or resolver here. That a finding is
    /// absent counts only where the look would have shown it.
    pub fn saw(&mut self, seen: &Observations, verdict: &Verdict, rules: Rules) -> Vec<Alert> {
        let mut alerts = Vec::new();
        let mut found = BTreeMap::new();
        // Worst first, so that of several with one key the worst counts.
        for finding in &verdict.findings {
            let counts = finding.severity >= rules.from && finding.check.side != Side::Here;
            let key = Key::of(finding);
            if counts && !found.contains_key(&key) {
                alerts.extend(self.shown(&key, finding, verdict.at, rules));
                found.insert(key, ());
            }
        }
        let sight = Sight::of(seen, verdict);
        self.list.retain(|key, incident| {
            let missed = !found.contains_key(key) && sight.reaches(key, incident);
            if missed {
                alerts.extend(incident.missed(key));
            }
            match incident.phase {
                Phase::Suspected(_) => !missed,
                Phase::Open { .. } => true,
                Phase::Over => verdict.at.since(incident.last) <= MEMORY,
            }
        });
        alerts
    }

    fn shown(&mut self, key: &Key, finding: &Finding, at: Timestamp, rules: Rules) -> Option<Alert> {
        if !self.list.contains_key(key) {
            if self.list.len() >= MAX_INCIDENTS && !self.forget_one() {
                return None;
            }
            self.list.insert(key.clone(), Incident::suspected(finding, at));
        }
        self.list.get_mut(key)?.shown(key, finding, at, rules)
    }

    /// Makes room by forgetting what has been over for longest. Whether there was any.
    fn forget_one(&mut self) -> bool {
        let over = self.list.iter().filter(|(_, incident)| incident.phase == Phase::Over);
        let Some(key) = over.min_by_key(|(_, incident)| incident.last).map(|(key, _)| key.clone()) else {
            return false;
        };
        self.list.remove(&key).is_some()
    }
}

impl Incident {
    const fn suspected(finding: &Finding, at: Timestamp) -> Self {
        Self {
            family: Some(finding.check.family),
            phase: Phase::Suspected(0),
            severity: finding.severity,
            since: at,
            last: at,
            raised: 0,
            seen: String::new(),
        }
    }

    fn shown(&mut self, key: &Key, finding: &Finding, at: Timestamp, rules: Rules) -> Option<Alert> {
        if self.phase == Phase::Over {
            (self.phase, self.since) = (Phase::Suspected(0), at);
        }
        self.last = at;
        self.severity = finding.severity;
        self.seen = finding.seen.chars().take(MAX_SEEN).collect();
        let news = match &mut self.phase {
            Phase::Suspected(times) => {
                *times = times.saturating_add(1);
                (*times >= rules.confirm).then_some(News::Raised)
            }
            Phase::Open { told, missed } => {
                *missed = 0;
                (finding.severity > *told).then_some(News::Worse)
            }
            Phase::Over => None,
        }?;
        if news == News::Raised {
            self.raised = self.raised.saturating_add(1);
        }
        self.phase = Phase::Open { told: finding.severity, missed: 0 };
        Some(self.alert(news, key, Some(finding.clone())))
    }

    fn missed(&mut self, key: &Key) -> Option<Alert> {
        let enough = MENDED_AFTER << self.raised.saturating_sub(1).min(MAX_DOUBLINGS);
        match &mut self.phase {
            Phase::Open { missed, .. } => {
                *missed = missed.saturating_add(1);
                if *missed < enough {
                    return None;
                }
                self.phase = Phase::Over;
                Some(self.alert(News::AllClear, key, None))
            }
            // Was raised before, came back and was gone again before it was confirmed.
            Phase::Suspected(_) if self.raised > 0 => {
                self.phase = Phase::Over;
                None
            }
            Phase::Suspected(_) | Phase::Over => None,
        }
    }

    fn alert(&self, news: News, key: &Key, finding: Option<Finding>) -> Alert {
        let seen = self.seen.clone();
        Alert { news, key: key.clone(), severity: self.severity, since: self.since, seen, finding }
    }
}
