//! Trials by a hello alone: versions before TLS 1.2, weak suites, and what surrounds the suite in TLS 1.2. No library of today speaks
//! all of the former, or offers what is asked about in the latter.
//!
//! The host's half of the handshake is read and no keys are agreed on. QUIT cannot be said in the middle of a handshake; leave is
//! taken with the alerts that TLS has for it, and the host's end of the connection is awaited as the reply to QUIT would be. What is
//! read is bounded by the parser, and never kept.
use std::time::Duration;

use aws_lc_rs::rand;
use strictmx_engine::check::observations::{Compression, HelloSeen, TrialResult};
use strictmx_proto::name::Domain;
use strictmx_proto::tls::{self, Answer, AnswerError, Progress, Weakness, hello, ssl2};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use super::tried::Duplex;

/// Octets read at a time.
const CHUNK: usize = 4096;

/// How long the host's end of the connection is waited for, at most.
const FAREWELL: Duration = Duration::from_secs(5);

/// Which hello.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Words {
    /// That of SSL 2.0.
    Ssl2,
    /// That of SSL 3.0.
    Ssl3,
    /// That of TLS 1.0 or TLS 1.1.
    Old(u16),
    /// That of TLS 1.2, with everything in it.
    Tls12,
    /// That of TLS 1.2 with nothing but weak suites of these kinds.
    Weak(Vec<Weakness>),
}

impl Words {
    /// The words for one of the versions before TLS 1.2.
    pub(super) fn of_version(name: &str) -> Option<Self> {
        Some(match name {
            "SSLv2" => Self::Ssl2,
            "SSLv3" => Self::Ssl3,
            "TLSv1" => Self::Old(tls::TLS10),
            "TLSv1.1" => Self::Old(tls::TLS11),
            _ => return None,
        })
    }

    /// The words for a list of kinds, such as `NULL:EXPORT`; an error names what is no kind of weak suite.
    pub(super) fn of_kinds(list: &str) -> Result<Self, String> {
        let kinds = list.split(':').map(|word| Weakness::named(word).ok_or_else(|| word.to_owned()));
        kinds.collect::<Result<_, _>>().map(Self::Weak)
    }
}

/// Says this hello to `host`, hears the answer, and takes leave. There is no time limit in here but for the last of that.
pub(super) async fn trial<S: Duplex>(mut stream: S, host: &Domain, words: Words) -> TrialResult {
    let heard = match words {
        Words::Ssl2 => ssl2(&mut stream).await,
        Words::Ssl3 => ssl3(&mut stream).await,
        Words::Old(version) => old(&mut stream, host, version).await,
        Words::Tls12 => tls12(&mut stream, host).await,
        Words::Weak(kinds) => weak(&mut stream, host, &kinds).await,
    };
    match heard {
        Ok((seen, farewell)) => {
            leave(&mut stream, &farewell).await;
            TrialResult::Hello(seen)
        }
        Err(refused @ TrialResult::Refused(_)) => {
            leave(&mut stream, &[]).await;
            refused
        }
        Err(result) => result,
    }
}

/// What was heard, and how to take leave.
type Heard = Result<(HelloSeen, Vec<u8>), TrialResult>;

async fn ssl2<S: Duplex>(stream: &mut S) -> Heard {
    let hello = ssl2::client_hello(&random()?);
    let mut reader = ssl2::Reader::new();
    let ciphers = ask(stream, &hello, |octets| match reader.feed(octets)? {
        ssl2::Progress::NeedMore => Ok(None),
        ssl2::Progress::Done(ciphers) => Ok(Some(ciphers)),
    })
    .await?;
    // Of a host that says thousands, those that were offered are enough.
    let names: Vec<String> = ciphers.into_iter().take(16).map(ssl2::cipher_name).collect();
    let seen = HelloSeen {
        version: String::from("SSLv2"),
        cipher: names.join(", "),
        compression: Compression::None,
        extended_master_secret: false,
        renegotiation_info: false,
        stapled: false,
    };
    Ok((seen, ssl2::farewell().to_vec()))
}

async fn ssl3<S: Duplex>(stream: &mut S) -> Heard {
    let answer = flight(stream, &hello::ssl3(&random()?)).await?;
    in_version(&answer, tls::SSL3)
}

async fn old<S: Duplex>(stream: &mut S, host: &Domain, version: u16) -> Heard {
    let answer = flight(stream, &hello::old(version, host, &random()?)).await?;
    in_version(&answer, version)
}

fn in_version(answer: &Answer, version: u16) -> Heard {
    if answer.version == version {
        return Ok((seen(answer), tls::farewell(version)));
    }
    Err(TrialResult::Refused(format!("the host answered with {}", tls::version_name(answer.version))))
}

async fn weak<S: Duplex>(stream: &mut S, host: &Domain, kinds: &[Weakness]) -> Heard {
    let answer = flight(stream, &hello::weak(kinds, host, &random()?)).await?;
    let suite = tls::cipher_name(answer.cipher);
    if Weakness::of(&suite).is_some_and(|kind| kinds.contains(&kind)) {
        return Ok((seen(&answer), tls::farewell(answer.version)));
    }
    Err(TrialResult::Unknown(format!("the host chose {suite}, which was not offered")))
}

async fn tls12<S: Duplex>(stream: &mut S, host: &Domain) -> Heard {
    let answer = flight(stream, &hello::tls12(host, &random()?)).await?;
    Ok((seen(&answer), tls::farewell(answer.version)))
}

async fn flight<S: Duplex>(stream: &mut S, hello: &[u8]) -> Result<Answer, TrialResult> {
    let mut reader = tls::Reader::new();
    let heard = ask(stream, hello, |octets| match reader.feed(octets)? {
        Progress::NeedMore => Ok(None),
        Progress::Done(answer) => Ok(Some(answer)),
    });
    match heard.await {
        // A host that began to agree did not refuse.
        Err(TrialResult::Refused(why)) if reader.version().is_some() => {
            Err(TrialResult::Unknown(format!("the host broke off in the middle of its answer: {why}")))
        }
        other => other,
    }
}

fn seen(answer: &Answer) -> HelloSeen {
    HelloSeen {
        version: tls::version_name(answer.version),
        cipher: tls::cipher_name(answer.cipher),
        compression: match answer.compression {
            0 => Compression::None,
            hello::DEFLATE => Compression::Deflate,
            other => Compression::Other(other),
        },
        extended_master_secret: answer.extended_master_secret,
        renegotiation_info: answer.renegotiation_info,
        stapled: answer.stapled,
    }
}

/// Sends the hello and feeds what comes back until there is an answer, or a reason why there is none.
async fn ask<S: Duplex, T>(
    stream: &mut S,
    hello: &[u8],
    mut feed: impl FnMut(&[u8]) -> Result<Option<T>, AnswerError>,
) -> Result<T, TrialResult> {
    let broke = |error: std::io::Error| TrialResult::Refused(format!("the connection broke at the hello: {error}"));
    stream.write_all(hello).await.map_err(broke)?;
    stream.flush().await.map_err(broke)?;
    let mut buffer = Vec::with_capacity(CHUNK);
    loop {
        buffer.clear();
        if stream.read_buf(&mut buffer).await.map_err(broke)? == 0 {
            return Err(TrialResult::Refused(String::from("the host closed the connection without an answer")));
        }
        match feed(&buffer) {
            Ok(None) => {}
            Ok(Some(answer)) => return Ok(answer),
            Err(refused @ AnswerError::Alert(_)) => return Err(TrialResult::Refused(refused.to_string())),
            Err(odd) => return Err(TrialResult::Unknown(odd.to_string())),
        }
    }
}

/// Says farewell and waits until the host has closed too, so that no other connection is made while it still has this one. What
/// becomes of it changes nothing.
async fn leave<S: Duplex>(stream: &mut S, farewell: &[u8]) {
    let parting = async {
        stream.write_all(farewell).await?;
        stream.shutdown().await?;
        tokio::io::copy(stream, &mut tokio::io::sink()).await
    };
    match timeout(FAREWELL, parting).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => tracing::trace!(%error, "left in the middle of a handshake without a farewell"),
        Err(_) => tracing::trace!("the host kept a broken handshake open"),
    }
}

fn random<const OCTETS: usize>() -> Result<[u8; OCTETS], TrialResult> {
    let mut octets = [0; OCTETS];
    match rand::fill(&mut octets) {
        Ok(()) => Ok(octets),
        Err(_) => Err(TrialResult::Unknown(String::from("the system gave no random octets"))),
    }
}
