//! What was written: the TOML tree with the place of every value, and typed access to it.
//!
//! Not `#[derive(Deserialize)]`: that ends at the first error, and a person with three mistakes in a file wants to hear of three.
//! Every access that finds something else than it wants notes a problem and gives `None`, so that reading goes on.

use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::Problem;
use super::keys::{self, LATER, SECTIONS, Section, TABLES};
use super::suggest;
use super::value::{self, Complaint, Read};

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Given<T> {
    /// The value.
    pub(super) value: T,
    /// Octets of the text.
    pub(super) span: Range<usize>,
}

/// Parses the text; the errors are all that the parser could find.
pub(super) fn parse(text: &str) -> Result<DeTable<'_>, Vec<Problem>> {
    let (tree, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(tree.into_inner());
    }
    Err(errors.iter().map(|e| syntax(text, e)).collect())
}

fn syntax(text: &str, error: &toml::de::Error) -> Problem {
    // An error at the very end is shown at the last character that is there.
    let end = text.trim_end().len();
    let span = error.span().unwrap_or(end..end);
    let problem = Problem::error(span, format!("this is not TOML: {}", error.message()));
    if error.message().contains("leading zero") {
        return problem.help("permissions are texts: write them in quotes, such as \"0600\"");
    }
    problem
}

/// Notes every section and key that this version does not have, with the name that was probably meant.
pub(super) fn unknown(tree: &DeTable<'_>, problems: &mut Vec<Problem>) {
    for (name, value) in tree {
        let written: &str = name.get_ref();
        match keys::section(written) {
            Some(section) => {
                if let DeValue::Table(table) = value.get_ref() {
                    unknown_keys(section, table, problems);
                } else {
                    problems.push(
                        Problem::error(value.span(), format!("`{written}` is a section, not a value"))
                            .help(format!("write [{written}] on a line of its own, its keys below")),
                    );
                }
            }
            None => problems.push(unknown_section(written, name.span(), value.get_ref())),
        }
    }
}

fn unknown_section(written: &str, span: Range<usize>, value: &DeValue<'_>) -> Problem {
    if let Some((name, what)) = LATER.iter().find(|(name, _)| *name == written) {
        return Problem::error(span, format!("[{name}] ({what}) is not part of this version yet"))
            .help("remove the section");
    }
    if !value.is_table() {
        let problem = Problem::error(span, format!("`{written}` stands in no section"));
        return match homes(written).as_slice() {
            [] => problem,
            homes => problem.help(format!("put it below {}", homes.join(" or "))),
        };
    }
    let problem = Problem::error(span, format!("there is no section [{written}]"));
    match suggest::nearest(written, SECTIONS.iter().map(|s| s.name)) {
        Some(name) => problem.help(format!("did you mean [{name}]?")),
        None => problem.help(format!("the sections are {}", names(SECTIONS.iter().map(|s| s.name)))),
    }
}

/// Notes the unknown keys of one table.
fn unknown_keys(section: &Section, table: &DeTable<'_>, problems: &mut Vec<Problem>) {
    for (key, value) in table {
        let written: &str = key.get_ref();
        if section.keys.iter().any(|k| k.name == written) {
            continue;
        }
        if let Some(inner) = TABLES.iter().find(|table| table.name.split_once('.') == Some((section.name, written))) {
            tables(inner, value, problems);
            continue;
        }
        problems.push(unknown_key(section, written, key.span()));
    }
}

fn tables(section: &Section, value: &Spanned<DeValue<'_>>, problems: &mut Vec<Problem>) {
    let wrong = || {
        Problem::error(value.span(), format!("`{}` is a list of tables", section.name))
            .help(format!("write [[{}]] on a line of its own, its keys below", section.name))
    };
    let DeValue::Array(list) = value.get_ref() else {
        problems.push(wrong());
        return;
    };
    for one in list {
        match one.get_ref() {
            DeValue::Table(table) => unknown_keys(section, table, problems),
            _ => problems.push(wrong()),
        }
    }
}

fn unknown_key(section: &Section, written: &str, span: Range<usize>) -> Problem {
    let known = || section.keys.iter().map(|k| k.name);
    let problem = Problem::error(span, format!("there is no key `{written}` in [{}]", section.name));
    if let Some(name) = suggest::nearest(written, known()) {
        return problem.help(format!("did you mean `{name}`?"));
    }
    match homes(written).as_slice() {
        [] if section.keys.len() == 1 => problem.help(format!("its only key is {}", names(known()))),
        [] => problem.help(format!("the keys are {}", names(known()))),
        homes => problem.help(format!("`{written}` belongs to {}", homes.join(" or "))),
    }
}

/// The sections that have a key of this name.
fn homes(key: &str) -> Vec<String> {
    SECTIONS
        .iter()
        .chain(TABLES.iter().copied())
        .filter(|s| s.keys.iter().any(|k| k.name == key))
        .map(|s| format!("[{}]", s.name))
        .collect()
}

fn names<'a>(all: impl Iterator<Item = &'a str>) -> String {
    all.collect::<Vec<_>>().join(", ")
}

/// Typed access to one table.
#[derive(Debug)]
pub(super) struct Fields<'t, 'p> {
    table: Option<&'t DeTable<'t>>,
    problems: &'p mut Vec<Problem>,
}

impl<'t, 'p> Fields<'t, 'p> {
    /// The section of this name.
    pub(super) fn section(tree: &'t DeTable<'t>, name: &str, problems: &'p mut Vec<Problem>) -> Self {
        let table = tree.get(name).and_then(|v| v.get_ref().as_table());
        Self { table, problems }
    }

    /// Access to a table inside this one.
    pub(super) fn inner<'q>(&'q mut self, table: &'t DeTable<'t>) -> Fields<'t, 'q> {
        Fields { table: Some(table), problems: self.problems }
    }

    /// Notes a problem.
    pub(super) fn note(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// The value itself.
    pub(super) fn value(&self, key: &str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.table?.get(key)
    }

    /// Tables of an array of tables (`unknown` has complained of anything else).
    pub(super) fn tables(&self, key: &str) -> Vec<Given<&'t DeTable<'t>>> {
        let list = self.value(key).and_then(|v| v.get_ref().as_array());
        list.into_iter()
            .flat_map(|list| list.iter())
            .filter_map(|one| Some(Given { value: one.get_ref().as_table()?, span: one.span() }))
            .collect()
    }

    /// A text, read by `read`.
    pub(super) fn text<T>(&mut self, key: &str, read: impl Fn(&str) -> Read<T>) -> Option<Given<T>> {
        let value = self.value(key)?;
        self.read(key, value, &read)
    }

    /// A list of texts, each read by `read`; nothing when one of them is wrong.
    pub(super) fn texts<T>(&mut self, key: &str, read: impl Fn(&str) -> Read<T>) -> Option<Given<Vec<T>>> {
        let value = self.value(key)?;
        let DeValue::Array(list) = value.get_ref() else {
            let problem = Problem::error(value.span(), format!("`{key}` must be a list"));
            let example = value.get_ref().as_str().map(|text| format!("write {key} = [\"{text}\"]"));
            self.note(match example {
                Some(example) => problem.help(example),
                None => problem.label(found(value.get_ref())),
            });
            return None;
        };
        let read: Vec<_> = list.iter().map(|one| self.read(key, one, &read)).collect();
        Some(Given {
            value: read.into_iter().map(|one| one.map(|g| g.value)).collect::<Option<_>>()?,
            span: value.span(),
        })
    }

    /// `true` or `false`.
    pub(super) fn flag<T>(&mut self, key: &str, no: T, yes: T) -> Option<T> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::Boolean(true) => Some(yes),
            DeValue::Boolean(false) => Some(no),
            other => {
                self.note(Problem::error(value.span(), format!("`{key}` must be true or false")).label(found(other)));
                None
            }
        }
    }

    /// A whole number in a range.
    pub(super) fn number(&mut self, key: &str, range: RangeInclusive<u64>) -> Option<u64> {
        let value = self.value(key)?;
        let (from, to) = range.clone().into_inner();
        let number = match value.get_ref() {
            DeValue::Integer(n) => u64::from_str_radix(n.as_str(), n.radix()).ok(),
            _ => None,
        };
        let read = number.filter(|n| range.contains(n));
        if read.is_none() {
            self.note(
                Problem::error(value.span(), format!("`{key}` must be a whole number from {from} to {to}"))
                    .label(found(value.get_ref())),
            );
        }
        read
    }

    /// A length of time in a range.
    pub(super) fn duration(&mut self, key: &str, range: RangeInclusive<Duration>) -> Option<Duration> {
        let value = self.value(key)?;
        if let DeValue::Integer(number) = value.get_ref() {
            self.note(
                Problem::error(value.span(), format!("`{key}` is a number without a unit"))
                    .help(format!("write {key} = \"{}s\" if seconds are meant", number.as_str())),
            );
            return None;
        }
        self.text(key, within(range)).map(|given| given.value)
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(&mut self, key: &str, words: &[(&str, T)]) -> Option<Given<T>> {
        self.text(key, |text| one_of(text, words))
    }

    fn read<T>(
        &mut self,
        key: &str,
        value: &'t Spanned<DeValue<'t>>,
        read: &impl Fn(&str) -> Read<T>,
    ) -> Option<Given<T>> {
        let DeValue::String(text) = value.get_ref() else {
            let problem = Problem::error(value.span(), format!("`{key}` must be a text in quotes"));
            self.note(problem.label(found(value.get_ref())));
            return None;
        };
        match read(text) {
            Ok(read) => Some(Given { value: read, span: value.span() }),
            Err(complaint) => {
                self.note(complained(key, value.span(), complaint));
                None
            }
        }
    }
}

fn complained(key: &str, span: Range<usize>, complaint: Complaint) -> Problem {
    let problem = Problem::error(span, format!("`{key}`: {}", complaint.what));
    match complaint.help {
        Some(help) => problem.help(help),
        None => problem,
    }
}

/// A length of time in a range.
pub(super) fn within(range: RangeInclusive<Duration>) -> impl Fn(&str) -> Read<Duration> {
    move |text| {
        let length = value::duration(text)?;
        if range.contains(&length) {
            return Ok(length);
        }
        Err(Complaint {
            what: "this length of time is out of range".to_owned(),
            help: Some(format!(
                "it must be from {} to {}",
                value::duration_text(*range.start()),
                value::duration_text(*range.end())
            )),
        })
    }
}

/// One of a few words, or the one that was probably meant.
pub(super) fn one_of<T: Copy>(text: &str, words: &[(&str, T)]) -> Read<T> {
    if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
        return Ok(*value);
    }
    let all = words.iter().map(|(word, _)| format!("\"{word}\"")).collect::<Vec<_>>();
    let help = match suggest::nearest(text, words.iter().map(|(word, _)| *word)) {
        Some(word) => format!("did you mean \"{word}\"?"),
        None => format!("write one of {}", all.join(", ")),
    };
    Err(Complaint { what: format!("\"{text}\" is none of its values"), help: Some(help) })
}

/// What was found instead.
fn found(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "this is a text",
        DeValue::Integer(_) | DeValue::Float(_) => "this is a number",
        DeValue::Boolean(_) => "this is true or false",
        DeValue::Datetime(_) => "this is a date",
        DeValue::Array(_) => "this is a list",
        DeValue::Table(_) => "this is a table",
    }
}
