//! The policy server beside an echo server and postfix-mta-sts-resolver: answers a second, latency, memory, start.

mod page;

use std::fs;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::Size;
use super::peer::RESOLVER;
use super::process::{Process, pinned};
use super::world::{World, get, median, until};
use crate::Result;
use crate::run::command;

const ECHO: &str = "127.0.0.1:8400";
const OURS: &str = "127.0.0.1:8461";
const WEB: &str = "127.0.0.1:8480";
const PEER: &str = "127.0.0.1:8470";
/// Domains asked round and round for cached answers.
const CACHED: &str = "cached-:1000";
const CONNECTIONS: &str = "16";
const IN_FLIGHT: &str = "64";

/// One program under one load; medians over the rounds.
#[derive(Clone, Default)]
pub(super) struct Load {
    pub(super) rate: f64,
    pub(super) p50: f64,
    pub(super) p99: f64,
    /// Processor microseconds an answer.
    pub(super) processor: f64,
}

/// All figures.
pub(super) struct Figures {
    pub(super) echo: Load,
    pub(super) cached: Load,
    pub(super) peer_cached: Load,
    pub(super) cold: Load,
    pub(super) peer_cold: Load,
    /// Milliseconds: median and worst first answer where the policy host refuses connections.
    pub(super) refused: (f64, f64),
    pub(super) rss_start: f64,
    pub(super) rss_kept: f64,
    pub(super) rss_reloaded: f64,
    /// Milliseconds from start to ready with the saved policies.
    pub(super) ready: f64,
}

struct Bench<'a> {
    world: &'a World<'a>,
}

/// Measures everything and comes back with the part of the page.
pub(super) fn measure(world: &World<'_>) -> Result<String> {
    let figures = Bench { world }.run(world.size)?;
    Ok(page::text(&figures, world.size))
}

impl Bench<'_> {
    fn run(&self, size: Size) -> Result<Figures> {
        let sets = (0..size.rounds).map(|round| cold_set(round, size)).chain([CACHED.to_owned()]);
        let _farm = self.world.farm(&sets.collect::<Vec<_>>())?;
        let ours = self.ours("main")?;
        std::thread::sleep(Duration::from_secs(1));
        let rss_start = ours.resident_mib()?;
        let echo = Process::start(
            self.world.server_core,
            &self.world.programs.tool,
            &["echo", ECHO],
            &self.world.folder.join("echo.log"),
        )?;
        let peer = self.peer()?;
        let [echo, cached, peer_cached] = self.cached(size, [(ECHO, &echo), (OURS, &ours), (PEER, &peer)])?;
        let [cold, peer_cold] = self.cold(size, [(OURS, &ours), (PEER, &peer)])?;
        let refused = self.load(OURS, "refused-:50", "1", "0")?;
        drop((ours, peer));
        let ready = self.ready(size)?;
        let (rss_kept, rss_reloaded) = self.kept(size)?;
        let refused = (refused.p50 / 1000.0, refused.max / 1000.0);
        Ok(Figures { echo, cached, peer_cached, cold, peer_cold, refused, rss_start, rss_kept, rss_reloaded, ready })
    }

    /// strictmx with a store called `name`; ready.
    fn ours(&self, name: &str) -> Result<Process> {
        let folder = self.world.folder.display();
        let text = format!(
            "[store]\nurl = \"sqlite://{folder}/{name}.db\"\n[dns]\nservers = [\"127.0.0.1:53\"]\ndnssec = \"trust-ad\"\n\
             self_test = \"off\"\n[tls]\nextra_roots = [\"{folder}/ca.pem\"]\n[fetch]\nallow_private = true\n\
             [policyd]\nlisten = [\"{OURS}\"]\n[web]\nlisten = [\"{WEB}\"]\n[log]\nlevel = \"warn\"\n"
        );
        let config = self.world.config(name, &text)?;
        let arguments = ["serve", "--config", config.to_str().unwrap_or_default()];
        let log = self.world.folder.join(format!("{name}.log"));
        let process = Process::start(self.world.server_core, &self.world.programs.strictmx, &arguments, &log)?;
        until(60, || is_ready().then_some(()), "strictmx")
            .map_err(|error| format!("{error}:\n{}", fs::read_to_string(&log).unwrap_or_default()))?;
        Ok(process)
    }

    fn peer(&self) -> Result<Process> {
        let config = self.world.folder.join("peer.yml");
        let text = "host: 127.0.0.1\nport: 8470\nreuse_port: true\ncache:\n  type: internal\n  options:\n    cache_size: 100000\n\
                    proactive_policy_fetching:\n  enabled: false\ndefault_zone:\n  strict_testing: false\n  timeout: 10\n";
        crate::write(&config, text)?;
        let log = self.world.folder.join("peer.log");
        let arguments = ["-c", config.to_str().unwrap_or_default(), "-v", "warn"];
        let peer = Process::start(self.world.server_core, &RESOLVER.bin("mta-sts-daemon"), &arguments, &log)?;
        until(30, || TcpStream::connect(PEER).ok().map(drop), "the peer")
            .map_err(|error| format!("{error}:\n{}", fs::read_to_string(&log).unwrap_or_default()))?;
        Ok(peer)
    }

    /// Cached answers: everything asked once, then turns.
    fn cached<const N: usize>(&self, size: Size, servers: [(&str, &Process); N]) -> Result<[Load; N]> {
        for (address, _) in servers {
            self.load(address, CACHED, CONNECTIONS, "0")?;
        }
        let seconds = size.seconds.to_string();
        self.turns(size, servers, |_| CACHED.to_owned(), CONNECTIONS, &seconds, "cached answers")
    }

    /// Cold answers: domains nobody asked for before.
    fn cold<const N: usize>(&self, size: Size, servers: [(&str, &Process); N]) -> Result<[Load; N]> {
        self.turns(size, servers, |round| cold_set(round, size), IN_FLIGHT, "0", "cold answers")
    }

    fn turns<const N: usize>(
        &self,
        size: Size,
        servers: [(&str, &Process); N],
        set: impl Fn(usize) -> String,
        connections: &str,
        seconds: &str,
        what: &str,
    ) -> Result<[Load; N]> {
        let mut all = [const { Vec::new() }; N];
        for round in 0..size.rounds {
            for ((address, process), rounds) in servers.iter().zip(&mut all) {
                let before = process.processor_seconds()?;
                let line = self.load(address, &set(round), connections, seconds)?;
                let used = process.processor_seconds()? - before;
                println!("{what}, round {}, {address}: {}", round + 1, line.text);
                if *address != ECHO && line.ok < line.answers {
                    return Err(format!("{address} did not answer every question with a policy: {}", line.text));
                }
                rounds.push(Load {
                    rate: line.rate,
                    p50: line.p50,
                    p99: line.p99,
                    processor: used * 1e6 / line.answers,
                });
            }
        }
        Ok(all.map(|rounds| Load {
            rate: median(rounds.iter().map(|load| load.rate)),
            p50: median(rounds.iter().map(|load| load.p50)),
            p99: median(rounds.iter().map(|load| load.p99)),
            processor: median(rounds.iter().map(|load| load.processor)),
        }))
    }

    /// Start to ready, with policies saved before.
    fn ready(&self, size: Size) -> Result<f64> {
        let process = self.ours("saved")?;
        self.load(OURS, &format!("saved-:{}", size.saved), IN_FLIGHT, "0")?;
        process.terminate()?;
        let mut times = Vec::new();
        for _ in 0..size.rounds {
            let start = Instant::now();
            let process = self.ours("saved")?;
            times.push(start.elapsed().as_secs_f64() * 1000.0);
            process.terminate()?;
        }
        Ok(median(times.into_iter()))
    }

    /// Memory with many policies: as looked up, and as loaded again.
    fn kept(&self, size: Size) -> Result<(f64, f64)> {
        let process = self.ours("kept")?;
        let set = format!("kept-:{}", size.kept);
        let line = self.load(OURS, &set, IN_FLIGHT, "0")?;
        println!("filling: {}", line.text);
        std::thread::sleep(Duration::from_secs(5));
        let filled = process.resident_mib()?;
        process.terminate()?;
        let process = self.ours("kept")?;
        self.load(OURS, &set, CONNECTIONS, "0")?;
        std::thread::sleep(Duration::from_secs(5));
        let reloaded = process.resident_mib()?;
        process.terminate()?;
        Ok((filled, reloaded))
    }

    fn load(&self, address: &str, set: &str, connections: &str, seconds: &str) -> Result<Line> {
        let mut load = pinned(self.world.load_core, &self.world.programs.tool);
        load.args(["load", address, "postfix", set, connections, seconds]);
        Line::parse(&command(&mut load)?)
    }
}

/// What the load says at its end.
struct Line {
    text: String,
    answers: f64,
    rate: f64,
    p50: f64,
    p99: f64,
    max: f64,
    ok: f64,
}

impl Line {
    fn parse(words: &str) -> Result<Self> {
        let text = words.trim().to_owned();
        let value = |name: &str| {
            let pair = text.split(' ').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
            pair.and_then(|value| value.parse().ok()).ok_or_else(|| format!("the load says no {name}: {text}"))
        };
        let (answers, rate, p50) = (value("answers")?, value("rate")?, value("p50")?);
        Ok(Self { answers, rate, p50, p99: value("p99")?, max: value("max")?, ok: value("ok")?, text: text.clone() })
    }
}

fn cold_set(round: usize, size: Size) -> String {
    format!("cold{round}-:{}", size.cold)
}

fn is_ready() -> bool {
    get(WEB, "/readyz").is_some_and(|answer| answer.starts_with("HTTP/1.1 200"))
}
