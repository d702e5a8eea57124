//! `[monitor]`.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use strictmx_engine::check::{Family, Severity as Gravity};
use strictmx_proto::name::Domain;
use toml::de::DeValue;

use super::super::diagnostic::Problem;
use super::super::raw::{Fields, one_of};
use super::super::settings::{Domains, Expect, LookDepth, Monitor};
use super::super::value::{self, Read};
use super::{number, required};

/// Words of `monitor.depth`.
pub(in super::super) const DEPTHS: [(&str, LookDepth); 2] =
    [("quick", LookDepth::Quick), ("thorough", LookDepth::Thorough)];
/// Words of `monitor.alert_from`.
pub(in super::super) const GRAVITIES: [(&str, Gravity); 2] = [("error", Gravity::Error), ("warning", Gravity::Warning)];

const EVERY: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(30 * 24);

pub(super) fn monitor(mut f: Fields<'_, '_>) -> Monitor {
    let defaults = Monitor::default();
    let webhook = f.text("webhook", value::web_address).map(|g| g.value);
    let token = f.text("webhook_token_file", value::path);
    if let (None, Some(token), None) = (&webhook, &token, f.value("webhook")) {
        f.note(Problem::warning(token.span.clone(), "`webhook_token_file` is used with `webhook` alone"));
    }
    let mail_to = f.texts("mail_to", value::mail_address);
    let mail_from = f.text("mail_from", value::mail_address).map(|g| g.value);
    if let Some(to) = &mail_to
        && !to.value.is_empty()
        && f.value("mail_from").is_none()
    {
        let problem = Problem::error(to.span.clone(), "`mail_to` needs `mail_from`");
        f.note(problem.help("write whom the mails come from, such as mail_from = \"strictmx@example.com\""));
    }
    Monitor {
        domains: domains(&mut f).unwrap_or(defaults.domains),
        every: f.duration("every", EVERY).unwrap_or(defaults.every),
        families: families(&mut f).unwrap_or(defaults.families),
        depth: f.word("depth", &DEPTHS).map_or(defaults.depth, |g| g.value),
        confirm: number(f.number("confirm", 1..=20), defaults.confirm),
        alert_from: f.word("alert_from", &GRAVITIES).map_or(defaults.alert_from, |g| g.value),
        webhook,
        webhook_token_file: token.map(|g| g.value),
        mail_to: mail_to.map_or(defaults.mail_to, |g| g.value),
        mail_from,
        submit: f.text("submit", value::mail_server).map_or(defaults.submit, |g| g.value),
        certificate_days: number(f.number("certificate_days", 0..=3650), defaults.certificate_days),
        testing_days: number(f.number("testing_days", 0..=3650), defaults.testing_days),
        expect: expect(&mut f),
    }
}

fn domains(f: &mut Fields<'_, '_>) -> Option<Domains> {
    let value = f.value("domains")?;
    let DeValue::Table(table) = value.get_ref() else {
        return f.texts("domains", value::domain).map(|listed| Domains::Listed(once(listed.value)));
    };
    let help = "write domains = [\"example.com\"], or domains = { file = \"/etc/strictmx/domains\" }";
    for key in table.keys().filter(|key| key.get_ref() != "file") {
        f.note(Problem::error(key.span(), "`domains` has the key `file`, nothing else").help(help));
    }
    if table.is_empty() {
        f.note(Problem::error(value.span(), "`domains` names neither domains nor a file").help(help));
    }
    f.inner(table).text("file", value::path).map(|given| Domains::File(given.value))
}

/// Each once, where it stood first.
fn once(domains: Vec<Domain>) -> Vec<Domain> {
    let mut seen = BTreeSet::new();
    domains.into_iter().filter(|domain| seen.insert(domain.clone())).collect()
}

fn families(f: &mut Fields<'_, '_>) -> Option<Vec<Family>> {
    let words = Family::ALL.map(|family| (family.as_str(), family));
    let listed = f.texts("families", |text: &str| -> Read<Family> { one_of(text, &words) })?;
    if listed.value.is_empty() {
        let problem = Problem::error(listed.span, "`families` is empty: nothing would be looked at");
        f.note(problem.help("name a family, or leave the key out"));
        return None;
    }
    // In the order they are judged, each once.
    Some(Family::ALL.into_iter().filter(|family| listed.value.contains(family)).collect())
}

fn expect(f: &mut Fields<'_, '_>) -> Vec<Expect> {
    let mut read = Vec::new();
    let mut seen = BTreeSet::new();
    for table in f.tables("expect") {
        let mut inner = f.inner(table.value);
        let domain = required(&mut inner, "domain", ("an expectation", &table.span), value::domain);
        let mx = inner.texts("mx", value::domain).map_or_else(Vec::new, |g| g.value);
        let policy_alias = inner.text("policy_alias", value::domain).map(|g| g.value);
        let rua = inner.text("rua", value::word).map(|g| g.value);
        let Some(domain) = domain else {
            continue;
        };
        if seen.insert(domain.value.clone()) {
            read.push(Expect { domain: domain.value, mx, policy_alias, rua });
        } else {
            let problem = Problem::error(domain.span, format!("{} is expected to be something already", domain.value));
            f.note(problem.help("keep one of them"));
        }
    }
    read
}
