//! `strictmx report show`.
use std::fmt::Write as _;

use serde_json::Value;
use strictmx_io::store::{
    Store,
    outgoing::{DestinationRow, ReportRow, Which},
};
use strictmx_proto::{
    gzip::{self, Limits},
    name::Domain,
};

use super::{failed, reading};
use crate::{
    cli::{
        Exit, Format, Show,
        output::{self, STRONG},
    },
    config::Settings,
    flow::report_out::shown,
    when::rfc3339,
};

/// Reports of one domain and day: for the domain, and for an MX host of that name.
const BOTH: usize = 2;

/// Shows a report.
pub(super) async fn run(settings: &Settings, asked: &Show) -> Exit {
    let store = match reading(settings) {
        Ok(store) => store,
        Err(exit) => return exit,
    };
    let which = if asked.what.contains('@') {
        Which { id: Some(asked.what.clone()), day: asked.day, ..Which::default() }
    } else {
        match Domain::parse(&asked.what) {
            Ok(domain) => Which { domain: Some(domain), day: asked.day, ..Which::default() },
            Err(error) => {
                output::error(format_args!("{:?} is neither a domain name nor a report's id: {error}", asked.what));
                return Exit::Usage;
            }
        }
    };
    let mut reports = match store.reports(which, BOTH).await {
        Ok(reports) => reports,
        Err(error) => return failed(error),
    };
    let Some(newest) = reports.first().map(|report| report.day) else {
        let help = "`strictmx report list` shows which there are, `strictmx report preview` what would be sent";
        return failed(format_args!("there is no report of that kind; {help}"));
    };
    reports.retain(|report| report.day == newest);
    let mut page = String::new();
    for report in &reports {
        match one(&*store, report, asked.format).await {
            Ok(text) => page.push_str(&text),
            Err(error) => return failed(error),
        }
    }
    output::result(&page)
}

async fn one(store: &dyn Store, report: &ReportRow, format: Format) -> Result<String, String> {
    let destinations = store.destinations(report.number).await.map_err(|error| error.to_string())?;
    let octets = store.report_octets(report.number).await.map_err(|error| error.to_string())?;
    let json = match octets {
        Some(octets) => {
            let json = gzip::inflate(&octets, Limits::REPORT).map_err(|error| error.to_string())?;
            serde_json::from_slice(&json).map_err(|error| error.to_string())?
        }
        None => Value::Null,
    };
    Ok(match format {
        Format::Json => {
            let mut told = shown::outcome(report, &destinations);
            if let Some(fields) = told.as_object_mut() {
                fields.insert("report".to_owned(), json);
            }
            format!("{told}\n")
        }
        Format::Text => text(report, &destinations, &json),
    })
}

fn text(report: &ReportRow, destinations: &[DestinationRow], json: &Value) -> String {
    let mut page = format!("{STRONG}{} {}{STRONG:#}\n", report.domain, report.day);
    let mut row = |name: &str, value: String| {
        let _never_fails = writeln!(page, "  {name:<10} {value}");
    };
    row("state", report.state.as_str().to_owned());
    if let Some(why) = &report.why {
        row("why", why.clone());
    }
    if let Some(id) = &report.id {
        row("id", id.clone());
    }
    row("sessions", format!("{} succeeded, {} failed", report.sessions.success, report.sessions.failure));
    row("composed", rfc3339(report.made));
    if let Some(due) = report.due {
        row("due", rfc3339(due));
    }
    if let Some(record) = &report.record {
        row("record", record.escape_debug().to_string());
    }
    for one in destinations {
        row("to", format!("{}: {}", one.uri, stands(one)));
    }
    if !json.is_null() {
        let pretty = serde_json::to_string_pretty(json).unwrap_or_default();
        page.push_str(&format!("{pretty}\n"));
    }
    page
}

/// How far a destination is.
fn stands(one: &DestinationRow) -> String {
    let mut text = one.state.as_str().to_owned();
    if one.tries > 0 {
        text.push_str(&format!(" after {} attempts", one.tries));
    }
    if let Some(last) = one.last {
        text.push_str(&format!(", last at {}", rfc3339(last)));
    }
    if let Some(next) = one.next {
        text.push_str(&format!(", next at {}", rfc3339(next)));
    }
    if let Some(said) = &one.said {
        text.push_str(&format!("; {}", said.escape_debug()));
    }
    text
}
