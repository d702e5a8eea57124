//! tlsrpt-reporter as collector and as reporter.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::super::peer::REPORTER;
use super::super::process::Process;
use super::super::world::{World, until};
use super::{Composed, DOMAINS, RATE, Steady, same, since, tell};
use crate::Result;
use crate::run::command;

pub(super) const NAME: &str = REPORTER.name;
const SCRIPT: &str = include_str!("tlsrpt.py");
/// Until it has taken what the kernel's queue held, and has written it.
const SETTLE: Duration = Duration::from_secs(1);

pub(super) struct Theirs<'a> {
    pub(super) world: &'a World<'a>,
}

/// A collector that runs.
struct Collector {
    process: Process,
    config: PathBuf,
    socket: PathBuf,
    database: PathBuf,
}

impl Theirs<'_> {
    /// Datagrams at the steady rate.
    pub(super) fn steady(&self, name: &str, datagrams: usize) -> Result<Steady> {
        let collector = self.collector(name)?;
        let before = collector.process.processor_seconds()?;
        let told = tell(self.world, &collector.socket, DOMAINS, datagrams, RATE)?;
        let used = collector.process.processor_seconds()? - before;
        same(NAME, self.stopped(collector)?, told.sent - told.lost)?;
        Ok(Steady::of(&told, used))
    }

    /// Datagrams a second, as fast as they are taken; to its advantage without the writing at the end.
    pub(super) fn drained(&self, name: &str, datagrams: usize) -> Result<f64> {
        let collector = self.collector(name)?;
        let told = tell(self.world, &collector.socket, DOMAINS, datagrams, 0)?;
        same(NAME, self.stopped(collector)?, told.sent)?;
        Ok(told.sent as f64 / told.seconds)
    }

    /// Composes reports about so many domains.
    pub(super) fn composed(&self, domains: usize, datagrams: usize) -> Result<Composed> {
        let name = "composed-peer";
        let collector = self.collector(name)?;
        let told = tell(self.world, &collector.socket, domains, datagrams, 0)?;
        // Its own way to a finished day, there for trials: today's counts become yesterday's.
        std::thread::sleep(SETTLE);
        collector.process.signal("USR2")?;
        std::thread::sleep(SETTLE);
        let yesterday = PathBuf::from(format!("{}.yesterday", collector.database.display()));
        same(NAME, self.asked("counted", &yesterday)?, told.sent)?;
        let (log, database) = (self.file(name, "reportd.log"), self.file(name, "reportd.db"));
        let start = Instant::now();
        let program = REPORTER.bin("tlsrpt-reportd");
        let arguments = ["--config_file", collector.config.to_str().unwrap_or_default()];
        let reporter = Process::on_all_cores(&program, &arguments, &log)?;
        let done = || fs::read_to_string(&log).ok()?.contains("Send out reports").then(|| since(start));
        let seconds = until(3600, done, "the peer's last report")?;
        let peak = reporter.peak_mib();
        reporter.terminate()?;
        collector.process.terminate()?;
        same(NAME, self.asked("sessions", &database)?, told.sent)?;
        Ok(Composed { reports: self.asked("reports", &database)?, seconds, peak })
    }

    fn collector(&self, name: &str) -> Result<Collector> {
        let (socket, database) = (self.file(name, "sock"), self.file(name, "db"));
        let path = self.file(name, "cfg");
        let (folder, config) = (self.world.folder.display(), path.display());
        let (fetcher, base) = (REPORTER.bin("tlsrpt-fetcher"), self.file(name, "reportd.db"));
        let text = format!(
            "[tlsrpt_collectd]\nstorage = sqlite://{db}\nsocketname = {socket}\n\
             dump_path_for_invalid_datagram = {folder}/{name}.invalid\nlog_level = warning\n\
             [tlsrpt_fetcher]\nstorage = sqlite://{db}\nlog_level = warning\n\
             [tlsrpt_reportd]\norganization_name = Bench\ncontact_info = postmaster@bench.test\n\
             sender_address = tlsrpt@bench.test\ndbname = {base}\nsendmail_script = true\nlog_level = debug\n\
             fetchers = {fetcher} --config_file {config}\n",
            db = database.display(),
            socket = socket.display(),
            base = base.display(),
            fetcher = fetcher.display(),
        );
        crate::write(&path, &text)?;
        let arguments = ["--config_file", path.to_str().unwrap_or_default()];
        let log = self.file(name, "log");
        let process = Process::on_all_cores(&REPORTER.bin("tlsrpt-collectd"), &arguments, &log)?;
        until(30, || (socket.exists() && database.exists()).then_some(()), NAME)?;
        std::thread::sleep(SETTLE);
        Ok(Collector { process, config: path, socket, database })
    }

    /// Lets it end; what it has counted.
    fn stopped(&self, collector: Collector) -> Result<u64> {
        std::thread::sleep(SETTLE);
        collector.process.terminate()?;
        self.asked("counted", &collector.database)
    }

    fn file(&self, name: &str, end: &str) -> PathBuf {
        self.world.folder.join(format!("{name}.{end}"))
    }

    /// A number from one of its databases.
    fn asked(&self, what: &str, database: &Path) -> Result<u64> {
        let script = self.world.folder.join("tlsrpt.py");
        crate::write(&script, SCRIPT)?;
        let words = command(Command::new(REPORTER.bin("python3")).arg(&script).arg(what).arg(database))?;
        words.trim().parse().map_err(|error| format!("the databases of {NAME}: {words}: {error}"))
    }
}
