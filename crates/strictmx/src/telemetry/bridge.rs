//! Lines of the floors below: adapters speak through `tracing`, and their lines go where ours go.
//!
//! Libraries are heard from warnings on; our own crates as the log's level says.

use std::fmt;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use super::Telemetry;
use super::log::Line;
use crate::config::LogLevel;

/// Takes what `tracing` says.
#[derive(Debug)]
pub(super) struct Bridge(pub(super) Telemetry);

impl Subscriber for Bridge {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let ours = metadata.target().starts_with("strictmx");
        metadata.is_event() && (ours || *metadata.level() <= Level::WARN) && self.0.wants(level(*metadata.level()))
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut said = Said::default();
        event.record(&mut said);
        let message = format!("{}{}", said.message, said.details);
        let line = Line::new(level(*event.metadata().level()), "detail", message);
        self.0.relay(line.about("target", event.metadata().target()));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn level(level: Level) -> LogLevel {
    match level {
        Level::ERROR => LogLevel::Error,
        Level::WARN => LogLevel::Warn,
        Level::INFO => LogLevel::Info,
        Level::DEBUG => LogLevel::Debug,
        Level::TRACE => LogLevel::Trace,
    }
}

/// What one event says.
#[derive(Debug, Default)]
struct Said {
    message: String,
    details: String,
}

impl Visit for Said {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
        } else {
            self.details.push_str(&format!(" {}={value}", field.name()));
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use strictmx_engine::time::Timestamp;
    use strictmx_io::clock::Clock;

    use super::*;
    use crate::config::{Log, LogFormat};
    use crate::telemetry::{Reader, page::Page};

    #[test]
    fn adapters_are_heard_and_libraries_from_warnings_on() {
        let page = Page::default();
        let settings = Log { level: LogLevel::Debug, format: LogFormat::Text };
        let (clock, _) = Clock::fixed(Timestamp(0));
        let telemetry = Telemetry::new(clock, settings, Reader::Plain, Box::new(page.clone()));
        tracing::subscriber::with_default(Bridge(telemetry), || {
            tracing::debug!(target: "strictmx_io::dns", server = "192.0.2.1", "asked again");
            tracing::debug!(target: "rustls::client", "a cipher was chosen");
            tracing::warn!(target: "rustls::client", "something is odd");
            for _ in 0..10 {
                tracing::error!(target: "strictmx_io::task", task = "probe", "a task panicked");
            }
            let _span = tracing::info_span!("a span says nothing").entered();
        });
        let text = page.text();
        assert_eq!(
            text,
            "1970-01-01T00:00:00Z debug strictmx_io::dns: asked again server=192.0.2.1 [detail]\n\
             1970-01-01T00:00:00Z warn  rustls::client: something is odd [detail]\n\
             1970-01-01T00:00:00Z error strictmx_io::task: a task panicked task=probe [detail]\n"
        );
    }
}
