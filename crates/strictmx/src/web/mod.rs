//! The web listener: the HTTP/JSON door to the policy server, metrics and health.
//!
//! - `GET /v1/policy/{domain}?map=NAME`: what a mail server would be told, with the reasons
//! - `POST /v1/sessions`: sessions of other mail servers, to be counted for TLS reports
//! - `GET /metrics`: Prometheus text · `GET /healthz`: the process lives · `GET /readyz`: it answers questions
//! - `GET /`: what is here
mod health;
mod policy;
mod sessions;

use std::sync::Arc;

use axum::{
    Router,
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};

use strictmx_io::listen::Traffic;

use crate::{
    flow::{Desk, collect::Collector, report_out::Reporter},
    telemetry::{Door, Telemetry},
};
pub use health::Readiness;

/// What every page reads.
#[derive(Clone)]
pub struct Shared {
    /// Where policy questions are answered.
    pub desk: Desk,
    /// Where sessions are counted; `None`: nowhere.
    pub collector: Option<Collector>,
    /// Who sends reports.
    pub reporter: Option<Reporter>,
    /// What is measured.
    pub telemetry: Telemetry,
    /// Whether questions are answered yet, or no longer.
    pub readiness: Readiness,
    /// What each door has counted.
    pub traffic: Arc<[(Door, Arc<Traffic>)]>,
}

/// All pages.
pub fn router(shared: Shared) -> Router {
    Router::new()
        .route("/", get(front))
        .route("/v1/policy/{domain}", get(policy::policy))
        .route("/v1/sessions", post(sessions::post))
        .route("/metrics", get(health::metrics))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(health::ready))
        .fallback(nothing_here)
        .with_state(shared)
}

async fn front() -> impl IntoResponse {
    (
        [(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'"))],
        Html(include_str!("front.html")),
    )
}

async fn nothing_here() -> Response {
    (StatusCode::NOT_FOUND, "There is nothing here; / lists what is.\n").into_response()
}
