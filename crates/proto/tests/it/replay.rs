//! The fuzzers' corpora, replayed: what a fuzzer once found stays found.
use std::{collections::BTreeSet, fs, path::Path};

use crate::replay_entry::TARGETS;

#[test]
fn every_file_of_every_corpus_keeps_its_parsers_promises() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    for (name, entry) in TARGETS {
        let folder = root.join(name);
        let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
        files.sort();
        assert!(files.len() >= 10, "{} has {} files", folder.display(), files.len());
        for file in files {
            let octets = fs::read(&file).unwrap();
            let outcome = std::panic::catch_unwind(|| entry(&octets));
            assert!(outcome.is_ok(), "{} breaks a promise", file.display());
        }
    }
}

#[test]
fn every_corpus_has_a_target_and_every_target_a_binary() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let folders = fs::read_dir(fuzz.join("corpus")).unwrap();
    let folders: BTreeSet<String> = folders.map(|folder| folder.unwrap().file_name().into_string().unwrap()).collect();
    let targets: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(folders, targets);
    for name in targets {
        assert!(fuzz.join("fuzz_targets").join(format!("{name}.rs")).is_file(), "{name}");
    }
}
