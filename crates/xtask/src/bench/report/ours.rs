//! strictmx as collector and as reporter.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use super::super::process::Process;
use super::super::world::{World, get, until};
use super::{Composed, DOMAINS, RATE, Steady, same, since, tell};
use crate::Result;
use crate::run::command;

const WEB: &str = "127.0.0.1:8480";
/// Days back that the sessions are told for which are composed: one that is over for certain.
const DAYS_BACK: u64 = 2;

pub(super) struct Ours<'a> {
    pub(super) world: &'a World<'a>,
}

/// A collector that runs.
struct Collector {
    process: Process,
    config: PathBuf,
    socket: PathBuf,
}

impl Ours<'_> {
    /// Datagrams at the steady rate.
    pub(super) fn steady(&self, name: &str, datagrams: usize) -> Result<Steady> {
        let collector = self.collector(name)?;
        let before = collector.process.processor_seconds()?;
        let told = tell(self.world, &collector.socket, DOMAINS, datagrams, RATE)?;
        let used = collector.process.processor_seconds()? - before;
        same("strictmx", self.stopped(collector)?, told.sent - told.lost)?;
        Ok(Steady::of(&told, used))
    }

    /// Datagrams a second, as fast as they are taken, until the last one is in the store.
    pub(super) fn drained(&self, name: &str, datagrams: usize) -> Result<f64> {
        let collector = self.collector(name)?;
        let start = Instant::now();
        let told = tell(self.world, &collector.socket, DOMAINS, datagrams, 0)?;
        let counted = self.stopped(collector)?;
        let seconds = since(start);
        same("strictmx", counted, told.sent)?;
        Ok(told.sent as f64 / seconds)
    }

    fn collector(&self, name: &str) -> Result<Collector> {
        let socket = self.world.folder.join(format!("{name}.sock"));
        let config = self
            .config(name, &format!("[collector]\nsocket = \"{}\"\n[web]\nlisten = [\"{WEB}\"]\n", socket.display()))?;
        let process = self.serve(&config, name)?;
        let is_ready = || get(WEB, "/readyz").is_some_and(|answer| answer.starts_with("HTTP/1.1 200"));
        until(30, || is_ready().then_some(()), "strictmx")
            .map_err(|error| format!("{error}:\n{}", self.words(name)))?;
        Ok(Collector { process, config, socket })
    }

    /// Lets it write everything and end; what it has counted.
    fn stopped(&self, collector: Collector) -> Result<u64> {
        let Collector { process, config, .. } = collector;
        process.terminate()?;
        let text = self.says(&config, &["report", "today", "--format", "json"])?;
        let (received, dropped) = (sum(&text, "received")?, sum(&text, "dropped")?);
        let sessions = text.split_once("\"sessions\":").map(|(_, rest)| rest).unwrap_or_default();
        let sessions = sessions.split_once('}').map(|(sessions, _)| sessions).unwrap_or_default();
        let counted = sum(sessions, "success")? + sum(sessions, "failure")?;
        if counted + dropped != received {
            return Err(format!("strictmx received {received}, dropped {dropped} and counted {counted}"));
        }
        Ok(counted)
    }

    /// A store with sessions of a finished day, told by `strictmx report emit`.
    pub(super) fn filled(&self, name: &str, domains: usize, sessions: usize) -> Result<PathBuf> {
        let config = self.config(name, "[collector]\n")?;
        let mut printing = Command::new(&self.world.programs.tool);
        printing.args(["sessions", &format!("{name}-:{domains}"), &sessions.to_string(), &day()?]);
        let mut printing =
            printing.stdout(Stdio::piped()).spawn().map_err(|error| format!("cannot run the tool: {error}"))?;
        let start = Instant::now();
        let mut emit = Command::new(&self.world.programs.strictmx);
        emit.args(["report", "emit", "--config"]).arg(&config);
        emit.stdin(printing.stdout.take().ok_or("no output")?);
        let status = emit.status().map_err(|error| format!("cannot run strictmx: {error}"))?;
        if !status.success() {
            return Err(format!("`strictmx report emit` ended with {status}"));
        }
        printing.wait().map_err(|error| format!("the tool does not end: {error}"))?;
        println!("{sessions} sessions about {domains} domains told in {:.1} s", since(start));
        Ok(self.database(name))
    }

    /// Composes the reports of a copy of this store.
    pub(super) fn composed(&self, filled: &Path, name: &str) -> Result<Composed> {
        let config =
            self.config(name, "[reporter]\norganization = \"Bench\"\ncontact = \"postmaster@bench.test\"\n")?;
        fs::copy(filled, self.database(name)).map_err(|error| format!("cannot copy {}: {error}", filled.display()))?;
        let start = Instant::now();
        let process = self.serve(&config, name)?;
        let done = || self.words(name).contains("reports-composed").then(|| since(start));
        let seconds = until(600, done, "the last report").map_err(|error| format!("{error}:\n{}", self.words(name)))?;
        let peak = process.peak_mib();
        process.terminate()?;
        let list =
            self.says(&config, &["report", "list", "--day", &day()?, "--limit", "10000000", "--format", "json"])?;
        let sessions = sum(&list, "success")? + sum(&list, "failure")?;
        same("the reports of strictmx", sessions, self.world.size.sessions as u64)?;
        Ok(Composed {
            reports: list.lines().filter(|line| !line.contains("\"state\":\"withheld\"")).count() as u64,
            seconds,
            peak,
        })
    }

    fn config(&self, name: &str, services: &str) -> Result<PathBuf> {
        let database = self.database(name);
        let text = format!(
            "[store]\nurl = \"sqlite://{}\"\n[dns]\nservers = [\"127.0.0.1:53\"]\ndnssec = \"off\"\nself_test = \"off\"\n\
             [log]\nlevel = \"info\"\n{services}",
            database.display()
        );
        self.world.config(name, &text)
    }

    fn database(&self, name: &str) -> PathBuf {
        self.world.folder.join(format!("{name}.db"))
    }

    /// Starts the server.
    fn serve(&self, config: &Path, name: &str) -> Result<Process> {
        let arguments = ["serve", "--config", config.to_str().unwrap_or_default()];
        let log = self.world.folder.join(format!("{name}.log"));
        Process::on_all_cores(&self.world.programs.strictmx, &arguments, &log)
    }

    /// What the server has logged.
    fn words(&self, name: &str) -> String {
        fs::read_to_string(self.world.folder.join(format!("{name}.log"))).unwrap_or_default()
    }

    fn says(&self, config: &Path, arguments: &[&str]) -> Result<String> {
        command(Command::new(&self.world.programs.strictmx).args(arguments).arg("--config").arg(config))
    }
}

/// The day that is composed.
fn day() -> Result<String> {
    let day = command(Command::new("date").args(["--utc", "--date", &format!("{DAYS_BACK} days ago"), "+%F"]))?;
    Ok(day.trim().to_owned())
}

/// All numbers under this key of a JSON text together.
fn sum(text: &str, key: &str) -> Result<u64> {
    let key = format!("\"{key}\":");
    let number = |after: &str| {
        let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        after.get(..end).and_then(|digits| digits.parse::<u64>().ok())
    };
    let numbers: Option<Vec<u64>> = text.split(&key).skip(1).map(|after| number(after.trim_start())).collect();
    match numbers {
        Some(numbers) if !numbers.is_empty() => Ok(numbers.iter().sum()),
        _ => Err(format!("there is no number at {key} in {}", text.chars().take(500).collect::<String>())),
    }
}
