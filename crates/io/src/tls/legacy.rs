//! Trials by OpenSSL: protocol versions and ciphers that rustls rightly has no part in. The only file that knows OpenSSL.
//!
//! Everything is allowed (security level 0, old renegotiation) and nothing is verified, since no more than the handshake comes of
//! it. RFC 8996 and RFC 9325 §3.1, §4 say why a host should refuse. What this libssl was built without cannot be tried, and the
//! result says so.
use std::pin::Pin;
use std::time::Duration;

use openssl::error::ErrorStack;
use openssl::ssl::{Ssl, SslContext, SslMethod, SslOptions, SslRef, SslVerifyMode, SslVersion};
use rustls_pki_types::{CertificateDer, UnixTime};
use strictmx_engine::check::observations::{TlsMade, TrialResult, Way};
use strictmx_proto::name::Domain;
use tokio_openssl::SslStream;

use super::tried::{Duplex, Tried};
use super::verify::Trust;
use super::{chain, server_name};
use crate::clock::Clock;

/// Shakes hands with `host` in this way: a version alone, or ciphers alone, both with the host's name as SNI.
pub(super) async fn trial<S: Duplex + 'static>(trust: &Trust, stream: S, host: &Domain, way: &Way) -> Tried {
    let ssl = match client(host, way) {
        Ok(ssl) => ssl,
        Err(why) => return TrialResult::Unknown(why).into(),
    };
    let mut stream = match SslStream::new(ssl, stream) {
        Ok(stream) => stream,
        Err(error) => return TrialResult::Unknown(lacking(&error)).into(),
    };
    match Pin::new(&mut stream).connect().await {
        Ok(()) => {
            let result = TrialResult::Made(made(trust, stream.ssl(), host));
            Tried::made(result, Box::new(stream))
        }
        Err(error) => {
            // OpenSSL says this before anything is sent: the version or the ciphers are not in this build of it.
            let ours = error.ssl_error().filter(|stack| {
                let reasons = stack.errors().iter().filter_map(openssl::error::Error::reason);
                reasons.into_iter().any(|reason| matches!(reason, "no protocols available" | "no ciphers available"))
            });
            match ours {
                Some(stack) => TrialResult::Unknown(lacking(stack)).into(),
                None => TrialResult::Refused(error.to_string()).into(),
            }
        }
    }
}

fn client(host: &Domain, way: &Way) -> Result<Ssl, String> {
    let context = context(way)?;
    let ssl = Ssl::new(&context).and_then(|mut ssl| ssl.set_hostname(host.as_str()).map(|()| ssl));
    ssl.map_err(|error| lacking(&error))
}

fn context(way: &Way) -> Result<SslContext, String> {
    let mut builder = SslContext::builder(SslMethod::tls_client()).map_err(|error| lacking(&error))?;
    builder.set_verify(SslVerifyMode::NONE);
    builder.set_options(SslOptions::ALLOW_UNSAFE_LEGACY_RENEGOTIATION);
    let (from, to, ciphers) = match way {
        Way::Version(name) => {
            let version = version(name).ok_or_else(|| format!("{name} is no version of TLS that can be tried"))?;
            (Some(version), version, "ALL:COMPLEMENTOFALL")
        }
        // TLS 1.3 has no weak ciphers, and its list is another one.
        Way::Ciphers(list) => (None, SslVersion::TLS1_2, list.as_str()),
        Way::NoSni | Way::Sni(_) | Way::Hello | Way::EarlyData => (None, SslVersion::TLS1_3, "ALL:COMPLEMENTOFALL"),
    };
    let set = builder
        .set_min_proto_version(from)
        .and_then(|()| builder.set_max_proto_version(Some(to)))
        .and_then(|()| builder.set_cipher_list(&format!("{ciphers}:@SECLEVEL=0")));
    set.map_err(|error| lacking(&error))?;
    Ok(builder.build())
}

fn version(name: &str) -> Option<SslVersion> {
    Some(match name {
        "TLSv1" => SslVersion::TLS1,
        "TLSv1.1" => SslVersion::TLS1_1,
        "TLSv1.2" => SslVersion::TLS1_2,
        "TLSv1.3" => SslVersion::TLS1_3,
        _ => return None,
    })
}

fn made(trust: &Trust, ssl: &SslRef, host: &Domain) -> TlsMade {
    let sent = ssl.peer_cert_chain().into_iter().flatten().take(chain::MAX_SHOWN);
    let chain: Vec<CertificateDer<'static>> =
        sent.filter_map(|certificate| certificate.to_der().ok()).map(CertificateDer::from).collect();
    let now = UnixTime::since_unix_epoch(Duration::from_secs(Clock::system().now().0));
    let cipher = ssl.current_cipher().map(|cipher| cipher.standard_name().unwrap_or_else(|| cipher.name()));
    TlsMade {
        version: ssl.version_str().to_owned(),
        cipher: cipher.unwrap_or_default().to_owned(),
        fault: server_name(host).ok().and_then(|name| trust.fault(&chain, &name, now)),
        chain: chain::certs(&chain),
    }
}

fn lacking(error: &ErrorStack) -> String {
    let reason = error.errors().first().and_then(openssl::error::Error::reason).unwrap_or("no reason is given");
    format!("the OpenSSL of this build cannot try it: {reason}")
}
