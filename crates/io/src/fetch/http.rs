//! One request over a connection that stands already: how it is sent, and what is read of the response.
//!
//! What a response must be is for a [`Taking`] to say; the bounds on its size are the same for all of them. [`Course`] takes a
//! policy: RFC 8461 §3.2, §3.3; D-10. Status 200 only, `text/plain` only, no redirect, no cache (STS-3.3-8), no content
//! coding, 64 KiB.
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use strictmx_engine::fact::{FetchFailure, FetchPhase, FetchTrace};
use tokio::io::{AsyncRead, AsyncWrite};

/// The largest policy that is read (STS-3.3-10).
pub(super) const MAX_BODY: usize = 64 * 1024;
/// Octets of a response's head.
const MAX_HEAD: usize = 16 * 1024;
/// Header fields of a response.
pub(super) const MAX_FIELDS: usize = 64;
/// Characters of a header value that are kept to be shown.
const MAX_SHOWN: usize = 512;

/// Who takes a response.
pub(super) trait Taking {
    /// Looks at the head. An error ends the exchange: the body is not read.
    fn head(&mut self, response: &Response<Incoming>) -> Result<(), FetchFailure>;
    /// So many octets of the body have been read.
    fn read(&mut self, octets: usize);
}

/// What is being filled while a fetch goes on, so that it is there whatever ends it.
#[derive(Debug)]
pub(super) struct Course {
    pub(super) trace: FetchTrace,
    pub(super) phase: FetchPhase,
}

impl Taking for Course {
    fn head(&mut self, response: &Response<Incoming>) -> Result<(), FetchFailure> {
        self.trace.status = Some(response.status().as_u16());
        self.trace.content_type = shown(response.headers(), &CONTENT_TYPE).map(String::from);
        acceptable(response)?;
        self.phase = FetchPhase::Body;
        let announced = response.body().size_hint().lower();
        if usize::try_from(announced).is_ok_and(|octets| octets <= MAX_BODY) {
            Ok(())
        } else {
            Err(FetchFailure::TooLarge)
        }
    }

    fn read(&mut self, octets: usize) {
        self.trace.body_len = Some(octets);
    }
}

/// Sends `request` and hands the response to `taking`. The body comes back, and of one that is too large no more than the first
/// octet that is too much.
pub(super) async fn exchange<S>(
    stream: S,
    request: Request<Full<Bytes>>,
    taking: &mut impl Taking,
) -> Result<Vec<u8>, FetchFailure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let (sender, connection) = Builder::new()
        .max_buf_size(MAX_HEAD)
        .max_headers(MAX_FIELDS)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| broken(&error))?;
    let conversation = converse(sender, request, taking);
    tokio::pin!(conversation, connection);
    tokio::select! {
        biased;
        outcome = &mut conversation => outcome,
        // The connection's end is not the conversation's: what was received is still to be read, and errors reach it too.
        _ended = &mut connection => conversation.await,
    }
}

async fn converse(
    mut sender: SendRequest<Full<Bytes>>,
    request: Request<Full<Bytes>>,
    taking: &mut impl Taking,
) -> Result<Vec<u8>, FetchFailure> {
    let response = sender.send_request(request).await.map_err(|error| broken(&error))?;
    taking.head(&response)?;
    body(response.into_body(), taking).await
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

async fn body(mut body: Incoming, taking: &mut impl Taking) -> Result<Vec<u8>, FetchFailure> {
    let mut text = Vec::new();
    taking.read(0);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| broken(&error))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        text.extend_from_slice(&data);
        taking.read(text.len());
        if text.len() > MAX_BODY {
            text.truncate(MAX_BODY.saturating_add(1));
            break;
        }
    }
    Ok(text)
}

/// A header value as it may be shown: bounded, without control characters.
fn shown(headers: &HeaderMap, name: &HeaderName) -> Option<Box<str>> {
    headers.get(name).map(|value| clean(value).into())
}

/// The same for any value.
pub(super) fn clean(value: &HeaderValue) -> String {
    let text = String::from_utf8_lossy(value.as_bytes());
    text.chars().take(MAX_SHOWN).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// An HTTP error with its causes, innermost last.
fn broken(error: &hyper::Error) -> FetchFailure {
    let mut detail = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        detail.push_str(": ");
        // rustls ends some of its words with a page of its own manual, which no postmaster has any use for.
        let words = inner.to_string();
        detail.push_str(words.split(": https://docs.rs/").next().unwrap_or(&words));
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
