//! What was typed about the owner's intentions, as the checks take it.
use std::path::Path;

use strictmx_engine::check::Intent;
use strictmx_proto::name::Domain;

use super::offline;
use crate::{cli::Intended, when};

/// Reads the options, or says which of them makes no sense.
pub(super) fn read(asked: &Intended) -> Result<Intent, String> {
    Ok(Intent {
        mx: hosts("--expect-mx", &asked.expect_mx)?,
        policy_alias: asked.expect_alias.as_deref().map(|name| host("--expect-alias", name)).transpose()?,
        rua: asked.expect_rua.clone(),
        text: asked.expect_policy.as_deref().map(text).transpose()?,
        change_at: match &asked.change_at {
            None => None,
            Some(date) => Some(when::moment(date).ok_or_else(|| {
                format!("--change-at {date:?} is no date: write 2026-12-24, or 2026-12-24T06:00:00Z")
            })?),
        },
        certificate_days: asked.certificate_days,
        testing_days: asked.testing_days,
    })
}

/// The hosts behind an option.
pub(super) fn hosts(option: &str, names: &[String]) -> Result<Vec<Domain>, String> {
    names.iter().map(|name| host(option, name)).collect()
}

fn host(option: &str, name: &str) -> Result<Domain, String> {
    Domain::parse_lenient(name.trim()).map_err(|error| format!("{option} {name:?}: {error}"))
}

fn text(path: &Path) -> Result<String, String> {
    let octets = offline::policy(path)?;
    String::from_utf8(octets.0.into())
        .map_err(|_| format!("{} is not UTF-8 text; it cannot be a policy", path.display()))
}
