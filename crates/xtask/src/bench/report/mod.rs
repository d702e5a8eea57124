//! The collector and the reporter beside tlsrpt-reporter: loss, datagrams a second, and from counts to reports.
//!
//! The same sessions are told to both, and every run compares what was counted with what was sent: a difference is a failed
//! measurement, never a figure.

mod ours;
mod page;
mod theirs;

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use ours::Ours;
use theirs::Theirs;

use super::process::Process;
use super::world::{World, median, until};
use crate::Result;

/// What mail servers find at most installations with systemd.
const QUEUE: u32 = 512;
/// Datagrams a second that nothing may be lost of.
const RATE: u32 = 20_000;
/// Domains that the datagrams are about.
const DOMAINS: usize = 1_000;

/// One run at [`RATE`].
pub(super) struct Steady {
    sent: u64,
    lost: u64,
    /// Datagrams that were sent a second: less than wanted where something held up the sender.
    rate: f64,
    /// Processor microseconds a datagram.
    processor: f64,
}

impl Steady {
    /// With so many seconds of processor time.
    fn of(told: &Told, used: f64) -> Self {
        let Told { sent, lost, seconds, .. } = *told;
        Self { sent, lost, rate: sent as f64 / seconds, processor: used * 1e6 / (sent - lost) as f64 }
    }
}

/// Reports composed.
pub(super) struct Composed {
    reports: u64,
    seconds: f64,
    /// The most memory that the process had, in MiB.
    peak: f64,
}

/// All figures.
pub(super) struct Figures {
    /// The floor's, ours, the peer's.
    steady: [Steady; 3],
    /// Datagrams a second; medians over the rounds.
    floor: f64,
    drained: f64,
    peer_drained: f64,
    /// Of the last round: what the floor's sender says of octets a datagram.
    octets: f64,
    /// 1000 domains.
    composed: Composed,
    peer_composed: Composed,
    /// Many domains.
    many: Composed,
}

/// Measures everything and comes back with the part of the page.
pub(super) fn measure(world: &World<'_>) -> Result<String> {
    crate::write(Path::new("/proc/sys/net/unix/max_dgram_qlen"), &QUEUE.to_string())?;
    let bench = Bench { world, ours: Ours { world }, theirs: Theirs { world } };
    let steady = bench.steady()?;
    let [floor, drained, peer_drained, octets] = bench.drained()?;
    let composed = bench.composed()?;
    let peer_composed = bench.theirs.composed(world.size.peer_reported, world.size.sessions / 10)?;
    println!("{} composed {} reports in {:.2} s", theirs::NAME, peer_composed.reports, peer_composed.seconds);
    let many = bench.ours.filled("many", world.size.reported, world.size.sessions)?;
    let many = bench.ours.composed(&many, "many-again")?;
    println!("composed {} reports in {:.2} s within {:.0} MiB", many.reports, many.seconds, many.peak);
    let figures = Figures { steady, floor, drained, peer_drained, octets, composed, peer_composed, many };
    Ok(page::text(&figures, world.size))
}

struct Bench<'a> {
    world: &'a World<'a>,
    ours: Ours<'a>,
    theirs: Theirs<'a>,
}

impl Bench<'_> {
    fn steady(&self) -> Result<[Steady; 3]> {
        let datagrams = self.world.size.steady * RATE as usize;
        let floor = Steady::of(&self.floor(datagrams, RATE)?, 0.0);
        let ours = self.ours.steady("steady", datagrams)?;
        let theirs = self.theirs.steady("steady-peer", datagrams)?;
        for (name, one) in [("floor", &floor), ("strictmx", &ours), (theirs::NAME, &theirs)] {
            println!("{name}, {:.0} a second: lost {} of {}", one.rate, one.lost, one.sent);
        }
        Ok([floor, ours, theirs])
    }

    /// The floor, ours and the peer's in turns: datagrams a second, and octets a datagram.
    fn drained(&self) -> Result<[f64; 4]> {
        let size = self.world.size;
        let (mut floors, mut ours, mut theirs, mut octets) = (Vec::new(), Vec::new(), Vec::new(), 0.0);
        for round in 1..=size.rounds {
            let told = self.floor(size.datagrams, 0)?;
            octets = told.octets;
            let floor = told.sent as f64 / told.seconds;
            let our = self.ours.drained(&format!("drained{round}"), size.datagrams)?;
            let their = self.theirs.drained(&format!("drained-peer{round}"), size.datagrams / 10)?;
            println!(
                "datagrams a second, round {round}: floor {floor:.0}, strictmx {our:.0}, {} {their:.0}",
                theirs::NAME
            );
            floors.push(floor);
            ours.push(our);
            theirs.push(their);
        }
        let [floor, ours, theirs] = [floors, ours, theirs].map(|rates| median(rates.into_iter()));
        Ok([floor, ours, theirs, octets])
    }

    /// A process that takes what comes, and does nothing with it.
    fn floor(&self, datagrams: usize, rate: u32) -> Result<Told> {
        let (socket, log) = (self.world.folder.join("floor.sock"), self.world.folder.join("floor.log"));
        let arguments = ["take", socket.to_str().unwrap_or_default()];
        let floor = Process::on_all_cores(&self.world.programs.tool, &arguments, &log)?;
        until(10, || socket.exists().then_some(()), "the floor")?;
        let told = tell(self.world, &socket, DOMAINS, datagrams, rate)?;
        let words = || std::fs::read_to_string(&log).ok().filter(|words| words.contains("taken="));
        let words = until(10, words, "the floor's last datagram")?;
        drop(floor);
        std::fs::remove_file(&socket).map_err(|error| format!("cannot remove {}: {error}", socket.display()))?;
        let taken = words.trim().trim_start_matches("taken=").parse().map_err(|error| format!("{words}: {error}"))?;
        same("the floor", taken, told.sent - told.lost)?;
        Ok(told)
    }

    fn composed(&self) -> Result<Composed> {
        let filled = self.ours.filled("thousand", DOMAINS, self.world.size.sessions)?;
        let mut all = Vec::new();
        for round in 1..=self.world.size.rounds {
            let one = self.ours.composed(&filled, &format!("thousand{round}"))?;
            println!("composed {} reports, round {round}: {:.3} s", one.reports, one.seconds);
            all.push(one);
        }
        let seconds = median(all.iter().map(|one| one.seconds));
        let last = all.pop().ok_or("no rounds")?;
        Ok(Composed { seconds, ..last })
    }
}

/// What the sender says at its end.
struct Told {
    sent: u64,
    lost: u64,
    seconds: f64,
    octets: f64,
}

/// Sends datagrams about so many domains; see `testbed-bench`.
fn tell(world: &World<'_>, socket: &Path, domains: usize, datagrams: usize, rate: u32) -> Result<Told> {
    let mut sender = Command::new(&world.programs.tool);
    sender.arg("tell").arg(socket).args([format!("told-:{domains}"), datagrams.to_string(), rate.to_string()]);
    let output = sender.output().map_err(|error| format!("cannot run the sender: {error}"))?;
    let words = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        return Err(format!("the sender ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr)));
    }
    let value = |name: &str| -> Result<f64> {
        let pair = words.trim().split(' ').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        pair.and_then(|value| value.parse().ok()).ok_or_else(|| format!("the sender says no {name}: {words}"))
    };
    let (sent, lost) = (value("sent")? as u64, value("lost")? as u64);
    Ok(Told { sent, lost, seconds: value("seconds")?, octets: value("octets")? })
}

/// Counts must be right.
fn same(what: &str, counted: u64, sent: u64) -> Result<()> {
    if counted == sent { Ok(()) } else { Err(format!("{what} counted {counted} of {sent} datagrams")) }
}

/// Seconds since.
fn since(start: Instant) -> f64 {
    start.elapsed().as_secs_f64()
}
