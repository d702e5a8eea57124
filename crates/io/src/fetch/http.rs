//! One GET over a connection that stands already: what is sent, and which responses count.
//!
//! RFC 8461 §3.2, §3.3; D-10. Status 200 only, `text/plain` only, no redirect, no cache (STS-3.3-8), no content coding,
//! 64 KiB.
use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, LOCATION};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use strictmx_engine::fact::{FetchFailure, FetchPhase, FetchTrace};
use tokio::io::{AsyncRead, AsyncWrite};

/// The largest policy that is read (STS-3.3-10).
pub(super) const MAX_BODY: usize = 64 * 1024;
/// Octets of a response's head.
const MAX_HEAD: usize = 16 * 1024;
/// Header fields of a response.
const MAX_FIELDS: usize = 64;
/// Characters of a header value that are kept to be shown.
const MAX_SHOWN: usize = 512;

/// What is being filled while a fetch goes on, so that it is there whatever ends it.
#[derive(Debug)]
pub(super) struct Course {
    pub(super) trace: FetchTrace,
    pub(super) phase: FetchPhase,
}

/// Sends `request` and reads the policy's text.
pub(super) async fn exchange<S>(
    stream: S,
    request: Request<Empty<Bytes>>,
    course: &mut Course,
) -> Result<Box<[u8]>, FetchFailure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    course.phase = FetchPhase::Headers;
    let (sender, connection) = Builder::new()
        .max_buf_size(MAX_HEAD)
        .max_headers(MAX_FIELDS)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| broken(&error))?;
    let conversation = converse(sender, request, course);
    tokio::pin!(conversation, connection);
    tokio::select! {
        biased;
        outcome = &mut conversation => outcome,
        // The connection's end is not the conversation's: what was received is still to be read, and errors reach it too.
        _ended = &mut connection => conversation.await,
    }
}

async fn converse(
    mut sender: SendRequest<Empty<Bytes>>,
    request: Request<Empty<Bytes>>,
    course: &mut Course,
) -> Result<Box<[u8]>, FetchFailure> {
    let response = sender.send_request(request).await.map_err(|error| broken(&error))?;
    course.trace.status = Some(response.status().as_u16());
    course.trace.content_type = shown(response.headers(), &CONTENT_TYPE).map(String::from);
    acceptable(&response)?;
    course.phase = FetchPhase::Body;
    body(response.into_body(), course).await
}

/// STS-3.3-6, STS-3.3-7, D-10.
fn acceptable(response: &Response<Incoming>) -> Result<(), FetchFailure> {
    let headers = response.headers();
    if response.status() != StatusCode::OK {
        let status = response.status().as_u16();
        return Err(FetchFailure::Status { status, location: shown(headers, &LOCATION) });
    }
    if !headers.get(CONTENT_TYPE).is_some_and(|value| is_plain_text(value.as_bytes())) {
        return Err(FetchFailure::MediaType { sent: shown(headers, &CONTENT_TYPE) });
    }
    match shown(headers, &CONTENT_ENCODING) {
        Some(coding) if !coding.trim().is_empty() && !coding.trim().eq_ignore_ascii_case("identity") => {
            let detail = format!("the policy came encoded ({coding}), although no content coding was asked for");
            Err(FetchFailure::Http { detail: detail.into() })
        }
        _ => Ok(()),
    }
}

/// `text/plain`, whatever its case and its parameters (STS-3.2-2, D-10).
fn is_plain_text(value: &[u8]) -> bool {
    let essence = value.split(|octet| *octet == b';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(b"text/plain")
}

async fn body(mut body: Incoming, course: &mut Course) -> Result<Box<[u8]>, FetchFailure> {
    use hyper::body::Body as _;
    let announced = body.size_hint().lower();
    if usize::try_from(announced).is_ok_and(|octets| octets <= MAX_BODY) {
        course.trace.body_len = Some(0);
    } else {
        return Err(FetchFailure::TooLarge);
    }
    let mut text = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| broken(&error))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        course.trace.body_len = Some(text.len().saturating_add(data.len()));
        if text.len().saturating_add(data.len()) > MAX_BODY {
            return Err(FetchFailure::TooLarge);
        }
        text.extend_from_slice(&data);
    }
    Ok(text.into())
}

/// A header value as it may be shown: bounded, without control characters.
fn shown(headers: &HeaderMap, name: &HeaderName) -> Option<Box<str>> {
    let text = String::from_utf8_lossy(headers.get(name)?.as_bytes());
    let clean = text.chars().take(MAX_SHOWN).map(|c| if c.is_control() { '\u{fffd}' } else { c });
    Some(clean.collect::<String>().into())
}

/// An HTTP error with its causes, innermost last.
pub(super) fn broken(error: &hyper::Error) -> FetchFailure {
    let mut detail = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        detail.push_str(": ");
        detail.push_str(&inner.to_string());
        cause = inner.source();
    }
    FetchFailure::Http { detail: detail.into() }
}

#[cfg(test)]
mod tests {
    use super::is_plain_text;

    // D-10, STS-3.2-2
    #[test]
    fn the_media_type_is_compared_without_case_and_parameters() {
        for value in
            ["text/plain", "TEXT/Plain", "text/plain; charset=utf-8; x=y", " text/plain ;", "text/plain;charset=x"]
        {
            assert!(is_plain_text(value.as_bytes()), "{value}");
        }
        for value in
            ["", "text/html", "text/plainx", "text", "application/octet-stream; text/plain", "text/plain, text/html"]
        {
            assert!(!is_plain_text(value.as_bytes()), "{value}");
        }
    }
}
