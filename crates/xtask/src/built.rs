//! What cargo builds, and where it puts it.
use std::path::PathBuf;

use crate::Result;
use crate::run::{cargo, command};

/// The binary of one of the workspace's integration tests, built for it.
pub(crate) fn test(name: &str) -> Result<PathBuf> {
    beside_tests(name, name)
}

/// The program itself, as the tests run it.
pub(crate) fn program() -> Result<PathBuf> {
    beside_tests("lab", "strictmx")
}

/// Builds one integration test and says where an executable is that comes of it.
///
/// Of the whole workspace, as all tests are: for one package alone cargo would choose other features of the crates below, and build
/// them all once more.
fn beside_tests(test: &str, name: &str) -> Result<PathBuf> {
    let arguments = ["test", "--workspace", "--test", test, "--no-run"];
    // Once for people, should it fail; then once more for its name, with nothing left to build.
    command(cargo().args(arguments))?;
    executable(&command(cargo().args(arguments).arg("--message-format=json"))?, name)
}

/// Where an executable is, by what cargo said with `--message-format=json`.
pub(crate) fn executable(words: &str, name: &str) -> Result<PathBuf> {
    let name_there = format!("\"name\":\"{name}\"");
    let found = words.lines().filter(|line| line.contains(&name_there)).find_map(|line| {
        let path = line.split("\"executable\":\"").nth(1)?.split('"').next()?;
        Some(PathBuf::from(path))
    });
    found.ok_or_else(|| format!("cargo names no executable {name}:\n{words}"))
}

#[cfg(test)]
mod tests {
    use super::executable;

    #[test]
    fn an_executable_is_found_by_the_name_of_its_target() {
        let words = "{\"target\":{\"kind\":[\"lib\"],\"name\":\"a\"},\"executable\":null}\n\
                     {\"target\":{\"kind\":[\"bin\"],\"name\":\"a\"},\"executable\":\"/t/debug/a\",\"fresh\":true}\n";
        assert_eq!(executable(words, "a").unwrap().to_str(), Some("/t/debug/a"));
        assert!(executable(words, "b").is_err());
    }
}
