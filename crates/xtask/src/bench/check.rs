//! The checker beside checkdmarc: domains a second, and memory over long lists.
//!
//! Every program has all cores, and shares them with the servers of the domains it looks at.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use super::page;
use super::peer::CHECKER;
use super::process::{peak_mib, processor_of_the_ended};
use super::world::{World, median};
use crate::Result;

const SCRIPT: &str = include_str!("beside.py");
/// MTA-STS and TLS reporting, no mail server spoken to: what checkdmarc is asked for.
const RECORDS: &[&str] = &["--only", "sts,tlsrpt"];
/// All that senders do, with STARTTLS to the MX host that each domain has for itself.
const EVERYTHING: &[&str] = &["--quick"];

struct Bench<'a> {
    world: &'a World<'a>,
    config: PathBuf,
}

/// What one run over a list took.
struct Run {
    /// Domains a second.
    rate: f64,
    /// Processor microseconds a domain.
    processor: f64,
    /// The most memory it had, in MiB.
    peak: f64,
}

/// Measures everything and comes back with the part of the page.
pub(super) fn measure(world: &World<'_>) -> Result<String> {
    let size = world.size;
    let _farm = world.farm(&[format!("check-:{}", size.checked)])?;
    let folder = world.folder.display();
    let config = world.config(
        "check",
        &format!(
            "[store]\nurl = \"sqlite://{folder}/check.db\"\n[dns]\nservers = [\"127.0.0.1:53\"]\ndnssec = \"trust-ad\"\n\
             self_test = \"off\"\n[tls]\nextra_roots = [\"{folder}/ca.pem\"]\n[fetch]\nallow_private = true\n\
             [log]\nlevel = \"warn\"\n"
        ),
    )?;
    let bench = Bench { world, config };
    let list = bench.list(size.checked)?;
    let (mut records, mut everything, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=size.rounds {
        records.push(bench.ours(&list, size.checked, RECORDS)?);
        everything.push(bench.ours(&list, size.checked, EVERYTHING)?);
        theirs.push(bench.theirs(&list, size.checked)?);
        let rate = |runs: &[Run]| runs.last().map_or(0.0, |run| run.rate);
        println!(
            "domains a second, round {round}: records {:.0}, everything {:.0}, {} {:.0}",
            rate(&records),
            rate(&everything),
            CHECKER.name,
            rate(&theirs)
        );
    }
    let short = bench.ours(&bench.list(size.listed / 10)?, size.listed / 10, EVERYTHING)?;
    let long = bench.ours(&bench.list(size.listed)?, size.listed, EVERYTHING)?;
    Ok(text(world, [&records, &everything, &theirs], &short, &long))
}

fn text(world: &World<'_>, [records, everything, theirs]: [&[Run]; 3], short: &Run, long: &Run) -> String {
    let size = world.size;
    let mut text = format!(
        "Each program has all cores and shares them with the servers of the domains: DNS, policies over TLS with a certificate \
         a domain, and mail servers with STARTTLS, 64 addresses with an MX host a domain. {} domains, {} rounds, medians. The \
         peer is {} {}, a process for each core and sixteen domains side by side in each.\n\n### Domains a second\n\n\
         | | a second | processor a domain |\n|---|---|---|\n",
        size.checked, size.rounds, CHECKER.name, CHECKER.version
    );
    let middle = |runs: &[Run], value: fn(&Run) -> f64| median(runs.iter().map(value));
    let rows = [
        ("strictmx, MTA-STS and TLS reporting", records),
        ("strictmx, everything, with STARTTLS to the MX host", everything),
        ("checkdmarc, MTA-STS and TLS reporting", theirs),
    ];
    for (name, runs) in rows {
        let (rate, processor) = (middle(runs, |run| run.rate), middle(runs, |run| run.processor));
        text.push_str(&format!("| {name} | {rate:.0} | {:.1} ms |\n", processor / 1000.0));
    }
    let rate = |runs: &[Run]| middle(runs, |run| run.rate);
    let goals = [
        page::goal("MTA-STS and TLS reporting, domains a second", format!("{:.0}", rate(records)), "at least 600"),
        page::goal("the same, of checkdmarc's rate", format!("{:.1}", rate(records) / rate(theirs)), "at least 4"),
        page::goal("everything, domains a second", format!("{:.0}", rate(everything)), "at least 200"),
        page::goal(
            &format!("peak memory over {} domains; over {}", size.listed / 10, size.listed),
            format!("{:.0} MiB; {:.0} MiB", short.peak, long.peak),
            "flat, and at most 200 MiB",
        ),
    ];
    text.push_str(&page::goals(&goals));
    text
}

impl Bench<'_> {
    fn list(&self, domains: usize) -> Result<PathBuf> {
        let path = self.world.folder.join(format!("list-{domains}"));
        let text: String = (0..domains).map(|n| format!("check-{n}.bench.test\n")).collect();
        crate::write(&path, &text)?;
        Ok(path)
    }

    fn ours(&self, list: &Path, domains: usize, arguments: &[&str]) -> Result<Run> {
        let mut check = Command::new(&self.world.programs.strictmx);
        check.arg("check").arg("--config").arg(&self.config).arg("--from").arg(list);
        check.args(["--format", "jsonl"]).args(arguments);
        let well = |line: &str| line.contains(r#""state":"enforce""#) && !line.contains(r#""severity":"error""#);
        run(check, domains, |lines| lines.filter(|line| well(line)).count())
    }

    fn theirs(&self, list: &Path, domains: usize) -> Result<Run> {
        let script = self.world.folder.join("beside.py");
        crate::write(&script, SCRIPT)?;
        let mut check = Command::new(CHECKER.bin("python3"));
        check.arg(script).arg(list);
        let roots = self.world.folder.join("ca.pem");
        check.env("SSL_CERT_FILE", &roots).env("REQUESTS_CA_BUNDLE", &roots);
        run(check, domains, |lines| lines.filter_map(|line| line.trim().parse::<usize>().ok()).sum())
    }
}

/// Runs `check` to its end; `well` counts the domains in its output with which all is well, and must find all of them.
fn run(mut check: Command, domains: usize, well: impl Fn(&mut dyn Iterator<Item = String>) -> usize) -> Result<Run> {
    let program = check.get_program().to_string_lossy().into_owned();
    let failed = |error: std::io::Error| format!("cannot run {program}: {error}");
    let (used, start) = (processor_of_the_ended()?, Instant::now());
    let mut child = check.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(failed)?;
    let (output, errors) = (child.stdout.take(), child.stderr.take());
    let words = std::thread::spawn(move || errors.map(std::io::read_to_string));
    let mut peak = 0.0_f64;
    let mut lines =
        BufReader::new(output.ok_or("no output")?).lines().map_while(std::result::Result::ok).enumerate().map(
            |(at, line)| {
                if at % 64 == 0 {
                    peak = peak.max(peak_mib(child.id()));
                }
                line
            },
        );
    let found = well(&mut lines);
    drop(lines);
    let status = child.wait().map_err(failed)?;
    let seconds = start.elapsed().as_secs_f64();
    if found != domains {
        let words = words.join().ok().flatten().and_then(std::result::Result::ok).unwrap_or_default();
        return Err(format!("{program} ended with {status} and found {found} of {domains} domains in order:\n{words}"));
    }
    let used = processor_of_the_ended()? - used;
    Ok(Run { rate: domains as f64 / seconds, processor: used * 1e6 / domains as f64, peak })
}
