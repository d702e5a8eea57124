//! `cargo xtask spec`: every requirement that binds, where it lives in the code and which test covers it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use crate::ledger::{self, Row};
use crate::source::{mask, test_regions};
use crate::{Result, files, read, root, shown};

/// Where an id is named.
#[derive(Default)]
struct Places {
    code: BTreeSet<String>,
    tests: BTreeSet<String>,
}

/// Prints the table; fails on an id the ledger does not know and on a binding row without code or test.
pub(crate) fn main() -> Result<String> {
    let rows = ledger::load()?;
    let places = scan()?;
    let mut text = String::new();
    let mut faults = Vec::new();
    for (id, places) in &places {
        if !rows.contains_key(id) {
            let all: Vec<&String> = places.code.iter().chain(&places.tests).collect();
            faults.push(format!("{id} is not in the ledger (spec/*.toml); it is named in {}", join(&all)));
        }
    }
    let nowhere = Places::default();
    let mut ordered: Vec<&Row> = rows.values().filter(|row| row.binds()).collect();
    ordered.sort_by_key(|row| row.place);
    let (mut met, mut later) = (0, 0);
    for row in ordered {
        let places = places.get(&row.id).unwrap_or(&nowhere);
        text.push_str(&line(row, places));
        match (&row.unmet, &row.later) {
            (Some(_), _) => {}
            (None, Some(_)) => later += 1,
            (None, None) if places.code.is_empty() => faults.push(format!("{} has no code: {}", row.id, row.summary)),
            (None, None) if places.tests.is_empty() => faults.push(format!("{} has no test: {}", row.id, row.summary)),
            (None, None) => met += 1,
        }
    }
    let unmet = rows.values().filter(|row| row.unmet.is_some()).count();
    let named = rows.keys().filter(|id| places.contains_key(*id)).count();
    let summary = format!(
        "{} rows, {named} of them named; of those that bind {met} have code and test, {later} belong to later parts, \
         {unmet} are unmet for a written reason, {} are at fault",
        rows.len(),
        faults.len()
    );
    if faults.is_empty() { Ok(text + &summary) } else { Err(format!("{text}{}\n{summary}", faults.join("\n"))) }
}

fn line(row: &Row, places: &Places) -> String {
    let mut text = format!("{} [{}", row.id, row.level);
    if !row.side.is_empty() {
        text.push_str(&format!(", {}", row.side));
    }
    text.push_str(&format!("] {}\n", row.summary));
    for (label, places) in [("code", &places.code), ("test", &places.tests)] {
        if !places.is_empty() {
            writeln!(text, "    {label}: {}", join(&places.iter().collect::<Vec<_>>())).unwrap_or_default();
        }
    }
    for (label, reason) in [("later", &row.later), ("unmet", &row.unmet)] {
        if let Some(reason) = reason {
            text.push_str(&format!("    {label}: {reason}\n"));
        }
    }
    text
}

fn join(places: &[&String]) -> String {
    places.iter().map(|place| place.as_str()).collect::<Vec<_>>().join(", ")
}

/// Every id named in the crates of the product, in their tests and in the scenarios.
fn scan() -> Result<BTreeMap<String, Places>> {
    let mut found: BTreeMap<String, Places> = BTreeMap::new();
    let crates = root().join("crates");
    let mut sources = files(&crates, &[".rs", ".md", ".txt", ".scenario"]);
    sources.extend(files(&root().join("spec"), &[".md", ".scenario"]));
    for path in sources {
        let name = shown(&path);
        if name.starts_with("crates/xtask/") {
            continue;
        }
        let development = name.starts_with("crates/testbed/src/");
        let text = read(&path)?;
        let regions = test_regions(&mask(&text));
        let all_test = is_test_file(&path);
        for (number, line) in text.lines().enumerate() {
            let number = number + 1;
            for id in ids(line) {
                let in_test = all_test || regions.iter().any(|(from, to)| (*from..=*to).contains(&number));
                let places = found.entry(id).or_default();
                if in_test {
                    places.tests.insert(format!("{name}:{number}"));
                } else if !development {
                    places.code.insert(format!("{name}:{number}"));
                }
            }
        }
    }
    Ok(found)
}

/// Files that hold nothing but tests, or what tests read.
fn is_test_file(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let inside = |folder: &str| path.components().any(|part| part.as_os_str() == folder);
    inside("tests")
        || inside("scenarios")
        || name == "tests.rs"
        || name.ends_with("_tests.rs")
        || !name.ends_with(".rs")
}

/// The ids in a line: `STS-3.3-7`, `DANE-A4`, `R9525-6.3-1`, `D-20`, `A-12`, `E-2`.
pub(crate) fn ids(line: &str) -> Vec<String> {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.' | '_' | '/');
    let words = line.split(|letter| !is_word(letter));
    words.map(|word| word.trim_matches(['.', '-', '/', '_'])).filter(|word| is_id(word)).map(str::to_owned).collect()
}

fn is_id(word: &str) -> bool {
    let Some((prefix, rest)) = word.split_once('-') else {
        return false;
    };
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let section = |text: &str| text.bytes().next().is_some_and(|byte| byte.is_ascii_digit());
    let reading = |text: &str| text.strip_prefix(['A', 'E']).is_some_and(number);
    let tail = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'/'));
    match prefix {
        "A" | "D" | "E" => number(rest),
        "STS" | "TLSRPT" | "DANE" => (section(rest) && tail(rest)) || reading(rest),
        _ => prefix.strip_prefix('R').is_some_and(|rfc| rfc.len() == 4 && number(rfc)) && section(rest) && tail(rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_told_from_ordinary_words() {
        let line = "// STS-3.3-7, (D-20) and DANE-A4: R9525-6.3-1. Not DANE-EE, TLS-1.2, UTF-8 or A-label; A-12, E-1.";
        assert_eq!(ids(line), ["STS-3.3-7", "D-20", "DANE-A4", "R9525-6.3-1", "A-12", "E-1"]);
    }
}
