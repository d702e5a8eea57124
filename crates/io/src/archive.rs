//! Copies of what was sent, as files in a folder of the operator's.
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

/// Puts a file into `folder/part`, whole or not at all, over an earlier one of the same name; the folders are made where they
/// are missing. Neither `part` nor `name` may be a path. Blocks.
///
/// # Errors
/// What the system says.
pub fn put(folder: &Path, part: &str, name: &str, octets: &[u8]) -> io::Result<()> {
    for word in [part, name] {
        if word.is_empty() || word.starts_with('.') || word.contains(['/', '\0']) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{word:?} is no name of a file")));
        }
    }
    let folder = folder.join(part);
    DirBuilder::new().recursive(true).mode(0o750).create(&folder)?;
    let (new, place) = (folder.join(format!(".{name}.new")), folder.join(name));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o640).open(&new)?;
    let written = file.write_all(octets).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&new, &place));
    if let Err(error) = written {
        // A full disk is not made fuller by what could not be finished.
        drop(fs::remove_file(&new));
        return Err(error);
    }
    // So that the name, too, outlives a power cut.
    File::open(&folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_copy_is_there_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        for octets in [b"one".as_slice(), b"another"] {
            put(folder.path(), "2026-11-22", "a!b!1!2.json.gz", octets).unwrap();
            assert_eq!(fs::read(folder.path().join("2026-11-22/a!b!1!2.json.gz")).unwrap(), octets);
        }
        assert_eq!(fs::read_dir(folder.path().join("2026-11-22")).unwrap().count(), 1);
        for bad in ["", "..", ".x", "a/b", "a\0"] {
            assert!(put(folder.path(), "2026-11-22", bad, b"").is_err(), "{bad:?}");
            assert!(put(folder.path(), bad, "a", b"").is_err(), "{bad:?}");
        }
    }
}
