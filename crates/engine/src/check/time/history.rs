//! What was seen before, together with what is seen now.
use alloc::{string::String, vec::Vec};

use strictmx_proto::sts::{Policy, Record};

use super::super::{Context, observations::Span};
use crate::time::Timestamp;

/// Spans in order, the present one last. There is at least one of the past.
pub(super) struct History {
    spans: Vec<Known>,
}

/// A span with its policy.
pub(super) struct Known {
    /// The record's id; `None`: no valid record.
    pub(super) id: Option<String>,
    /// The policy's text as served; `None`: none.
    pub(super) text: Option<String>,
    /// What it says; `None`: no text, or no policy.
    pub(super) policy: Option<Policy>,
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
}

impl Known {
    fn new(id: Option<String>, text: Option<String>, first: Timestamp, last: Timestamp) -> Self {
        let policy = text.as_ref().and_then(|text| Policy::parse(text.as_bytes()).ok()).map(|parsed| parsed.policy);
        Self { id, text, policy, first, last }
    }

    /// When senders that fetched this policy last have forgotten it.
    pub(super) fn forgotten(&self) -> Option<Timestamp> {
        self.policy.as_ref().map(|policy| self.last.plus(u64::from(policy.max_age)))
    }
}

impl History {
    /// `None`: nothing is known of the past, or of the present.
    pub(super) fn of(context: &Context<'_>) -> Option<Self> {
        let past = context.seen.past.as_ref().filter(|past| !past.spans.is_empty())?;
        let at = context.seen.at;
        let (id, text) = present(context)?;
        let of_span = |span: &Span| Known::new(span.id.clone(), span.text.clone(), span.first, span.last.min(at));
        let mut spans: Vec<Known> = past.spans.iter().filter(|span| span.first <= at).map(of_span).collect();
        match spans.last_mut() {
            Some(last) if last.id == id && last.text == text => last.last = at,
            _ => spans.push(Known::new(id, text, at, at)),
        }
        Some(Self { spans })
    }

    /// The present.
    pub(super) fn now(&self) -> Option<&Known> {
        self.spans.last()
    }

    /// What was before the present, the latest first.
    pub(super) fn before(&self) -> impl Iterator<Item = &Known> {
        self.spans.iter().rev().skip(1)
    }
}

/// The id and text of now. `None`: one of them was not looked at, or could not be.
fn present(context: &Context<'_>) -> Option<(Option<String>, Option<String>)> {
    let id = context.record.as_ref()?.as_ref().ok().map(|record: &Record| String::from(&*record.id));
    let host = context.seen.policy_host.as_ref()?;
    let unknown = host.addresses.a.failure().is_some() || host.addresses.aaaa.failure().is_some();
    let text = context.body.map(|body| String::from_utf8_lossy(body).into_owned());
    (!host.visits.is_empty() || !unknown).then_some((id, text))
}
