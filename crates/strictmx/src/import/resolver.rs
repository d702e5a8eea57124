//! Rows of postfix-mta-sts-resolver's `SQLite` cache, as [`strictmx_io::store::import_resolver`] reads them: domain, time, id,
//! and the policy as a JSON object.

use std::collections::BTreeSet;

use serde_json::Value;
use strictmx_engine::time::Timestamp;
use strictmx_io::store::import_resolver::ResolverRow;
use strictmx_proto::name::Domain;
use strictmx_proto::sts::Policy;

use super::{Import, Imported, Refused, known};

/// Reads the rows.
pub fn read(rows: &[ResolverRow], now: Timestamp) -> Import {
    let mut import = Import::default();
    let mut seen = BTreeSet::new();
    for row in rows {
        let refused = |why: String| Refused { line: row.number, why };
        match read_row(row, now) {
            Ok(Some(imported)) => {
                if seen.insert(imported.domain.clone()) {
                    import.taken.push(imported);
                } else {
                    import.refused.push(refused(format!("there is a row for {} already", imported.domain)));
                }
            }
            Ok(None) => import.expired += 1,
            Err(why) => import.refused.push(refused(why)),
        }
    }
    import
}

/// `None`: the policy has expired.
fn read_row(row: &ResolverRow, now: Timestamp) -> Result<Option<Imported>, String> {
    let name = row.domain.as_deref().ok_or("there is no domain")?;
    let domain = Domain::parse(name).map_err(|e| format!("this is no domain: {e}"))?;
    let ts = row.ts.and_then(|ts| u64::try_from(ts).ok()).ok_or("there is no time")?;
    // A time still to come would stretch the policy's life.
    let fetched = Timestamp(ts).min(now);
    let body = row.body.as_deref().ok_or("there is no policy")?;
    let policy = policy(body)?;
    let expires = fetched.plus(u64::from(policy.max_age));
    if expires < now {
        return Ok(None);
    }
    let known = known(policy, row.id.as_deref().and_then(id), fetched, expires);
    Ok(Some(Imported { domain, known, note: None }))
}

/// The id, when it is one (STS-3.1-4).
fn id(text: &str) -> Option<Box<str>> {
    let good = (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
    good.then(|| text.into())
}

/// The policy, written out as its owner would have and read as if it came from there.
fn policy(body: &str) -> Result<Policy, String> {
    let json: Value = serde_json::from_str(body).map_err(|e| format!("its policy is not JSON: {e}"))?;
    let object = json.as_object().ok_or("its policy is no JSON object")?;
    let mut text = String::new();
    for name in ["version", "mode"] {
        if let Some(value) = object.get(name) {
            field(&mut text, name, value)?;
        }
    }
    match object.get("mx") {
        Some(Value::Array(all)) => {
            for value in all {
                field(&mut text, "mx", value)?;
            }
        }
        Some(one @ Value::String(_)) => field(&mut text, "mx", one)?,
        _ => {}
    }
    if let Some(value) = object.get("max_age") {
        field(&mut text, "max_age", value)?;
    }
    let parsed = Policy::parse(text.as_bytes()).map_err(|e| format!("its policy is not valid: {e}"))?;
    Ok(parsed.policy)
}

fn field(text: &mut String, name: &str, value: &Value) -> Result<(), String> {
    let value = match value {
        Value::String(value) => value.clone(),
        Value::Number(value) => value.to_string(),
        _ => return Err(format!("its `{name}` is neither a text nor a number")),
    };
    if value.chars().any(char::is_control) {
        return Err(format!("its `{name}` has control characters"));
    }
    text.push_str(&format!("{name}: {value}\n"));
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use strictmx_proto::sts::Mode;

    const NOW: Timestamp = Timestamp(1_800_000_000);
    const BODY: &str =
        r#"{"version": "STSv1", "mode": "enforce", "mx": ["mail.a.example", "*.b.example"], "max_age": 86400}"#;

    fn row(ts: i64, id: &str, body: &str) -> ResolverRow {
        ResolverRow {
            number: 1,
            domain: Some("a.example".to_owned()),
            ts: Some(ts),
            id: Some(id.to_owned()),
            body: Some(body.to_owned()),
        }
    }

    #[test]
    fn a_row_keeps_its_id_its_time_and_its_life() {
        let import = read(&[row(1_799_999_000, "20260101", BODY)], NOW);
        let entry = import.taken[0].known.entry.clone().unwrap();
        assert_eq!(entry.id.as_deref(), Some("20260101"));
        assert_eq!((entry.fetched, entry.expires), (Timestamp(1_799_999_000), Timestamp(1_800_085_400)));
        assert_eq!((entry.policy.mode, entry.policy.mx.len()), (Mode::Enforce, 2));
    }

    #[test]
    fn testing_and_none_are_kept_as_what_they_are() {
        let none = r#"{"version": "STSv1", "mode": "none", "mx": [], "max_age": 86400}"#;
        let import = read(
            &[
                row(1_799_999_000, "1", &BODY.replace("enforce", "testing")),
                ResolverRow { domain: Some("b.example".into()), ..row(1_799_999_000, "1", none) },
            ],
            NOW,
        );
        let modes: Vec<_> = import.taken.iter().map(|i| i.known.entry.as_ref().unwrap().policy.mode).collect();
        assert_eq!(modes, [Mode::Testing, Mode::None]);
    }

    #[test]
    fn an_expired_policy_is_counted_and_a_time_to_come_stretches_nothing() {
        let import = read(
            &[
                row(1_700_000_000, "1", BODY),
                ResolverRow { domain: Some("b.example".into()), ..row(1_900_000_000, "1", BODY) },
            ],
            NOW,
        );
        assert_eq!(import.expired, 1);
        assert_eq!(import.taken[0].known.entry.as_ref().unwrap().expires, NOW.plus(86_400));
    }

    #[test]
    fn a_bad_id_is_left_out_and_the_policy_is_kept() {
        let import = read(&[row(1_799_999_000, "not an id!", BODY)], NOW);
        assert_eq!(import.taken[0].known.entry.as_ref().unwrap().id, None);
    }

    #[test]
    fn what_cannot_be_understood_is_refused() {
        let good = row(1_799_999_000, "1", BODY);
        let rows = [
            ResolverRow { domain: None, ..good.clone() },
            ResolverRow { domain: Some("10.0.0.1".into()), ..good.clone() },
            ResolverRow { ts: None, ..good.clone() },
            ResolverRow { ts: Some(-1), ..good.clone() },
            ResolverRow { body: None, ..good.clone() },
            row(1_799_999_000, "1", "{"),
            row(1_799_999_000, "1", "[]"),
            row(1_799_999_000, "1", "{}"),
            row(1_799_999_000, "1", r#"{"version": "STSv1", "mode": "enforce", "mx": [], "max_age": 86400}"#),
            row(
                1_799_999_000,
                "1",
                r#"{"version": "STSv1", "mode": "none\nmx: evil.example", "mx": [], "max_age": 86400}"#,
            ),
            row(1_799_999_000, "1", r#"{"version": "STSv1", "mode": "enforce", "mx": ["a"], "max_age": -1}"#),
            row(1_799_999_000, "1", r#"{"version": "STSv1", "mode": "enforce", "mx": [null], "max_age": 1}"#),
        ];
        let import = read(&rows, NOW);
        assert_eq!((import.taken.len(), import.refused.len()), (0, rows.len()));
    }
}
