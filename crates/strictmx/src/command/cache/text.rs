//! The daemon's lines for people.
use std::fmt::Write;

use serde_json::Value;
use strictmx_engine::time::Timestamp;

use crate::{
    cli::output::{BAD, DIM, GOOD, STRONG, WARN},
    when::rfc3339,
};

/// One line a policy: domain, mode, expiry, id, patterns.
pub(super) fn list(lines: &[Value]) -> String {
    if lines.is_empty() {
        return "no policy is kept\n".to_owned();
    }
    let width = lines.iter().map(|line| text(line, "domain").len()).max().unwrap_or(0).max(6);
    let mut page =
        format!("{STRONG}{:<width$}  {:<7}  {:<20}  {:<32}  mx{STRONG:#}\n", "domain", "mode", "expires", "id");
    for line in lines {
        put(
            &mut page,
            format_args!(
                "{:<width$}  {:<7}  {:<20}  {:<32}  {}",
                text(line, "domain"),
                text(line, "mode"),
                moment(line, "expires"),
                text(line, "id"),
                words(line, "mx").join(" ")
            ),
        );
    }
    page
}

/// All that is known of each domain.
pub(super) fn show(lines: &[Value]) -> String {
    let mut page = String::new();
    for line in lines {
        one(&mut page, line);
    }
    page
}

fn one(page: &mut String, line: &Value) {
    put(page, format_args!("{STRONG}{}{STRONG:#}", text(line, "domain")));
    if line.get("known").is_some_and(|known| known == false) {
        row(page, "policy", "nothing is known of this domain");
    }
    if line.get("mode").is_some() {
        row(page, "policy", format_args!("{}, id {}", text(line, "mode"), text(line, "id")));
        row(page, "mx", words(line, "mx").join(" "));
        row(page, "fetched", moment(line, "fetched"));
        row(page, "expires", moment(line, "expires"));
        row(page, "last used", moment(line, "used"));
    } else if line.get("known").is_some_and(|known| known == true) {
        row(page, "policy", format_args!("none; asked {}", moment(line, "asked")));
    }
    if line.get("last-failure").is_some() {
        row(
            page,
            "failures",
            format_args!("{WARN}{} in a row{WARN:#}: {}", number(line, "failures"), text(line, "last-failure")),
        );
        row(page, "next try", format_args!("after {}", moment(line, "next-try-after")));
    }
    for event in array(line, "history") {
        row(
            page,
            "history",
            format_args!("{} {} {DIM}{}{DIM:#}", moment(event, "at"), text(event, "kind"), detail(event)),
        );
    }
    for session in array(line, "sessions") {
        let result = match session.get("result").and_then(Value::as_str) {
            None => format!("{GOOD}valid{GOOD:#}"),
            Some(result) => format!("{BAD}{result}{BAD:#} {}", text(session, "reason")),
        };
        row(page, "session", format_args!("{} {} {result}", moment(session, "at"), text(session, "host")));
    }
}

fn detail(event: &Value) -> String {
    let Some(detail) = event.get("detail").and_then(Value::as_object) else { return String::new() };
    let told = detail.iter().filter(|(name, _)| *name != "event");
    told.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}

/// What each domain has now.
pub(super) fn refreshed(lines: &[Value]) -> String {
    let mut page = String::new();
    for line in lines {
        let domain = text(line, "domain");
        match (line.get("mode"), line.get("last-failure")) {
            (Some(_), None) => put(
                &mut page,
                format_args!(
                    "{domain}: {}, id {}, until {}",
                    text(line, "mode"),
                    text(line, "id"),
                    moment(line, "expires")
                ),
            ),
            (Some(_), Some(_)) => put(
                &mut page,
                format_args!(
                    "{domain}: {WARN}not refreshed{WARN:#}, the kept policy stays until {}: {}",
                    moment(line, "expires"),
                    text(line, "last-failure")
                ),
            ),
            (None, _) => put(&mut page, format_args!("{domain}: no policy: {}", text(line, "no-policy"))),
        }
    }
    page
}

/// What was forgotten.
pub(super) fn purged(lines: &[Value]) -> String {
    let mut page = String::new();
    for line in lines {
        put(&mut page, format_args!("{}: forgotten; the next question looks it up afresh", text(line, "domain")));
    }
    page
}

fn put(page: &mut String, line: impl std::fmt::Display) {
    let _never_fails = writeln!(page, "{line}");
}

fn row(page: &mut String, name: &str, value: impl std::fmt::Display) {
    put(page, format_args!("  {name:<10} {value}"));
}

fn text<'a>(line: &'a Value, name: &str) -> &'a str {
    line.get(name).and_then(Value::as_str).unwrap_or("unknown")
}

fn number(line: &Value, name: &str) -> u64 {
    line.get(name).and_then(Value::as_u64).unwrap_or_default()
}

fn moment(line: &Value, name: &str) -> String {
    line.get(name).and_then(Value::as_u64).map_or_else(|| "unknown".to_owned(), |seconds| rfc3339(Timestamp(seconds)))
}

fn array<'a>(line: &'a Value, name: &str) -> &'a [Value] {
    line.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn words<'a>(line: &'a Value, name: &str) -> Vec<&'a str> {
    array(line, name).iter().filter_map(Value::as_str).collect()
}
