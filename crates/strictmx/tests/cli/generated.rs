//! Manual pages and completions.

use std::process::Command;

use strictmx::command::generated::pages;

#[test]
fn there_is_a_manual_page_for_every_command_and_one_for_the_config() {
    let pages = pages().unwrap();
    let names: Vec<_> = pages.iter().map(|page| page.name.as_str()).collect();
    for name in ["strictmx.1", "strictmx-serve.1", "strictmx-cache-import.1", "strictmx.toml.5"] {
        assert!(names.contains(&name), "{name} is not among {names:?}");
    }
    assert_eq!(names.first(), Some(&"strictmx.1"));
    for page in &pages {
        assert!(page.text.contains(".TH "), "{}", page.name);
        assert!(page.text.contains("NAME"), "{}", page.name);
    }
}

#[test]
fn the_manual_page_of_the_config_names_every_key() {
    let pages = pages().unwrap();
    let page = pages.iter().find(|page| page.name == "strictmx.toml.5").unwrap();
    for section in strictmx::config::keys::SECTIONS {
        for key in section.keys {
            assert!(page.text.contains(key.name), "{}.{}", section.name, key.name);
        }
    }
    insta::assert_snapshot!("man-strictmx.toml.5", page.text);
}

#[test]
fn all_pages_are_written_into_a_folder_and_are_the_same_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let run = |name: &str| {
        let folder = folder.path().join(name);
        let status = Command::new(env!("CARGO_BIN_EXE_strictmx")).args(["man", "--dir"]).arg(&folder).status().unwrap();
        assert!(status.success());
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| (path.file_name().unwrap().to_owned(), std::fs::read_to_string(path).unwrap()))
            .collect();
        files.sort();
        files
    };
    let once = run("deep/once");
    assert_eq!(once.len(), pages().unwrap().len());
    assert_eq!(once, run("again"));
}

#[test]
fn the_completion_script_is_one_that_bash_reads() {
    let script = Command::new(env!("CARGO_BIN_EXE_strictmx")).args(["completions", "bash"]).output().unwrap().stdout;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("strictmx.bash");
    std::fs::write(&file, &script).unwrap();
    assert!(Command::new("bash").arg("-n").arg(&file).status().unwrap().success());
    let script = String::from_utf8(script).unwrap();
    for word in ["explain", "mta-sts-resolver", "QUERYwithTLSRPT"] {
        assert!(script.contains(word), "{word}");
    }
}
