//! `--replay`, `--stats`, `--list`, `--schema`: files in, files out.
use serde_json::Value;

use super::{
    cases::{CASES, file},
    check, check_with, stderr, stdout,
};

#[test]
fn a_file_of_another_version_is_refused_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(file("healthy")).unwrap().replace("\"format\": 1", "\"format\": 2");
    std::fs::write(folder.path().join("seen.json"), text).unwrap();
    let output = check(folder.path(), &["--replay", "seen.json"]);
    assert_eq!(output.status.code(), Some(2));
    let said = stderr(&output);
    assert!(said.contains("format 2") && said.contains("reads format 1"), "{said}");
    std::fs::write(folder.path().join("seen.json"), "\n").unwrap();
    let output = check(folder.path(), &["--replay", "seen.json"]);
    assert!(stderr(&output).contains("no observations"), "{}", stderr(&output));
}

#[test]
fn the_causes_of_a_list_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let mut lines = String::new();
    for (name, _) in CASES {
        let path = file(name);
        lines.push_str(&stdout(&check(folder.path(), &["--replay", path.to_str().unwrap(), "--format", "jsonl"])));
    }
    lines.push_str("{\"domain\":\"x@y\",\"error\":\"no name\"}\n\n{\"domain\":\"torn.exam");
    std::fs::write(folder.path().join("out.jsonl"), lines).unwrap();
    let output = check(folder.path(), &["--stats", "out.jsonl"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(stderr(&output).contains("out.jsonl:18: the last line is torn"), "{}", stderr(&output));
    insta::assert_snapshot!("check-stats", stdout(&output));
    let json = check(folder.path(), &["--stats", "out.jsonl", "--format", "json"]);
    insta::assert_snapshot!("check-stats-json", stdout(&json));
    let told: Value = serde_json::from_str(&stdout(&json)).unwrap();
    let sum = |keys: &[&str]| keys.iter().map(|key| told[*key].as_u64().unwrap()).sum::<u64>();
    assert_eq!(sum(&["lines"]), sum(&["invalid", "unseen", "without-record", "with-record"]));
}

#[test]
fn statistics_of_something_else_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let output = check_with(folder.path(), &["--stats", "-"], "hello\nworld\n");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("-:1: this is no line"), "{}", stderr(&output));
}

#[test]
fn every_check_is_listed() {
    let folder = tempfile::tempdir().unwrap();
    let lines = stdout(&check(folder.path(), &["--list", "--format", "jsonl"]));
    let list: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(list.len() > 20, "{}", list.len());
    let text = stdout(&check(folder.path(), &["--list"]));
    let page = stdout(&check(folder.path(), &["--list", "-v"]));
    for entry in &list {
        let id = entry["id"].as_str().unwrap();
        assert!(text.contains(id) && page.contains(&format!("### `{id}`")), "{id}");
    }
    let some = stdout(&check(folder.path(), &["--list", "--only", "smtp", "--format", "json"]));
    let some: Vec<Value> = serde_json::from_str(&some).unwrap();
    assert!(some.iter().all(|entry| entry["family"] == "smtp"));
}

#[test]
fn what_makes_no_sense_together_is_a_usage_error() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("p.txt"), "version: STSv1\n").unwrap();
    for args in [
        &[][..],
        &["a..b"],
        &["localhost"],
        &["user@example.com"],
        &["example.com", "--from", "list"],
        &["example.com", "--replay", "x"],
        &["--from", "list", "--policy-file", "p.txt"],
        &["--from", "-", "--resume", "o", "--format", "text"],
        &["example.com", "--resume", "o"],
        &["example.com", "--thorough", "--quick"],
        &["example.com", "--only", "spf"],
        &["example.com", "--format", "xml"],
        &["example.com", "--mx", "mx.example.com"],
        &["example.com", "--change-at", "tomorrow"],
        &["example.com", "--expect-mx", "a..b"],
        &["example.com", "--port", "0"],
        &["example.com", "--concurrency", "0"],
        &["--policy-file", "p.txt", "--mx", "a..b"],
        &["--policy-file", "p.txt", "a.example", "b.example"],
        &["--list", "--schema"],
        &["--list", "--format", "sarif"],
    ] {
        let output = check(folder.path(), args);
        assert_eq!(output.status.code(), Some(64), "{args:?}: {}", stderr(&output));
        assert!(!stderr(&output).is_empty() && stdout(&output).is_empty(), "{args:?}");
    }
}

#[test]
fn files_that_are_not_there_are_named() {
    let folder = tempfile::tempdir().unwrap();
    for args in [
        &["--replay", "none.json"][..],
        &["--stats", "none.json"],
        &["--policy-file", "none.json"],
        &["--from", "none.json"],
        &["example.com", "--expect-policy", "none.json"],
    ] {
        let output = check(folder.path(), args);
        assert!(matches!(output.status.code(), Some(2 | 64)), "{args:?}");
        assert!(stderr(&output).contains("none.json"), "{args:?}: {}", stderr(&output));
    }
}
