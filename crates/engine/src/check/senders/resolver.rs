//! postfix-mta-sts-resolver: takes nearly everything and hands the patterns to Postfix as they stand.
use alloc::{borrow::ToOwned, format, string::String, vec::Vec};

use strictmx_proto::sts::Mode;

use super::{Profile, Status, Took, text};
use crate::check::shown::shown;
use crate::fact::Txt;

/// Its own bound of `max_age`; beyond it the policy is refused, not clamped.
const LARGEST: i128 = 31_557_600;

pub(super) static PROFILE: Profile = Profile {
    sender: "postfix-mta-sts-resolver",
    version: "1.5.0",
    status: Status::Only200,
    media: text::text_plain,
    limit: 64 * 1024,
    patience: 4,
    record,
    read,
    kept: |max_age| max_age,
    covers: text::any_depth,
    notes: &[],
    testing: Some("does nothing in testing, and Postfix then reports such sessions as no-policy-found"),
};

/// Exactly one record that begins with the version, and an id of any form.
fn record(txts: &[Txt]) -> bool {
    let texts: Vec<_> =
        txts.iter().map(Txt::text).filter(|text| text.is_ascii() && text.starts_with("v=STSv1")).collect();
    let [text] = texts.as_slice() else {
        return false;
    };
    let has = |name: &str| {
        text.split(';').map(str::trim).find_map(|field| field.split_once('=').filter(|(key, _)| *key == name))
    };
    has("v").is_some_and(|(_, value)| value == "STSv1") && has("id").is_some()
}

fn read(body: &[u8], charset: Option<&str>) -> Result<Took, String> {
    let utf8 = charset.is_some_and(|name| name.eq_ignore_ascii_case("utf-8") || name.eq_ignore_ascii_case("utf8"));
    if !utf8 && !body.is_ascii() {
        return Err("reads ASCII unless the Content-Type names a charset, and there are other octets".into());
    }
    let text = core::str::from_utf8(body).map_err(|_| "refuses a text that is not UTF-8")?;
    let (mut version, mut mode, mut max_age, mut mx) = (None, None, None, Vec::new());
    for line in text.split(is_line_end) {
        let (key, value) = line.split_once(':').unwrap_or((line.trim_end(), ""));
        let value = value.trim();
        match key {
            "version" => version = Some(value),
            "mode" => mode = Some(value),
            "max_age" => max_age = Some(value),
            "mx" => mx.push(value.to_owned()),
            _ => {}
        }
    }
    let missing = |key: &str| format!("refuses a policy without `{key}`");
    if version != Some("STSv1") {
        return Err(
            version.map_or_else(|| missing("version"), |other| format!("refuses the version {:?}", shown(other)))
        );
    }
    let seconds = max_age.ok_or_else(|| missing("max_age"))?;
    let max_age = number(seconds).filter(|seconds| (0..=LARGEST).contains(seconds));
    let max_age = max_age.and_then(|seconds| u64::try_from(seconds).ok());
    let max_age =
        max_age.ok_or_else(|| format!("refuses the max_age {:?}: no number from 0 to {LARGEST}", shown(seconds)))?;
    let mode = mode.ok_or_else(|| missing("mode"))?;
    let mode = Mode::parse(mode).ok_or_else(|| format!("refuses the mode {:?}", shown(mode)))?;
    if mx.is_empty() && mode != Mode::None {
        return Err(missing("mx"));
    }
    let stuck = text::breaks_postfix(&mx);
    Ok(Took { mode, max_age, mx, stuck })
}

/// What its language takes for the end of a line: CR alone is one. CRLF gives a blank line more, which it ignores.
fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// A number as its language reads them: a sign, and underscores between digits.
fn number(text: &str) -> Option<i128> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.len() > 30
        || digits.split('_').any(|part| part.is_empty() || !part.bytes().all(|octet| octet.is_ascii_digit()))
    {
        return None;
    }
    text.replace('_', "").parse().ok()
}
