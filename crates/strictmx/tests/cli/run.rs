//! The binary itself: exit codes, streams, where the config is looked for.

use std::path::Path;
use std::process::{Command, Output};

fn strictmx(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_strictmx"))
        .args(args)
        .current_dir(folder)
        .env_remove("STRICTMX_CONFIG")
        .env_remove("JOURNAL_STREAM")
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn exit_codes_are_those_of_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("bad.toml"), "[policyd]\nlisen = 1\n").unwrap();
    std::fs::write(folder.path().join("good.toml"), "[policyd]\n").unwrap();
    for (code, args) in [
        (0, &["--help"][..]),
        (0, &["--version"]),
        (0, &["cache", "--help"]),
        (0, &["config", "default"]),
        (0, &["config", "check", "--config", "good.toml"]),
        (0, &["completions", "bash"]),
        (0, &["man"]),
        (64, &[]),
        (64, &["cache"]),
        (64, &["frobnicate"]),
        (64, &["serve", "--frobnicate"]),
        (64, &["explain"]),
        (64, &["explain", "example.com", "--map", "exim"]),
        (64, &["cache", "purge"]),
        (64, &["cache", "purge", "--all", "example.com"]),
        (64, &["--log", "xml", "serve"]),
        (78, &["config", "check", "--config", "bad.toml"]),
        (78, &["config", "print", "--config", "bad.toml"]),
        (78, &["config", "check", "--config", "none.toml"]),
        (78, &["config", "check", "--config", "."]),
        (78, &["serve", "--config", "bad.toml"]),
        (78, &["explain", "example.com", "--config", "bad.toml"]),
        (78, &["cache", "list", "--config", "bad.toml"]),
    ] {
        let output = strictmx(folder.path(), args);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", stderr(&output));
    }
}

#[test]
fn errors_go_to_stderr_and_results_to_stdout_without_colours_for_a_pipe() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("strictmx.toml"), "[policyd]\nlisen = 1\n").unwrap();
    let output = strictmx(folder.path(), &["config", "check"]);
    assert_eq!(stdout(&output), "");
    let said = stderr(&output);
    assert!(said.contains("strictmx.toml:2:1"), "{said}");
    assert!(said.contains("did you mean `listen`?"), "{said}");
    assert!(!said.contains('\u{1b}'), "{said:?}");
}

#[test]
fn the_config_is_looked_for_where_the_contract_says() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let url = |output: &Output| stdout(output).lines().find(|l| l.starts_with("url")).unwrap_or_default().to_owned();
    let with = |name: &str| format!("[store]\nurl = \"sqlite:///{name}.db\"\n");
    if !Path::new("/etc/strictmx/strictmx.toml").exists() {
        let tryout = strictmx(here, &["config", "print"]);
        assert_eq!(url(&tryout), "url = \"sqlite://./strictmx-data/strictmx.db\"");
    }
    std::fs::write(here.join("strictmx.toml"), with("here")).unwrap();
    std::fs::write(here.join("named.toml"), with("named")).unwrap();
    std::fs::write(here.join("environment.toml"), with("environment")).unwrap();
    assert_eq!(url(&strictmx(here, &["config", "print"])), "url = \"sqlite:///here.db\"");
    let environment = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_strictmx"));
        command.args(args).current_dir(here).env("STRICTMX_CONFIG", "environment.toml").output().unwrap()
    };
    assert_eq!(url(&environment(&["config", "print"])), "url = \"sqlite:///environment.db\"");
    assert_eq!(url(&environment(&["config", "print", "-c", "named.toml"])), "url = \"sqlite:///named.db\"");
}

#[test]
fn a_file_that_is_no_config_is_a_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("strictmx.toml");
    for (content, word) in [
        (vec![b'#'; 1024 * 1024 + 1], "1 MiB"),
        (b"# a\n# b\n\xff".to_vec(), "line 3 is not UTF-8"),
        (vec![0; 100], "this is not TOML"),
        (b"\x7fELF\x02\x01\x01".to_vec(), "this is not TOML"),
    ] {
        std::fs::write(&file, content).unwrap();
        let output = strictmx(folder.path(), &["config", "check"]);
        assert_eq!(output.status.code(), Some(78));
        assert!(stderr(&output).contains(word), "{word}: {}", stderr(&output));
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!("{} config default | head -n 1; exit ${{PIPESTATUS[0]}}", env!("CARGO_BIN_EXE_strictmx"));
    let output = Command::new("bash").args(["-c", &script]).current_dir(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn warnings_are_shown_and_the_config_is_good_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let config = "[[policyd.override]]\ndomain = \"example.com\"\nanswer = \"off\"\nuntil = \"2020-01-01\"\n";
    std::fs::write(folder.path().join("strictmx.toml"), config).unwrap();
    let output = strictmx(folder.path(), &["config", "check"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(stdout(&output), "./strictmx.toml: good, one warning\n");
    assert!(stderr(&output).contains("the override for example.com has expired"));
}
