//! Going on with a list where an earlier run stopped: its output says which domains are done.
//!
//! A million names are kept as a million 64-bit hashes with a key of this run; that two of them fall together leaves out one
//! domain in one of some ten million runs.
use std::{
    collections::HashSet,
    fs::{File, OpenOptions},
    hash::{BuildHasher as _, RandomState},
    io::{BufRead, BufReader, Seek as _, SeekFrom},
    path::Path,
};

use serde::Deserialize;

/// A line of an output is never longer than this, octets.
pub(super) const MAX_LINE: u64 = 64 * 1024 * 1024;

/// The names that need no look.
#[derive(Debug, Default)]
pub(super) struct Known {
    keys: RandomState,
    names: HashSet<u64>,
}

impl Known {
    /// Notes a name; whether it is new.
    pub(super) fn add(&mut self, name: &str) -> bool {
        self.names.insert(self.keys.hash_one(name))
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }
}

#[derive(Deserialize)]
struct Line {
    domain: String,
}

/// Reads which domains an output holds, cuts off a last line that was not written whole, and opens it for appending.
pub(super) fn open(path: &Path) -> Result<(File, Known), String> {
    let shown = path.display();
    let failed = |what: &str, error: &dyn std::fmt::Display| format!("cannot {what} {shown}: {error}");
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(|error| failed("open", &error))?;
    let mut known = Known::default();
    let (mut whole, mut number) = (0, 0_u64);
    let mut reader = BufReader::with_capacity(256 * 1024, &file);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = std::io::Read::take(&mut reader, MAX_LINE).read_until(b'\n', &mut line);
        let read = read.map_err(|error| failed("read", &error))?;
        if line.last() != Some(&b'\n') {
            break;
        }
        number += 1;
        whole += u64::try_from(read).unwrap_or_default();
        if line.trim_ascii().is_empty() {
            continue;
        }
        let Ok(Line { domain }) = serde_json::from_slice(&line) else {
            return Err(format!(
                "{shown}:{number}: this is no line of `strictmx check --format jsonl`; --resume goes on only with such a file"
            ));
        };
        known.add(&domain);
    }
    file.set_len(whole).map_err(|error| failed("cut the torn last line of", &error))?;
    file.seek(SeekFrom::End(0)).map_err(|error| failed("append to", &error))?;
    Ok((file, known))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn a_torn_last_line_is_cut_off_and_the_rest_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.jsonl");
        let whole = "{\"domain\":\"a.example\",\"state\":\"absent\"}\n{\"domain\":\"x@\",\"error\":\"no\"}\n";
        std::fs::write(&path, format!("{whole}{{\"domain\":\"b.example\",\"sta")).unwrap();
        let (mut file, mut known) = open(&path).unwrap();
        assert_eq!(known.len(), 2);
        assert!(!known.add("a.example") && !known.add("x@") && known.add("b.example"));
        file.write_all(b"{\"domain\":\"b.example\"}\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{whole}{{\"domain\":\"b.example\"}}\n"));
    }

    #[test]
    fn a_file_that_is_not_there_yet_is_begun() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(open(&folder.path().join("new.jsonl")).unwrap().1.len(), 0);
        assert!(open(folder.path()).unwrap_err().contains("cannot open"));
    }

    #[test]
    fn a_file_of_another_kind_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.txt");
        std::fs::write(&path, "my notes\nof today").unwrap();
        assert!(open(&path).unwrap_err().contains("notes.txt:1:"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "my notes\nof today");
    }
}
