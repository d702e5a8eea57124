//! What a bare hello shows of a host: SSL 2.0, and what surrounds the cipher in TLS (RFC 9325 §3.3 to §3.5, §3.10; RFC 7633).
//!
//! The hello is one of TLS 1.2, since TLS 1.3 has neither compression nor renegotiation and always binds its keys to the whole
//! handshake. A host that speaks nothing older refuses it, and that is well.
use alloc::{format, string::String};

use super::{
    super::{
        Check, Family, Findings, Severity, Side,
        observations::{Compression, HelloSeen, TrialResult, Way},
        shown::shown,
    },
    Host,
};

pub(super) static SSLV2: Check = Check {
    id: "smtp.sslv2",
    family: Family::Smtp,
    title: "an MX host still answers SSL 2.0",
    why: "SSL 2.0 was broken before 2000. Since the DROWN attack of 2016 it endangers more than those who use it: by it, recorded \
          TLS sessions with any server of the same RSA key can be read.",
    requirement: "R9325-3.1.1-1",
    side: Side::MxProvider,
};

pub(super) static COMPRESSION: Check = Check {
    id: "smtp.tls-compression",
    family: Family::Smtp,
    title: "an MX host compresses within TLS",
    why: "From the length of what is compressed together, those who listen can guess secrets beside text of their own choosing; \
          the CRIME attack of 2012 did it with cookies. RFC 9325 §3.3 asks that it is off.",
    requirement: "",
    side: Side::MxProvider,
};

pub(super) static RENEGOTIATION: Check = Check {
    id: "smtp.tls-renegotiation",
    family: Family::Smtp,
    title: "an MX host does not know protected renegotiation",
    why: "Without it somebody on the way can put commands of their own before a session's (RFC 5746). OpenSSL 3 refuses such \
          servers unless it is told otherwise, so some senders cannot use TLS 1.2 with this host at all.",
    requirement: "",
    side: Side::MxProvider,
};

pub(super) static NO_MASTER_SECRET: Check = Check {
    id: "smtp.no-extended-master-secret",
    family: Family::Smtp,
    title: "an MX host does not know the extended master secret",
    why: "In TLS 1.2 it binds the keys to the handshake they come from (RFC 7627, RFC 9325 §3.5), so that nobody can make two \
          sessions share theirs. That matters to client certificates above all, which mail between domains hardly uses.",
    requirement: "",
    side: Side::MxProvider,
};

pub(super) static EARLY_DATA: Check = Check {
    id: "smtp.early-data",
    family: Family::Smtp,
    title: "an MX host takes early data",
    why: "What comes with a resumed handshake's first octets (0-RTT) can be recorded and sent again by anybody. RFC 8446 appendix \
          E.5 allows it only to protocols that say how it is to be used, and SMTP does not.",
    requirement: "",
    side: Side::MxProvider,
};

pub(super) static MUST_STAPLE: Check = Check {
    id: "smtp.must-staple-unmet",
    family: Family::Smtp,
    title: "an MX host's certificate demands a stapled status, and none comes",
    why: "The certificate says that it counts only together with a fresh status from its authority (RFC 7633). Senders that look at \
          that, such as those built on GnuTLS, refuse it without; most mail servers cannot staple at all.",
    requirement: "",
    side: Side::MxProvider,
};

pub(super) fn judge(host: &Host<'_>, found: &mut Findings) {
    let name = host.name();
    for trial in &host.seen.trials {
        match (&trial.way, &trial.result) {
            (Way::Version(version), TrialResult::Hello(hello)) if version == "SSLv2" => sslv2(host, hello, found),
            (Way::Hello, TrialResult::Hello(hello)) => {
                surroundings(host, hello, found);
                staple(host, hello, found);
            }
            (Way::EarlyData, TrialResult::Made(_)) => {
                found
                    .add(&EARLY_DATA, Severity::Info, format!("The tickets of {name} allow early data."))
                    .about(name.clone())
                    .step("Switch early data (0-RTT) off in the mail server or the proxy before it.");
            }
            _ => {}
        }
    }
}

fn sslv2(host: &Host<'_>, hello: &HelloSeen, found: &mut Findings) {
    let ciphers = if hello.cipher.is_empty() {
        String::from("though it shares no cipher with us, which is enough for the attack")
    } else {
        format!("with {}", shown(&hello.cipher))
    };
    found
        .add(&SSLV2, Severity::Warning, format!("{} answers SSL 2.0, {ciphers}.", host.name()))
        .about(host.name())
        .step(
            "Switch SSL 2.0 off on every server that has this key (Postfix: `smtpd_tls_protocols = >=TLSv1.2`), and update the TLS \
             library, which should not have it any more.",
        );
}

fn surroundings(host: &Host<'_>, hello: &HelloSeen, found: &mut Findings) {
    let (name, version) = (host.name(), shown(&hello.version));
    let method = match hello.compression {
        Compression::None => None,
        Compression::Deflate => Some(String::from("DEFLATE")),
        Compression::Other(number) => Some(format!("method {number}")),
    };
    if let Some(method) = method {
        found
            .add(&COMPRESSION, Severity::Warning, format!("{name} agreed to compress by {method} in {version}."))
            .about(name.clone())
            .step("Switch it off (Postfix: `tls_ssl_options = NO_COMPRESSION`).");
    }
    if !hello.renegotiation_info {
        found
            .add(&RENEGOTIATION, Severity::Warning, format!("{name} does not protect renegotiation in {version}."))
            .about(name.clone())
            .step("Update the TLS library of the mail server, or of the proxy before it; every one since 2010 does it by itself.");
    }
    if !hello.extended_master_secret {
        found
            .add(
                &NO_MASTER_SECRET,
                Severity::Info,
                format!("{name} does not use the extended master secret in {version}."),
            )
            .about(name)
            .step("Nothing needs to be done now; an update of the TLS library brings it.");
    }
}

/// Only of the certificate that the usual handshake showed, whose demands are known.
fn staple(host: &Host<'_>, hello: &HelloSeen, found: &mut Findings) {
    let mut made = host.seen.sessions.iter().filter_map(|session| session.tls.as_ref());
    let demanded = made.any(|tls| tls.chain.first().is_some_and(|leaf| leaf.must_staple));
    if demanded && !hello.stapled {
        found
            .add(
                &MUST_STAPLE,
                Severity::Warning,
                format!("The certificate of {} demands a stapled status, and the host sends none.", host.name()),
            )
            .about(host.name())
            .step("Get the certificate anew without that demand (certbot: without `--must-staple`), or let the server staple.");
    }
}
