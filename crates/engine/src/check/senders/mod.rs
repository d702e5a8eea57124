//! How each family of senders reads one and the same policy.
//!
//! A profile is data and a few small pure functions, with the version it describes; one sender is one file. Each was written
//! from that sender's own published source and is held by the tests to what its parser did with the same texts.
use alloc::{format, string::String, string::ToString, vec::Vec};

use serde::Serialize;
use strictmx_proto::{name::Domain, sts::Mode};

use super::{Context, observations::Visit};
use crate::fact::{CertFault, Seen, Txt};

mod disagree;
mod kumomta;
mod mox;
mod resolver;
mod stalwart;
mod strictmx;
#[cfg(test)]
mod tests;
mod text;
mod tlspol;

pub(super) use disagree::{CHECKS, judge};

/// What one sender makes of the policy as published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Reading {
    /// The sender, such as `mox`.
    pub sender: &'static str,
    /// The version described.
    pub version: &'static str,
    /// What it does.
    pub verdict: Reads,
    /// Live MX hosts that it would refuse to deliver to under this policy.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refuses: Vec<String>,
    /// What is worth knowing, in sentences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What a sender does with a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "reads")]
pub enum Reads {
    /// Takes it.
    Policy {
        /// `enforce`, `testing` or `none`.
        mode: &'static str,
        /// Seconds it is kept.
        kept: u64,
    },
    /// Behaves as if there were none.
    Rejects {
        /// Why, in a sentence.
        why: String,
    },
}

//----------- Profiles ----------------------------------------------------

/// One sender, as data and small functions.
#[derive(Debug)]
struct Profile {
    /// Its name.
    sender: &'static str,
    /// The version described.
    version: &'static str,
    /// Which HTTP statuses it takes.
    status: Status,
    /// What it makes of the Content-Type.
    media: fn(Option<&str>) -> Result<(), String>,
    /// The most octets it reads; `usize::MAX`: any number.
    limit: usize,
    /// Seconds it waits for the policy.
    patience: u32,
    /// Whether it takes a record that the RFC does not allow.
    record: fn(&[Txt]) -> bool,
    /// Reads the body; the second argument is the charset that the Content-Type names.
    read: fn(&[u8], Option<&str>) -> Result<Took, String>,
    /// Seconds it keeps a policy of this `max_age`.
    kept: fn(u64) -> u64,
    /// Whether a pattern that it took covers a host.
    covers: fn(&str, &Domain) -> bool,
    /// What is worth knowing wherever it takes the policy.
    notes: &'static [&'static str],
    /// What is worth knowing about `testing`.
    testing: Option<&'static str>,
}

/// Which statuses a sender takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    /// 200 alone (STS-3.3-6).
    Only200,
    /// Whatever it is.
    Any,
}

/// What a sender took from a body.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Took {
    mode: Mode,
    /// Seconds, before the sender's own bounds.
    max_age: u64,
    /// The patterns, in the form the sender keeps them.
    mx: Vec<String>,
    /// Set where every delivery fails under `enforce`, whatever the host: why.
    stuck: Option<String>,
}

const PROFILES: [&Profile; 6] =
    [&strictmx::PROFILE, &tlspol::PROFILE, &resolver::PROFILE, &mox::PROFILE, &stalwart::PROFILE, &kumomta::PROFILE];

//----------- Reading -----------------------------------------------------

/// The body and what came with it; without `visit` it is a file that is not published yet.
#[derive(Debug, Clone, Copy)]
struct Served<'a> {
    body: &'a [u8],
    visit: Option<&'a Visit>,
}

impl<'a> Served<'a> {
    /// The one that senders would meet: the file to be checked, else the first answer of status 200, else the first answer.
    fn of(context: &Context<'a>) -> Option<Self> {
        if let Some(file) = &context.seen.policy_file {
            return Some(Self { body: &file.0, visit: None });
        }
        let whole = |visit: &&Visit| visit.stopped.is_none() && visit.body.is_some();
        let visits = || context.seen.policy_host.iter().flat_map(|host| &host.visits).filter(whole);
        let visit = visits().find(|visit| visit.status == Some(200)).or_else(|| visits().next())?;
        Some(Self { body: visit.body.as_ref().map(|body| &*body.0)?, visit: Some(visit) })
    }

    fn fault(&self) -> Option<&'a CertFault> {
        self.visit?.tls.as_ref()?.fault.as_ref()
    }

    fn media(&self) -> Option<&'a str> {
        let (_, value) = self.visit?.headers.iter().find(|(name, _)| name == "content-type")?;
        Some(value)
    }
}

/// What every known sender makes of the policy; empty when there is none to read.
#[must_use]
pub fn readings(context: &Context<'_>) -> Vec<Reading> {
    let Some(served) = Served::of(context) else {
        return Vec::new();
    };
    PROFILES.iter().map(|profile| profile.reading(context, &served)).collect()
}

impl Profile {
    fn reading(&self, context: &Context<'_>, served: &Served<'_>) -> Reading {
        let mut reading = Reading {
            sender: self.sender,
            version: self.version,
            verdict: Reads::Rejects { why: String::new() },
            refuses: Vec::new(),
            notes: Vec::new(),
        };
        let took = match self.find(context, &mut reading.notes).and_then(|()| self.take(served)) {
            Ok(took) => took,
            Err(why) => {
                reading.verdict = Reads::Rejects { why };
                return reading;
            }
        };
        reading.notes.extend(self.notes.iter().map(ToString::to_string));
        let kept = (self.kept)(took.max_age);
        reading.verdict = Reads::Policy { mode: took.mode.as_str(), kept };
        if kept != took.max_age {
            reading.notes.push(format!("keeps it for {kept} seconds, not for the {} published", took.max_age));
        }
        self.slow(served, &mut reading.notes);
        self.hosts(context, &took, &mut reading);
        reading
    }

    /// Whether the sender finds a record that makes it ask for the policy at all.
    fn find(&self, context: &Context<'_>, notes: &mut Vec<String>) -> Result<(), String> {
        let Some(Err(no)) = &context.record else {
            return Ok(());
        };
        let txts = match context.seen.sts.as_ref().map(|sts| &sts.txt) {
            Some(Seen::Found { data, .. }) => data.as_slice(),
            _ => &[],
        };
        if (self.record)(txts) {
            notes.push(format!("takes the _mta-sts record all the same: {no}"));
            return Ok(());
        }
        Err(format!("never asks for the policy: {no}"))
    }

    /// What the sender takes from the answer.
    fn take(&self, served: &Served<'_>) -> Result<Took, String> {
        if let Some(fault) = served.fault() {
            return Err(format!("refuses the policy host's certificate: {fault}"));
        }
        let mut charset = None;
        if let Some(visit) = served.visit {
            match visit.status {
                Some(status) if status != 200 && self.status == Status::Only200 => {
                    return Err(format!("wants status 200, not {status}"));
                }
                _ => {}
            }
            (self.media)(served.media())?;
            charset = served.media().and_then(text::charset);
        }
        if served.body.len() > self.limit {
            return Err(format!("reads no more than {} octets", self.limit));
        }
        (self.read)(served.body, charset)
    }

    /// A single slow answer proves little, so that it is a note.
    fn slow(&self, served: &Served<'_>, notes: &mut Vec<String>) {
        let took = served.visit.and_then(|visit| visit.timing.done);
        if let Some(took) = took.filter(|took| *took > self.patience.saturating_mul(1000)) {
            notes.push(format!(
                "waits {} seconds for the policy, which took {took} milliseconds from here: when it is as slow for this \
                 sender, there is no policy for it",
                self.patience
            ));
        }
    }

    /// Which live hosts the sender would pass by.
    fn hosts(&self, context: &Context<'_>, took: &Took, reading: &mut Reading) {
        if took.mode == Mode::Testing {
            reading.notes.extend(self.testing.map(ToString::to_string));
        }
        if took.mode == Mode::None {
            return;
        }
        let covered = |host: &Domain| took.stuck.is_none() && took.mx.iter().any(|mx| (self.covers)(mx, host));
        let live = context.live_mx();
        let mut refused: Vec<String> = Vec::new();
        for host in live.iter().map(|(_, host)| *host).filter(|host| !covered(host)) {
            if !refused.iter().any(|known| known == host.as_str()) {
                refused.push(host.to_string());
            }
        }
        match (took.mode, refused.is_empty()) {
            (_, true) => {}
            (Mode::Testing, false) => {
                reading.notes.push(format!("would refuse {} once the mode is enforce", refused.join(", ")));
            }
            (_, false) => reading.refuses = refused,
        }
        if took.mode == Mode::Enforce {
            reading.notes.extend(took.stuck.clone());
        }
    }
}
