//! What the daemon says on start: what listens where, what to paste into the mail server for it, what is switched off and why.
use std::fmt::Write;

use strictmx_io::{
    datagram::Socket,
    listen::{Address, Listener},
    post::Url,
};

use super::{build::Built, collector, doors::Doors};
use crate::{
    cli::output::{self, DIM, STRONG, WARN},
    config::{Domains, Loaded, LogFormat, Monitor, Observe, Reporter, SelfTest, Settings, Source, TestingProbe},
    flow::monitor::Watching,
    telemetry::{Event, Telemetry},
    when::span,
};

/// What is to be shown.
pub(super) struct What<'a> {
    pub(super) loaded: &'a Loaded,
    pub(super) built: &'a Built,
    pub(super) doors: &'a Doors,
    pub(super) watching: &'a Watching,
}

/// Shows it on stderr. With a JSON log it stays away: a log for machines holds nothing else.
pub(super) fn show(what: &What<'_>, format: LogFormat, telemetry: &Telemetry) {
    let What { loaded, built, doors, .. } = what;
    if format == LogFormat::Json {
        for warning in loaded.warning_lines() {
            telemetry.emit(Event::ConfigWarning { what: &warning });
        }
        for notice in &built.notices {
            telemetry.emit(Event::Notice { what: notice });
        }
        for off in switched_off(&loaded.settings, doors) {
            telemetry.emit(Event::Off { what: &off });
        }
        return;
    }
    output::note(&loaded.render_warnings());
    output::note(&text(what));
}

fn text(what: &What<'_>) -> String {
    let What { loaded, built, doors, watching } = what;
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
    if let Some(collector) = &doors.collector {
        row("collector", &format!("datagrams on {}", collector.address()));
    }
    if let Some(control) = &doors.control {
        row("control", &control.address().to_string());
    }
    if let Some(monitor) = loaded.settings.monitor.as_ref().filter(|_| !watching.domains.is_empty()) {
        row("monitor", &watched(watching, monitor));
    }
    if let Some(reporter) = &loaded.settings.reporter {
        row("reporter", &reporting(reporter));
    }
    for notice in &built.notices {
        row("notice", &format!("{WARN}{notice}{WARN:#}"));
    }
    for off in switched_off(&loaded.settings, doors) {
        row("off", &format!("{DIM}{off}{DIM:#}"));
    }
    if let Some(door) = doors.socketmap.first() {
        page.push_str(&paste(door.address(), doors.collector.as_ref().map(Socket::address)));
    } else if let Some(collector) = &doors.collector {
        page.push_str(&format!(
            "\n{STRONG}Postfix 3.10 and later, main.cf{STRONG:#}\n{}\n",
            collector::paste(collector.address())
        ));
    }
    page
}

fn listeners(row: &mut impl FnMut(&str, &str), service: &str, protocol: &str, doors: &[Listener]) {
    for door in doors {
        row(service, &format!("{protocol} on {}", door.address()));
    }
}

/// Who is watched, and who is told.
fn watched(watching: &Watching, monitor: &Monitor) -> String {
    let count = match watching.domains.len() {
        1 => "one domain".to_owned(),
        count => format!("{count} domains"),
    };
    let webhook = monitor.webhook.iter().map(Url::origin);
    let told: Vec<String> = ["the log".to_owned()].into_iter().chain(webhook).chain(monitor.mail_to.clone()).collect();
    format!("{count} every {}, told to {}", span(monitor.every.as_secs()), told.join(", "))
}

/// Who reports, and how.
fn reporting(reporter: &Reporter) -> String {
    let contact = reporter.contact.as_ref().map(ToString::to_string).unwrap_or_default();
    let signed = match reporter.dkim.len() {
        0 => format!("{WARN}no DKIM key, so nothing by mail{WARN:#}"),
        1 => "signed with one key".to_owned(),
        count => format!("signed with {count} keys"),
    };
    format!("reports of {} ({contact}), mails by {}, {signed}", reporter.organization, reporter.submit)
}

/// What does not run, each with the reason.
fn switched_off(settings: &Settings, doors: &Doors) -> Vec<String> {
    let mut off = Vec::new();
    // `check --watch` wants nothing else.
    if doors.describe().is_empty() {
        return off;
    }
    if settings.reporter.is_none() {
        off.push("sending TLS reports: there is no [reporter] section".to_owned());
    }
    match &settings.monitor {
        None => off.push("watching domains: there is no [monitor] section".to_owned()),
        Some(monitor) if monitor.domains == Domains::Listed(Vec::new()) => {
            off.push("watching domains: [monitor] domains is empty".to_owned());
        }
        Some(_) => {}
    }
    let Some(policyd) = &settings.policyd else {
        off.push("the policy server: there is no [policyd] section".to_owned());
        return off;
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
    if settings.collector.is_none() {
        off.push("counting sessions for TLS reports: there is no [collector] section".to_owned());
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
fn paste(at: &Address, collector: Option<&Address>) -> String {
    let tlsrpt = collector.map(collector::paste).unwrap_or_default();
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
         \x20 smtp_tls_CAfile = /etc/ssl/certs/ca-certificates.crt\n{tlsrpt}\
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
