//! Who may read a file.
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Who may read a file, as its mode says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Its owner and perhaps a group; or it is not there.
    Some,
    /// Every user of this machine, so far as the directories above let them come near.
    Everybody,
}

/// Who may read the file at this path.
#[must_use]
pub fn readers(path: &Path) -> Readers {
    match fs::metadata(path) {
        Ok(found) if found.permissions().mode() & 0o004 != 0 => Readers::Everybody,
        _ => Readers::Some,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn the_mode_of_a_file_tells_who_reads_it() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for (mode, readers_are) in [(0o600, Readers::Some), (0o640, Readers::Some), (0o644, Readers::Everybody)] {
            fs::set_permissions(file.path(), fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(readers(file.path()), readers_are, "{mode:o}");
        }
        assert_eq!(readers(Path::new("/nowhere")), Readers::Some);
    }
}
