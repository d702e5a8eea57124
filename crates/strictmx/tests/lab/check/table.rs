//! The table: one domain a row, one thing wrong with it, and the finding that must tell of it.

use super::domain::Domain;

/// How a row is looked at.
#[derive(Clone, Copy)]
pub(super) enum How {
    /// Together with all the others, from a list.
    Listed,
    /// By itself, with further arguments; `DOMAIN` in them is the domain.
    With(&'static [&'static str]),
    /// By itself, with the config of this name.
    By(&'static str),
    /// Saved, given this past, and judged again.
    After(&'static [Span]),
}

/// A pair of id and policy that was seen before: from and until so many days ago.
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub(super) id: Option<&'static str>,
    /// `MX` in it is the domain's mail host. The empty text is none at all.
    pub(super) text: &'static str,
    pub(super) days: (u64, u64),
}

/// One row.
#[derive(Clone, Copy)]
pub(super) struct Row {
    /// The finding.
    pub(super) id: &'static str,
    pub(super) severity: &'static str,
    /// Other errors that the same fault brings along.
    pub(super) also: &'static [&'static str],
    pub(super) how: How,
    /// What is broken.
    pub(super) spoil: fn(&Domain<'_>),
}

pub(super) const fn error(id: &'static str, spoil: fn(&Domain<'_>)) -> Row {
    Row { id, severity: "error", also: &[], how: How::Listed, spoil }
}

pub(super) const fn warning(id: &'static str, spoil: fn(&Domain<'_>)) -> Row {
    Row { id, severity: "warning", also: &[], how: How::Listed, spoil }
}

pub(super) const fn info(id: &'static str, spoil: fn(&Domain<'_>)) -> Row {
    Row { id, severity: "info", also: &[], how: How::Listed, spoil }
}

impl Row {
    pub(super) const fn also(self, also: &'static [&'static str]) -> Self {
        Self { also, ..self }
    }

    pub(super) const fn how(self, how: How) -> Self {
        Self { how, ..self }
    }

    /// The label of its domain; `number` tells rows of one finding apart.
    pub(super) fn label(&self, number: usize) -> String {
        let words = self.id.replace('.', "-");
        if number == 0 { words } else { format!("{words}-{number}") }
    }
}
