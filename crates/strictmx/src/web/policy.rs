//! `GET /v1/policy/{domain}?map=NAME`: the answer a mail server would get, as JSON, with what it rests on.
use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use strictmx_engine::{
    lookup::{NoPolicy, Verdict},
    nexthop::{self, NextHop},
    profile::{Answer, Profile},
    tls::Level,
};

use super::Shared;
use crate::{flow::desk::Considered, when::rfc3339};

#[derive(Deserialize)]
pub(super) struct Asked {
    map: Option<String>,
}

/// The JSON answer. Times are RFC 3339, UTC.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct PolicyAnswer {
    domain: String,
    map: &'static str,
    /// What the mail server is told: `OK`, `NOTFOUND`, `TEMP`.
    reply: &'static str,
    /// The policy line after `OK`, the reason after `TEMP`.
    line: Option<String>,
    level: &'static str,
    mode: Option<&'static str>,
    mx: Vec<String>,
    source: &'static str,
    id: Option<String>,
    cached_at: Option<String>,
    expires_at: Option<String>,
    reasons: Vec<String>,
}

/// An error, in the same shape for every cause.
#[derive(Serialize)]
struct Problem {
    error: String,
}

pub(super) async fn policy(
    State(shared): State<Shared>,
    Path(domain): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let name = asked.map.as_deref().unwrap_or("postfix");
    let Some(profile) = Profile::from_map_name(name) else {
        let names = Profile::names().collect::<Vec<_>>().join(", ");
        return problem(StatusCode::BAD_REQUEST, format!("there is no map {name:?}; use one of {names}"));
    };
    let NextHop::Ask(route) = nexthop::parse(&domain) else {
        return problem(StatusCode::BAD_REQUEST, format!("{domain:?} is not a mail domain or host name"));
    };
    let considered = shared.desk.consider(route, profile).await;
    shared.telemetry.answered(profile, considered.told());
    Json(tell(&considered, profile)).into_response()
}

fn problem(status: StatusCode, error: String) -> Response {
    (status, Json(Problem { error })).into_response()
}

fn tell(considered: &Considered, profile: Profile) -> PolicyAnswer {
    let (reply, line) = match &considered.answer {
        Answer::Line(line) => ("OK", Some(line.to_string())),
        Answer::NotFound => ("NOTFOUND", None),
        Answer::Temp(why) => ("TEMP", Some(why.to_string())),
    };
    let policy = considered.decided.as_ref().and_then(|(_, verdict)| verdict.policy());
    let entry = considered.card.as_ref().and_then(|card| card.known.entry.as_ref());
    PolicyAnswer {
        domain: considered.route.domain.to_string(),
        map: profile.as_str(),
        reply,
        line,
        level: considered.decided.as_ref().map_or("override", |(plan, _)| plan.level.as_str()),
        mode: policy.map(|policy| policy.mode.as_str()),
        mx: policy.map(|policy| policy.mx.iter().map(ToString::to_string).collect()).unwrap_or_default(),
        source: source(considered),
        id: entry.and_then(|entry| entry.id.as_deref()).map(str::to_owned),
        cached_at: entry.map(|entry| rfc3339(entry.fetched)),
        expires_at: entry.map(|entry| rfc3339(entry.expires)),
        reasons: reasons(considered),
    }
}

/// What the answer rests on, in one word.
fn source(considered: &Considered) -> &'static str {
    match &considered.decided {
        None => "override",
        Some(_) if considered.observed => "observe",
        Some((plan, _)) => match plan.level {
            Level::Dane | Level::DaneOnly => "dane",
            Level::Secure => "mta-sts",
            Level::Temp | Level::NotFound => "none",
        },
    }
}

fn reasons(considered: &Considered) -> Vec<String> {
    let mut reasons: Vec<String> = match &considered.decided {
        Some((plan, _)) => plan.reasons.iter().map(|reason| reason.sentence().to_owned()).collect(),
        None => Vec::new(),
    };
    if let Some(rule) = &considered.overridden {
        reasons.push(format!("an override says {}: {}", rule.answer.as_str(), rule.reason));
    }
    if let Some((_, Verdict::None(why))) = &considered.decided
        && !matches!(why, NoPolicy::NoRecord(_))
    {
        reasons.push(why.to_string());
    }
    reasons
}
