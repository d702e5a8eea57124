//! What a config comes to: defaults, the try-out, `config print` read back.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use strictmx::config::{
    AllowPrivate, Dnssec, Domains, HostScope, HttpsCertificates, Listen, Loaded, LogFormat, LogLevel, LookDepth,
    Observe, Redact, SelfTest, Servers, Settings, TestName, TestingProbe, TrustAnchor, When, keys, parse, print,
};
use strictmx_engine::check::{Family, Severity};
use strictmx_engine::profile::{Override, Profile};
use strictmx_engine::time::Timestamp;
use strictmx_engine::tls::PartialDane;
use strictmx_proto::name::Domain;

/// 2026-11-22.
const NOW: Timestamp = Timestamp(1_795_305_600);

fn load(config: &str) -> Loaded {
    parse(Path::new("strictmx.toml"), config.as_bytes(), NOW).unwrap_or_else(|e| panic!("{e}"))
}

/// Every key with another value than its default.
const EVERYTHING: &str = r#"
[store]
url = "sqlite://./other.db"
[dns]
servers = ["192.0.2.53", "[2001:db8::53]:5353"]
dnssec = "validate"
self_test = { signed = "signed.example", bogus = "bogus.example" }
trust_anchor = "/etc/strictmx/root.key"
timeout = "1500ms"
attempts = 7
[tls]
extra_roots = ["/etc/strictmx/corp \"ca\".pem"]
[fetch]
allow_private = true
timeout = "1m30s"
answer_deadline = "5s"
[policyd]
listen = ["[::1]:9461", "unix:/run/strictmx/policyd.sock"]
observe = true
testing_probe = "1d12h"
partial_dane = "secure"
socket_mode = "0660"
socket_owner = "postfix"
socket_group = "102"
max_connections = 10
cache_entries = 1000
tcp_table = ["127.0.0.1:9462"]
tcp_table_map = "postfix-3.3"
smtp_port = 2525
helo = "mail.example.com"
[[policyd.override]]
domain = "one.example"
answer = "refresh-only"
reason = "a \\ and a \" and a ü"
until = "2026-12-24"
[[policyd.override]]
domain = "two.example"
answer = "secure match=.two.example servername=hostname"
[web]
listen = ["0.0.0.0:80"]
[control]
socket = "/tmp/control.sock"
mode = "0660"
[monitor]
domains = { file = "/etc/strictmx/domains" }
every = "1d"
families = ["smtp", "record", "smtp"]
depth = "quick"
confirm = 3
alert_from = "warning"
webhook = "https://alerts.example.com:8443/hook?a=b"
webhook_token_file = "/etc/strictmx/token"
mail_to = ["ops@example.com", "o'n+call@Example.ORG"]
mail_from = "strictmx@example.com"
submit = "smtps://mail.example.com?login=/etc/strictmx/login"
certificate_days = 30
testing_days = 0
[[monitor.expect]]
domain = "one.example"
mx = ["mx.one.example"]
policy_alias = "sts.provider.example"
rua = "mailto:tls@one.example"
[[monitor.expect]]
domain = "two.example"
[collector]
socket = "/var/spool/postfix/run/tlsrpt.sock"
mode = "0620"
owner = "strictmx"
group = "postfix"
token_file = "/etc/strictmx/sessions.token"
flush = "250ms"
keep = "40d"
mx_host_scope = true
queue_mib = 8
counts_mib = 9
[reporter]
organization = "Example \"Ltd\""
contact = "Postmaster@example.com"
from = "tls@mail.example.com"
submit = "sendmail:/usr/sbin/sendmail"
dkim = [{ selector = "a", key_file = "/etc/a.pem" }, { selector = "b.c", key_file = "/etc/b.pem" }]
spread = "1h"
keep = "60d"
when = "failures"
redact = ["failure-reason-code", "sending-mta-ip"]
allow = ["@example.org"]
deny = ["mailto:a@example.net"]
deny_domains = ["example.info"]
max_per_destination = 5
https_certificates = "any"
archive = "/var/lib/strictmx/reports"
[log]
level = "debug"
format = "json"
"#;

#[test]
fn every_key_is_read() {
    let s = load(EVERYTHING).settings;
    assert_eq!(s.store.url, "sqlite://./other.db");
    let servers: Vec<SocketAddr> = vec!["192.0.2.53:53".parse().unwrap(), "[2001:db8::53]:5353".parse().unwrap()];
    assert_eq!(s.dns.servers, Servers::Listed(servers));
    assert_eq!(s.dns.dnssec, Dnssec::Validate);
    let name = |n: &str| TestName::Domain(n.to_owned());
    assert_eq!(s.dns.self_test, SelfTest::Names { signed: name("signed.example"), bogus: name("bogus.example") });
    assert_eq!(s.dns.trust_anchor, TrustAnchor::File(PathBuf::from("/etc/strictmx/root.key")));
    assert_eq!((s.dns.timeout, s.dns.attempts), (Duration::from_millis(1500), 7));
    assert_eq!(s.tls.extra_roots, [PathBuf::from("/etc/strictmx/corp \"ca\".pem")]);
    assert_eq!(s.fetch.allow_private, AllowPrivate::Yes);
    assert_eq!((s.fetch.timeout, s.fetch.answer_deadline), (Duration::from_secs(90), Duration::from_secs(5)));
    let p = s.policyd.unwrap();
    let unix = Listen::Unix(PathBuf::from("/run/strictmx/policyd.sock"));
    assert_eq!(p.listen, [Listen::Tcp("[::1]:9461".parse().unwrap()), unix]);
    assert_eq!(p.observe, Observe::Yes);
    assert_eq!(p.testing_probe, TestingProbe::Every(Duration::from_secs(36 * 3600)));
    assert_eq!((p.partial_dane, p.socket_mode.0), (PartialDane::Secure, 0o660));
    assert_eq!((p.socket_owner.as_deref(), p.socket_group.as_deref()), (Some("postfix"), Some("102")));
    assert_eq!((p.max_connections, p.cache_entries, p.smtp_port), (10, 1000, 2525));
    assert_eq!((p.tcp_table.len(), p.tcp_table_map), (1, Profile::Postfix33));
    assert_eq!(p.helo.unwrap().as_str(), "mail.example.com");
    let until = p.overrides[0].until.clone().unwrap();
    assert_eq!((p.overrides[0].answer.clone(), until.end), (Override::RefreshOnly, Timestamp(1_798_156_800)));
    assert_eq!(p.overrides[0].reason, "a \\ and a \" and a ü");
    assert_eq!(p.overrides[1].answer.as_str(), "secure match=.two.example servername=hostname");
    assert_eq!(s.web.unwrap().listen.len(), 1);
    assert_eq!(s.control.unwrap().socket, PathBuf::from("/tmp/control.sock"));
    let m = s.monitor.unwrap();
    assert_eq!(m.domains, Domains::File(PathBuf::from("/etc/strictmx/domains")));
    assert_eq!(
        (m.every, m.families, m.depth),
        (Duration::from_hours(24), vec![Family::Record, Family::Smtp], LookDepth::Quick)
    );
    assert_eq!((m.confirm, m.alert_from, m.certificate_days, m.testing_days), (3, Severity::Warning, 30, 0));
    assert_eq!(m.webhook.unwrap().origin(), "https://alerts.example.com:8443");
    assert_eq!(m.webhook_token_file, Some(PathBuf::from("/etc/strictmx/token")));
    assert_eq!(m.mail_to, ["ops@example.com", "o'n+call@example.org"]);
    assert_eq!(m.mail_from.as_deref(), Some("strictmx@example.com"));
    assert_eq!(m.submit.to_string(), "smtps://mail.example.com:465?login=/etc/strictmx/login");
    assert_eq!((m.expect.len(), m.expect[0].mx[0].as_str()), (2, "mx.one.example"));
    let c = s.collector.unwrap();
    assert_eq!((c.socket, c.mode.0), (PathBuf::from("/var/spool/postfix/run/tlsrpt.sock"), 0o620));
    assert_eq!((c.owner.as_deref(), c.group.as_deref()), (Some("strictmx"), Some("postfix")));
    assert_eq!(c.token_file, Some(PathBuf::from("/etc/strictmx/sessions.token")));
    assert_eq!((c.flush, c.keep), (Duration::from_millis(250), Duration::from_hours(40 * 24)));
    assert_eq!((c.mx_host_scope, c.queue_mib, c.counts_mib), (HostScope::On, 8, 9));
    let r = s.reporter.unwrap();
    assert_eq!(
        (r.organization.as_str(), r.contact.unwrap().to_string().as_str()),
        ("Example \"Ltd\"", "Postmaster@example.com")
    );
    assert_eq!(r.from.unwrap().to_string(), "tls@mail.example.com");
    assert_eq!(r.submit.to_string(), "sendmail:/usr/sbin/sendmail");
    assert_eq!((r.dkim.len(), r.dkim[1].selector.as_str()), (2, "b.c"));
    assert_eq!((r.spread, r.keep), (Duration::from_hours(1), Duration::from_hours(60 * 24)));
    assert_eq!((r.when, r.redact), (When::Failures, vec![Redact::SendingIp, Redact::Reason]));
    assert_eq!((r.allow, r.deny), (vec!["@example.org".to_owned()], vec!["mailto:a@example.net".to_owned()]));
    assert_eq!((r.deny_domains, r.max_per_destination), (vec!["example.info".to_owned()], 5));
    assert_eq!(
        (r.https_certificates, r.archive),
        (HttpsCertificates::Any, Some(PathBuf::from("/var/lib/strictmx/reports")))
    );
    assert_eq!((s.log.level, s.log.format), (LogLevel::Debug, LogFormat::Json));
}

#[test]
fn everything_in_this_test_differs_from_its_default() {
    let default = print::effective(&Settings::shown());
    let here = print::effective(&load(EVERYTHING).settings);
    for line in default.lines().filter(|line| line.contains('=')) {
        assert!(!here.lines().any(|l| l == line && !line.starts_with("timeout")), "{line}");
    }
    for section in keys::SECTIONS {
        for key in section.keys {
            assert!(EVERYTHING.contains(&format!("\n{} = ", key.name)), "{}.{}", section.name, key.name);
        }
    }
}

#[test]
fn reads_its_own_print() {
    for config in [
        "",
        "[policyd]\n",
        "[web]\n[control]\n[monitor]\n[collector]\n",
        EVERYTHING,
        "[dns]\nself_test = \"off\"\ndnssec = \"trust-ad\"\n",
    ] {
        let settings = load(config).settings;
        let printed = print::effective(&settings);
        assert_eq!(load(&printed).settings, settings, "{printed}");
    }
    let tryout = Settings::tryout();
    assert_eq!(load(&print::effective(&tryout)).settings, tryout);
}

#[test]
fn the_commented_default_parses_and_is_the_default() {
    let text = print::default_config();
    let loaded = load(&text);
    assert_eq!(loaded.warnings, []);
    assert_eq!(loaded.settings, Settings::every_service());
    assert_eq!(loaded.settings, load("[policyd]\n[web]\n[control]\n[monitor]\n[collector]\n").settings);
    for section in keys::SECTIONS.iter().chain(keys::TABLES) {
        for key in section.keys {
            let there = text.lines().any(|l| l.trim_start_matches('#').starts_with(&format!("{} = ", key.name)));
            assert!(there, "{}.{}", section.name, key.name);
            assert!(!key.doc.is_empty(), "{}.{}", section.name, key.name);
        }
    }
    insta::assert_snapshot!("config-default", text);
}

#[test]
fn what_stands_commented_in_the_default_is_an_example_that_parses() {
    let text = print::default_config();
    let uncommented: String = text
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(rest) if !rest.starts_with(' ') => format!("{rest}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let settings = load(&uncommented).settings;
    assert_eq!(settings.monitor.unwrap().expect.len(), 1);
    let policyd = settings.policyd.unwrap();
    assert_eq!(policyd.overrides.len(), 1);
    assert_eq!(policyd.helo.unwrap().as_str(), "mail.example.com");
}

#[test]
fn the_config_of_the_contract_parses() {
    let config = r#"
[store]    url = "sqlite:///var/lib/strictmx/strictmx.db"
[dns]      servers = ["127.0.0.53:53"]
           dnssec = "trust-ad"
           self_test = { signed = ".", bogus = "dnssec-failed.org" }
[tls]      extra_roots = ["/etc/strictmx/corp-ca.pem"]
[fetch]    allow_private = false
           timeout = "60s"
           answer_deadline = "10s"
[policyd]  listen = ["127.0.0.1:8461", "unix:/run/strictmx/policyd.sock"]
           observe = false
           testing_probe = "1d"
           partial_dane = "dane-only"
[[policyd.override]]
           domain = "example.com"
           answer = "off"
           reason = "ticket 4711"
           until = "2026-12-24"
[web]      listen = ["127.0.0.1:8480"]
[control]  socket = "/run/strictmx/control.sock"
"#;
    // TOML wants a line for each header and key; the contract's table puts some side by side.
    let config = config.replace("]    ", "]\n").replace("]  ", "]\n");
    let loaded = load(&config);
    assert_eq!(loaded.warnings, []);
    assert_eq!(loaded.settings.fetch, Settings::default().fetch);
    assert_eq!(loaded.settings.policyd.unwrap().testing_probe, TestingProbe::Every(Duration::from_secs(86_400)));
}

#[test]
fn a_service_runs_when_its_section_is_there() {
    let settings = load("[log]\nlevel = \"warn\"\n").settings;
    assert!(settings.policyd.is_none() && settings.web.is_none() && settings.control.is_none());
    assert_eq!(settings.store.url, "sqlite:///var/lib/strictmx/strictmx.db");
    let settings = load("[policyd]\n").settings;
    assert_eq!(settings.policyd.unwrap().listen[0].to_string(), "127.0.0.1:8461");
    assert!(settings.web.is_none());
}

#[test]
fn a_domain_is_watched_once_however_often_it_is_written() {
    let monitor =
        load("[monitor]\ndomains = [\"b.example\", \"A.example.\", \"a.example\"]\n").settings.monitor.unwrap();
    let names = ["b.example", "a.example"].map(|name| Domain::parse(name).unwrap());
    assert_eq!(monitor.domains, Domains::Listed(names.into()));
    assert!(Settings::tryout().monitor.is_none());
}

#[test]
fn the_try_out_listens_on_loopback_and_keeps_everything_in_one_folder() {
    let settings = Settings::tryout();
    assert_eq!(settings.policyd.unwrap().listen[0].to_string(), "127.0.0.1:8461");
    assert_eq!(settings.web.unwrap().listen[0].to_string(), "127.0.0.1:8480");
    assert_eq!(settings.store.url, "sqlite://./strictmx-data/strictmx.db");
    assert_eq!(settings.control.unwrap().socket, PathBuf::from("./strictmx-data/control.sock"));
}

/// DANE-2.1.1-2
#[test]
fn a_server_elsewhere_is_trusted_only_when_it_says_so() {
    assert_eq!(load("[dns]\nservers = [\"192.0.2.1\"]\n").settings.dns.dnssec, Dnssec::TrustAdLoopback);
    assert_eq!(load("[dns]\nservers = [\"192.0.2.1\"]\ndnssec = \"trust-ad\"\n").settings.dns.dnssec, Dnssec::TrustAd);
}

#[test]
fn an_expired_override_is_a_warning_and_does_not_hold() {
    let loaded = load("[[policyd.override]]\ndomain = \"example.com\"\nanswer = \"off\"\nuntil = \"2026-11-21\"\n");
    let warnings: Vec<_> = loaded.warning_lines().collect();
    assert_eq!(warnings, ["strictmx.toml:4:9: the override for example.com has expired: it no longer holds"]);
    let overrides = loaded.settings.policyd.unwrap().overrides;
    assert!(!overrides[0].active_at(NOW));
    assert!(overrides[0].active_at(Timestamp(NOW.0 - 1)));
}

#[test]
fn a_byte_order_mark_at_the_start_is_nothing() {
    assert_eq!(load("\u{feff}[policyd]\n").settings, load("[policyd]\n").settings);
}
