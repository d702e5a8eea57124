//! The names on `/metrics`.
//!
//! A running daemon shows only what has happened so far; the golden page of the tests shows everything, and the tests
//! hold it to what the program says.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Result, read, root};

const GOLDEN: &str = "crates/strictmx/tests/cli/snapshots/cli__metrics__metrics.snap";

#[derive(Default)]
struct Metric {
    kind: String,
    help: String,
    labels: BTreeSet<String>,
}

/// A page with every metric, its kind, labels and meaning.
pub(super) fn page() -> Result<String> {
    let mut page = String::from(
        "# Metrics\n\n`GET /metrics` on the `[web]` listener, Prometheus text. Labels name states of ours, never a peer. A \
         counter with labels is there once it has counted something.\n\n\
         | name | kind | labels | meaning |\n|---|---|---|---|\n",
    );
    for (name, metric) in parse(&read(&root().join(GOLDEN))?) {
        let labels: Vec<String> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        let suffix = match metric.kind.as_str() {
            "counter" => "_total",
            "info" => "_info",
            _ => "",
        };
        page.push_str(&format!("| `{name}{suffix}` | {} | {} | {} |\n", metric.kind, labels.join(", "), metric.help));
    }
    Ok(page)
}

fn parse(text: &str) -> BTreeMap<String, Metric> {
    let mut metrics: BTreeMap<String, Metric> = BTreeMap::new();
    let families: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    for line in text.lines() {
        if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) {
            metrics.entry(name.to_owned()).or_default().kind = kind.to_owned();
        } else if let Some((name, help)) = line.strip_prefix("# HELP ").and_then(|rest| rest.split_once(' ')) {
            metrics.entry(name.to_owned()).or_default().help = help.to_owned();
        } else if let Some((name, rest)) = line.split_once('{') {
            // A sample carries a suffix (`_total`, `_bucket`) behind its family's name.
            let family = families.iter().filter(|family| name.starts_with(**family)).max_by_key(|family| family.len());
            let labels =
                rest.split('}').next().unwrap_or_default().split("\",").filter_map(|pair| pair.split('=').next());
            if let Some(metric) = family.and_then(|family| metrics.get_mut(*family)) {
                metric.labels.extend(labels.filter(|label| *label != "le").map(str::to_owned));
            }
        }
    }
    metrics
}
