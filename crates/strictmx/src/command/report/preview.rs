//! `strictmx report preview`.
use strictmx_engine::report::Scope;
use strictmx_io::clock::Clock;
use strictmx_proto::tlsrpt::mail::summary;

use super::super::{build, reporting};
use super::{failed, reading};
use crate::{
    cli::{Exit, Preview, PreviewFormat, output},
    config::Settings,
    flow::report_out::preview,
};

/// Shows what would be sent.
pub(super) async fn run(settings: &Settings, asked: &Preview) -> Exit {
    let store = match reading(settings) {
        Ok(store) => store,
        Err(exit) => return exit,
    };
    let built = match build::senses(settings) {
        Ok(built) => built,
        Err(error) => return failed(error),
    };
    let rules = match reporting::rules(settings, &built) {
        Ok(rules) => rules,
        Err(error) => {
            output::error(error);
            return Exit::Config;
        }
    };
    let scope = if asked.mx_host { Scope::Host } else { Scope::Domain };
    let preview = match preview::preview(&*store, &rules, asked.day, &asked.domain, scope).await {
        Ok(preview) => preview,
        Err(error) => return failed(error),
    };
    match asked.format {
        PreviewFormat::Json => output::result(&format!("{}\n", preview.report.emit())),
        PreviewFormat::Text => {
            let record = preview.counted.record.as_deref().unwrap_or("not looked at yet");
            let head =
                format!("{}\nRecord: {}\n", summary(&preview.report, &asked.domain).trim_end(), record.escape_debug());
            output::result(&head)
        }
        PreviewFormat::Mail => match preview.mail(&rules, Clock::system().now()) {
            Ok(message) => {
                if rules.keys.keys.is_empty() {
                    output::warning("it is not signed, and would not be sent: there is no key in [reporter] dkim");
                }
                output::result(&String::from_utf8_lossy(&message.emit()).replace("\r\n", "\n"))
            }
            Err(error) => failed(error),
        },
    }
}
