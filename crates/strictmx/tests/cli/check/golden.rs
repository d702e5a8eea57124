//! Goldens of the typical domains: text, text with `-v`, JSON, SARIF; and the schema held to all of it.
use serde_json::Value;

use super::{
    cases::{CASES, file},
    check, stderr, stdout,
};

fn replayed(name: &str, more: &[&str]) -> String {
    let path = file(name);
    let mut args = vec!["--replay", path.to_str().unwrap()];
    args.extend(more);
    let output = check(path.parent().unwrap(), &args);
    assert!(stderr(&output).is_empty(), "{name}: {}", stderr(&output));
    stdout(&output)
}

#[test]
fn typical_domains_in_text() {
    for (name, _) in CASES {
        insta::assert_snapshot!(format!("check-{name}"), replayed(name, &[]));
    }
}

#[test]
fn the_whole_story_in_text() {
    for name in ["healthy", "mx-uncovered", "senders-disagree"] {
        insta::assert_snapshot!(format!("check-{name}-full"), replayed(name, &["-v"]));
    }
}

#[test]
fn typical_domains_in_json() {
    for (name, _) in CASES {
        insta::assert_snapshot!(format!("check-{name}-json"), replayed(name, &["--format", "json"]));
    }
}

#[test]
fn a_sarif_log_has_every_rule_and_the_results() {
    for name in ["healthy", "mx-uncovered", "servfail"] {
        let mut log: Value = serde_json::from_str(&replayed(name, &["--format", "sarif"])).unwrap();
        let run = &mut log["runs"][0];
        let rules = run["tool"]["driver"]["rules"].take();
        for result in run["results"].as_array_mut().unwrap() {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[index]["id"], result["ruleId"], "{name}");
            // It moves with every check that is added before it.
            result.as_object_mut().unwrap().remove("ruleIndex");
        }
        assert_eq!(run["invocations"][0]["executionSuccessful"], name != "servfail", "{name}");
        insta::assert_snapshot!(format!("check-{name}-sarif"), serde_json::to_string_pretty(&run["results"]).unwrap());
    }
}

#[test]
fn exit_codes_say_what_was_found() {
    for (name, code) in [("healthy", 0), ("absent", 0), ("mx-uncovered", 1), ("two-records", 1), ("servfail", 2)] {
        let path = file(name);
        let output = check(path.parent().unwrap(), &["--replay", path.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(code), "{name}: {}", stdout(&output));
    }
}

#[test]
fn every_json_output_holds_to_the_published_schema() {
    let schema: Value =
        serde_json::from_str(&stdout(&check(file("healthy").parent().unwrap(), &["--schema"]))).unwrap();
    let mut compiler = boon::Compiler::new();
    compiler.add_resource("check.json", schema).unwrap();
    let mut schemas = boon::Schemas::new();
    let index = compiler.compile("check.json", &mut schemas).unwrap();
    let valid = |text: &str| {
        let value: Value = serde_json::from_str(text).unwrap();
        schemas.validate(&value, index).map_err(|error| format!("{error}\n{text}")).unwrap();
    };
    let mut several = String::new();
    for (name, _) in CASES {
        valid(&replayed(name, &["--format", "json"]));
        valid(&replayed(name, &["--format", "json", "-v"]));
        valid(&replayed(name, &["--format", "jsonl", "--only", "sts"]));
        let one: Value = serde_json::from_str(&std::fs::read_to_string(file(name)).unwrap()).unwrap();
        several.push_str(&format!("{one}\n"));
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("several.jsonl"), several).unwrap();
    let all = stdout(&check(folder.path(), &["--replay", "several.jsonl", "--format", "json"]));
    valid(&all);
    assert_eq!(serde_json::from_str::<Value>(&all).unwrap()["domains"].as_array().unwrap().len(), CASES.len());
    for line in stdout(&check(folder.path(), &["--replay", "several.jsonl", "--format", "jsonl"])).lines() {
        valid(line);
    }
    valid(r#"{"domain":"x@y","error":"no"}"#);
}

#[test]
fn several_domains_in_text_are_a_line_each_with_their_errors() {
    let folder = tempfile::tempdir().unwrap();
    let several: String = ["healthy", "mx-uncovered", "servfail", "absent"]
        .iter()
        .map(|name| std::fs::read_to_string(file(name)).unwrap())
        .collect();
    std::fs::write(folder.path().join("several"), several).unwrap();
    insta::assert_snapshot!("check-several", stdout(&check(folder.path(), &["--replay", "several"])));
}
