//! Runs `spec/scenarios/*.md` against the pure engine: look-ups, refreshes and plans of days and weeks, in milliseconds.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "tests"
)]

mod scenario;

use std::{fs, path::Path};

use scenario::run;

#[test]
fn every_scenario_file_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/scenarios");
    let mut files: Vec<_> = fs::read_dir(&folder)
        .expect("spec/scenarios is there")
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
        .collect();
    files.sort();
    assert!(files.len() >= 8, "only {} scenario files", files.len());
    let mut wrong = Vec::new();
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy();
        match run(&text) {
            Ok(0) => wrong.push(format!("{name}: nothing is expected in it")),
            Ok(_) => {}
            Err(errors) => wrong.extend(errors.into_iter().map(|error| format!("{name}: {error}"))),
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

fn scenario(lines: &str) -> Result<usize, Vec<String>> {
    run(&format!("# Title\n\n## A scenario\n\nProse.\n\n```scenario\n{lines}\n```\n"))
}

const FOUND: &str = "at 0 txt v=STSv1; id=a (ttl 300)\nat 0 policy enforce mx=mail.example.com max_age=604800\n";

#[test]
fn the_runner_accepts_what_is_right() {
    assert_eq!(scenario(&format!("{FOUND}at 0 ask → enforce mail.example.com; txt 1; fetch 1")), Ok(3));
}

#[test]
fn the_runner_fails_on_a_wrong_verdict_and_names_the_line() {
    let errors = scenario(&format!("{FOUND}at 0 ask → no policy (no-record)")).unwrap_err();
    assert_eq!(
        errors,
        ["line 10 (A scenario): verdict: expected \"no policy (no-record)\", got \"enforce mail.example.com\""]
    );
}

#[test]
fn the_runner_fails_on_a_wrong_count_or_event_or_plan() {
    for (line, what) in [
        ("at 0 ask → fetch 2", "fetch: expected \"2\", got \"1\""),
        ("at 0 ask → events changed", "events: expected \"changed\", got \"found\""),
        ("at 0 ask → no events", "events: expected \"\", got \"found\""),
        ("at 0 ask → expires 8d", "expires: expected \"691200\", got \"604800\""),
    ] {
        let errors = scenario(&format!("{FOUND}{line}")).unwrap_err();
        assert!(errors.len() == 1 && errors[0].ends_with(what), "{errors:?}");
    }
    let errors =
        scenario("at 0 mx 10 mail.example.com (signed)\nat 0 host mail.example.com tlsa\nat 0 ask\nat 0 plan → secure");
    assert!(errors.unwrap_err()[0].contains("expected \"secure\", got \"dane-only\""));
}

#[test]
fn the_runner_fails_on_what_it_does_not_understand() {
    for line in [
        "at 0 frobnicate",
        "ask",
        "at x ask",
        "at 0 ask → maybe",
        "at 0 policy sideways",
        "at 0 txt v=STSv1; id=a (tll 3)",
    ] {
        assert!(scenario(line).is_err(), "{line}");
    }
}

#[test]
fn the_runner_fails_when_time_runs_backwards() {
    assert!(scenario("at 5 ask\nat 4 ask").is_err());
}
