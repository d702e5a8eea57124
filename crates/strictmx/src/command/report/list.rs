//! `strictmx report list`.
use std::fmt::Write as _;

use strictmx_engine::report::Scope;
use strictmx_io::store::outgoing::{DestinationRow, ReportRow, ReportState, Which};

use super::{failed, reading};
use crate::{
    cli::{Exit, Format, List, StateName, output},
    config::Settings,
    flow::report_out::shown,
};

/// Lists reports.
pub(super) async fn run(settings: &Settings, asked: &List) -> Exit {
    let store = match reading(settings) {
        Ok(store) => store,
        Err(exit) => return exit,
    };
    let state = asked.state.map(state);
    let which = Which { day: asked.day, state, ..Which::default() };
    let reports = match store.reports(which, asked.limit).await {
        Ok(reports) => reports,
        Err(error) => return failed(error),
    };
    let mut page = String::new();
    for report in &reports {
        let destinations = match store.destinations(report.number).await {
            Ok(destinations) => destinations,
            Err(error) => return failed(error),
        };
        match asked.format {
            Format::Text => line(&mut page, report, &destinations),
            Format::Json => put(&mut page, shown::outcome(report, &destinations)),
        }
    }
    if reports.is_empty() && asked.format == Format::Text {
        output::note("no reports; `strictmx report today` shows what was counted\n");
    }
    output::result(&page)
}

const fn state(named: StateName) -> ReportState {
    match named {
        StateName::Composed => ReportState::Composed,
        StateName::Sending => ReportState::Sending,
        StateName::Sent => ReportState::Sent,
        StateName::Failed => ReportState::Failed,
        StateName::Withheld => ReportState::Withheld,
    }
}

/// One report on one line.
fn line(page: &mut String, report: &ReportRow, destinations: &[DestinationRow]) {
    let ReportRow { day, domain, state, sessions, .. } = report;
    let scope = if report.scope == Scope::Host { " (MX host)" } else { "" };
    let counts = format!("{} ok, {} failed", sessions.success, sessions.failure);
    let tail = match (&report.why, destinations) {
        (Some(why), _) => why.clone(),
        (None, []) => String::new(),
        (None, all) => {
            all.iter().map(|one| format!("{} {}", one.uri, one.state.as_str())).collect::<Vec<_>>().join(", ")
        }
    };
    put(page, format_args!("{day}  {:<9} {domain}{scope}: {counts}{}", state.as_str(), separated(&tail)));
}

fn separated(tail: &str) -> String {
    if tail.is_empty() { String::new() } else { format!("; {tail}") }
}

fn put(page: &mut String, line: impl std::fmt::Display) {
    let _never_fails = writeln!(page, "{line}");
}
