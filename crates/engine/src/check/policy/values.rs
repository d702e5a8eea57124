//! The values of `version`, `mode` and `max_age`.
use alloc::format;

use strictmx_proto::sts::{Mode, policy::MAX_MAX_AGE};

use crate::check::{
    Check, Context, Family, Findings, Severity, Side, suggest,
    text::{
        lines::{Content, Key, Line, quoted},
        meant::{self, first, mode_meant, seconds_meant},
    },
};

pub(super) static VERSION_MISSING: Check = Check {
    id: "sts.policy.version-missing",
    family: Family::Policy,
    title: "there is no version",
    why: "Without `version: STSv1` nearly every sender refuses the policy.",
    requirement: "STS-3.2-11",
    side: Side::Policy,
};
pub(super) static VERSION_BAD: Check = Check {
    id: "sts.policy.version-bad",
    family: Family::Policy,
    title: "the version is not STSv1",
    why: "STSv1, in just these letters, is the only version there is. Senders refuse any other.",
    requirement: "STS-3.2-4",
    side: Side::Policy,
};
pub(super) static VERSION_NOT_FIRST: Check = Check {
    id: "sts.policy.version-not-first",
    family: Family::Policy,
    title: "the version is not the first line",
    why: "The order of the lines is free, and senders accept it. Some checkers complain all the same.",
    requirement: "STS-3.2-14",
    side: Side::Policy,
};
pub(super) static MODE_MISSING: Check = Check {
    id: "sts.policy.mode-missing",
    family: Family::Policy,
    title: "there is no mode",
    why: "Without `mode` the policy is refused; Stalwart reads it as `none`.",
    requirement: "STS-3.2-11",
    side: Side::Policy,
};
pub(super) static MODE_BAD: Check = Check {
    id: "sts.policy.mode-bad",
    family: Family::Policy,
    title: "the mode is none of the three there are",
    why: "The mode is `enforce`, `testing` or `none`, in lower case. Senders refuse a policy with any other.",
    requirement: "STS-3.2-5",
    side: Side::Policy,
};
pub(super) static MODE_NONE: Check = Check {
    id: "sts.policy.mode-none",
    family: Family::Policy,
    title: "MTA-STS is switched off",
    why: "With `mode: none` senders behave as if there were no policy. That is right while MTA-STS is being taken \
          down, until every policy served before has expired.",
    requirement: "STS-5-3",
    side: Side::Policy,
};
pub(super) static MODE_TESTING: Check = Check {
    id: "sts.policy.mode-testing",
    family: Family::Policy,
    title: "the policy is in testing",
    why: "In `testing` senders report what would fail and deliver all the same: mail is not protected yet.",
    requirement: "STS-5-2",
    side: Side::Policy,
};
pub(super) static MAX_AGE_MISSING: Check = Check {
    id: "sts.policy.max-age-missing",
    family: Family::Policy,
    title: "there is no max_age",
    why: "Without `max_age` the policy is refused; Stalwart assumes one day.",
    requirement: "STS-3.2-11",
    side: Side::Policy,
};
pub(super) static MAX_AGE_BAD: Check = Check {
    id: "sts.policy.max-age-bad",
    family: Family::Policy,
    title: "max_age is no number of seconds",
    why: "It is one to ten digits, the number of seconds, without sign, unit or point. Senders refuse a policy with \
          anything else.",
    requirement: "D-3",
    side: Side::Policy,
};
pub(super) static MAX_AGE_TOO_LARGE: Check = Check {
    id: "sts.policy.max-age-too-large",
    family: Family::Policy,
    title: "max_age is above one year",
    why: "31557600 is the largest value. postfix-mta-sts-resolver refuses the policy for a larger one, Stalwart \
          keeps it for one day only.",
    requirement: "D-4",
    side: Side::Policy,
};
pub(super) static MAX_AGE_ZERO: Check = Check {
    id: "sts.policy.max-age-zero",
    family: Family::Policy,
    title: "max_age is 0",
    why: "A policy that may not be kept protects nobody: whoever can interrupt the look-up or the fetch has switched \
          it off.",
    requirement: "D-5",
    side: Side::Policy,
};
pub(super) static MAX_AGE_SHORT: Check = Check {
    id: "sts.policy.max-age-short",
    family: Family::Policy,
    title: "max_age is short for enforce",
    why: "Senders are protected by the policy they have kept. Those that write to you less often than max_age meet \
          you anew each time, and an attacker who blocks the fetch then gets the mail. Google is said to ignore less \
          than a day.",
    requirement: "STS-3.2-8",
    side: Side::Policy,
};
pub(super) static MAX_AGE_FLOORS: Check = Check {
    id: "sts.policy.max-age-floors",
    family: Family::Policy,
    title: "some senders keep the policy for longer than max_age",
    why: "A low max_age does not shorten the way back for every sender: some have floors of their own. Reckon with \
          those when you plan a change.",
    requirement: "STS-8.3-1",
    side: Side::Policy,
};

const DAY: u32 = 86_400;
/// What an enforced policy should last for at least, and what Mimecast's library raises it to.
const WEEK: u32 = 7 * DAY;
/// Below this Stalwart keeps a policy for a day.
const HOUR: u32 = 3600;

/// Judges the three values.
pub(super) fn judge(context: &Context<'_>, lines: &[Line<'_>], found: &mut Findings) {
    version(lines, found);
    judge_mode(context, lines, found);
    judge_max_age(meant::mode(lines), lines, found);
}

fn version(lines: &[Line<'_>], found: &mut Findings) {
    let Some((line, value)) = first(lines, Key::Version) else {
        found
            .add(&VERSION_MISSING, Severity::Error, "No line says `version: STSv1`.")
            .step("Make it the first line.")
            .publish("version: STSv1");
        return;
    };
    if value != "STSv1" {
        found
            .add(&VERSION_BAD, Severity::Error, format!("The version is {}.", quoted(value)))
            .about(line.place())
            .step("Replace the line.")
            .publish("version: STSv1");
    }
    let is_field = |line: &&Line<'_>| matches!(line.content, Content::Field { .. } | Content::Unknown { .. });
    if lines.iter().find(is_field).is_some_and(|first| first.number != line.number) {
        found
            .add(&VERSION_NOT_FIRST, Severity::Info, format!("The version stands in line {}.", line.number))
            .about(line.place())
            .step("Nothing has to be done; move it to the top when you change the policy for another reason.");
    }
}

fn judge_mode(context: &Context<'_>, lines: &[Line<'_>], found: &mut Findings) {
    let Some((line, value)) = first(lines, Key::Mode) else {
        found
            .add(&MODE_MISSING, Severity::Error, "No line says `mode: …`.")
            .step("Add the line. Begin with `testing`; `enforce` comes when reports show no failures.")
            .publish("mode: testing");
        return;
    };
    let Some(mode) = Mode::parse(value) else {
        let publish = mode_meant(value).map(|mode| format!("mode: {mode}")).unwrap_or_default();
        found
            .add(&MODE_BAD, Severity::Error, format!("The mode is {}.", quoted(value)))
            .about(line.place())
            .step("Write `enforce`, `testing` or `none`.")
            .publish(publish);
        return;
    };
    match mode {
        Mode::Enforce => {}
        Mode::Testing => {
            let step = if context.seen.tlsrpt.as_ref().is_some_and(|seen| seen.record.txt.data().is_none()) {
                "Publish a TLSRPT record, so that senders tell you what would fail; when nothing fails, go to \
                 `enforce`."
            } else {
                "Read the TLS reports; when no sender reports a failure for two weeks, go to `enforce`."
            };
            found
                .add(
                    &MODE_TESTING,
                    Severity::Info,
                    "The mode is `testing`: failures are reported, mail is delivered anyway.",
                )
                .about(line.place())
                .step(step);
        }
        Mode::None => {
            found.add(&MODE_NONE, Severity::Info, "The mode is `none`.").about(line.place()).step(
                "To take MTA-STS down, keep record, policy and certificate until the longest max_age ever \
                       served has passed since. To be protected, publish `mode: testing` first.",
            );
        }
    }
}

fn judge_max_age(mode: Option<Mode>, lines: &[Line<'_>], found: &mut Findings) {
    let wanted = suggest::max_age(mode.unwrap_or(Mode::Testing), None);
    let Some((line, value)) = first(lines, Key::MaxAge) else {
        found
            .add(&MAX_AGE_MISSING, Severity::Error, "No line says `max_age: …`.")
            .step("Add the line; the value is in seconds.")
            .publish(format!("max_age: {wanted}"));
        return;
    };
    let digits = !value.is_empty() && value.bytes().all(|octet| octet.is_ascii_digit());
    if !digits || value.len() > 10 {
        let publish = seconds_meant(value).map(|seconds| format!("max_age: {seconds}")).unwrap_or_default();
        found
            .add(&MAX_AGE_BAD, Severity::Error, format!("The value is {}.", quoted(value)))
            .about(line.place())
            .step("Write the number of seconds, in digits alone.")
            .publish(publish);
        return;
    }
    match value.parse::<u64>().ok().and_then(|seconds| u32::try_from(seconds).ok()) {
        Some(seconds) if seconds <= MAX_MAX_AGE => length(mode, seconds, line, found),
        _ => {
            found
                .add(
                    &MAX_AGE_TOO_LARGE,
                    Severity::Error,
                    format!("The value is {value}, and {MAX_MAX_AGE} is the most."),
                )
                .about(line.place())
                .step("Lower it.")
                .publish(format!("max_age: {MAX_MAX_AGE}"));
        }
    }
}

fn length(mode: Option<Mode>, seconds: u32, line: &Line<'_>, found: &mut Findings) {
    let enforce = mode == Some(Mode::Enforce);
    if seconds == 0 {
        let wanted = suggest::max_age(mode.unwrap_or(Mode::Testing), None);
        found
            .add(&MAX_AGE_ZERO, Severity::Warning, "The value is 0: no sender may keep the policy.")
            .about(line.place())
            .step("Raise it.")
            .publish(format!("max_age: {wanted}"));
        return;
    }
    if enforce && seconds < WEEK {
        found
            .add(&MAX_AGE_SHORT, Severity::Warning, format!("The value is {seconds}, {}.", span(seconds)))
            .about(line.place())
            .step("Raise it to a week or more once you are sure of the policy.")
            .publish(format!("max_age: {WEEK}"));
    }
    let mut senders = alloc::vec::Vec::new();
    if seconds < HOUR {
        senders.push("Stalwart keeps the policy for a day");
    }
    if enforce && seconds < WEEK {
        senders.push("senders on Mimecast's library for a week");
    } else if mode == Some(Mode::Testing) && seconds < DAY {
        senders.push("senders on Mimecast's library may keep it for a day");
    }
    if !senders.is_empty() {
        found
            .add(&MAX_AGE_FLOORS, Severity::Info, format!("The value is {seconds}, yet {}.", senders.join(", ")))
            .about(line.place())
            .step("Nothing has to be done; wait that long before you take away what an older policy needs.");
    }
}

fn span(seconds: u32) -> alloc::string::String {
    match seconds {
        _ if seconds.is_multiple_of(DAY) && seconds > DAY => format!("{} days", seconds / DAY),
        DAY => "one day".into(),
        _ if seconds < DAY => "less than a day".into(),
        _ => format!("{:.1} days", f64::from(seconds) / f64::from(DAY)),
    }
}
