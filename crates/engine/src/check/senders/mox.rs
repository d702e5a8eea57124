//! mox: the grammar to the letter.
use alloc::{format, string::String, vec::Vec};

use strictmx_proto::sts::Mode;

use super::{Profile, Status, Took, text};

pub(super) static PROFILE: Profile = Profile {
    sender: "mox",
    version: "0.0.17",
    status: Status::Only200,
    media: text::any_media,
    limit: 64 * 1024,
    patience: 60,
    record: text::by_the_grammar,
    read,
    kept: |max_age| max_age,
    covers: text::one_label,
    notes: &[],
    testing: None,
};

/// The largest `max_age` it can hold: a signed number of 32 bits.
const LARGEST: u64 = i32::MAX as u64;

/// The first of a repeated field counts, but later ones must be well-formed too.
fn read(body: &[u8], _charset: Option<&str>) -> Result<Took, String> {
    let text = String::from_utf8_lossy(body);
    if text.ends_with('\r') {
        return Err("refuses a last line that ends in CR alone".into());
    }
    let (mut version, mut mode, mut max_age, mut mx) = (false, None, None, Vec::new());
    for (number, line) in (1..).zip(text::lines(&text)) {
        let refuse = |what: &str| Err(format!("refuses the whole policy for line {number}: {what}"));
        let Some((key, value)) = text::strict_field(line) else {
            return refuse(if line.is_empty() { "it is blank" } else { "it is no `key: value` line" });
        };
        match key {
            "version" if value == "STSv1" => version = true,
            "version" => return refuse("the version is not STSv1"),
            "mode" => match Mode::parse(value) {
                Some(read) => mode = mode.or(Some(read)),
                None => return refuse("no such mode"),
            },
            "max_age" => match text::digits(value).filter(|seconds| *seconds <= LARGEST) {
                Some(seconds) => max_age = max_age.or(Some(seconds)),
                None => return refuse("max_age is no number of at most ten digits that fits into 31 bits"),
            },
            "mx" if text::is_plain_pattern(value) => mx.push(value.to_ascii_lowercase()),
            "mx" => return refuse("the mx value is no host name"),
            _ if text::is_printable(value) => {}
            _ => return refuse("the value of an unknown key cannot stand there"),
        }
    }
    let missing = |key: &str| format!("refuses a policy without `{key}`");
    if !version {
        return Err(missing("version"));
    }
    let (mode, max_age) = (mode.ok_or_else(|| missing("mode"))?, max_age.ok_or_else(|| missing("max_age"))?);
    if mx.is_empty() && mode != Mode::None {
        return Err(missing("mx"));
    }
    Ok(Took { mode, max_age, mx, stuck: None })
}
