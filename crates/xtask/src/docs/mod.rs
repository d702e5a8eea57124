//! `cargo xtask docs`: what the binary says of itself, as pages, man page and completions.
//!
//! Written to `docs/reference/`, `dist/man/` and `dist/completions/`. Nothing there is edited by hand.

mod metrics;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::run::{Outcome, command};
use crate::{Result, built, files, read, root, write};

const INDEX: &str = "\
# Reference

Made from the binary itself, so it is never behind it:

- [Commands](commands.md): every command with its options
- [Checks](checks.md): everything that `strictmx check` can find; [JSON Schema](check.schema.json) of what it writes
- [strictmx.toml](config.md): every setting with its default
- [Metrics](metrics.md): every name on `/metrics`

Manual pages are in `dist/man`, shell completions in `dist/completions`. Start with the [operator's book](../book/README.md).
";
const HEAD: &str = "<!-- made by `cargo xtask docs`; do not edit -->\n";

/// Writes every generated file.
pub(crate) fn write_all() -> Result<usize> {
    let pages = pages()?;
    for (path, text) in &pages {
        write(&root().join(path), text)?;
    }
    Ok(pages.len())
}

/// As a command.
pub(crate) fn write_command() -> Result<()> {
    println!("{} files written", write_all()?);
    Ok(())
}

/// Fails when a generated file is not what the binary would say now.
pub(crate) fn stage() -> Outcome {
    let pages = pages()?;
    let stale: Vec<&String> = pages.iter().filter(|(path, text)| is_stale(path, text)).map(|(path, _)| path).collect();
    if stale.is_empty() {
        return Ok(format!("{} generated files are up to date", pages.len()));
    }
    let stale: Vec<&str> = stale.iter().map(|path| path.as_str()).collect();
    Err(format!("stale: {}; run `cargo xtask docs` and commit what it writes", stale.join(", ")))
}

/// As a command.
pub(crate) fn check() -> Result<()> {
    println!("{}", stage()?);
    Ok(())
}

fn is_stale(path: &str, text: &str) -> bool {
    read(&root().join(path)).map_or(true, |found| found != text)
}

/// Every generated file, by its path from the workspace root.
fn pages() -> Result<BTreeMap<String, String>> {
    let binary = built::program()?;
    let mut pages = BTreeMap::new();
    let mut commands = String::from(HEAD);
    commands.push_str("# Commands\n");
    help(&binary, &[], &mut commands)?;
    pages.insert("docs/reference/commands.md".to_owned(), commands);
    let config = say(&binary, &["config", "default"])?;
    let page = format!(
        "{HEAD}# strictmx.toml\n\nEvery key with its default, as `strictmx config default` prints it.\n\n```toml\n{}\n```\n",
        config.trim_end()
    );
    pages.insert("docs/reference/config.md".to_owned(), page);
    let checks = say(&binary, &["check", "--list", "-v"])?;
    pages.insert("docs/reference/checks.md".to_owned(), format!("{HEAD}{checks}"));
    pages.insert("docs/reference/check.schema.json".to_owned(), say(&binary, &["check", "--schema"])?);
    pages.insert("docs/reference/metrics.md".to_owned(), format!("{HEAD}{}", metrics::page()?));
    pages.insert("docs/reference/README.md".to_owned(), format!("{HEAD}{INDEX}"));
    manual(&binary, &mut pages)?;
    for (shell, file) in [("bash", "strictmx.bash"), ("zsh", "_strictmx"), ("fish", "strictmx.fish")] {
        pages.insert(format!("dist/completions/{file}"), say(&binary, &["completions", shell])?);
    }
    Ok(pages)
}

/// The manual pages, as the binary writes them into a folder.
fn manual(binary: &Path, pages: &mut BTreeMap<String, String>) -> Result<()> {
    let folder = std::env::temp_dir().join(format!("strictmx-man-{}", std::process::id()));
    let mut man = Command::new(binary);
    command(man.args(["man", "--dir"]).arg(&folder).env("NO_COLOR", "1"))?;
    for path in files(&folder, &[""]) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        pages.insert(format!("dist/man/{name}"), read(&path)?);
    }
    std::fs::remove_dir_all(&folder).map_err(|error| format!("cannot remove {}: {error}", folder.display()))
}

/// The help of a command and, below it, of its subcommands.
fn help(binary: &Path, path: &[&str], page: &mut String) -> Result<()> {
    let text = say(binary, &[path, &["--help"]].concat())?;
    let title = [&["strictmx"], path].concat().join(" ");
    let marks = "#".repeat(2 + path.len().min(3));
    page.push_str(&format!("\n{marks} `{title}`\n\n```text\n{}\n```\n", text.trim_end()));
    for name in subcommands(&text) {
        if name != "help" {
            help(binary, &[path, &[name.as_str()]].concat(), page)?;
        }
    }
    Ok(())
}

/// The names listed under `Commands:`.
fn subcommands(help: &str) -> Vec<String> {
    let listed = help.lines().skip_while(|line| line.trim() != "Commands:").skip(1);
    let listed = listed.take_while(|line| line.starts_with("  ") || line.trim().is_empty());
    let names = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect()
}

fn say(binary: &Path, arguments: &[&str]) -> Result<String> {
    let mut command = Command::new(binary);
    command.args(arguments).env("NO_COLOR", "1").env("COLUMNS", "100").env_remove("STRICTMX_CONFIG");
    let output = command.output().map_err(|error| format!("cannot run {}: {error}", binary.display()))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() || text.is_empty() {
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("`strictmx {}` gives nothing ({}):\n{words}", arguments.join(" "), output.status));
    }
    Ok(text.lines().map(|line| format!("{}\n", line.trim_end())).collect())
}

#[cfg(test)]
mod tests {
    use super::subcommands;

    #[test]
    fn subcommands_are_read_from_the_help() {
        let help =
            "Usage: x\n\nCommands:\n  serve   The daemon\n          and more\n  check   Look\n\nOptions:\n  -v  more\n";
        assert_eq!(subcommands(help), ["serve", "check"]);
    }
}
