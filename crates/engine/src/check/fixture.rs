//! A domain with nothing wrong, which tests then break in one place.
use alloc::{format, string::ToString, sync::Arc, vec, vec::Vec};
use core::net::{IpAddr, Ipv4Addr, SocketAddr};

use strictmx_proto::name::Domain;

use super::{
    Check, Family, Finding, Intent, Observations, judge,
    observations::{
        Caa, CaaSeen, Cert, Destination, FORMAT, HostSeen, MailSeen, Octets, PolicyHostSeen, RecordSeen, ReportSeen,
        ResolverSeen, ServerSaid, Session, Timing, TlsMade, Trial, TrialResult, Visit, Way, ZoneSeen,
    },
};
pub(crate) use crate::fixture::{name, servfail};
use crate::{
    fact::{AddrSeen, CertSeen, Dnssec, Exchange, Mx, Seen, TlsOutcome, Txt, TxtSeen},
    time::Timestamp,
};

/// When [`healthy`] was looked at.
pub(crate) const NOW: Timestamp = Timestamp(1_800_000_000);
/// Seconds of a day.
pub(crate) const DAY: u64 = 86_400;
/// The policy that [`healthy`] serves.
pub(crate) const POLICY: &str = "version: STSv1\r\nmode: enforce\r\nmx: mx.example.com\r\nmax_age: 2592000\r\n";
const WEB: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const MAIL: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 25);

/// `example.com` in `enforce`, everything looked at and right, no history.
pub(crate) fn healthy() -> Observations {
    Observations {
        format: FORMAT,
        domain: name("example.com"),
        at: NOW,
        resolver: ResolverSeen {
            servers: vec!["127.0.0.1:53".into()],
            dnssec: "trust-ad".into(),
            validates: Some(true),
        },
        zone: Some(ZoneSeen {
            apex: name("example.com"),
            ns: found(vec![name("ns1.example.com"), name("ns2.example.net")]),
        }),
        apex_txt: Some(txt(&["v=spf1 mx -all"])),
        sts: Some(record("_mta-sts.example.com", &["v=STSv1; id=20261122000000;"])),
        policy_host: Some(policy_host()),
        policy_file: None,
        mx: Some(mail(&[(10, "mx.example.com")])),
        hosts: vec![Arc::new(host("mx.example.com", MAIL))],
        tlsrpt: Some(ReportSeen {
            record: record("_smtp._tls.example.com", &["v=TLSRPTv1; rua=mailto:tls@reports.example.net"]),
            misplaced: Some(nx()),
            destinations: vec![Destination {
                uri: "mailto:tls@reports.example.net".into(),
                mx: Some(found(vec![mx(10, "mx.reports.example.net")])),
                recipient: None,
                visit: None,
                posted: false,
            }],
        }),
        past: None,
    }
}

/// The findings of one family.
pub(crate) fn findings(seen: &Observations, intent: &Intent, family: Family) -> Vec<Finding> {
    judge(seen, intent, &[family]).findings
}

/// The ids of the findings of one family, worst first.
pub(crate) fn finding_ids(seen: &Observations, intent: &Intent, family: Family) -> Vec<&'static str> {
    findings(seen, intent, family).iter().map(|finding| finding.check.id).collect()
}

/// A signed answer with these records.
pub(crate) fn found<T>(data: T) -> Seen<T> {
    Seen::Found { data, aliases: Vec::new(), dnssec: Dnssec::Secure, ttl: 3600 }
}

/// The name exists, without such a record.
pub(crate) fn none<T>() -> Seen<T> {
    Seen::NoData { dnssec: Dnssec::Secure, ttl: 3600 }
}

/// No such name.
pub(crate) fn nx<T>() -> Seen<T> {
    Seen::NxDomain { dnssec: Dnssec::Secure, ttl: 3600 }
}

/// These TXT records.
pub(crate) fn txt(texts: &[&str]) -> TxtSeen {
    found(texts.iter().map(|text| Txt(text.as_bytes().into())).collect())
}

/// An MX record.
pub(crate) fn mx(preference: u16, exchange: &str) -> Mx {
    Mx { preference, exchange: Exchange::Host(name(exchange)) }
}

/// These MX records, the same from every server of the zone.
pub(crate) fn mail(records: &[(u16, &str)]) -> MailSeen {
    let mx = found(records.iter().map(|(preference, exchange)| mx(*preference, exchange)).collect::<Vec<_>>());
    let by_mail_domain = Trial { way: Way::Sni(name("example.com")), result: TrialResult::Made(tls("mx.example.com")) };
    MailSeen { servers: servers(&mx), mx, addresses: None, named: vec![(name("mx.example.com"), by_mail_domain)] }
}

/// A name with these TXT records, the same from every server of the zone.
pub(crate) fn record(at: &str, texts: &[&str]) -> RecordSeen {
    let txt = txt(texts);
    RecordSeen { name: Domain::parse_lenient(at).unwrap(), servers: servers(&txt), txt, cname: Some(none()) }
}

/// Both servers of the zone, giving this answer.
pub(crate) fn servers<T: Clone>(answer: &Seen<T>) -> Vec<ServerSaid<T>> {
    let server = |(server, last): (&str, u8)| ServerSaid {
        server: name(server),
        address: IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)),
        answer: answer.clone(),
        cname: Some(none()),
    };
    [("ns1.example.com", 53), ("ns2.example.net", 54)].into_iter().map(server).collect()
}

/// One IPv4 address.
pub(crate) fn address(v4: Ipv4Addr) -> AddrSeen {
    AddrSeen { a: found(vec![v4]), aaaa: none() }
}

fn policy_host() -> PolicyHostSeen {
    PolicyHostSeen {
        name: name("mta-sts.example.com"),
        addresses: address(WEB),
        cname: Some(none()),
        sibling: Some(AddrSeen { a: nx(), aaaa: nx() }),
        caa: Some(CaaSeen {
            at: Some(name("example.com")),
            records: found(vec![Caa { flags: 0, tag: "issue".into(), value: "letsencrypt.org".into() }]),
        }),
        visits: vec![visit(IpAddr::V4(WEB), POLICY)],
        trials: trials("mta-sts.example.com"),
    }
}

/// A visit to the policy host that found this policy.
pub(crate) fn visit(address: IpAddr, policy: &str) -> Visit {
    Visit {
        address: SocketAddr::new(address, 443),
        stopped: None,
        tls: Some(tls("mta-sts.example.com")),
        status: Some(200),
        headers: vec![("content-type".into(), "text/plain; charset=utf-8".into())],
        body: Some(Octets(policy.as_bytes().into())),
        timing: Timing { connected: Some(10), encrypted: Some(30), done: Some(50) },
    }
}

/// A handshake that showed a good chain for this name.
pub(crate) fn tls(host: &str) -> TlsMade {
    let leaf = cert(&format!("CN={host}"), "C=US, O=Let's Encrypt, CN=E7", &[host]);
    let issuer = cert("C=US, O=Let's Encrypt, CN=E7", "C=US, O=Internet Security Research Group, CN=ISRG Root X1", &[]);
    TlsMade {
        version: "TLSv1.3".into(),
        cipher: "TLS13_AES_256_GCM_SHA384".into(),
        fault: None,
        chain: vec![leaf, issuer],
    }
}

/// A certificate with sixty days to go.
pub(crate) fn cert(subject: &str, issuer: &str, names: &[&str]) -> Cert {
    Cert {
        shown: CertSeen {
            subject: subject.into(),
            issuer: issuer.into(),
            dns_names: names.iter().map(ToString::to_string).collect(),
            not_before: Timestamp(NOW.0 - 30 * DAY),
            not_after: NOW.plus(60 * DAY),
            sha256: "ab".repeat(32),
        },
        key: "EC P-256".into(),
        signature: "ecdsa-with-SHA384".into(),
        self_issued: subject == issuer,
        issuer_urls: vec!["http://e7.i.lencr.org/".into()],
        must_staple: false,
        der: Octets(subject.as_bytes().into()),
        spki: Octets(subject.as_bytes().into()),
    }
}

/// The trials of a host that speaks TLS 1.2 and 1.3 only and answers without a server name.
pub(crate) fn trials(host: &str) -> Vec<Trial> {
    let made = |version: &str| TrialResult::Made(TlsMade { version: version.into(), ..tls(host) });
    let refused = || TrialResult::Refused("alert protocol_version".into());
    let version = |word: &str, result| Trial { way: Way::Version(word.into()), result };
    vec![
        Trial { way: Way::NoSni, result: made("TLSv1.3") },
        version("TLSv1", refused()),
        version("TLSv1.1", refused()),
        version("TLSv1.2", made("TLSv1.2")),
        version("TLSv1.3", made("TLSv1.3")),
    ]
}

/// A good MX host at this address.
pub(crate) fn host(at: &str, v4: Ipv4Addr) -> HostSeen {
    HostSeen {
        name: name(at),
        addresses: Some(address(v4)),
        cname: Some(none()),
        tlsa: Some(vec![(name(at).child("_25._tcp").unwrap(), nx())]),
        tlsrpt: Some(nx()),
        ptr: [(IpAddr::V4(v4), found(vec![name(at)]))].into(),
        sessions: vec![session(at, v4)],
        trials: trials(at),
    }
}

/// A session with such a host, its certificate verified.
pub(crate) fn session(host: &str, v4: Ipv4Addr) -> Session {
    Session {
        address: SocketAddr::new(IpAddr::V4(v4), 25),
        outcome: TlsOutcome::Verified,
        refused_with: None,
        banner: Some(format!("220 {host} ESMTP")),
        helo: Some(host.into()),
        extensions: vec!["PIPELINING".into(), "SIZE 52428800".into(), "STARTTLS".into(), "8BITMIME".into()],
        tls: Some(tls(host)),
        timing: Timing { connected: Some(10), encrypted: Some(40), done: Some(60) },
    }
}

/// Ids of this family that are unique, with texts worth reading.
pub(crate) fn is_well_formed(checks: &[&Check], family: Family, prefixes: &[&str]) {
    for (index, check) in checks.iter().enumerate() {
        let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-');
        assert!(
            check.id.chars().all(kebab) && prefixes.iter().any(|prefix| check.id.starts_with(prefix)),
            "{}",
            check.id
        );
        assert!(!checks[..index].iter().any(|other| other.id == check.id), "{} is there twice", check.id);
        assert_eq!(check.family, family, "{}", check.id);
        assert!(!check.title.is_empty() && !check.title.ends_with('.'), "{}", check.id);
        assert!(check.why.ends_with('.') && check.why.len() > 40, "{}", check.id);
    }
}

#[test]
fn what_is_healthy_gives_nothing_worse_than_information_and_survives_json() {
    let seen = healthy();
    for family in Family::ALL {
        let worse = findings(&seen, &Intent::default(), family);
        let worse: Vec<_> = worse.iter().filter(|finding| finding.severity > super::Severity::Info).collect();
        assert!(worse.is_empty(), "{family:?}: {worse:#?}");
        assert_eq!(
            finding_ids(&seen, &Intent::default(), family).len(),
            findings(&seen, &Intent::default(), family).len()
        );
    }
    let text = serde_json::to_string(&seen).unwrap();
    assert_eq!(serde_json::from_str::<Observations>(&text).unwrap(), seen);
}
