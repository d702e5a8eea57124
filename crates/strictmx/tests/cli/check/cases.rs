//! Typical domains as saved observations: one that is healthy, and what differs in the others.
//!
//! The files in `observations/` are what `--save` would have written. All but `healthy.json` are made of that one; a file that is
//! not there is made anew.
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// A name, and what differs from the healthy domain.
type Case = (&'static str, fn(&mut Value));

/// Every case, in the order it is told.
pub(super) const CASES: [Case; 15] = [
    ("healthy", |_| {}),
    ("testing", |seen| policy(seen, &POLICY.replace("enforce", "testing"))),
    ("none", |seen| policy(seen, &POLICY.replace("enforce", "none"))),
    ("absent", absent),
    ("two-records", |seen| record(seen, &json!(["v=STSv1; id=20261122000000;", "v=STSv1; id=2;"]))),
    ("host-expired", host_expired),
    ("not-found", |seen| {
        visit(seen)["status"] = json!(404);
        visit(seen)["body"] = json!("Not Found\n");
    }),
    ("html", |seen| {
        policy(seen, "<!DOCTYPE html>\n<html><head><title>Parked</title></head></html>\n");
        visit(seen)["headers"] = json!([["content-type", "text/html"]]);
    }),
    ("mx-uncovered", mx_uncovered),
    ("mx-self-signed", mx_self_signed),
    ("no-starttls", no_starttls),
    ("dane-mismatch", dane_mismatch),
    ("servfail", servfail),
    ("senders-disagree", |seen| policy(seen, &POLICY.replace("mx: ", "\r\nmx: "))),
    ("no-reports", no_reports),
];

const POLICY: &str = "version: STSv1\r\nmode: enforce\r\nmx: mx.example.com\r\nmax_age: 2592000\r\n";

/// The file of a case.
pub(super) fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/observations").join(format!("{name}.json"))
}

/// The observations of a case, made of the healthy ones.
pub(super) fn made(change: fn(&mut Value)) -> Value {
    let mut seen = serde_json::from_str(&std::fs::read_to_string(file("healthy")).unwrap()).unwrap();
    change(&mut seen);
    seen
}

#[test]
fn the_saved_files_are_those_made_of_the_healthy_one() {
    for (name, change) in CASES {
        let text = serde_json::to_string_pretty(&made(change)).unwrap() + "\n";
        if !file(name).exists() {
            std::fs::write(file(name), &text).unwrap();
        }
        let saved: Value = serde_json::from_str(&std::fs::read_to_string(file(name)).unwrap()).unwrap();
        assert_eq!(saved, made(change), "{name}: delete the file, and this test makes it anew");
    }
}

//----------- Changes -----------------------------------------------------

fn visit(seen: &mut Value) -> &mut Value {
    &mut seen["policy-host"]["visits"][0]
}

fn policy(seen: &mut Value, text: &str) {
    visit(seen)["body"] = json!(text);
}

fn session(seen: &mut Value) -> &mut Value {
    &mut seen["hosts"][0]["sessions"][0]
}

fn record(seen: &mut Value, texts: &Value) {
    seen["sts"]["txt"]["data"] = texts.clone();
    for server in seen["sts"]["servers"].as_array_mut().unwrap() {
        server["answer"]["data"] = texts.clone();
    }
}

fn no_name() -> Value {
    json!({ "status": "nx-domain", "dnssec": "secure", "ttl": 3600 })
}

fn absent(seen: &mut Value) {
    seen["sts"]["txt"] = no_name();
    for server in seen["sts"]["servers"].as_array_mut().unwrap() {
        server["answer"] = no_name();
    }
    seen["policy-host"]["addresses"] = json!({ "a": no_name(), "aaaa": no_name() });
    seen["policy-host"]["visits"] = json!([]);
    seen["policy-host"]["trials"] = json!([]);
}

fn host_expired(seen: &mut Value) {
    let ended = seen["at"].as_u64().unwrap() - 5 * 86_400;
    let tls = &mut visit(seen)["tls"];
    tls["fault"] = json!({ "fault": "expired" });
    tls["chain"][0]["not_after"] = json!(ended);
}

fn mx_uncovered(seen: &mut Value) {
    let mut other = seen["hosts"][0].clone();
    let text = other.to_string().replace("mx.example.com", "mx2.example.net");
    other = serde_json::from_str(&text).unwrap();
    seen["hosts"].as_array_mut().unwrap().push(other);
    let more = json!({ "preference": 20, "exchange": "mx2.example.net" });
    seen["mx"]["mx"]["data"].as_array_mut().unwrap().push(more.clone());
    for server in seen["mx"]["servers"].as_array_mut().unwrap() {
        server["answer"]["data"].as_array_mut().unwrap().push(more.clone());
    }
}

fn mx_self_signed(seen: &mut Value) {
    let session = session(seen);
    session["outcome"] = json!({ "outcome": "certificate", "fault": "untrusted-issuer" });
    session["tls"]["fault"] = json!({ "fault": "untrusted-issuer" });
    let leaf = &mut session["tls"]["chain"][0];
    leaf["issuer"] = leaf["subject"].clone();
    leaf["self-issued"] = json!(true);
    leaf["issuer-urls"] = json!([]);
    session["tls"]["chain"].as_array_mut().unwrap().truncate(1);
}

fn no_starttls(seen: &mut Value) {
    let session = session(seen);
    session["outcome"] = json!({ "outcome": "no-starttls" });
    session["extensions"] = json!(["PIPELINING", "8BITMIME"]);
    session["tls"] = Value::Null;
    seen["hosts"][0]["trials"] = json!([]);
    seen["mx"]["named"] = json!([]);
}

fn dane_mismatch(seen: &mut Value) {
    let records = json!([format!("3 1 1 {}", "ab".repeat(32))]);
    seen["hosts"][0]["tlsa"][0][1] = json!({ "status": "found", "data": records, "dnssec": "secure", "ttl": 3600 });
}

fn servfail(seen: &mut Value) {
    let failed = json!({ "status": "failed", "kind": "servfail", "detail": "" });
    seen["sts"]["txt"] = failed.clone();
    for server in seen["sts"]["servers"].as_array_mut().unwrap() {
        server["answer"] = failed.clone();
    }
}

fn no_reports(seen: &mut Value) {
    seen["tlsrpt"]["record"]["txt"] = no_name();
    for server in seen["tlsrpt"]["record"]["servers"].as_array_mut().unwrap() {
        server["answer"] = no_name();
    }
    seen["tlsrpt"]["destinations"] = json!([]);
}
