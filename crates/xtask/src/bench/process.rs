//! Child processes on chosen cores, their processor time and memory.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Result;

/// Ticks a second in `/proc/<pid>/stat` (`USER_HZ`, 100 on every Linux that matters here).
const TICKS: f64 = 100.0;

/// A running program; killed when dropped.
pub(super) struct Process {
    child: Child,
}

impl Process {
    /// Starts a program on one core, its words going to `log`.
    pub(super) fn start(core: usize, program: &Path, arguments: &[&str], log: &Path) -> Result<Self> {
        Self::spawn(pinned(core, program), program, arguments, log)
    }

    /// Starts a program that has all cores.
    pub(super) fn on_all_cores(program: &Path, arguments: &[&str], log: &Path) -> Result<Self> {
        Self::spawn(Command::new(program), program, arguments, log)
    }

    fn spawn(mut command: Command, program: &Path, arguments: &[&str], log: &Path) -> Result<Self> {
        let file = File::create(log).map_err(|error| format!("cannot write {}: {error}", log.display()))?;
        let errors = file.try_clone().map_err(|error| format!("cannot write {}: {error}", log.display()))?;
        command.args(arguments).stdin(Stdio::null()).stdout(file).stderr(errors);
        if let Some(folder) = log.parent() {
            command.env("SSL_CERT_FILE", folder.join("ca.pem"));
        }
        let child = command.spawn().map_err(|error| format!("cannot start {}: {error}", program.display()))?;
        Ok(Self { child })
    }

    /// Processor time used so far, in seconds.
    pub(super) fn processor_seconds(&self) -> Result<f64> {
        Ok(ticks(&proc(self.child.id(), "stat")?, [11, 12]))
    }

    /// Resident memory in MiB.
    pub(super) fn resident_mib(&self) -> Result<f64> {
        Ok(mib(&proc(self.child.id(), "status")?, "VmRSS:"))
    }

    /// The most memory it had so far, in MiB.
    pub(super) fn peak_mib(&self) -> f64 {
        peak_mib(self.child.id())
    }

    /// Sends a signal (`TERM`).
    pub(super) fn signal(&self, name: &str) -> Result<()> {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        sent.map(drop).map_err(|error| format!("cannot run kill: {error}"))
    }

    /// SIGTERM, and waits for the end.
    pub(super) fn terminate(mut self) -> Result<()> {
        self.signal("TERM")?;
        let end = Instant::now() + Duration::from_secs(60);
        while Instant::now() < end {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err("the server still runs a minute after SIGTERM".to_owned())
    }
}

/// The most memory a process had so far, in MiB; 0 when it has ended.
pub(super) fn peak_mib(pid: u32) -> f64 {
    proc(pid, "status").map_or(0.0, |status| mib(&status, "VmHWM:"))
}

/// Processor time of all programs started here that have ended, and of theirs, in seconds.
pub(super) fn processor_of_the_ended() -> Result<f64> {
    Ok(ticks(&proc(std::process::id(), "stat")?, [13, 14]))
}

/// The sum of two fields of `/proc/<pid>/stat`, counted from the state, in seconds.
fn ticks(stat: &str, fields: [usize; 2]) -> f64 {
    let all: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| all.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    fields.into_iter().map(ticks).sum::<f64>() / TICKS
}

/// A line of `/proc/<pid>/status`, in MiB.
fn mib(status: &str, name: &str) -> f64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse().unwrap_or(0.0);
    kib / 1024.0
}

fn proc(pid: u32, file: &str) -> Result<String> {
    let path = format!("/proc/{pid}/{file}");
    fs::read_to_string(&path).map_err(|error| format!("cannot read {path}: {error}"))
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.child.kill().is_ok() {
            let _status = self.child.wait();
        }
    }
}

/// A command bound to one core.
pub(super) fn pinned(core: usize, program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", &core.to_string()]).arg(program);
    command
}
