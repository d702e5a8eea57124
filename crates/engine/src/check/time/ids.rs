//! Whether id and text change together (STS-3.1-3).
use alloc::{format, string::String, vec::Vec};

use strictmx_proto::sts::Policy;

use super::super::{
    Check, Context, Family, Findings, Severity, Side,
    calendar::{DAY, day, minute},
    record,
    shown::shown,
};
use super::history::{History, Known};

pub(super) static ID_UNCHANGED: Check = Check {
    id: "time.id-unchanged",
    family: Family::Time,
    title: "the policy has changed, but not the id",
    why: "Senders fetch a policy again only when they see a new id, or when their copy runs out. Until then those that know the old \
          text go on with it, and may refuse to deliver to new MX hosts.",
    requirement: "STS-3.1-3",
    side: Side::Dns,
};

pub(super) static ID_ALONE: Check = Check {
    id: "time.id-alone",
    family: Family::Time,
    title: "the id has changed, but not the policy",
    why: "Every sender fetches the policy again and finds the same text. That does no harm; perhaps the new text has not reached the \
          policy host yet, and then senders keep the old one under the new id.",
    requirement: "STS-8.1-2",
    side: Side::Policy,
};

/// How long a change is news, seconds.
const NEWS: u64 = 7 * DAY;

pub(super) fn judge(context: &Context<'_>, history: &History, found: &mut Findings) {
    let Some(now) = history.now() else {
        return;
    };
    let (Some(id), Some(text)) = (&now.id, &now.text) else {
        return;
    };
    if let Some(policy) = &now.policy {
        unchanged(context, history, (id, text, policy), found);
    }
    alone(context, history, (now, id), found);
}

fn unchanged(
    context: &Context<'_>,
    history: &History,
    (id, text, policy): (&String, &String, &Policy),
    found: &mut Findings,
) {
    let at = context.seen.at;
    let other = |known: &&Known| known.id.as_ref() == Some(id) && known.text.as_ref().is_some_and(|old| old != text);
    let cached = |known: &Known| Some((known.policy.as_ref()?.clone(), known.last, known.forgotten()?));
    let mut old = history.before().filter(other).filter_map(cached).filter(|(_, _, forgotten)| *forgotten > at);
    let Some((old, last, forgotten)) = old.next() else {
        return;
    };
    let changes = changes(&old, policy);
    let (severity, what) = if changes.is_empty() {
        (Severity::Info, String::from("only its form has changed"))
    } else {
        (Severity::Error, changes.join(", "))
    };
    let seen = format!("The id is still {:?}, but since {} another policy is served: {what}.", shown(id), minute(last));
    found
        .add(&ID_UNCHANGED, severity, seen)
        .about(format!("_mta-sts.{}", context.domain()))
        .step(format!(
            "Publish the record with a new id; otherwise some senders keep the old text until {}.",
            day(forgotten)
        ))
        .publish(record::new_line(context));
}

/// What a new policy says otherwise than the old one.
fn changes(old: &Policy, new: &Policy) -> Vec<String> {
    let mut changes = Vec::new();
    if old.mode != new.mode {
        changes.push(format!("the mode was {} and is {}", old.mode, new.mode));
    }
    let (gone, added) =
        (old.mx.iter().filter(|mx| !new.mx.contains(mx)), new.mx.iter().filter(|mx| !old.mx.contains(mx)));
    changes.extend(gone.take(5).map(|mx| format!("the mx {mx} is gone")));
    changes.extend(added.take(5).map(|mx| format!("the mx {mx} is new")));
    if old.max_age != new.max_age {
        changes.push(format!("max_age was {} and is {}", old.max_age, new.max_age));
    }
    changes
}

/// A new id for the text that the old id always stood for. Where the text was changed first, as it should be, the old id was
/// seen with two texts.
fn alone(context: &Context<'_>, history: &History, (now, id): (&Known, &String), found: &mut Findings) {
    if context.seen.at.since(now.first) > NEWS {
        return;
    }
    let Some(before) = history.before().next().filter(|before| before.text == now.text) else {
        return;
    };
    let Some(old) = before.id.as_ref().filter(|old| *old != id) else {
        return;
    };
    let mut of_old = history.before().filter(|known| known.id.as_ref() == Some(old));
    if of_old.any(|known| known.text != now.text) {
        return;
    }
    let seen = format!(
        "Since {} the id is {:?}, before it was {:?}; the text is the same.",
        minute(now.first),
        shown(id),
        shown(old)
    );
    found.add(&ID_ALONE, Severity::Info, seen).about(format!("_mta-sts.{}", context.domain())).step(
        "Nothing needs to be done, if no change was meant. If one was: bring the new text to the policy host, empty any cache \
         before it, and then publish yet another id.",
    );
}
