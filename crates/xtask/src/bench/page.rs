//! `docs/performance.md`: one chapter a part. A part measured anew replaces its own chapter and leaves the others.

use std::fs;

use super::world::machine;
use crate::{Result, root};

/// The chapters, in their order on the page.
const CHAPTERS: [(&str, &str); 3] =
    [("policyd", "Policy server"), ("check", "Checker"), ("report", "Collector and reporter")];

/// Puts what was measured of `part` on the page.
pub(super) fn write(part: &str, measured: &str) -> Result<()> {
    let path = root().join("docs/performance.md");
    let before = fs::read_to_string(&path).unwrap_or_default();
    let mut page = "<!-- made by `cargo xtask bench`; do not edit -->\n# Performance\n\nMade by `cargo xtask bench`, each \
                    chapter on the machine it names. Such machines vary by 15 to 30 % from run to run, so read the ratios. Built \
                    as for a release. Everything runs on loopback in \
                    namespaces of its own.\n"
        .to_owned();
    for (name, title) in CHAPTERS {
        let chapter = if name == part {
            format!("On {}. {}", machine(), measured.trim())
        } else {
            kept(&before, name).unwrap_or_default()
        };
        if !chapter.is_empty() {
            page.push_str(&format!("\n{}\n## {title}\n\n{chapter}\n", mark(name)));
        }
    }
    crate::write(&path, &page)?;
    println!("{measured}");
    Ok(())
}

/// What was measured of something, and what we hold ourselves to.
pub(super) type Goal = (String, String, String);

pub(super) fn goal(what: &str, measured: String, goal: &str) -> Goal {
    (what.to_owned(), measured, goal.to_owned())
}

/// The end of a chapter.
pub(super) fn goals(all: &[Goal]) -> String {
    let head = "\n### Against what we hold ourselves to\n\n| | measured | goal |\n|---|---|---|\n".to_owned();
    all.iter().fold(head, |text, (what, measured, goal)| text + &format!("| {what} | {measured} | {goal} |\n"))
}

fn mark(part: &str) -> String {
    format!("<!-- part: {part} -->")
}

/// The chapter of `part` without mark and title.
fn kept(page: &str, part: &str) -> Option<String> {
    let (_, rest) = page.split_once(&mark(part))?;
    let (_, rest) = rest.trim_start().split_once('\n')?;
    let end = rest.find("<!-- part: ").unwrap_or(rest.len());
    rest.get(..end).map(|chapter| chapter.trim().to_owned())
}
