//! The language of `spec/scenarios/*.md`: see `spec/scenarios/README.md`.
mod read;
mod world;

use read::{Line, Want};
use world::Runner;

/// Runs every scenario of a file. How many expectations held, or all that did not.
pub(crate) fn run(text: &str) -> Result<usize, Vec<String>> {
    let mut held = 0;
    let mut wrong = Vec::new();
    for (title, lines) in scenarios(text) {
        let mut runner = Runner::default();
        for (number, line) in lines {
            let checked = Line::parse(line).and_then(|line| step(&mut runner, &line));
            match checked {
                Ok((right, errors)) => {
                    held += right;
                    wrong.extend(errors.into_iter().map(|error| format!("line {number} ({title}): {error}")));
                }
                Err(error) => {
                    wrong.push(format!("line {number} ({title}): {error}"));
                    break;
                }
            }
        }
    }
    if wrong.is_empty() { Ok(held) } else { Err(wrong) }
}

/// Headings of level two begin a scenario; the lines of its fenced blocks, numbered.
fn scenarios(text: &str) -> Vec<(&str, Vec<(usize, &str)>)> {
    let mut all: Vec<(&str, Vec<(usize, &str)>)> = Vec::new();
    let mut inside = false;
    for (index, line) in text.lines().enumerate() {
        if line.starts_with("```") {
            inside = line == "```scenario";
        } else if let Some(title) = line.strip_prefix("## ").filter(|_| !inside) {
            all.push((title, Vec::new()));
        } else if inside && !line.trim().is_empty() && !line.trim().starts_with('#') {
            all.last_mut().expect("a block stands under a heading").1.push((index + 1, line.trim()));
        }
    }
    all
}

fn step(runner: &mut Runner, line: &Line<'_>) -> Result<(usize, Vec<String>), String> {
    runner.advance(line.at)?;
    let shown = runner.act(line.what)?;
    let mut right = 0;
    let mut errors = Vec::new();
    for Want { key, value } in &line.wants {
        let got = shown.iter().find(|(known, _)| known == key).map(|(_, got)| got.as_str());
        match got {
            Some(got) if got == value => right += 1,
            Some(got) => errors.push(format!("{key}: expected {value:?}, got {got:?}")),
            None => errors.push(format!("`{}` shows no {key}", line.what)),
        }
    }
    Ok((right, errors))
}
