//! What the daemon says on start: what listens where, what to paste into the mail server for it, what is switched off and why.
use std::fmt::Write;

use strictmx_io::listen::{Address, Listener};

use super::{build::Built, doors::Doors};
use crate::{
    cli::output::{self, DIM, STRONG, WARN},
    config::{Loaded, LogFormat, Observe, SelfTest, Settings, Source, TestingProbe},
    telemetry::{Event, Telemetry},
};

/// Shows it on stderr. With a JSON log it stays away: a log for machines holds nothing else.
pub(super) fn show(loaded: &Loaded, built: &Built, doors: &Doors, format: LogFormat, telemetry: &Telemetry) {
    if format == LogFormat::Json {
        for warning in loaded.warning_lines() {
            telemetry.emit(Event::ConfigWarning { what: &warning });
        }
        for notice in &built.notices {
            telemetry.emit(Event::Notice { what: notice });
        }
        for off in switched_off(&loaded.settings) {
            telemetry.emit(Event::Off { what: &off });
        }
        return;
    }
    output::note(&loaded.render_warnings());
    output::note(&text(loaded, built, doors));
}

fn text(loaded: &Loaded, built: &Built, doors: &Doors) -> String {
    let mut page = format!("{STRONG}strictmx {}{STRONG:#}\n", env!("CARGO_PKG_VERSION"));
    let mut row = |name: &str, value: &str| {
        let _never_fails = writeln!(page, "  {name:<12} {value}");
    };
    match &loaded.source {
        Source::Tryout => row("config", "none found: a try-out on loopback, everything kept under ./strictmx-data"),
        source => row("config", &source.to_string()),
    }
    row("store", &loaded.settings.store.url);
    let servers: Vec<String> = built.servers.iter().map(ToString::to_string).collect();
    row("DNS", &format!("{}, DNSSEC {}", servers.join(", "), built.dnssec));
    listeners(&mut row, "policyd", "socketmap", &doors.socketmap);
    listeners(&mut row, "policyd", "tcp_table", &doors.tcp_table);
    listeners(&mut row, "web", "http", &doors.web);
    if let Some(control) = &doors.control {
        row("control", &control.address().to_string());
    }
    for notice in &built.notices {
        row("notice", &format!("{WARN}{notice}{WARN:#}"));
    }
    for off in switched_off(&loaded.settings) {
        row("off", &format!("{DIM}{off}{DIM:#}"));
    }
    if let Some(door) = doors.socketmap.first() {
        page.push_str(&paste(door.address()));
    }
    page
}

fn listeners(row: &mut impl FnMut(&str, &str), service: &str, protocol: &str, doors: &[Listener]) {
    for door in doors {
        row(service, &format!("{protocol} on {}", door.address()));
    }
}

/// What does not run, each with the reason.
fn switched_off(settings: &Settings) -> Vec<String> {
    let mut off = Vec::new();
    let Some(policyd) = &settings.policyd else {
        return vec!["the policy server: there is no [policyd] section".to_owned()];
    };
    if policyd.observe == Observe::Yes {
        off.push(
            "enforcement: observe mode ([policyd] observe); every answer is \"not found\", what it would be is logged"
                .to_owned(),
        );
    }
    if policyd.testing_probe == TestingProbe::Off {
        off.push("sessions to the MX hosts of testing domains: [policyd] testing_probe is not set".to_owned());
    }
    if settings.dns.self_test == SelfTest::Off {
        off.push("the resolver's self-test: [dns] self_test is \"off\"; the AD bit of each answer counts".to_owned());
    }
    if policyd.tcp_table.is_empty() {
        off.push("tcp_table: [policyd] tcp_table is empty".to_owned());
    }
    if settings.web.is_none() {
        off.push("HTTP and metrics: there is no [web] section".to_owned());
    }
    if settings.control.is_none() {
        off.push("`strictmx cache …`: there is no [control] section".to_owned());
    }
    off
}

/// Lines for main.cf and sendmail.mc that fit the address.
fn paste(at: &Address) -> String {
    let (postfix, sendmail) = match at {
        Address::Tcp(address) => {
            (format!("inet:{}:{}", host(address), address.port()), format!("inet:{}@{}", address.port(), address.ip()))
        }
        Address::Unix(path) => (format!("unix:{}", path.display()), format!("unix:{}", path.display())),
        Address::Handed(name) => (format!("inet:ADDRESS-OF-{name}"), format!("inet:ADDRESS-OF-{name}")),
    };
    format!(
        "\n{STRONG}Postfix 3.10 and later, main.cf{STRONG:#} (map postfix for 3.4 to 3.9, postfix-3.3 before)\n\
         \x20 smtp_tls_security_level = dane\n\
         \x20 smtp_dns_support_level = dnssec\n\
         \x20 smtp_tls_policy_maps = socketmap:{postfix}:postfix-3.10\n\
         \x20 smtp_tls_CAfile = /etc/ssl/certs/ca-certificates.crt\n\
         {STRONG}sendmail, sendmail.mc{STRONG:#}\n\
         \x20 define(`confCACERT_PATH', `/etc/ssl/certs')dnl\n\
         \x20 FEATURE(`sts', `socket -d5 -T<TMPF> {sendmail}')dnl\n\n"
    )
}

fn host(address: &std::net::SocketAddr) -> String {
    match address {
        std::net::SocketAddr::V4(address) => address.ip().to_string(),
        std::net::SocketAddr::V6(address) => format!("[{}]", address.ip()),
    }
}
