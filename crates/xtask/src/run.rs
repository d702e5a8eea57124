//! Stages: commands run one after the other, their words kept, their tests counted.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often a long stage says that it still runs.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// What became of all stages so far.
#[derive(Default)]
pub(crate) struct Report {
    lines: Vec<String>,
    passed: usize,
    failed: usize,
}

/// What a stage gives back: its words, or its words as a fault.
pub(crate) type Outcome = Result<String, String>;

impl Report {
    /// Runs one stage and says how it went. A stage whose words hold test results counts those, any other counts
    /// as one. The words of a stage that fails are printed whole.
    pub(crate) fn stage(&mut self, name: &str, work: impl FnOnce() -> Outcome) -> bool {
        println!("==> {name}");
        let start = Instant::now();
        let outcome = work();
        let seconds = start.elapsed().as_secs_f32();
        let good = outcome.is_ok();
        let words = outcome.unwrap_or_else(|words| words);
        let (passed, failed, left_out) = tests(&words);
        // A stage that fails without a failing test (it did not build, a daemon was missing) is a failure of its own.
        let (passed, failed) = match (good, passed + failed) {
            (true, 0) => (1, 0),
            (false, _) => (passed, failed.max(1)),
            (true, _) => (passed, failed),
        };
        if !good {
            println!("{}", words.trim_end());
        }
        let verdict = if good { "ok" } else { "FAILED" };
        let put_off =
            if left_out > 0 { format!(", {left_out} left to a later stage or marked ignored") } else { String::new() };
        let line = format!("{name:<28} {verdict:<6} {seconds:>7.1} s  {passed} passed, {failed} failed{put_off}");
        println!("    {line}");
        self.lines.push(line);
        self.passed += passed;
        self.failed += failed;
        good
    }

    /// The summary; its last line is `N passed, N failed`.
    pub(crate) fn summary(&self) -> (String, bool) {
        let total = format!("{} passed, {} failed", self.passed, self.failed);
        (format!("\n{}\n{total}", self.lines.join("\n")), self.failed == 0)
    }
}

/// Sums the `test result:` lines: passed, failed, ignored.
fn tests(words: &str) -> (usize, usize, usize) {
    let mut sums = (0, 0, 0);
    for line in words.lines().filter(|line| line.starts_with("test result: ")) {
        let count = |word: &str| {
            let part = line.split(['.', ';']).map(str::trim).find(|part| part.ends_with(word));
            part.and_then(|part| part.split(' ').next()?.parse::<usize>().ok()).unwrap_or(0)
        };
        sums = (sums.0 + count(" passed"), sums.1 + count(" failed"), sums.2 + count(" ignored"));
    }
    sums
}

/// Runs to the end, keeping standard output and error in the order they came.
pub(crate) fn command(command: &mut Command) -> Outcome {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("cannot run {}: {error}", shown(command)))?;
    let words = Arc::new(Mutex::new(String::new()));
    let readers = [
        child.stdout.take().map(|pipe| collect(pipe, words.clone())),
        child.stderr.take().map(|pipe| collect(pipe, words.clone())),
    ];
    let start = Instant::now();
    let mut next = HEARTBEAT;
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break Ok(status),
            Ok(None) => std::thread::sleep(Duration::from_millis(50)),
            Err(error) => break Err(error),
        }
        if start.elapsed() > next {
            println!("    … still running after {} s", next.as_secs());
            next += HEARTBEAT;
        }
    };
    for reader in readers.into_iter().flatten() {
        if reader.join().is_err() {
            return Err(format!("the words of {} were lost", shown(command)));
        }
    }
    let words = words.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match status {
        Ok(status) if status.success() => Ok(words),
        Ok(status) => Err(format!("{words}\n{} ended with {status}", shown(command))),
        Err(error) => Err(format!("{words}\n{}: {error}", shown(command))),
    }
}

fn collect(pipe: impl Read + Send + 'static, words: Arc<Mutex<String>>) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        let mut line = Vec::new();
        while matches!(pipe.read_until(b'\n', &mut line), Ok(read) if read > 0) {
            words.lock().unwrap_or_else(PoisonError::into_inner).push_str(&String::from_utf8_lossy(&line));
            line.clear();
        }
    })
}

/// A command as one would type it.
fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// The cargo that runs us.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // Goldens are compared, never written.
    command.current_dir(crate::root()).env("INSTA_UPDATE", "no");
    if std::env::var_os("CI").is_some() {
        // Nothing is built a second time there, and what is kept for that is half of what stands on the disk.
        command.env("CARGO_INCREMENTAL", "0");
    }
    command
}

#[cfg(test)]
mod tests {
    use super::tests;

    #[test]
    fn test_results_are_summed_over_all_binaries() {
        let words = "test result: ok. 3 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.1s\n\
                     other\ntest result: FAILED. 1 passed; 4 failed; 0 ignored; 0 measured; 0 filtered out\n";
        assert_eq!(tests(words), (4, 4, 2));
    }
}
