//! Where every part measures: namespaces of its own with a resolver, a folder, and the cores shared out.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::process::Process;
use super::{Programs, Size};
use crate::Result;
use crate::run::command;

/// The ground the parts share.
pub(super) struct World<'a> {
    pub(super) programs: &'a Programs,
    pub(super) size: Size,
    /// Everything written while measuring.
    pub(super) folder: PathBuf,
    pub(super) server_core: usize,
    pub(super) load_core: usize,
}

impl<'a> World<'a> {
    /// Made once, inside the namespaces.
    pub(super) fn new(programs: &'a Programs, size: Size) -> Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let folder = std::env::temp_dir().join(format!("strictmx-bench-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
        let world = Self { programs, size, folder, server_core: 0, load_core: cores - 1 };
        command(Command::new("ip").args(["link", "set", "lo", "up"]))?;
        world.own_resolver()?;
        Ok(world)
    }

    /// The peers read the system's resolver: give this mount namespace one of its own.
    fn own_resolver(&self) -> Result<()> {
        let file = self.folder.join("resolv.conf");
        crate::write(&file, "nameserver 127.0.0.1\n")?;
        let system = fs::canonicalize("/etc/resolv.conf").unwrap_or_else(|_| PathBuf::from("/etc/resolv.conf"));
        command(Command::new("mount").arg("--bind").arg(file).arg(system)).map(drop)
    }

    /// The domains to look up; those of `sets` (`PREFIX:COUNT`) with certificates made ahead.
    pub(super) fn farm(&self, sets: &[String]) -> Result<Process> {
        let (ca, log) = (self.folder.join("ca.pem"), self.folder.join("farm.log"));
        let mut arguments = vec!["farm", ca.to_str().unwrap_or_default()];
        arguments.extend(sets.iter().map(String::as_str));
        let farm = Process::start(self.load_core, &self.programs.tool, &arguments, &log)?;
        until(60, || fs::read_to_string(&log).is_ok_and(|words| words.contains("ready")).then_some(()), "the domains")?;
        Ok(farm)
    }

    /// Writes a configuration and comes back with its path.
    pub(super) fn config(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.folder.join(format!("{name}.toml"));
        crate::write(&path, text)?;
        Ok(path)
    }
}

impl Drop for World<'_> {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            eprintln!("cannot remove {}: {error}", self.folder.display());
        }
    }
}

/// The middle one; 0 of none.
pub(super) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// Polls every millisecond.
pub(super) fn until<T>(seconds: u64, mut done: impl FnMut() -> Option<T>, what: &str) -> Result<T> {
    let end = Instant::now() + Duration::from_secs(seconds);
    loop {
        if let Some(value) = done() {
            return Ok(value);
        }
        if Instant::now() > end {
            return Err(format!("{what} is not ready after {seconds} s"));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The answer to a GET, head and all; `None`: there is none.
pub(super) fn get(address: &str, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

/// Processor, cores and kernel of this machine, for the page.
pub(super) fn machine() -> String {
    let text = |path: &str| fs::read_to_string(Path::new(path)).unwrap_or_default();
    let cpuinfo = text("/proc/cpuinfo");
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let kernel = text("/proc/sys/kernel/osrelease");
    format!("{}, {cores} cores, Linux {}", model.trim_start_matches(['\t', ' ', ':']).trim(), kernel.trim())
}
