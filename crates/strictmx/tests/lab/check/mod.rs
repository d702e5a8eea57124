//! `strictmx check` against domains with one fault each, and whole runs over lists of them.
//!
//! Everything is looked at for real: a resolver and name servers, policy hosts over TLS, mail hosts over SMTP. Only what they
//! say is chosen.

mod domain;
mod faults;
mod neighbours;
mod runs;
mod table;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use domain::Domain;
use table::{How, Row, Span};
use world::{World, lines};

/// A row, staged.
struct Staged<'w> {
    row: Row,
    domain: Domain<'w>,
}

fn stage<'w>(world: &'w World, wanted: impl Fn(&How) -> bool) -> Vec<Staged<'w>> {
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    let mut staged = Vec::new();
    for row in faults::all() {
        let number = numbers.entry(row.id).or_default();
        let label = row.label(*number);
        *number += 1;
        if wanted(&row.how) {
            let domain = Domain::new(world, &label);
            (row.spoil)(&domain);
            staged.push(Staged { row, domain });
        }
    }
    staged
}

/// What is not as the row says.
fn complaint(row: &Row, verdict: &Value) -> Option<String> {
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let findings: Vec<(String, String, String)> = verdict["findings"]
        .as_array()?
        .iter()
        .map(|finding| (text(finding, "id"), text(finding, "severity"), text(finding, "seen")))
        .collect();
    let told = findings.iter().any(|(id, severity, _)| id == row.id && severity == row.severity);
    let allowed = |id: &str| id == row.id || row.also.contains(&id);
    let more = findings.iter().any(|(id, severity, _)| severity == "error" && !allowed(id));
    let missing = row.also.iter().any(|also| findings.iter().all(|(id, _, _)| id != also));
    if told && !more && !missing {
        return None;
    }
    let list: String = findings.iter().map(|(id, severity, seen)| format!("    {severity:8}{id}: {seen}\n")).collect();
    let wanted = format!("{} {}{}", row.severity, row.id, if row.also.is_empty() { "" } else { " and " });
    Some(format!("{}: wanted {wanted}{}, got\n{list}", verdict["domain"], row.also.join(", ")))
}

/// Runs the program that `STRICTMX_BESIDE` names while everything is served, with the resolver's address and the folder of the
/// list, the CA and the verdicts: this is how `docs/book/check-compared.md` came about, see `beside.py`.
fn beside(world: &World) {
    if let Some(program) = std::env::var_os("STRICTMX_BESIDE") {
        let mut command = std::process::Command::new(program);
        let status = command.arg(world.dns.address().ip().to_string()).arg(world.path("")).status();
        assert!(status.is_ok_and(|status| status.success()), "the program beside us failed");
    }
}

fn demand(complaints: &[String]) {
    assert!(complaints.is_empty(), "{} rows are not as they say:\n{}", complaints.len(), complaints.concat());
}

#[test]
#[ignore = "needs a network namespace: cargo xtask test"]
fn each_fault_is_told_by_its_finding_and_by_no_other_error_live_and_replayed() {
    let world = World::new();
    let healthy = Domain::new(&world, "healthy");
    let staged = stage(&world, |how| matches!(how, How::Listed));
    let names: Vec<&str> =
        std::iter::once(&healthy).chain(staged.iter().map(|one| &one.domain)).map(|d| &*d.name).collect();
    world.file("list", &names.join("\n"));
    let looks = ["--from", "list", "--thorough", "--probe-destinations", "--save", "seen.jsonl", "--format", "jsonl"];
    let output = world.check(&looks);
    let verdicts: BTreeMap<String, Value> =
        lines(&output).into_iter().map(|line| (line["domain"].as_str().unwrap().to_owned(), line)).collect();
    world.file("verdicts.jsonl", &String::from_utf8_lossy(&output.stdout));
    beside(&world);
    assert_eq!(verdicts.len(), names.len(), "{}", String::from_utf8_lossy(&output.stderr));
    let complaints: Vec<String> =
        staged.iter().filter_map(|one| complaint(&one.row, &verdicts[&one.domain.name])).collect();
    demand(&complaints);
    let healthy = &verdicts[&healthy.name];
    assert_eq!(healthy["health"], "healthy", "{healthy:#}");
    assert_eq!(output.status.code(), Some(2), "some domains could not be looked at");
    let again = world.check(&["--replay", "seen.jsonl", "--format", "jsonl"]);
    assert!(again.stdout == output.stdout, "judged again, the same observations gave another verdict");
    assert_eq!(again.status.code(), output.status.code());
}

#[test]
#[ignore = "needs a network namespace: cargo xtask test"]
fn what_needs_a_declaration_another_config_or_a_past_is_told_too() {
    let world = World::new();
    let staged = stage(&world, |how| !matches!(how, How::Listed));
    let yesterday = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24);
    let yesterday = yesterday.strftime("%Y-%m-%d").to_string();
    let mut complaints = Vec::new();
    for Staged { row, domain } in &staged {
        let usual = [domain.name.as_str(), "--format", "jsonl"];
        let output = match row.how {
            How::Listed => unreachable!("they are looked at together"),
            How::By(config) => world.check_by(config, &usual),
            How::With(arguments) => {
                let filled: Vec<String> = arguments.iter().map(|word| word.replace("YESTERDAY", &yesterday)).collect();
                let more: Vec<&str> = filled.iter().map(String::as_str).collect();
                world.check(&[&usual[..], &more].concat())
            }
            How::After(spans) => {
                world.check(&[&usual[..], &["--save", "seen.json"]].concat());
                let mut seen: Value = serde_json::from_str(&world.read("seen.json")).unwrap();
                seen["past"] = past(domain, seen["at"].as_u64().unwrap(), spans);
                world.file("seen.json", &seen.to_string());
                world.check(&["--replay", "seen.json", "--format", "jsonl"])
            }
        };
        let verdicts = lines(&output);
        assert_eq!(verdicts.len(), 1, "{}", String::from_utf8_lossy(&output.stderr));
        complaints.extend(complaint(row, &verdicts[0]));
    }
    demand(&complaints);
}

fn past(domain: &Domain<'_>, now: u64, spans: &[Span]) -> Value {
    let ago = |days: u64| now - 86_400 * days;
    let span = |span: &Span| {
        let text = (!span.text.is_empty()).then(|| domain.filled(span.text));
        json!({ "id": span.id, "text": text, "first": ago(span.days.0), "last": ago(span.days.1) })
    };
    json!({ "spans": spans.iter().map(span).collect::<Vec<_>>() })
}

#[test]
#[ignore = "needs a network namespace: cargo xtask test"]
fn a_policy_file_that_is_too_long_is_told() {
    let world = World::new();
    let text = "version: STSv1\r\nmode: enforce\r\nmx: mx.check.test\r\nmax_age: 604800\r\n";
    world.file("policy", &format!("{text}{}", "x-filler: something\r\n".repeat(4000)));
    let output = world.check(&["--policy-file", "policy", "--mx", "mx.check.test", "--format", "jsonl"]);
    let findings = lines(&output)[0]["findings"].clone();
    assert!(findings.as_array().unwrap().iter().any(|one| one["id"] == "sts.policy.too-long"), "{findings:#}");
}

#[test]
#[ignore = "needs a network namespace: cargo xtask test"]
fn every_check_there_is_has_a_domain_that_brings_it_about_or_a_reason_why_not() {
    let world = World::new();
    let output = world.check(&["--list", "--format", "jsonl"]);
    let all: BTreeSet<String> = lines(&output).iter().map(|line| line["id"].as_str().unwrap().to_owned()).collect();
    let staged: BTreeSet<&str> = faults::all().map(|row| row.id).collect();
    let unstaged: BTreeSet<&str> = faults::UNSTAGED.iter().map(|(id, _)| *id).collect();
    let missing: Vec<&String> =
        all.iter().filter(|id| !staged.contains(id.as_str()) && !unstaged.contains(id.as_str())).collect();
    assert!(missing.is_empty(), "no row has {missing:?}");
    let unknown: Vec<&&str> = staged.union(&unstaged).filter(|id| !all.contains(**id)).collect();
    assert!(unknown.is_empty(), "there is no check {unknown:?}");
    let twice: Vec<&&str> = staged.intersection(&unstaged).collect();
    assert!(twice.is_empty(), "{twice:?} can be staged after all");
}
