//! A policy that is not published yet, as observations: the same checks read them, and nobody is asked.
use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    sync::Arc,
};

use strictmx_engine::{
    check::observations::{FORMAT, HostSeen, MailSeen, Observations, Octets, RecordSeen, ResolverSeen},
    fact::{Dnssec, Exchange, Mx, Seen, Txt},
    time::Timestamp,
};
use strictmx_proto::name::Domain;

/// What is read of a policy file: one octet more than a policy may have (64 KiB), so that the checks see that it is too long.
const MAX_POLICY: u64 = 64 * 1024 + 1;
/// The domain where none is named: a stand-in.
const STAND_IN: &str = "example.com";
/// The TTL of a record that nobody has published.
const TTL: u32 = 3600;

/// Reads a policy file; `-` is standard input.
pub(super) fn policy(path: &Path) -> Result<Octets, String> {
    let failed = |error: io::Error| format!("cannot read the policy file {}: {error}", path.display());
    let mut octets = Vec::new();
    if path == Path::new("-") {
        io::stdin().lock().take(MAX_POLICY).read_to_end(&mut octets).map_err(failed)?;
    } else {
        File::open(path).map_err(failed)?.take(MAX_POLICY).read_to_end(&mut octets).map_err(failed)?;
    }
    Ok(Octets(octets.into()))
}

/// What would be seen of a domain that serves this policy: the records as given, nothing else.
pub(super) fn observations(
    domain: Option<Domain>,
    policy: Octets,
    mx: &[Domain],
    txt: &[String],
    now: Timestamp,
) -> Result<Observations, String> {
    let domain = match domain {
        Some(domain) => domain,
        None => Domain::parse(STAND_IN).map_err(|error| error.to_string())?,
    };
    let record = domain.child("_mta-sts").filter(|_| !txt.is_empty()).map(|name| RecordSeen {
        name,
        txt: found(txt.iter().map(|text| Txt(text.as_bytes().into())).collect()),
        cname: None,
        servers: Vec::new(),
    });
    let mail = (!mx.is_empty()).then(|| MailSeen {
        mx: found(mx.iter().map(|host| Mx { preference: 10, exchange: Exchange::Host(host.clone()) }).collect()),
        servers: Vec::new(),
        addresses: None,
        named: Vec::new(),
    });
    Ok(Observations {
        format: FORMAT,
        domain,
        at: now,
        resolver: ResolverSeen { servers: Vec::new(), dnssec: "off".to_owned(), validates: None },
        zone: None,
        apex_txt: None,
        sts: record,
        policy_host: None,
        policy_file: Some(policy),
        mx: mail,
        hosts: mx.iter().map(|host| Arc::new(unseen(host))).collect(),
        tlsrpt: None,
        past: None,
    })
}

fn found<T>(data: T) -> Seen<T> {
    Seen::Found { data, aliases: Vec::new(), dnssec: Dnssec::Insecure, ttl: TTL }
}

fn unseen(host: &Domain) -> HostSeen {
    HostSeen {
        name: host.clone(),
        addresses: None,
        cname: None,
        tlsa: None,
        tlsrpt: None,
        ptr: std::collections::BTreeMap::new(),
        sessions: Vec::new(),
        trials: Vec::new(),
    }
}
