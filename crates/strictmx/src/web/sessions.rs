//! `POST /v1/sessions`: sessions told by other mail servers and other machines; answered when they are on the disk.
//!
//! The body is a JSON array or JSON lines, each object in one of the forms of [`session`]. All of it is counted or nothing: who
//! gets another answer than 202 may send it again.
use axum::{
    Json,
    body::{Body, to_bytes},
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use strictmx_io::store;

use super::Shared;
use crate::{
    flow::collect::{
        Collector,
        session::{self, SessionError},
        told::Batch,
    },
    telemetry::{Counted, Event, Posted},
};

/// Octets of a body.
const MAX_BODY: usize = 4 * 1024 * 1024;
/// Objects in a body.
const MAX_OBJECTS: usize = 10_000;
/// Sessions that a body may stand for, by the `count` of its objects.
const MAX_SESSIONS: u64 = 1_000_000;

/// Why nothing was counted.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("there is no [collector] section in the config: nobody counts sessions here")]
    NoCollector,
    #[error("posting sessions is switched off: [collector] token_file is not set")]
    NoToken,
    #[error("the password is missing or wrong: send `Authorization: Bearer …` with the text of [collector] token_file")]
    Token,
    #[error(
        "the body is longer than {MAX_BODY} octets, or stands for more than {MAX_OBJECTS} objects or {MAX_SESSIONS} sessions; send less at once"
    )]
    TooLarge,
    #[error("object {number}: {why}; nothing was counted")]
    Unreadable { number: usize, why: SessionError },
    #[error("there is no session in the body; send a JSON array of objects, or one object a line")]
    Nothing,
    #[error("the body is no JSON: {0}; send a JSON array of objects, or one object a line")]
    NoJson(String),
    #[error("{0}")]
    Store(store::Error),
}

impl Refused {
    const fn status(&self) -> StatusCode {
        match self {
            Self::NoCollector => StatusCode::NOT_FOUND,
            Self::NoToken => StatusCode::FORBIDDEN,
            Self::Token => StatusCode::UNAUTHORIZED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unreadable { .. } | Self::Nothing | Self::NoJson(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = (self.status(), Json(json!({ "error": self.to_string() }))).into_response();
        if matches!(self, Self::Token) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// Counts the sessions of the body; `late` in the answer are those that no report will have.
pub(super) async fn post(State(shared): State<Shared>, headers: HeaderMap, body: Body) -> Response {
    match counted(&shared, &headers, body).await {
        Ok((sessions, late)) => {
            shared.telemetry.posted(Posted::Accepted, sessions);
            let answer = match late {
                0 => json!({ "counted": sessions }),
                _ => json!({ "counted": sessions, "late": late }),
            };
            (StatusCode::ACCEPTED, Json(answer)).into_response()
        }
        Err(refused) => {
            shared.telemetry.posted(Posted::Refused, 1);
            refused.into_response()
        }
    }
}

/// How many were counted, and how many of them are late.
async fn counted(shared: &Shared, headers: &HeaderMap, body: Body) -> Result<(u64, u64), Refused> {
    let collector = shared.collector.as_ref().ok_or(Refused::NoCollector)?;
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let token = collector.token().ok_or(Refused::NoToken)?;
    // Before the body is read: whoever may not post does not get us to read it.
    if !shown.strip_prefix("Bearer ").is_some_and(|shown| token.fits(shown.trim())) {
        return Err(Refused::Token);
    }
    let octets = to_bytes(body, MAX_BODY).await.map_err(|_| Refused::TooLarge)?;
    let batch = read(collector, &octets)?;
    let (sessions, told) = (*batch.sessions(), batch.len());
    let added = batch.write(collector.store()).await.map_err(|error| {
        shared.telemetry.emit(Event::StoreFailed { doing: "keep posted sessions", error: &error.to_string() });
        Refused::Store(error)
    })?;
    shared.telemetry.counted(&Counted { sessions, ..Counted::default() });
    shared.telemetry.added(added);
    Ok((told, added.late))
}

fn read(collector: &Collector, octets: &[u8]) -> Result<Batch, Refused> {
    let (mut batch, now) = (collector.batch(), collector.now());
    let mut objects = 0;
    let mut add = |object: &[u8]| {
        objects += 1;
        if objects > MAX_OBJECTS {
            return Err(Refused::TooLarge);
        }
        let told = session::read(object).and_then(|told| told.check(now).map(|()| told));
        let told = told.map_err(|why| Refused::Unreadable { number: objects, why })?;
        if batch.len() + u64::from(told.count) > MAX_SESSIONS {
            return Err(Refused::TooLarge);
        }
        batch.add(&told, now);
        Ok(())
    };
    if octets.trim_ascii_start().starts_with(b"[") {
        let list: Vec<Value> = serde_json::from_slice(octets).map_err(|error| Refused::NoJson(error.to_string()))?;
        list.iter().try_for_each(|object| add(object.to_string().as_bytes()))?;
    } else {
        let lines = octets.split(|octet| *octet == b'\n').map(<[u8]>::trim_ascii);
        lines.filter(|line| !line.is_empty()).try_for_each(add)?;
    }
    if batch.is_empty() { Err(Refused::Nothing) } else { Ok(batch) }
}
