//! `strictmx check`: what it prints of typical domains, judged from saved observations, and how it reads and writes lists.
mod cases;
mod files;
mod golden;
mod lists;
mod policy_file;
mod watch;

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Output, Stdio},
};

/// Runs `strictmx check`.
fn check(folder: &Path, args: &[&str]) -> Output {
    command(folder, args).output().unwrap()
}

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_strictmx"));
    command.arg("check").args(args).current_dir(folder).env_remove("STRICTMX_CONFIG").env_remove("JOURNAL_STREAM");
    command
}

/// Runs it with this on standard input.
fn check_with(folder: &Path, args: &[&str], input: &str) -> Output {
    let mut child =
        command(folder, args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}
