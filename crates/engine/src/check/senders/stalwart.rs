//! Stalwart: whatever stands before a colon is a key, and what is missing is filled in.
use alloc::{format, string::String, vec::Vec};

use strictmx_proto::{name::Domain, sts::Mode};

use super::{Profile, Status, Took, text};
use crate::check::shown::shown;
use crate::fact::Txt;

const DAY: u64 = 86_400;

pub(super) static PROFILE: Profile = Profile {
    sender: "Stalwart",
    version: "0.16.18",
    status: Status::Any,
    media: text::any_media,
    limit: 1024 * 1024,
    patience: 300,
    record,
    read,
    kept: |max_age| if (3600..31_557_600).contains(&max_age) { max_age } else { DAY },
    covers: text::one_label,
    notes: &["stops applying a cached policy when the record has a new id and the policy cannot be fetched"],
    testing: None,
};

/// Takes the first record that has a version and an id, in any order and case of the keys.
fn record(txts: &[Txt]) -> bool {
    txts.iter().any(|txt| {
        let text = txt.text();
        let pairs = text::pairs(&text);
        let has = |name: &str| pairs.iter().flatten().find(|(key, _)| key.eq_ignore_ascii_case(name));
        has("v").is_some_and(|(_, value)| *value == "STSv1") && has("id").is_some()
    })
}

/// Reads on from colon to line end to colon, so that a line without a colon swallows the key of the next one.
fn read(body: &[u8], _charset: Option<&str>) -> Result<Took, String> {
    let mut rest = core::str::from_utf8(body).map_err(|_| "refuses a text that is not UTF-8")?;
    let mut took = Took { mode: Mode::None, max_age: DAY, mx: Vec::new(), stuck: None };
    while let Some((key, after)) = rest.split_once(':') {
        let (value, next) = after.split_once('\n').unwrap_or((after, ""));
        rest = next;
        let value = value.trim();
        match key.trim() {
            "version" if !value.eq_ignore_ascii_case("STSv1") => {
                return Err(format!("refuses the version {:?}", shown(value)));
            }
            "mode" => took.mode = Mode::parse(value).ok_or_else(|| format!("refuses the mode {:?}", shown(value)))?,
            "max_age" => took.max_age = value.parse().unwrap_or(took.max_age),
            "mx" if !value.is_empty() && value != "*." => took.mx.push(pattern(value)),
            _ => {}
        }
    }
    if took.mx.is_empty() {
        return Err("refuses a policy without `mx`, whatever its mode".into());
    }
    Ok(took)
}

/// U-labels become A-labels; nothing else is judged.
fn pattern(value: &str) -> String {
    let (star, name) = value.strip_prefix("*.").map_or(("", value), |name| ("*.", name));
    let converted = if name.is_ascii() { None } else { Domain::parse(name).ok() };
    let name = converted.map_or_else(|| name.to_lowercase(), |domain| domain.as_str().into());
    format!("{star}{name}")
}
