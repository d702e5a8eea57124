//! Postfix with strictmx: this program's own parser and decisions (D-1 … D-10).
use alloc::{string::ToString, vec::Vec};

use strictmx_proto::sts::{Pattern, Policy};

use super::{Profile, Status, Took, text};

pub(super) static PROFILE: Profile = Profile {
    sender: "Postfix with strictmx",
    version: env!("CARGO_PKG_VERSION"),
    status: Status::Only200,
    media: text::text_plain,
    limit: strictmx_proto::sts::limit::MAX_LEN,
    patience: 60,
    record: text::by_the_grammar,
    read,
    kept: |max_age| max_age,
    covers: |pattern, host| Pattern::parse(pattern).is_ok_and(|(pattern, _)| pattern.matches(host)),
    notes: &[],
    testing: Some("checks every MX host once a day and reports the result; deliveries are not affected"),
};

fn read(body: &[u8], _charset: Option<&str>) -> Result<Took, alloc::string::String> {
    let policy = Policy::parse(body).map_err(|error| error.to_string())?.policy;
    let mx: Vec<_> = policy.mx.iter().map(ToString::to_string).collect();
    Ok(Took { mode: policy.mode, max_age: policy.max_age.into(), mx, stuck: None })
}
