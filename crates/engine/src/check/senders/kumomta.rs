//! KumoMTA: lenient about blanks, strict about repeated fields.
use alloc::{collections::BTreeMap, format, string::String, vec::Vec};

use strictmx_proto::sts::Mode;

use super::{Profile, Status, Took, text};
use crate::check::shown::shown;
use crate::fact::Txt;

pub(super) static PROFILE: Profile = Profile {
    sender: "KumoMTA",
    version: "2026.06.23",
    status: Status::Only200,
    media: text::text_plain_exactly,
    limit: usize::MAX,
    patience: 20,
    record,
    read,
    kept: |max_age| max_age,
    covers: text::one_label,
    notes: &[
        "stops applying a cached policy when the record has a new id and the policy cannot be fetched",
        "sends no TLS reports",
    ],
    testing: None,
};

/// Joins all TXT records of the name into one before it looks at it, and takes the last of a repeated key.
fn record(txts: &[Txt]) -> bool {
    let text: String = txts.iter().map(Txt::text).collect();
    let pairs = text::pairs(&text);
    let last = |name: &str| pairs.iter().flatten().rev().find(|(key, _)| *key == name);
    pairs.iter().all(Option::is_some) && last("v").is_some_and(|(_, value)| *value == "STSv1") && last("id").is_some()
}

fn read(body: &[u8], _charset: Option<&str>) -> Result<Took, String> {
    let text = String::from_utf8_lossy(body);
    let mut fields: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        let (key, value) = line.split_once(':').ok_or("refuses a policy with a line that has no colon")?;
        fields.entry(key.trim()).or_default().push(value.trim());
    }
    let once = |key: &str| match fields.get(key).map(Vec::as_slice) {
        Some([value]) => Ok(*value),
        Some(_) => Err(format!("refuses a policy with several `{key}` lines")),
        None => Err(format!("refuses a policy without `{key}`")),
    };
    if once("version")? != "STSv1" {
        return Err("refuses a version other than STSv1".into());
    }
    let mode = once("mode")?;
    let mode = Mode::parse(mode).ok_or_else(|| format!("refuses the mode {:?}", shown(mode)))?;
    let mx: Vec<String> = fields.get("mx").into_iter().flatten().map(|mx| mx.to_lowercase()).collect();
    if mx.is_empty() && mode != Mode::None {
        return Err("refuses a policy without `mx`".into());
    }
    let max_age = once("max_age")?;
    let max_age = max_age.parse().map_err(|_| format!("refuses the max_age {:?}", shown(max_age)))?;
    Ok(Took { mode, max_age, mx, stuck: None })
}
