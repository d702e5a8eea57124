//! Settings as TOML: `config print` (the effective ones) and `config default` (every key with its default and explanation).
//!
//! Both walk [`keys::SECTIONS`](super::keys::SECTIONS), so that a key without a value, or a value without a key, is found by a
//! test and not by a user.

use super::keys::{EXPECT, OVERRIDE, SECTIONS, Section};
use super::resolve::monitor::{DEPTHS, GRAVITIES};
use super::resolve::reporter::{CERTIFICATES, REDACT, WHEN};
use super::resolve::{BUILT_IN, DNSSEC, FORMATS, LEVELS, OFF, PARTIAL_DANE, SYSTEM};
use super::settings::{
    AllowPrivate, Collector, DkimKey, Dns, Domains, Expect, HostScope, Listen, Monitor, Observe, Override, Policyd,
    Reporter, SelfTest, Servers, Settings, TestingProbe, TrustAnchor,
};
use super::value::duration_text;

/// The effective config: reads back to the same settings.
pub fn effective(settings: &Settings) -> String {
    let mut out = String::new();
    for section in SECTIONS.iter().filter(|s| runs(settings, s.name)) {
        out.push_str(&format!("[{}]\n", section.name));
        for key in section.keys {
            if let Some(value) = value(settings, section.name, key.name) {
                out.push_str(&format!("{} = {value}\n", key.name));
            }
        }
        out.push('\n');
    }
    for one in settings.policyd.iter().flat_map(|p| &p.overrides) {
        out.push_str(&override_table(one));
    }
    for one in settings.monitor.iter().flat_map(|m| &m.expect) {
        out.push_str(&expect_table(one));
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// The commented default config.
pub fn default_config() -> String {
    let mut out = String::from(
        "# strictmx.toml: every setting with its default. What you do not change may be left out.\n\
         # A service runs when its section is there: [policyd], [web], [control], [monitor], [collector], [reporter].\n\
         # Lengths of time: 500ms, 10s, 5m, 1h30m, 1d. Check with `strictmx config check`, load with SIGHUP.\n",
    );
    let defaults = Settings::shown();
    for section in SECTIONS {
        comment(&mut out, "\n# ", section.doc);
        // What cannot run before somebody has filled something in stands there as a comment.
        let off = if runs(&Settings::every_service(), section.name) { "" } else { "#" };
        out.push_str(&format!("{off}[{}]\n", section.name));
        for key in section.keys {
            comment(&mut out, "# ", key.doc);
            match (value(&defaults, section.name, key.name), key.example) {
                (Some(value), _) => out.push_str(&format!("{off}{} = {value}\n", key.name)),
                (None, example) => {
                    out.push_str(&format!("#{} = {}\n", key.name, example.unwrap_or("…")));
                }
            }
        }
        if section.name == "policyd" {
            table_example(&mut out, &OVERRIDE);
        }
        if section.name == "monitor" {
            table_example(&mut out, &EXPECT);
        }
    }
    out
}

/// The default of one key as it would be written; nothing when the default is that the key is absent.
pub fn default_value(section: &str, key: &str) -> Option<String> {
    value(&Settings::shown(), section, key)
}

fn table_example(out: &mut String, section: &Section) {
    comment(out, "\n# ", section.doc);
    out.push_str(&format!("#[[{}]]\n", section.name));
    for key in section.keys {
        comment(out, "# ", key.doc);
        out.push_str(&format!("#{} = {}\n", key.name, key.example.unwrap_or("…")));
    }
}

/// Lines of comments end before this column.
const WIDTH: usize = 100;

/// Writes a text as comment lines, wrapped between words; `lead` stands before the first.
fn comment(out: &mut String, lead: &str, doc: &str) {
    let mut lead = lead;
    for paragraph in doc.lines() {
        let mut column = 0;
        for word in paragraph.split(' ') {
            let length = word.chars().count();
            if column > 0 && column + 1 + length < WIDTH {
                out.push(' ');
                column += 1;
            } else {
                if column > 0 {
                    out.push('\n');
                }
                out.push_str(lead);
                lead = "# ";
                column = lead.len();
            }
            out.push_str(word);
            column += length;
        }
        out.push('\n');
    }
}

fn runs(settings: &Settings, section: &str) -> bool {
    match section {
        "policyd" => settings.policyd.is_some(),
        "web" => settings.web.is_some(),
        "control" => settings.control.is_some(),
        "reporter" => settings.reporter.is_some(),
        "monitor" => settings.monitor.is_some(),
        "collector" => settings.collector.is_some(),
        _ => true,
    }
}

fn value(settings: &Settings, section: &str, key: &str) -> Option<String> {
    let s = settings;
    match (section, key) {
        ("store", "url") => text(&s.store.url),
        ("dns", _) => dns(&s.dns, key),
        ("tls", "extra_roots") => list(s.tls.extra_roots.iter().map(|p| p.display().to_string())),
        ("fetch", "allow_private") => plain(s.fetch.allow_private == AllowPrivate::Yes),
        ("fetch", "timeout") => text(&duration_text(s.fetch.timeout)),
        ("fetch", "answer_deadline") => text(&duration_text(s.fetch.answer_deadline)),
        ("policyd", _) => policyd(s.policyd.as_ref()?, key),
        ("web", "listen") => doors(&s.web.as_ref()?.listen),
        ("control", "socket") => text(&s.control.as_ref()?.socket.display().to_string()),
        ("control", "mode") => text(&s.control.as_ref()?.mode.to_string()),
        ("reporter", _) => reporter(s.reporter.as_ref()?, key),
        ("monitor", _) => monitor(s.monitor.as_ref()?, key),
        ("collector", _) => collector(s.collector.as_ref()?, key),
        ("log", "level") => word(s.log.level, &LEVELS),
        ("log", "format") => word(s.log.format, &FORMATS),
        _ => None,
    }
}

fn dns(dns: &Dns, key: &str) -> Option<String> {
    match key {
        "servers" => match &dns.servers {
            Servers::System => text(SYSTEM),
            Servers::Listed(all) => list(all.iter().map(ToString::to_string)),
        },
        "dnssec" => word(dns.dnssec, &DNSSEC),
        "self_test" => match &dns.self_test {
            SelfTest::Off => text(OFF),
            SelfTest::Names { signed, bogus } => {
                Some(format!("{{ signed = {}, bogus = {} }}", quoted(&signed.to_string()), quoted(&bogus.to_string())))
            }
        },
        "trust_anchor" => match &dns.trust_anchor {
            TrustAnchor::BuiltIn => text(BUILT_IN),
            TrustAnchor::File(path) => text(&path.display().to_string()),
        },
        "timeout" => text(&duration_text(dns.timeout)),
        "attempts" => plain(dns.attempts),
        _ => None,
    }
}

fn policyd(p: &Policyd, key: &str) -> Option<String> {
    match key {
        "listen" => doors(&p.listen),
        "observe" => plain(p.observe == Observe::Yes),
        "testing_probe" => match p.testing_probe {
            TestingProbe::Off => text(OFF),
            TestingProbe::Every(length) => text(&duration_text(length)),
        },
        "partial_dane" => word(p.partial_dane, &PARTIAL_DANE),
        "socket_mode" => text(&p.socket_mode.to_string()),
        "socket_owner" => text(p.socket_owner.as_ref()?),
        "socket_group" => text(p.socket_group.as_ref()?),
        "max_connections" => plain(p.max_connections),
        "cache_entries" => plain(p.cache_entries),
        "tcp_table" => doors(&p.tcp_table),
        "tcp_table_map" => text(p.tcp_table_map.as_str()),
        "smtp_port" => plain(p.smtp_port),
        "helo" => text(p.helo.as_ref()?.as_str()),
        _ => None,
    }
}

fn reporter(r: &Reporter, key: &str) -> Option<String> {
    match key {
        // Needed, and so empty in the defaults alone.
        "organization" => text(Some(&r.organization).filter(|name| !name.is_empty())?),
        "contact" => text(&r.contact.as_ref()?.to_string()),
        "from" => text(&r.from.as_ref()?.to_string()),
        "submit" => text(&r.submit.to_string()),
        "dkim" => {
            let table = |key: &DkimKey| {
                let file = key.key_file.display().to_string();
                format!("{{ selector = {}, key_file = {} }}", quoted(key.selector.as_str()), quoted(&file))
            };
            Some(format!("[{}]", r.dkim.iter().map(table).collect::<Vec<_>>().join(", ")))
        }
        "spread" => text(&duration_text(r.spread)),
        "keep" => text(&duration_text(r.keep)),
        "when" => word(r.when, &WHEN),
        "redact" => list(
            r.redact
                .iter()
                .flat_map(|what| REDACT.iter().find(|(_, known)| known == what))
                .map(|(word, _)| (*word).to_owned()),
        ),
        "allow" => list(r.allow.iter().cloned()),
        "deny" => list(r.deny.iter().cloned()),
        "deny_domains" => list(r.deny_domains.iter().cloned()),
        "max_per_destination" => plain(r.max_per_destination),
        "https_certificates" => word(r.https_certificates, &CERTIFICATES),
        "archive" => text(&r.archive.as_ref()?.display().to_string()),
        _ => None,
    }
}

fn monitor(m: &Monitor, key: &str) -> Option<String> {
    match key {
        "domains" => match &m.domains {
            Domains::Listed(all) => list(all.iter().map(ToString::to_string)),
            Domains::File(path) => Some(format!("{{ file = {} }}", quoted(&path.display().to_string()))),
        },
        "every" => text(&duration_text(m.every)),
        "families" => list(m.families.iter().map(|family| family.as_str().to_owned())),
        "depth" => word(m.depth, &DEPTHS),
        "confirm" => plain(m.confirm),
        "alert_from" => word(m.alert_from, &GRAVITIES),
        "webhook" => text(&m.webhook.as_ref()?.to_string()),
        "webhook_token_file" => text(&m.webhook_token_file.as_ref()?.display().to_string()),
        "mail_to" => list(m.mail_to.iter().cloned()),
        "mail_from" => text(m.mail_from.as_ref()?),
        "submit" => text(&m.submit.to_string()),
        "certificate_days" => plain(m.certificate_days),
        "testing_days" => plain(m.testing_days),
        _ => None,
    }
}

fn collector(c: &Collector, key: &str) -> Option<String> {
    match key {
        "socket" => text(&c.socket.display().to_string()),
        "mode" => text(&c.mode.to_string()),
        "owner" => text(c.owner.as_ref()?),
        "group" => text(c.group.as_ref()?),
        "token_file" => text(&c.token_file.as_ref()?.display().to_string()),
        "flush" => text(&duration_text(c.flush)),
        "keep" => text(&duration_text(c.keep)),
        "mx_host_scope" => plain(c.mx_host_scope == HostScope::On),
        "queue_mib" => plain(c.queue_mib),
        "counts_mib" => plain(c.counts_mib),
        _ => None,
    }
}

fn expect_table(one: &Expect) -> String {
    let mut out = format!("[[monitor.expect]]\ndomain = {}\n", quoted(one.domain.as_str()));
    let mut line = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            out.push_str(&format!("{key} = {value}\n"));
        }
    };
    line("mx", if one.mx.is_empty() { None } else { list(one.mx.iter().map(ToString::to_string)) });
    line("policy_alias", one.policy_alias.as_ref().map(|name| quoted(name.as_str())));
    line("rua", one.rua.as_ref().map(|rua| quoted(rua)));
    out.push('\n');
    out
}

fn override_table(one: &Override) -> String {
    let mut out = format!(
        "[[policyd.override]]\ndomain = {}\nanswer = {}\n",
        quoted(one.domain.as_str()),
        quoted(one.answer.as_str())
    );
    if !one.reason.is_empty() {
        out.push_str(&format!("reason = {}\n", quoted(&one.reason)));
    }
    if let Some(until) = &one.until {
        out.push_str(&format!("until = {}\n", quoted(&until.date)));
    }
    out.push('\n');
    out
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[allow(clippy::unnecessary_wraps, reason = "the arms of a match that mostly ends in an Option")]
fn text(text: &str) -> Option<String> {
    Some(quoted(text))
}

#[allow(clippy::unnecessary_wraps, reason = "the arms of a match that mostly ends in an Option")]
fn plain(value: impl ToString) -> Option<String> {
    Some(value.to_string())
}

#[allow(clippy::unnecessary_wraps, reason = "the arms of a match that mostly ends in an Option")]
fn list(all: impl Iterator<Item = String>) -> Option<String> {
    let all: Vec<_> = all.map(|one| quoted(&one)).collect();
    Some(format!("[{}]", all.join(", ")))
}

fn doors(all: &[Listen]) -> Option<String> {
    list(all.iter().map(ToString::to_string))
}

fn word<T: PartialEq>(value: T, words: &[(&str, T)]) -> Option<String> {
    words.iter().find(|(_, v)| *v == value).map(|(word, _)| quoted(word))
}
