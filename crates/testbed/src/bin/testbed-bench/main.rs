//! What `cargo xtask bench` measures with: a floor, a load, and the domains to look up. Each is a process of its own,
//! so that each can be pinned to a core.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "test tools: a failure here is a failed measurement, and the house rules bind production code"
)]

mod echo;
mod farm;
mod load;
mod sessions;
mod tell;

use std::process::ExitCode;

const USAGE: &str = "\
testbed-bench echo ADDRESS
    answers every frame with the frame itself
testbed-bench farm CA_FILE PREFIX:COUNT…
    DNS on 127.0.0.1:53 and policy hosts on 127.0.1.1:443 for every name below bench.test; certificates of the domains
    PREFIX0 … are made ahead, those of any other when asked for. Domains that begin with refused- have a policy host
    nobody listens at; the MX hosts of those that begin with check- take mail on 127.0.3.1:25 to 127.0.3.64:25. Says
    `ready` when it is
testbed-bench load ADDRESS MAP PREFIX:COUNT CONNECTIONS SECONDS
    asks for PREFIX0.bench.test … over so many connections, one question at a time on each; for so many seconds round and
    round, or each domain once when that is 0. One line of figures at the end
testbed-bench tell SOCKET PREFIX:COUNT DATAGRAMS RATE
    tells the collector at SOCKET of sessions with PREFIX0.bench.test …: RATE a second, what finds no place being lost; or as
    fast as they are taken when that is 0. One line of figures at the end
testbed-bench take SOCKET
    takes datagrams until none has come for a second, and does nothing with them. One line of figures at the end
testbed-bench sessions PREFIX:COUNT SESSIONS DAY
    prints sessions of this day for `strictmx report emit`, those that `tell` tells of";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["echo", address] => echo::run(address),
        ["farm", ca_file, ahead @ ..] => farm::run(ca_file, ahead),
        ["load", address, map, domains, connections, seconds] => {
            let plan = load::Plan {
                address: address.parse().expect("an address"),
                map: (*map).to_owned(),
                domains: load::domains(domains),
                connections: connections.parse().expect("a number"),
                seconds: seconds.parse().expect("a number"),
            };
            println!("{}", load::run(plan));
        }
        ["tell", socket, domains, datagrams, rate] => {
            let domains = load::domains(domains);
            println!("{}", tell::run(socket, &domains, number(datagrams), rate.parse().expect("a rate")));
        }
        ["take", socket] => println!("{}", tell::take(socket)),
        ["sessions", domains, sessions, day] => sessions::print(&load::domains(domains), number(sessions), day),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(64);
        }
    }
    ExitCode::SUCCESS
}

fn number(text: &str) -> usize {
    text.parse().expect("a number")
}
