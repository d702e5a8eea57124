//! `--from`, `--resume`, `--save`: lists against a name server on loopback that knows of no record.
use std::{
    fs::{File, read_to_string, write},
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::Value;
use strictmx_testbed::dns::{Answer, Server};
use tempfile::TempDir;

use super::{check, check_with, command, stderr, stdout};

/// A folder whose config names a name server that denies every name.
fn world() -> (TempDir, Server) {
    let server = Server::start("127.0.0.1:0");
    server.otherwise(|_, _| Some(Answer::nx_domain()));
    let folder = tempfile::tempdir().unwrap();
    let config = format!("[dns]\nservers = [\"{}\"]\ndnssec = \"off\"\n", server.address());
    write(folder.path().join("strictmx.toml"), config).unwrap();
    (folder, server)
}

fn names(lines: &str) -> Vec<String> {
    let name = |line: &str| serde_json::from_str::<Value>(line).unwrap()["domain"].as_str().unwrap().to_owned();
    lines.lines().map(name).collect()
}

fn numbered(count: usize) -> String {
    (1..=count).map(|number| format!("{number},d{number}.example\n")).collect()
}

#[test]
fn every_line_of_a_list_gets_a_line() {
    let (folder, _server) = world();
    let list = "# top\n1,A.example.\n\nbad@x.example\nb\u{fc}cher.example\n";
    let output = check_with(folder.path(), &["--from", "-", "--format", "jsonl", "--only", "sts"], list);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let mut found = names(&stdout(&output));
    found.sort();
    assert_eq!(found, ["a.example", "bad@x.example", "xn--bcher-kva.example"]);
    let said = stderr(&output);
    assert!(said.contains("2 domains: 2 absent; ") && said.ends_with("; 1 line is no domain name\n"), "{said}");
    let text = stdout(&check_with(folder.path(), &["--from", "-"], list));
    assert!(text.contains("a.example  absent, at risk") && text.ends_with("1 line is no domain name\n"), "{text}");
    let json = stdout(&check_with(folder.path(), &["--from", "-", "--format", "json"], list));
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap()["domains"].as_array().unwrap().len(), 3);
}

#[test]
fn a_list_is_gone_on_with_where_it_stopped() {
    let (folder, server) = world();
    write(folder.path().join("list"), numbered(40)).unwrap();
    let args = ["--from", "list", "--only", "record", "--resume", "out.jsonl"];
    write(folder.path().join("out.jsonl"), "{\"domain\":\"d1.example\",\"state\":\"absent\"}\n{\"domain\":\"d2.exam")
        .unwrap();
    let output = check(folder.path(), &args);
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(0), ""), "{}", stderr(&output));
    assert!(stderr(&output).starts_with("1 domains are in out.jsonl already"), "{}", stderr(&output));
    let mut found = names(&read_to_string(folder.path().join("out.jsonl")).unwrap());
    found.sort();
    let mut all: Vec<String> = (1..=40).map(|number| format!("d{number}.example")).collect();
    all.sort();
    assert_eq!(found, all);
    assert_eq!((server.asked("_mta-sts.d1.example", "TXT"), server.asked("_mta-sts.d2.example", "TXT")), (0, 1));
    server.reset_counters();
    assert_eq!(check(folder.path(), &args).status.code(), Some(0));
    assert_eq!(server.total(), 0);
}

#[tokio::test]
async fn ctrl_c_finishes_what_is_under_way_and_says_how_to_go_on() {
    let (folder, server) = world();
    server.otherwise(|_, _| Some(Answer::nx_domain().delayed(Duration::from_millis(100))));
    write(folder.path().join("list"), numbered(400)).unwrap();
    let args = ["--from", "list", "--only", "record", "--concurrency", "4", "--resume", "out.jsonl"];
    let child = command(folder.path(), &args).stderr(Stdio::piped()).spawn().unwrap();
    let out = folder.path().join("out.jsonl");
    while std::fs::metadata(&out).map_or(0, |file| file.len()) < 500 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("--resume"), "{}", stderr(&output));
    let done = names(&read_to_string(&out).unwrap());
    assert!(done.len() < 400, "{}", done.len());
    server.otherwise(|_, _| Some(Answer::nx_domain()));
    assert_eq!(check(folder.path(), &args).status.code(), Some(0));
    let mut all = names(&read_to_string(&out).unwrap());
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 400);
}

#[test]
fn a_reader_that_goes_away_and_a_full_disk_end_a_list_with_a_sentence() {
    let (folder, _server) = world();
    write(folder.path().join("list"), numbered(5000)).unwrap();
    let args = ["--from", "list", "--only", "record", "--format", "jsonl"];
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = command(folder.path(), &args).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(70));
    assert!(stderr(&output).contains("cannot write to stdout"), "{}", stderr(&output));
    let line = format!("{} check {} | head -n 1", env!("CARGO_BIN_EXE_strictmx"), args.join(" "));
    let output = Command::new("bash").args(["-c", &line]).current_dir(folder.path()).output().unwrap();
    assert_eq!(stdout(&output).lines().count(), 1);
    assert!(stderr(&output).contains("nobody reads the output"), "{}", stderr(&output));
    assert!(!stderr(&output).contains("panicked"), "{}", stderr(&output));
}

#[test]
fn what_was_saved_is_judged_again_to_the_same_octets() {
    let (folder, server) = world();
    server.txt("_mta-sts.a.example", "v=STSv1; id=1");
    let run = |args: &[&str]| stdout(&check(folder.path(), args));
    let now = run(&["a.example", "--format", "json", "--save", "one.json"]);
    assert_eq!(now, run(&["--replay", "one.json", "--format", "json"]));
    assert!(now.starts_with("{\n  \"domain\": \"a.example\""), "{now}");
    let now = run(&["a.example", "b.example", "--format", "json", "--save", "two.jsonl"]);
    assert_eq!(now, run(&["--replay", "two.jsonl", "--format", "json"]));
    let saved = read_to_string(folder.path().join("two.jsonl")).unwrap();
    assert_eq!(saved.lines().count(), 2);
    let piped = check_with(folder.path(), &["--replay", "-", "--format", "json"], &saved);
    assert_eq!(now, stdout(&piped));
}

#[test]
fn domains_of_the_command_line_are_told_in_the_order_asked() {
    let (folder, server) = world();
    server.put("_mta-sts.slow.example", "TXT", Answer::nx_domain().delayed(Duration::from_millis(400)));
    let asked = ["slow.example", "b.example", "c.example"];
    let text = stdout(&check(folder.path(), &asked));
    let at = |name: &str| text.find(name).unwrap();
    assert!(at("slow.example") < at("b.example") && at("b.example") < at("c.example"), "{text}");
}

#[test]
fn a_name_server_that_fails_is_no_verdict() {
    let (folder, server) = world();
    server.otherwise(|_, _| Some(Answer::servfail()));
    let output = check(folder.path(), &["a.example", "--only", "sts"]);
    assert_eq!(output.status.code(), Some(2), "{}", stdout(&output));
    assert!(stdout(&output).starts_with("a.example  could not look"), "{}", stdout(&output));
}

#[test]
fn a_file_that_is_no_output_is_not_appended_to() {
    let (folder, _server) = world();
    write(folder.path().join("list"), "a.example\n").unwrap();
    write(folder.path().join("notes"), "my notes\n").unwrap();
    let output = check(folder.path(), &["--from", "list", "--resume", "notes"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("notes:1:"), "{}", stderr(&output));
    assert_eq!(read_to_string(folder.path().join("notes")).unwrap(), "my notes\n");
}
