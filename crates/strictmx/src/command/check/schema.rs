//! `--schema`: the published form of the JSON that `check` writes. Tests hold real output to it.

/// The JSON Schema (draft 2020-12).
pub(super) const TEXT: &str = include_str!("check.schema.json");
