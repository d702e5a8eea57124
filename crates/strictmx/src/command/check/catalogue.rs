//! `--list`: every check there is.
use serde::Serialize;
use strictmx_engine::check::{Check, Family, catalogue};

use crate::cli::output::{DIM, STRONG};

/// For people: one line a check, family by family.
pub(super) fn text(families: &[Family]) -> String {
    let mut page = String::new();
    for family in families {
        let checks = || catalogue().filter(|check| check.family == *family);
        let columns = checks().map(|check| check.id.len()).max().unwrap_or_default();
        page.push_str(&format!("{STRONG}{}{STRONG:#}: {}\n", family.as_str(), family.title()));
        for check in checks() {
            let by = if check.requirement.is_empty() {
                String::new()
            } else {
                format!(" {DIM}{}{DIM:#}", check.requirement)
            };
            page.push_str(&format!("  {:columns$}  {}{by}\n", check.id, check.title));
        }
        page.push('\n');
    }
    page.push_str(&format!("{} checks\n", catalogue().filter(|check| families.contains(&check.family)).count()));
    page
}

#[derive(Serialize)]
struct Entry {
    id: &'static str,
    family: Family,
    title: &'static str,
    why: &'static str,
    requirement: &'static str,
    side: strictmx_engine::check::Side,
}

impl From<&Check> for Entry {
    fn from(check: &Check) -> Self {
        let Check { id, family, title, why, requirement, side } = *check;
        Self { id, family, title, why, requirement, side }
    }
}

/// For programs: a list, or one object a line.
pub(super) fn json(families: &[Family], lines: Lines) -> Result<String, serde_json::Error> {
    let entries = catalogue().filter(|check| families.contains(&check.family)).map(Entry::from);
    match lines {
        Lines::Yes => entries.map(|entry| serde_json::to_string(&entry).map(|line| line + "\n")).collect(),
        Lines::No => serde_json::to_string_pretty(&entries.collect::<Vec<_>>()).map(|text| text + "\n"),
    }
}

/// Whether JSON is written one object a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lines {
    Yes,
    No,
}

/// With the reasons, as a page of Markdown: this is also the reference.
pub(super) fn page(families: &[Family]) -> String {
    let mut page = String::from(
        "# Checks\n\nEverything that `strictmx check` can find. The ids keep their meaning for ever. How bad a finding is depends on \
         the domain:\nthe same fault may be an error where a policy is published, and a warning where none is.\n",
    );
    for family in families {
        page.push_str(&format!("\n## {}: {}\n", family.as_str(), family.title()));
        for check in catalogue().filter(|check| check.family == *family) {
            page.push_str(&format!("\n### `{}`\n\n{}. {}\n", check.id, capital(check.title), check.why));
            let by = if check.requirement.is_empty() { "practice" } else { check.requirement };
            page.push_str(&format!("Whose to mend: {}. Rule: {by}.\n", check.side.as_str()));
        }
    }
    page
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
