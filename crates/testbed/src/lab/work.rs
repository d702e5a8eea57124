//! The lab's own folder: a file system in memory that vanishes with the namespace.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// The folder.
pub(super) struct Work {
    root: PathBuf,
}

impl Work {
    /// Mounts a fresh file system in memory; others outside this namespace never see it.
    pub(super) fn mount() -> Self {
        let root = PathBuf::from("/run/strictmx-lab");
        fs::create_dir_all(&root).expect("a folder under /run (the lab needs root)");
        run(Command::new("mount").args(["-t", "tmpfs", "-o", "mode=755", "strictmx-lab"]).arg(&root));
        Self { root }
    }

    /// A path inside.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// A folder inside, made if it is not there.
    pub(super) fn folder(&self, name: &str) -> PathBuf {
        let folder = self.path(name);
        fs::create_dir_all(&folder).expect("a folder in the lab");
        folder
    }
}

/// Runs to the end; panics with all it said unless it succeeded.
pub(super) fn run(command: &mut Command) -> String {
    let output = output(command);
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed ({}):\n{stdout}{stderr}", output.status);
    stdout
}

/// Runs to the end, whatever comes of it.
pub(super) fn output(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"))
}

/// Starts a daemon in the foreground, its words going to `log`.
pub(super) fn daemon(command: &mut Command, log: &Path) -> Child {
    let file = fs::File::create(log).expect("a log file");
    command.stdin(Stdio::null()).stdout(file.try_clone().expect("a log file")).stderr(file);
    command.spawn().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"))
}

/// Polls until `done` gives something, at most for `seconds`.
pub(super) fn wait<T>(seconds: u64, mut done: impl FnMut() -> Option<T>) -> Option<T> {
    let end = std::time::Instant::now() + std::time::Duration::from_secs(seconds);
    loop {
        if let Some(value) = done() {
            return Some(value);
        }
        if std::time::Instant::now() > end {
            return None;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}
