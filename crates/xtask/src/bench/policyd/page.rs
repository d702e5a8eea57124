//! What the page says of the policy server.

use super::{Figures, Load};
use crate::bench::Size;
use crate::bench::page::{self, Goal, goal};
use crate::bench::peer::RESOLVER;

pub(super) fn text(figures: &Figures, size: Size) -> String {
    let Figures { echo, cached, peer_cached, cold, peer_cold, .. } = figures;
    let mut text = format!(
        "The server measured has one core, the load another; the programs take turns in {} rounds, and medians are kept. The \
         floor is an echo server that reads and writes the same frames and does nothing else; the peer is {} {} with \
         uvloop.\n\n",
        size.rounds, RESOLVER.name, RESOLVER.version
    );
    text.push_str("### Answers a second\n\n| | a second | of the floor | p50 | p99 | processor an answer |\n|---|---|---|---|---|---|\n");
    text.push_str("| *cached, 16 connections, one question at a time on each* | | | | | |\n");
    for (name, load) in [("floor", echo), ("strictmx", cached), (RESOLVER.name, peer_cached)] {
        text.push_str(&row(name, load, Some(echo)));
    }
    text.push_str(&format!("| *cold, 64 in flight, {} domains nobody asked for before* | | | | | |\n", size.cold));
    for (name, load) in [("strictmx", cold), (RESOLVER.name, peer_cold)] {
        text.push_str(&row(name, load, None));
    }
    text.push_str(
        "\nA cold answer is one TXT look-up, one fetch over a new TLS connection, and the MX and address look-ups; the \
                   peer makes no MX and address look-ups.\n",
    );
    text.push_str(&page::goals(&goals(figures, size)));
    text
}

fn row(name: &str, load: &Load, floor: Option<&Load>) -> String {
    let share = floor.map_or_else(String::new, |floor| format!("{:.2}", load.rate / floor.rate));
    let Load { rate, p50, p99, processor } = load;
    format!("| {name} | {rate:.0} | {share} | {} | {} | {processor:.1} µs |\n", time(*p50), time(*p99))
}

fn time(micros: f64) -> String {
    if micros < 10_000.0 { format!("{micros:.0} µs") } else { format!("{:.1} ms", micros / 1000.0) }
}

fn goals(figures: &Figures, size: Size) -> Vec<Goal> {
    let Figures { echo, cached, cold, peer_cold, .. } = figures;
    let kept = size.kept;
    let each = (figures.rss_kept - figures.rss_start) * 1024.0 / kept as f64;
    vec![
        goal("cached answers, of the floor's rate", format!("{:.2}", cached.rate / echo.rate), "at least 0.85"),
        goal("p99 of cached answers, of the floor's", format!("{:.2}", cached.p99 / echo.p99), "at most 2"),
        goal("cold answers, of the peer's rate", format!("{:.1}", cold.rate / peer_cold.rate), "at least 2.5"),
        goal(
            "first answer where the policy host refuses connections, median and worst of 50",
            format!("{:.1} ms, {:.1} ms", figures.refused.0, figures.refused.1),
            "at most 50 ms",
        ),
        goal("memory at start", format!("{:.1} MiB", figures.rss_start), "at most 12 MiB"),
        goal(
            &format!("memory with {kept} policies, looked up; loaded again after a restart"),
            format!("{:.1} MiB; {:.1} MiB", figures.rss_kept, figures.rss_reloaded),
            "at most 110 MiB with 100000",
        ),
        goal("memory a policy", format!("{each:.2} KiB"), "at most 1 KiB"),
        goal(
            &format!("ready after a start with {} saved policies", size.saved),
            format!("{:.0} ms", figures.ready),
            "at most 100 ms",
        ),
    ]
}
