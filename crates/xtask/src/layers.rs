//! `cargo xtask layers`: what must never be (see `ARCHITECTURE.md`), checked.
//!
//! * Crates depend downwards only: `proto` ← `engine` ← `io` ← `strictmx`; nothing ships a development crate.
//! * Inside a crate the modules of each folder form a graph without a cycle. A module and its own children may
//!   name each other; siblings, with all that is below them, may not do so in a circle. Test modules do not count.
//! * An adapter of `io` names no other adapter, save those all may name.
//! * No file is longer than 600 lines, no function longer than 70.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use crate::source::{functions, mask, test_regions};
use crate::uses::paths;
use crate::{Result, files, read, root, shown};

/// The floors, lowest first, with what each may stand on.
const FLOORS: [(&str, &[&str]); 4] = [
    ("proto", &[]),
    ("engine", &["strictmx-proto"]),
    ("io", &["strictmx-proto", "strictmx-engine"]),
    ("strictmx", &["strictmx-proto", "strictmx-engine", "strictmx-io"]),
];
/// Modules of `io` that every adapter may name.
const COMMON: [&str; 6] = ["clock", "task", "tls", "listen", "sys", "smtp_wire"];
const FILE_CAP: usize = 600;
const FUNCTION_CAP: usize = 70;

/// Who names whom among the children of one module.
type Graph = BTreeMap<String, BTreeSet<String>>;

/// Prints the graphs; fails on anything that must not be.
pub(crate) fn main() -> Result<String> {
    let mut text = String::new();
    let mut faults = Vec::new();
    for (name, below) in FLOORS {
        let folder = root().join("crates").join(name);
        directions(&folder, below, &mut faults)?;
        let graphs = graphs(&folder.join("src"))?;
        writeln!(text, "{name}").unwrap_or_default();
        for (parent, graph) in &graphs {
            print(parent, graph, &mut text);
            if let Some(cycle) = cycle(graph) {
                let place = if parent.is_empty() { name.to_owned() } else { format!("{name}::{parent}") };
                faults.push(format!("{place}: modules in a circle: {}", cycle.join(" -> ")));
            }
        }
        if name == "io" {
            adapters(graphs.get("").unwrap_or(&Graph::new()), &mut faults);
        }
    }
    let (files, functions) = sizes(&mut faults)?;
    writeln!(text, "{files} files, {functions} functions, none too long").unwrap_or_default();
    if faults.is_empty() { Ok(text) } else { Err(format!("{text}{}", faults.join("\n"))) }
}

/// Only the floors below appear among the dependencies.
fn directions(folder: &Path, below: &[&str], faults: &mut Vec<String>) -> Result<()> {
    let manifest = read(&folder.join("Cargo.toml"))?;
    let mut section = "";
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        }
        let dependency = line.split(['.', ' ', '=']).next().unwrap_or_default();
        let ours = dependency.starts_with("strictmx-") || dependency == "xtask";
        if ours && section == "[dependencies]" && !below.contains(&dependency) {
            faults.push(format!("{}: must not depend on {dependency}", shown(&folder.join("Cargo.toml"))));
        }
    }
    Ok(())
}

/// For each module with children the graph of those children; the crate's root is the empty name.
fn graphs(source: &Path) -> Result<BTreeMap<String, Graph>> {
    let mut modules: BTreeSet<Vec<String>> = BTreeSet::new();
    let mut named = Vec::new();
    for path in files(source, &[".rs"]) {
        let here = module(source, &path);
        if here.last().is_some_and(|name| name == "tests") {
            continue;
        }
        let masked = without_tests(&mask(&read(&path)?));
        named.push((here.clone(), paths(&masked, &here)));
        modules.insert(here);
    }
    let mut graphs: BTreeMap<String, Graph> = BTreeMap::new();
    for (from, targets) in named {
        for target in targets {
            for depth in 0..from.len().min(target.len()) {
                let (Some(parent), Some(ours), Some(theirs)) = (from.get(..depth), from.get(depth), target.get(depth))
                else {
                    break;
                };
                let is_module = target.get(..=depth).is_some_and(|path| modules.contains(path));
                if ours != theirs && is_module {
                    let graph = graphs.entry(parent.join("::")).or_default();
                    graph.entry(ours.clone()).or_default().insert(theirs.clone());
                    graph.entry(theirs.clone()).or_default();
                }
                if ours != theirs {
                    break;
                }
            }
        }
    }
    Ok(graphs)
}

/// Module path of a file: `a/b.rs` and `a/b/mod.rs` are `a::b`; the root files are the empty path.
fn module(source: &Path, path: &Path) -> Vec<String> {
    let inside = path.strip_prefix(source).unwrap_or(path).with_extension("");
    let mut parts: Vec<String> = inside.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if parts.last().is_some_and(|name| name == "mod") || (parts.len() == 1 && is_root(&parts)) {
        parts.pop();
    }
    parts
}

fn is_root(parts: &[String]) -> bool {
    parts.first().is_some_and(|name| name == "lib" || name == "main")
}

fn without_tests(masked: &str) -> String {
    let regions = test_regions(masked);
    let inside = |number: usize| regions.iter().any(|(from, to)| (*from..=*to).contains(&number));
    let lines = masked.lines().enumerate().filter(|(number, _)| !inside(number + 1));
    lines.map(|(_, line)| format!("{line}\n")).collect()
}

/// A circle, if there is one, its first module repeated at the end.
fn cycle(graph: &Graph) -> Option<Vec<String>> {
    fn visit(node: &String, graph: &Graph, path: &mut Vec<String>, done: &mut BTreeSet<String>) -> Option<Vec<String>> {
        if let Some(at) = path.iter().position(|known| known == node) {
            let mut circle = path.split_off(at);
            circle.push(node.clone());
            return Some(circle);
        }
        if !done.insert(node.clone()) {
            return None;
        }
        path.push(node.clone());
        let found = graph.get(node)?.iter().find_map(|next| visit(next, graph, path, done));
        path.pop();
        found
    }
    let mut done = BTreeSet::new();
    graph.keys().find_map(|node| visit(node, graph, &mut Vec::new(), &mut done))
}

fn adapters(graph: &Graph, faults: &mut Vec<String>) {
    for (adapter, named) in graph {
        for other in named {
            if !COMMON.contains(&other.as_str()) {
                faults.push(format!(
                    "io: adapter {adapter} names adapter {other}; only {} may be named",
                    COMMON.join(", ")
                ));
            }
        }
    }
}

fn print(parent: &str, graph: &Graph, text: &mut String) {
    for (module, named) in graph {
        if !named.is_empty() {
            let named = named.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            let prefix = if parent.is_empty() { String::new() } else { format!("{parent}::") };
            writeln!(text, "  {prefix}{module} -> {named}").unwrap_or_default();
        }
    }
}

/// Checks the caps; how many files and functions there are.
fn sizes(faults: &mut Vec<String>) -> Result<(usize, usize)> {
    let sources = files(&root().join("crates"), &[".rs"]);
    let mut count = 0;
    for path in &sources {
        let text = read(path)?;
        let lines = text.lines().count();
        if lines > FILE_CAP {
            faults.push(format!("{}: {lines} lines, more than {FILE_CAP}", shown(path)));
        }
        for function in functions(&mask(&text)) {
            count += 1;
            if function.lines > FUNCTION_CAP {
                let place = format!("{}:{}", shown(path), function.line);
                faults.push(format!(
                    "{place}: fn {} has {} lines, more than {FUNCTION_CAP}",
                    function.name, function.lines
                ));
            }
        }
    }
    Ok((sources.len(), count))
}
