//! SARIF 2.1.0 (OASIS), the form that code scanners and CI systems take.
//!
//! The rules are the whole catalogue, so that the same finding has the same rule in every log. A finding of a policy file points
//! at its line; any other has a logical place, since a domain is no file.
use serde::Serialize;
use serde_json::{Value, json};
use strictmx_engine::check::{Finding, Severity, Verdict, catalogue};

use super::outcome::Totals;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
const ABOUT: &str = env!("CARGO_PKG_REPOSITORY");

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: &'static str,
    short_description: Text<'static>,
    full_description: Text<'static>,
    default_configuration: Value,
    properties: Value,
}

#[derive(Serialize)]
struct Text<'a> {
    text: &'a str,
}

/// Everything before the first result.
pub(super) fn head() -> Result<String, serde_json::Error> {
    let rules: Vec<Rule> = catalogue()
        .map(|check| Rule {
            id: check.id,
            short_description: Text { text: check.title },
            full_description: Text { text: check.why },
            default_configuration: json!({ "level": "warning" }),
            properties: json!({
                "family": check.family.as_str(),
                "side": check.side.as_str(),
                "requirement": check.requirement,
            }),
        })
        .collect();
    let driver = json!({
        "name": "strictmx",
        "version": env!("CARGO_PKG_VERSION"),
        "informationUri": ABOUT,
        "rules": serde_json::to_value(rules)?,
    });
    Ok(format!(
        "{{\"$schema\":{},\"version\":\"2.1.0\",\"runs\":[{{\"tool\":{{\"driver\":{driver}}},\"columnKind\":\"unicodeCodePoints\",\n\"results\":[\n",
        json!(SCHEMA)
    ))
}

/// Everything after the last: among it whether every domain could be looked at.
pub(super) fn tail(totals: &Totals) -> String {
    let whole = totals.unseen == 0 && totals.broke_off == 0;
    format!("\n],\"invocations\":[{{\"executionSuccessful\":{whole}}}]}}]}}\n")
}

/// The results of one domain, with commas between them; empty without findings.
pub(super) fn results(verdict: &Verdict, file: Option<&str>) -> Result<String, serde_json::Error> {
    let results: Result<Vec<String>, _> =
        verdict.findings.iter().map(|finding| serde_json::to_string(&result(verdict, finding, file))).collect();
    results.map(|results| results.join(",\n"))
}

fn result(verdict: &Verdict, finding: &Finding, file: Option<&str>) -> Value {
    let domain = verdict.domain.as_str();
    let place = if finding.subject.is_empty() { domain.to_owned() } else { format!("{domain}/{}", finding.subject) };
    let mut location = json!({ "logicalLocations": [{ "fullyQualifiedName": place, "kind": "resource" }] });
    if let (Some(file), Some(location)) = (file, location.as_object_mut()) {
        let region = json!({ "startLine": line(&finding.subject).unwrap_or(1) });
        location.insert(
            "physicalLocation".to_owned(),
            json!({ "artifactLocation": { "uri": uri(file) }, "region": region }),
        );
    }
    let index = catalogue().position(|check| check.id == finding.check.id);
    let mut result = json!({
        "ruleId": finding.check.id,
        "level": level(finding.severity),
        "message": { "text": message(finding) },
        "locations": [location],
        "partialFingerprints": { "strictmx/v1": format!("{}:{place}", finding.check.id) },
    });
    if let (Some(index), Some(result)) = (index, result.as_object_mut()) {
        result.insert("ruleIndex".to_owned(), json!(index));
    }
    result
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn message(finding: &Finding) -> String {
    let mut text = finding.seen.clone();
    for more in [&finding.next_step, &finding.publish] {
        if !more.is_empty() {
            text.push('\n');
            text.push_str(more);
        }
    }
    text
}

/// The number in `line 3`.
fn line(subject: &str) -> Option<u32> {
    subject.strip_prefix("line ")?.parse().ok().filter(|line| *line > 0)
}

/// A path as a URI reference (RFC 3986 §3.3): what is no plain path character is percent-encoded.
fn uri(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for octet in path.bytes() {
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => text.push(char::from(octet)),
            _ => text.push_str(&format!("%{octet:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_uri_reference() {
        assert_eq!(uri("dir/mta-sts.txt"), "dir/mta-sts.txt");
        assert_eq!(uri("a b%é.txt"), "a%20b%25%C3%A9.txt");
    }

    #[test]
    fn only_a_line_is_a_line() {
        assert_eq!(line("line 3"), Some(3));
        for none in ["", "line", "line 0", "line x", "mx.example.com", "lines 3"] {
            assert_eq!(line(none), None, "{none}");
        }
    }
}
