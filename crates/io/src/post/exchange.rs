//! One request and the beginning of its response.
use std::path::Path;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::Builder;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue, USER_AGENT};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::net::TcpStream;

use super::url::{Url, Way};
use super::{Letter, Posted, Poster};
use crate::tls::{Limited, TlsFailure};

/// Octets read from a server for one letter: handshake, head, what is read of the body.
const MAX_OCTETS: usize = 256 * 1024;
/// Octets of a response's head.
const MAX_HEAD: usize = 16 * 1024;
/// Characters of a refusal that are told.
const MAX_SAID: usize = 300;
/// Octets of a token file that are read.
const MAX_TOKEN: u64 = 4096;
const ALPN: &[&[u8]] = &[b"http/1.1"];

/// Posts it, without a limit of time. An error is a sentence for people.
pub(super) async fn post(by: &Poster, url: &Url, letter: Letter<'_>) -> Result<Posted, String> {
    let token = match letter.bearer {
        Some(file) => Some(bearer(file).await?),
        None => None,
    };
    let request = request(by, url, letter, token)?;
    match url.way() {
        Way::Clear(address, port) => {
            let stream = TcpStream::connect((*address, *port)).await.map_err(|error| unreachable(&error))?;
            exchange(Limited::new(stream, MAX_OCTETS), request).await
        }
        Way::Tls(name, port) => {
            let stream = TcpStream::connect((name.as_str(), *port)).await.map_err(|error| unreachable(&error))?;
            let stream = Limited::new(stream, MAX_OCTETS);
            let session = by.tls.connect(stream, name, ALPN).await.map_err(|failed| match failed.failure {
                TlsFailure::Certificate(fault) => format!("the certificate does not hold: {fault}"),
                TlsFailure::Other(detail) => format!("the TLS handshake failed: {detail}"),
            })?;
            exchange(session.stream, request).await
        }
    }
}

fn unreachable(error: &std::io::Error) -> String {
    format!("no connection: {error}")
}

/// The first line of a file, as a header value that no log shows.
async fn bearer(file: &Path) -> Result<HeaderValue, String> {
    let mut text = String::new();
    let read = async { tokio::fs::File::open(file).await?.take(MAX_TOKEN).read_to_string(&mut text).await };
    read.await.map_err(|error| format!("the token file {} cannot be read: {error}", file.display()))?;
    let token = text.lines().next().unwrap_or_default().trim();
    let value = HeaderValue::try_from(format!("Bearer {token}")).ok().filter(|_| !token.is_empty());
    let mut value = value.ok_or_else(|| format!("the first line of the token file {} is no token", file.display()))?;
    value.set_sensitive(true);
    Ok(value)
}

fn request(
    by: &Poster,
    url: &Url,
    letter: Letter<'_>,
    token: Option<HeaderValue>,
) -> Result<Request<Full<Bytes>>, String> {
    let mut request = Request::post(url.path())
        .header(HOST, url.authority())
        .header(USER_AGENT, &by.user_agent)
        .header(CONTENT_TYPE, letter.media)
        .header("idempotency-key", letter.key);
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, token);
    }
    request.body(Full::new(letter.body)).map_err(|error| format!("the request cannot be made: {error}"))
}

async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Posted, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let handshake = Builder::new().max_buf_size(MAX_HEAD).handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|error| broken(&error))?;
    let conversation = async move {
        let response = sender.send_request(request).await.map_err(|error| broken(&error))?;
        Ok(judged(response).await)
    };
    tokio::pin!(conversation, connection);
    tokio::select! {
        biased;
        outcome = &mut conversation => outcome,
        // The connection's end is not the conversation's: what was received is still to be read.
        _ended = &mut connection => conversation.await,
    }
}

async fn judged(response: Response<Incoming>) -> Posted {
    let status = response.status();
    if status.is_success() {
        return Posted::Taken(status.as_u16());
    }
    let mut said = Vec::new();
    let mut body = response.into_body();
    while said.len() < 4 * MAX_SAID
        && let Some(Ok(frame)) = body.frame().await
    {
        said.extend(frame.into_data().unwrap_or_default());
    }
    let said: String = String::from_utf8_lossy(&said).chars().take(MAX_SAID).collect();
    Posted::Refused(status.as_u16(), said)
}

/// An HTTP error with its causes, innermost last.
fn broken(error: &hyper::Error) -> String {
    let mut detail = format!("HTTP went wrong: {error}");
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        detail.push_str(": ");
        detail.push_str(&inner.to_string());
        cause = inner.source();
    }
    detail
}
