//! From what was written to what is needed: every key read, every default filled in, every contradiction named.

pub(super) mod monitor;
pub(super) mod reporter;

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use strictmx_engine::profile::{Override as Answer, Profile};
use strictmx_engine::time::Timestamp;
use strictmx_engine::tls::PartialDane;
use toml::de::{DeTable, DeValue};

use super::diagnostic::{Problem, Severity};
use super::raw::{Fields, Given, one_of, unknown, within};
use super::settings::{
    AllowPrivate, Collector, Control, Dns, Dnssec, Fetch, HostScope, Log, LogFormat, LogLevel, Observe, Override,
    Policyd, SelfTest, Servers, Settings, Store, TestingProbe, Tls, TrustAnchor, Web,
};
use super::value::{self, Complaint, Read};

/// Words of `dns.dnssec`.
pub(super) const DNSSEC: [(&str, Dnssec); 4] = [
    ("trust-ad-loopback", Dnssec::TrustAdLoopback),
    ("trust-ad", Dnssec::TrustAd),
    ("validate", Dnssec::Validate),
    ("off", Dnssec::Off),
];
/// Words of `policyd.partial_dane`.
pub(super) const PARTIAL_DANE: [(&str, PartialDane); 3] =
    [("dane-only", PartialDane::DaneOnly), ("dane", PartialDane::Dane), ("secure", PartialDane::Secure)];
/// Words of `log.level`.
pub(super) const LEVELS: [(&str, LogLevel); 5] = [
    ("error", LogLevel::Error),
    ("warn", LogLevel::Warn),
    ("info", LogLevel::Info),
    ("debug", LogLevel::Debug),
    ("trace", LogLevel::Trace),
];
/// Words of `log.format`.
pub(super) const FORMATS: [(&str, LogFormat); 2] = [("text", LogFormat::Text), ("json", LogFormat::Json)];
/// The word for the system's DNS servers.
pub(super) const SYSTEM: &str = "system";
/// The word for the root's keys.
pub(super) const BUILT_IN: &str = "built-in";
/// The word that switches something off.
pub(super) const OFF: &str = "off";

const FIRST_TRY: RangeInclusive<Duration> = Duration::from_millis(50)..=Duration::from_secs(30);
const FETCH: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_mins(10);
/// Postfix waits 100 s for a socketmap reply.
const DEADLINE: RangeInclusive<Duration> = Duration::from_millis(50)..=Duration::from_secs(90);
const PROBE: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(30 * 24);

const FLUSH: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_mins(1);
/// A report of yesterday must still find its counts, whatever the hour.
const KEEP: RangeInclusive<Duration> = Duration::from_hours(3 * 24)..=Duration::from_hours(366 * 24);
const MIB: RangeInclusive<u64> = 1..=65_536;

/// Settings, and what was noted on the way; with an error among the notes the settings are not to be used.
pub(super) fn resolve(tree: &DeTable<'_>, now: Timestamp) -> (Settings, Vec<Problem>) {
    let mut problems = Vec::new();
    unknown(tree, &mut problems);
    let problems_ref = &mut problems;
    let settings = Settings {
        store: store(Fields::section(tree, "store", problems_ref)),
        dns: dns(Fields::section(tree, "dns", problems_ref)),
        tls: tls(Fields::section(tree, "tls", problems_ref)),
        fetch: fetch(Fields::section(tree, "fetch", problems_ref)),
        policyd: tree.contains_key("policyd").then(|| policyd(Fields::section(tree, "policyd", problems_ref), now)),
        web: tree.contains_key("web").then(|| web(Fields::section(tree, "web", problems_ref))),
        control: tree.contains_key("control").then(|| control(Fields::section(tree, "control", problems_ref))),
        reporter: tree
            .get_key_value("reporter")
            .map(|(name, _)| reporter::reporter(Fields::section(tree, "reporter", problems_ref), &name.span())),
        monitor: tree.contains_key("monitor").then(|| monitor::monitor(Fields::section(tree, "monitor", problems_ref))),
        collector: tree.contains_key("collector").then(|| collector(Fields::section(tree, "collector", problems_ref))),
        log: log(Fields::section(tree, "log", problems_ref)),
    };
    unheard_token(tree, &settings, &mut problems);
    problems.sort_by_key(|p| (p.span.start, p.severity == Severity::Warning));
    (settings, problems)
}

fn store(mut f: Fields<'_, '_>) -> Store {
    let defaults = Store::default();
    Store { url: f.text("url", value::store_url).map_or(defaults.url, |g| g.value) }
}

fn dns(mut f: Fields<'_, '_>) -> Dns {
    let defaults = Dns::default();
    let dnssec = f.word("dnssec", &DNSSEC).map_or(defaults.dnssec, |g| g.value);
    let anchor = f.text("trust_anchor", |text| match text {
        BUILT_IN => Ok(TrustAnchor::BuiltIn),
        _ => value::path(text).map(TrustAnchor::File),
    });
    if let Some(Given { value: TrustAnchor::File(_), span }) = &anchor
        && dnssec != Dnssec::Validate
    {
        f.note(
            Problem::warning(span.clone(), "`trust_anchor` is used with dnssec = \"validate\" alone")
                .help("write dnssec = \"validate\", or leave it out"),
        );
    }
    Dns {
        servers: servers(&mut f).unwrap_or(defaults.servers),
        dnssec,
        self_test: self_test(&mut f).unwrap_or(defaults.self_test),
        trust_anchor: anchor.map_or(defaults.trust_anchor, |g| g.value),
        timeout: f.duration("timeout", FIRST_TRY).unwrap_or(defaults.timeout),
        attempts: number(f.number("attempts", 1..=20), defaults.attempts),
    }
}

fn servers(f: &mut Fields<'_, '_>) -> Option<Servers> {
    if f.value("servers")?.get_ref().as_str() == Some(SYSTEM) {
        return Some(Servers::System);
    }
    let listed = f.texts("servers", value::server)?;
    if listed.value.is_empty() {
        f.note(
            Problem::error(listed.span, "`servers` is empty: nothing could be looked up")
                .help("name a server, or write \"system\""),
        );
        return None;
    }
    Some(Servers::Listed(listed.value))
}

fn self_test(f: &mut Fields<'_, '_>) -> Option<SelfTest> {
    let value = f.value("self_test")?;
    if value.get_ref().as_str() == Some(OFF) {
        return Some(SelfTest::Off);
    }
    let DeValue::Table(table) = value.get_ref() else {
        f.note(
            Problem::error(value.span(), "`self_test` must be a table of two names, or \"off\"")
                .help("write self_test = { signed = \".\", bogus = \"dnssec-failed.org\" }"),
        );
        return None;
    };
    for key in table.keys().filter(|k| !matches!(k.get_ref().as_ref(), "signed" | "bogus")) {
        f.note(
            Problem::error(key.span(), "`self_test` has the keys `signed` and `bogus`, nothing else")
                .help("leave it out"),
        );
    }
    let SelfTest::Names { signed, bogus } = Dns::default().self_test else {
        return None;
    };
    let mut inner = f.inner(table);
    Some(SelfTest::Names {
        signed: inner.text("signed", value::test_name).map_or(signed, |g| g.value),
        bogus: inner.text("bogus", value::test_name).map_or(bogus, |g| g.value),
    })
}

fn tls(mut f: Fields<'_, '_>) -> Tls {
    Tls { extra_roots: f.texts("extra_roots", value::path).map_or_else(Vec::new, |g| g.value) }
}

fn fetch(mut f: Fields<'_, '_>) -> Fetch {
    let defaults = Fetch::default();
    Fetch {
        allow_private: f.flag("allow_private", AllowPrivate::No, AllowPrivate::Yes).unwrap_or(defaults.allow_private),
        timeout: f.duration("timeout", FETCH).unwrap_or(defaults.timeout),
        answer_deadline: f.duration("answer_deadline", DEADLINE).unwrap_or(defaults.answer_deadline),
    }
}

fn policyd(mut f: Fields<'_, '_>, now: Timestamp) -> Policyd {
    let defaults = Policyd::default();
    let listen = f.texts("listen", value::listen);
    let tcp_table = f.texts("tcp_table", value::listen);
    Policyd {
        listen: listen.map_or(defaults.listen, |g| g.value),
        observe: f.flag("observe", Observe::No, Observe::Yes).unwrap_or(defaults.observe),
        testing_probe: f.text("testing_probe", testing_probe).map_or(defaults.testing_probe, |g| g.value),
        partial_dane: f.word("partial_dane", &PARTIAL_DANE).map_or(defaults.partial_dane, |g| g.value),
        socket_mode: f.text("socket_mode", value::mode).map_or(defaults.socket_mode, |g| g.value),
        socket_owner: f.text("socket_owner", value::word).map(|g| g.value),
        socket_group: f.text("socket_group", value::word).map(|g| g.value),
        max_connections: number(f.number("max_connections", 1..=1_000_000), defaults.max_connections),
        cache_entries: number(f.number("cache_entries", 100..=1_000_000_000), defaults.cache_entries),
        tcp_table: tcp_table.map_or(defaults.tcp_table, |g| g.value),
        tcp_table_map: f.text("tcp_table_map", map_name).map_or(defaults.tcp_table_map, |g| g.value),
        smtp_port: number(f.number("smtp_port", 1..=65_535), defaults.smtp_port),
        helo: f.text("helo", value::domain).map(|g| g.value),
        overrides: overrides(&mut f, now),
    }
}

fn testing_probe(text: &str) -> Read<TestingProbe> {
    if text == OFF {
        return Ok(TestingProbe::Off);
    }
    within(PROBE)(text).map(TestingProbe::Every)
}

fn map_name(text: &str) -> Read<Profile> {
    if let Some(profile) = Profile::from_map_name(text) {
        return Ok(profile);
    }
    one_of(text, &Profile::ALL.map(|profile| (profile.as_str(), profile)))
}

fn overrides(f: &mut Fields<'_, '_>, now: Timestamp) -> Vec<Override> {
    let mut read = Vec::new();
    let mut seen = BTreeSet::new();
    for table in f.tables("override") {
        let span = table.span.clone();
        let mut inner = f.inner(table.value);
        let domain = required(&mut inner, "domain", ("an override", &span), value::domain);
        let answer = required(&mut inner, "answer", ("an override", &span), override_answer);
        let reason = inner.text("reason", value::word).map_or_else(String::new, |g| g.value);
        let until = inner.text("until", value::until);
        let (Some(domain), Some(answer)) = (domain, answer) else {
            continue;
        };
        if !seen.insert(domain.value.clone()) {
            f.note(
                Problem::error(domain.span, format!("there is an override for {} already", domain.value))
                    .help("keep one of them"),
            );
            continue;
        }
        if let Some(until) = until.as_ref().filter(|u| u.value.end <= now) {
            f.note(
                Problem::warning(
                    until.span.clone(),
                    format!("the override for {} has expired: it no longer holds", domain.value),
                )
                .help("remove it, or give it a new date"),
            );
        }
        read.push(Override { domain: domain.value, answer: answer.value, reason, until: until.map(|g| g.value) });
    }
    read
}

fn required<T>(
    f: &mut Fields<'_, '_>,
    key: &str,
    (what, table): (&str, &std::ops::Range<usize>),
    read: impl Fn(&str) -> Read<T>,
) -> Option<Given<T>> {
    if f.value(key).is_none() {
        f.note(Problem::error(table.clone(), format!("{what} needs `{key}`")));
    }
    f.text(key, read)
}

fn override_answer(text: &str) -> Read<Answer> {
    Answer::parse(text).map_err(|e| Complaint {
        what: e.to_string(),
        help: Some(
            "write \"off\", \"observe\", \"refresh-only\" or a level line such as \"secure match=.example.com\""
                .to_owned(),
        ),
    })
}

fn web(mut f: Fields<'_, '_>) -> Web {
    Web { listen: f.texts("listen", value::listen).map_or(Web::default().listen, |g| g.value) }
}

fn control(mut f: Fields<'_, '_>) -> Control {
    let defaults = Control::default();
    Control {
        socket: f.text("socket", value::socket_path).map_or(defaults.socket, |g| g.value),
        mode: f.text("mode", value::mode).map_or(defaults.mode, |g| g.value),
    }
}

fn collector(mut f: Fields<'_, '_>) -> Collector {
    let defaults = Collector::default();
    Collector {
        socket: f.text("socket", value::socket_path).map_or(defaults.socket, |g| g.value),
        mode: f.text("mode", value::mode).map_or(defaults.mode, |g| g.value),
        owner: f.text("owner", value::word).map(|g| g.value),
        group: f.text("group", value::word).map(|g| g.value),
        token_file: f.text("token_file", value::path).map(|g| g.value),
        flush: f.duration("flush", FLUSH).unwrap_or(defaults.flush),
        keep: f.text("keep", whole_days).map_or(defaults.keep, |g| g.value),
        mx_host_scope: f.flag("mx_host_scope", HostScope::Off, HostScope::On).unwrap_or(defaults.mx_host_scope),
        queue_mib: number(f.number("queue_mib", MIB), defaults.queue_mib),
        counts_mib: number(f.number("counts_mib", MIB), defaults.counts_mib),
    }
}

/// Counts are of days, so they are kept for days.
fn whole_days(text: &str) -> Read<Duration> {
    let length = within(KEEP)(text)?;
    if length.as_secs() % 86_400 == 0 && length.subsec_nanos() == 0 {
        return Ok(length);
    }
    Err(Complaint {
        what: "counts are kept for whole days".to_owned(),
        help: Some("write a number of days, such as \"30d\"".to_owned()),
    })
}

/// A password for a door that is not there.
fn unheard_token(tree: &DeTable<'_>, settings: &Settings, problems: &mut Vec<Problem>) {
    let table = tree.get("collector").and_then(|section| section.get_ref().as_table());
    let token = table.and_then(|table| table.get("token_file"));
    if let (Some(token), None) = (token, &settings.web) {
        let what = "there is no [web] section, so nobody can post sessions with this password";
        problems.push(Problem::warning(token.span(), what).help("add [web], or leave `token_file` out"));
    }
}

fn log(mut f: Fields<'_, '_>) -> Log {
    let defaults = Log::default();
    Log {
        level: f.word("level", &LEVELS).map_or(defaults.level, |g| g.value),
        format: f.word("format", &FORMATS).map_or(defaults.format, |g| g.value),
    }
}

/// A number that `Fields::number` found in range, in the type that the setting has.
fn number<T: TryFrom<u64>>(given: Option<u64>, default: T) -> T {
    given.and_then(|n| T::try_from(n).ok()).unwrap_or(default)
}
