//! What the page says of the collector and the reporter.

use super::theirs::NAME;
use super::{Composed, DOMAINS, Figures, QUEUE, RATE, Steady};
use crate::bench::Size;
use crate::bench::page::{self, Goal, goal};
use crate::bench::peer::REPORTER;

pub(super) fn text(figures: &Figures, size: Size) -> String {
    let mut text = format!(
        "The peer is {NAME} {}. Both are told of the same sessions, {} octets each on average: six of ten under MTA-STS, one that \
         fails there, two without a policy, one under DANE; in all 20 different datagrams a domain, \
         which come round again. After every run what each has counted is compared with what was \
         sent. {} rounds, medians.\n\n",
        REPORTER.version, figures.octets, size.rounds
    );
    text.push_str(&datagrams(figures, size));
    text.push_str(&reports(figures, size));
    text.push_str(&page::goals(&goals(figures, size)));
    text
}

fn datagrams(figures: &Figures, size: Size) -> String {
    let Figures { steady, floor, drained, peer_drained, .. } = figures;
    let mut text = format!(
        "### Datagrams\n\nThe collector and the sender have all cores; the socket's queue holds {QUEUE} datagrams. At the steady \
         rate the sender never waits, as mail servers do not: what finds no place is lost, {} seconds long; where something \
         holds up the sender itself it goes on later, and never sends more than 40 at once. As fast as they are \
         taken, it waits for a place, and {} datagrams count as taken once strictmx has been told to stop and has them in its \
         store; the peer has a tenth of them, and is not charged for its last write. The floor is a process that receives and \
         does nothing else.\n\n\
         | | lost at {RATE} a second | sent a second | processor a datagram at that rate | a second, as fast as they are \
         taken |\n|---|---|---|---|---|\n",
        size.steady, size.datagrams
    );
    for ((name, rate), steady) in
        [("floor", floor), ("strictmx", drained), (NAME, peer_drained)].into_iter().zip(steady)
    {
        let Steady { sent, lost, rate: steady_rate, processor } = steady;
        let processor = if *processor > 0.0 { format!("{processor:.1} µs") } else { String::new() };
        text.push_str(&format!("| {name} | {lost} of {sent} | {steady_rate:.0} | {processor} | {rate:.0} |\n"));
    }
    text
}

fn reports(figures: &Figures, size: Size) -> String {
    let Figures { composed, peer_composed, many, .. } = figures;
    let mut text = format!(
        "\n### Reports\n\nFrom the start of the reporter's process, with the counts of a finished day in its store, until every report \
         is composed and kept: for strictmx read, composed, checked, read back, compressed and written; the peer compresses when \
         it sends. Both have all cores. A day of {} sessions, told by `strictmx report emit`; the peer counted a tenth of \
         them, about {} domains.\n\n| | domains | time | time a domain | most memory |\n|---|---|---|---|---|\n",
        size.sessions, peer_composed.reports
    );
    for (name, one) in [("strictmx", composed), ("strictmx", many), (NAME, peer_composed)] {
        let Composed { reports, seconds, peak } = one;
        text.push_str(&format!(
            "| {name} | {reports} | {seconds:.2} s | {:.2} ms | {peak:.0} MiB |\n",
            seconds * 1e3 / *reports as f64
        ));
    }
    text.push_str(&format!(
        "\n{NAME} starts a Python process a domain; the memory is that of the one that composes.\n"
    ));
    text
}

fn goals(figures: &Figures, size: Size) -> Vec<Goal> {
    let Figures {
        steady: [floor_steady, steady, _], floor, drained, peer_drained, composed, peer_composed, many, ..
    } = figures;
    let theirs = peer_composed.seconds * DOMAINS as f64 / peer_composed.reports as f64;
    vec![
        goal(
            &format!("lost at {RATE} datagrams a second, queue of {QUEUE}"),
            format!("{}; the floor {}", steady.lost, floor_steady.lost),
            "0",
        ),
        goal("datagrams taken and counted a second", format!("{drained:.0}"), "at least 100000"),
        goal("the same, of the peer's rate", format!("{:.1}", drained / peer_drained), "at least 10"),
        goal("the same, of the floor's rate", format!("{:.2}", drained / floor), ""),
        goal(
            &format!("{} sessions with {DOMAINS} domains: time to their reports", size.sessions),
            format!("{:.2} s", composed.seconds),
            "at most 2 s with 1000000",
        ),
        goal(
            &format!("the same, the peer's time for {DOMAINS} domains"),
            format!("{theirs:.0} s, {:.0} times as long", theirs / composed.seconds),
            "",
        ),
        goal(
            &format!("reports about {} domains; most memory", many.reports),
            format!("{:.1} s; {:.0} MiB", many.seconds, many.peak),
            "at most 30 s and 200 MiB with 100000",
        ),
    ]
}
