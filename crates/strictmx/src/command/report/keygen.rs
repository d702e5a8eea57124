//! `strictmx report keygen`: keys that sign report mails.
use std::fmt::Write as _;

use strictmx_io::dkim::{self, Key};
use strictmx_proto::mail::dkim::{Algorithm, KeyRecord, Selector, Services};
use strictmx_proto::name::Domain;

use crate::{
    cli::{
        Exit, Keygen,
        output::{self, DIM, STRONG},
    },
    config::Settings,
};

/// Both algorithms, with what their selectors end in.
const KINDS: [(Algorithm, &str); 2] = [(Algorithm::RsaSha256, "rsa"), (Algorithm::Ed25519Sha256, "ed")];

/// Makes both keys, and shows what to publish and what to write into the config.
pub(super) fn run(settings: &Settings, asked: &Keygen) -> Exit {
    let signer = match signer(settings, asked) {
        Ok(signer) => signer,
        Err(exit) => return exit,
    };
    let mut records = String::new();
    let mut lines = String::new();
    for (algorithm, ending) in KINDS {
        let name = format!("{}-{ending}", asked.selector);
        let selector = match Selector::parse(&name) {
            Ok(selector) => selector,
            Err(error) => {
                output::error(format_args!("{name:?} is no selector: {error}"));
                return Exit::Usage;
            }
        };
        let Some(owner) = selector.record_name(&signer) else {
            output::error(format_args!("{signer} leaves no room for a key's name; choose a shorter selector"));
            return Exit::Usage;
        };
        let path = asked.out.join(format!("{selector}.pem"));
        let key = match Key::generate(algorithm) {
            Ok(key) => key,
            Err(error) => {
                output::error(error);
                return Exit::Internal;
            }
        };
        if let Err(error) = dkim::save(&path, &key) {
            output::error(error);
            return Exit::NoLook;
        }
        // D-52
        let record = KeyRecord::new(algorithm, &key.public(), Services::All);
        put(&mut records, record.zone_line(owner.as_str()));
        let shown = std::path::absolute(&path).unwrap_or(path);
        let file = toml::Value::String(shown.display().to_string());
        put(&mut lines, format_args!("  {{ selector = \"{selector}\", key_file = {file} }},"));
    }
    output::note(&format!(
        "{DIM}Both keys are made; only this user may read them. The daemon's user needs to.{DIM:#}\n"
    ));
    output::result(&format!(
        "{STRONG}Publish in {signer}{STRONG:#} (without s=, so that every verifier takes them)\n{records}\n\
         {STRONG}Write into strictmx.toml, below [reporter]{STRONG:#}\ndkim = [\n{lines}]\n"
    ))
}

fn signer(settings: &Settings, asked: &Keygen) -> Result<Domain, Exit> {
    if let Some(domain) = &asked.domain {
        return Ok(domain.clone());
    }
    let contact = settings.reporter.as_ref().and_then(|reporter| reporter.contact.as_ref());
    contact.map(|contact| contact.domain().clone()).ok_or_else(|| {
        output::error(
            "which domain is to sign? write --domain example.com, or `contact` below [reporter] in the config",
        );
        Exit::Usage
    })
}

fn put(page: &mut String, line: impl std::fmt::Display) {
    let _never_fails = writeln!(page, "{line}");
}
