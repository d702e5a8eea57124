//! Datagrams as libtlsrpt and real Postfix have sent them, captured for this project. File names say the case.

use std::fs;
use std::path::Path;

/// Each with its name, in the order of the names: `postfix-3.10.13/sts-expired.test.json`.
pub fn all() -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    gather(&Path::new(env!("CARGO_MANIFEST_DIR")).join("datagrams"), "", &mut found);
    found.sort();
    found
}

fn gather(folder: &Path, prefix: &str, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).expect("the folder of datagrams") {
        let entry = entry.expect("an entry");
        let name = format!("{prefix}{}", entry.file_name().to_str().expect("a UTF-8 name"));
        if entry.file_type().expect("a type").is_dir() {
            gather(&entry.path(), &format!("{name}/"), found);
        } else {
            found.push((name, fs::read(entry.path()).expect("a datagram")));
        }
    }
}
