//! Telling a program elsewhere something by HTTP POST, at an address that the operator has written (RFC 9110).
//!
//! Taken is what was answered with 2xx, nothing else: a redirect is not followed, since what is told may not be for whoever is
//! there. The certificate must hold. Size and time are bounded.
mod exchange;
mod url;

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::timeout;

pub use url::{Url, WrongUrl};

use crate::tls::ClientTls;

/// What is posted.
#[derive(Clone)]
pub struct Letter<'a> {
    /// The body's media type.
    pub media: &'a str,
    /// The first line of this file is said in `Authorization: Bearer`. It is read each time, so that a changed one counts.
    pub bearer: Option<&'a Path>,
    /// Said in `Idempotency-Key`: the same whenever the same thing is posted again.
    pub key: &'a str,
    /// The body.
    pub body: Bytes,
}

/// What has become of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Posted {
    /// Answered with this status, 2xx.
    Taken(u16),
    /// Answered with another status: that, and the beginning of what was said.
    Refused(u16, String),
    /// Not answered: why. It may have arrived all the same.
    Failed(String),
}

/// Posts. Clones share everything.
#[derive(Clone)]
pub struct Poster {
    tls: ClientTls,
    user_agent: String,
    limit: Duration,
}

impl Poster {
    /// One that trusts what `tls` trusts, calls itself `user_agent`, and takes no longer than `limit` for one letter.
    #[must_use]
    pub fn new(tls: ClientTls, user_agent: impl Into<String>, limit: Duration) -> Self {
        Self { tls, user_agent: user_agent.into(), limit }
    }

    /// Posts one letter.
    pub async fn post(&self, url: &Url, letter: Letter<'_>) -> Posted {
        match timeout(self.limit, Box::pin(exchange::post(self, url, letter))).await {
            Ok(Ok(posted)) => posted,
            Ok(Err(why)) => Posted::Failed(format!("{}: {why}", url.origin())),
            Err(_) => Posted::Failed(format!("{} did not answer within {} s", url.origin(), self.limit.as_secs())),
        }
    }
}
