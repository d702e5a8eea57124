//! Is it alive, does it answer, what does it count.
use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};

use super::Shared;

/// Whether questions are answered: not yet, yes, no longer.
#[derive(Clone, Default)]
pub struct Readiness(Arc<AtomicU8>);

impl Readiness {
    const READY: u8 = 1;
    const STOPPING: u8 = 2;

    /// From now on questions are answered.
    pub fn ready(&self) {
        self.0.store(Self::READY, Ordering::Release);
    }

    /// From now on only questions under way are answered.
    pub fn stopping(&self) {
        self.0.store(Self::STOPPING, Ordering::Release);
    }

    fn state(&self) -> (StatusCode, &'static str) {
        match self.0.load(Ordering::Acquire) {
            Self::READY => (StatusCode::OK, "ready\n"),
            Self::STOPPING => (StatusCode::SERVICE_UNAVAILABLE, "stopping\n"),
            _ => (StatusCode::SERVICE_UNAVAILABLE, "starting\n"),
        }
    }
}

pub(super) async fn ready(State(shared): State<Shared>) -> impl IntoResponse {
    shared.readiness.state()
}

pub(super) async fn metrics(State(shared): State<Shared>) -> impl IntoResponse {
    shared.desk.measure();
    if let Some(collector) = &shared.collector {
        collector.measure();
    }
    if let Some(reporter) = &shared.reporter {
        reporter.measure().await;
    }
    shared.telemetry.traffic(&shared.traffic);
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], shared.telemetry.render())
}
