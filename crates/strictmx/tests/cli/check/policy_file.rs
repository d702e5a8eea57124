//! `--policy-file`: a policy that is not published yet, for people and CI.
use serde_json::Value;

use super::{check, check_with, stderr, stdout};

const POLICY: &str = "version: STSv1\r\nmode: enforce\r\nmx: mx1.example.com\r\nmax_age: 604800\r\n";

#[test]
fn a_good_policy_passes_and_asks_nobody() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mta-sts.txt"), POLICY).unwrap();
    // A config that cannot be read would end anything that needs it.
    std::fs::write(folder.path().join("strictmx.toml"), "nonsense").unwrap();
    let args = ["--policy-file", "mta-sts.txt", "--mx", "mx1.example.com", "--txt", "v=STSv1; id=20261122;"];
    let output = check(folder.path(), &args);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).starts_with("example.com  enforce, healthy"), "{}", stdout(&output));
    let named = check(folder.path(), &[&args[..], &["example.org"]].concat());
    assert!(stdout(&named).starts_with("example.org  enforce"), "{}", stdout(&named));
}

#[test]
fn a_host_that_is_not_covered_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["--policy-file", "-", "--mx", "mx1.example.com,mx2.example.com", "--format", "json"];
    let output = check_with(folder.path(), &args, POLICY);
    assert_eq!(output.status.code(), Some(1), "{}{}", stdout(&output), stderr(&output));
    let verdict: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let found = verdict["findings"].as_array().unwrap();
    let one = found.iter().find(|found| found["id"] == "sts.policy.mx-uncovered").unwrap();
    assert_eq!(one["severity"], "error");
    assert!(one["publish"].as_str().unwrap().contains("mx2.example.com"), "{one}");
}

#[test]
fn a_sarif_log_points_at_the_line_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("my policy.txt"), POLICY.replace("max_age", "max-age")).unwrap();
    let output = check(folder.path(), &["--policy-file", "my policy.txt", "--format", "sarif"]);
    assert_eq!(output.status.code(), Some(1), "{}{}", stdout(&output), stderr(&output));
    let log: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let place = |result: &Value| result["locations"][0]["physicalLocation"].clone();
    let near_miss = results.iter().find(|result| result["ruleId"] == "sts.policy.near-miss-key").unwrap();
    assert_eq!(place(near_miss)["region"]["startLine"], 4, "{near_miss}");
    assert!(results.iter().all(|result| place(result)["artifactLocation"]["uri"] == "my%20policy.txt"));
}

#[test]
fn a_file_that_is_far_too_long_is_judged_by_its_beginning() {
    let folder = tempfile::tempdir().unwrap();
    let long = format!("{POLICY}{}", "mx: another.example.com\r\n".repeat(200_000));
    std::fs::write(folder.path().join("long.txt"), long).unwrap();
    let output = check(folder.path(), &["--policy-file", "long.txt", "--mx", "mx1.example.com"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).len() < 100_000);
}

#[test]
fn nothing_in_a_policy_can_steer_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("evil.txt"),
        "version: STSv1\x1b[2J\r\nmode: \u{202e}enforce\x07\r\n\x1b]0;x\x07: y\n",
    )
    .unwrap();
    let output = check(folder.path(), &["--policy-file", "evil.txt", "-v"]);
    let text = stdout(&output);
    assert!(!text.contains(['\x1b', '\x07', '\u{202e}']), "{text:?}");
}
