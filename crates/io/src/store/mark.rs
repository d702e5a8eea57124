//! A number beside the store that outlives a killed process: how many events have come.
//!
//! It is written often and never flushed. The kernel has it as soon as it is written, so a killed process leaves it behind; only
//! a power cut loses it, and then there is less to be told of a loss.
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use strictmx_engine::report::loss::Mark;

/// Where the file of this collector lies: beside the store, each collector's apart. `None`: the store is no file.
#[must_use]
pub fn path(url: &str, source: &str) -> Option<PathBuf> {
    // FNV-1a: short, and the same for ever.
    let fold = |hash: u32, octet| (hash ^ u32::from(octet)).wrapping_mul(0x0100_0193);
    let hash = source.bytes().fold(0x811c_9dc5, fold);
    super::path_of(url).ok().map(|path| PathBuf::from(format!("{path}-events-{hash:08x}")))
}

/// The file.
#[derive(Debug)]
pub struct MarkFile(File);

/// Octets of the file: two numbers and a line end.
const LENGTH: u64 = 34;

impl MarkFile {
    /// Opens the file, or makes it, and reads what the process before has left; `None`: nothing, or nothing of ours.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(path: &Path) -> io::Result<(Self, Option<Mark>)> {
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o640).open(path)?;
        let mut text = String::new();
        (&mut file).take(LENGTH).read_to_string(&mut text)?;
        Ok((Self(file), read(&text)))
    }

    /// Writes the mark over the one before.
    ///
    /// # Errors
    /// What the system says.
    pub fn set(&self, mark: Mark) -> io::Result<()> {
        // One write of one length: whoever is killed leaves the old line or the new one.
        self.0.write_all_at(format!("{:016x} {:016x}\n", mark.run, mark.events).as_bytes(), 0)
    }
}

fn read(text: &str) -> Option<Mark> {
    let (run, events) = text.strip_suffix('\n')?.split_once(' ')?;
    let number = |digits: &str| u64::from_str_radix(digits, 16).ok();
    Some(Mark { run: number(run)?, events: number(events)? })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn what_was_written_last_is_read_by_the_next() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("mark");
        let (file, left) = MarkFile::open(&path).unwrap();
        assert_eq!(left, None);
        for events in [0, 7, u64::MAX] {
            file.set(Mark { run: 0xfeed, events }).unwrap();
            assert_eq!(MarkFile::open(&path).unwrap().1, Some(Mark { run: 0xfeed, events }));
        }
    }

    #[test]
    fn two_collectors_of_one_store_have_a_file_each() {
        let of = |source| path("sqlite:///var/lib/strictmx/s.db", source).unwrap();
        assert_eq!(of("a").to_str(), Some("/var/lib/strictmx/s.db-events-e40c292c"));
        assert_ne!(of("a"), of("b"));
        assert_eq!(path("postgres://db/x", "a"), None);
    }

    #[test]
    fn a_file_that_is_none_of_ours_counts_as_nothing() {
        for text in ["", "x", "7 8", "00 zz\n", "1\n"] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }
}
