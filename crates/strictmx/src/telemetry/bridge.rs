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
        let about = event.metadata().target().to_owned();
        let line = Line::new(level(*event.metadata().level()), "detail", format!("{}{}", said.message, said.details));
        self.0.relay(line.about("target", about));
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
