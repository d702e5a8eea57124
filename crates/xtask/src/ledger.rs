//! The requirement ledger: `spec/*.toml`, read with just the TOML it uses.
//!
//! A file is a list of `[[row]]` tables whose values are basic strings on one line. Keys: `id`, `level`, `side`,
//! `section`, `summary`, `test` (what a test should show), and where a row is not met yet: `later` (the part that
//! will meet it) or `unmet` (the reason it is not met although its part exists).

use std::collections::BTreeMap;

use crate::{Result, files, read, root, shown};

/// One requirement, reading or decision.
#[derive(Default)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) level: String,
    pub(crate) side: String,
    pub(crate) summary: String,
    pub(crate) later: Option<String>,
    pub(crate) unmet: Option<String>,
    /// Order of the row in the ledger, for printing.
    pub(crate) place: usize,
}

impl Row {
    /// Whether the row must have code and a test, unless it is put off.
    pub(crate) fn binds(&self) -> bool {
        ["MUST", "SHALL", "REQUIRED", "decision"].iter().any(|word| self.level.contains(word))
    }
}

/// All rows by id.
pub(crate) fn load() -> Result<BTreeMap<String, Row>> {
    let mut rows = BTreeMap::new();
    for path in files(&root().join("spec"), &[".toml"]) {
        let text = read(&path)?;
        let mut row: Option<Row> = None;
        for (number, line) in text.lines().enumerate() {
            let place = || format!("{}:{}", shown(&path), number + 1);
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if line == "[[row]]" {
                add(&mut rows, row.take())?;
                row = Some(Row::default());
                continue;
            }
            let (key, value) = line.split_once(" = ").ok_or_else(|| format!("{}: not `key = \"value\"`", place()))?;
            let value = string(value).ok_or_else(|| format!("{}: not a string in double quotes", place()))?;
            let row = row.as_mut().ok_or_else(|| format!("{}: a key before the first [[row]]", place()))?;
            match key {
                "id" => row.id = value,
                "level" => row.level = value,
                "side" => row.side = value,
                "summary" => row.summary = value,
                "later" => row.later = Some(value),
                "unmet" => row.unmet = Some(value),
                "section" | "test" => {}
                _ => return Err(format!("{}: unknown key {key}", place())),
            }
        }
        add(&mut rows, row.take())?;
    }
    Ok(rows)
}

fn add(rows: &mut BTreeMap<String, Row>, row: Option<Row>) -> Result<()> {
    let Some(mut row) = row else {
        return Ok(());
    };
    if row.id.is_empty() || row.level.is_empty() || row.summary.is_empty() {
        return Err(format!("spec: row {:?} lacks its id, level or summary", row.id));
    }
    row.place = rows.len();
    let id = row.id.clone();
    match rows.insert(id.clone(), row) {
        None => Ok(()),
        Some(_) => Err(format!("spec: the id {id} stands twice in the ledger")),
    }
}

/// A basic string without the escapes nobody needs here.
fn string(value: &str) -> Option<String> {
    let inside = value.strip_prefix('"')?.strip_suffix('"')?;
    let mut text = String::new();
    let mut letters = inside.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => text.push(match letters.next()? {
                't' => '\t',
                'n' => '\n',
                other => other,
            }),
            '"' => return None,
            _ => text.push(letter),
        }
    }
    Some(text)
}
