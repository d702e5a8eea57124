//! MX hosts over SMTP.

use strictmx_testbed::by_hand::{FirstWords, Flight, HANDSHAKE_FAILURE, PROTOCOL_VERSION, alert, ssl2_server_hello};
use strictmx_testbed::pki::{Leaf, Versions};
use strictmx_testbed::smtp::{Faults, StartTls};

use super::super::domain::Domain;
use super::super::table::{How, Row, error, info, warning};
use super::super::world::address;

/// Certificates of another age, made with OpenSSL.
const SHORT_KEY: &[u8] = include_bytes!("../old/short-key.der");
const OLD_SIGNATURE: &[u8] = include_bytes!("../old/old-signature.der");

/// Extensions by their numbers.
const EXTENDED_MASTER_SECRET: u16 = 23;
const RENEGOTIATION_INFO: u16 = 0xff01;

pub(super) const ROWS: &[Row] = &[
    warning("smtp.port-25-blocked", |d| d.a("mx", &[address()])),
    info("smtp.no-ipv6-here", |d| d.aaaa("mx", "2001:db8::1")),
    error("smtp.host-unreachable", |d| {
        d.mx(&["mx", "mx2"]);
        d.a("mx2", &[address()]);
        d.policy_with("mx: MX", "mx: MX\r\nmx: mx2.DOMAIN");
    }),
    warning("smtp.address-unreachable", |d| d.a("mx", &[d.at(), address()])),
    error("smtp.special-address", |d| d.forget("mta-sts", "A")).how(How::By("public.toml")).also(&["sts.host.absent"]),
    warning("smtp.no-greeting", |d| d.mx_fails(Faults::reply("BANNER", "SSH-2.0-OpenSSH_9.2"))),
    info("smtp.refused-temporarily", |d| d.mx_fails(Faults::reply("BANNER", "421 4.7.0 too many connections"))),
    warning("smtp.refused", |d| d.mx_fails(Faults::reply("BANNER", "554 5.7.1 you are on a list"))),
    error("smtp.no-starttls", |d| d.mx_fails(Faults::starttls(StartTls::NotOffered))),
    error("smtp.starttls-refused", |d| d.mx_fails(Faults::reply("STARTTLS", "554 5.7.3 not for you"))),
    error("smtp.starttls-unavailable", |d| d.mx_fails(Faults::starttls(StartTls::Refused))),
    error("smtp.handshake-failed", |d| d.mx_fails(Faults::starttls(StartTls::Alert))),
    error("smtp.handshake-failed", |d| d.mx_fails(Faults::starttls(StartTls::Injected))),
    error("smtp.handshake-failed", |d| d.mx_fails(Faults::starttls(StartTls::DropAfter220))),
    error("smtp.self-signed", |d| d.mx_leaf(Leaf::SelfSigned)),
    // No policy: nobody looks at the certificate.
    warning("smtp.self-signed", |d| {
        d.forget("_mta-sts", "TXT");
        d.forget("mta-sts", "A");
        d.mx_leaf(Leaf::SelfSigned);
    }),
    error("smtp.intermediate-missing", |d| d.mx_leaf(Leaf::NoIntermediate)),
    error("smtp.untrusted", |d| d.sink.show(&d.world.stranger.issue(&d.under("mx"), Leaf::Good))),
    error("smtp.cn-only", |d| d.mx_leaf(Leaf::CommonNameOnly)),
    error("smtp.name-mismatch", |d| d.mx_leaf(Leaf::WrongName)),
    error("smtp.name-mismatch", |d| d.mx_leaf(Leaf::PartialWildcard)),
    error("smtp.expired", |d| d.mx_leaf(Leaf::Expired)),
    error("smtp.not-yet-valid", |d| d.mx_leaf(Leaf::NotYetValid)),
    error("smtp.certificate-unusable", |d| d.mx_leaf(Leaf::ForClients)),
    warning("smtp.expires-soon", |d| d.mx_leaf(Leaf::EndsIn(5))),
    warning("smtp.weak-key", |d| sends(d, SHORT_KEY)),
    warning("smtp.weak-signature", |d| sends(d, OLD_SIGNATURE)),
    info("smtp.no-tls-1-3", |d| d.sink.speak(Versions::Only12)),
    warning("smtp.sslv2", |d| d.sink.answer(FirstWords::Ssl2, ssl2_server_hello(&[[1, 0, 0x80]]))),
    warning("smtp.sslv3", |d| {
        let flight = Flight { version: [3, 0], extensions: Vec::new(), ..Flight::default() };
        d.sink.answer(FirstWords::Ssl3, flight.octets());
    }),
    error("smtp.tls-too-old", |d| d.mx_fails(Faults::starttls(StartTls::OldTls))),
    error("smtp.tls-too-old", |d| {
        speaks(d, 2);
        d.sink.answer(FirstWords::Anything, alert(PROTOCOL_VERSION));
    }),
    error("smtp.old-ciphers-only", |d| {
        hello(d, &Flight::default());
        d.sink.answer(FirstWords::Anything, alert(HANDSHAKE_FAILURE));
    }),
    warning("smtp.tls-1-0", |d| speaks(d, 1)),
    warning("smtp.tls-1-1", |d| speaks(d, 2)),
    warning("smtp.cipher-null", |d| takes(d, &[0x003b])),
    warning("smtp.cipher-export", |d| takes(d, &[0x0008])),
    warning("smtp.cipher-rc4", |d| takes(d, &[0x0005])),
    warning("smtp.cipher-des", |d| takes(d, &[0x0009])),
    info("smtp.cipher-3des", |d| takes(d, &[0x000a])),
    info("smtp.cipher-anonymous", |d| takes(d, &[0x00a6])),
    info("smtp.cipher-weak", |d| takes(d, &[0x0007])),
    // Each kind is found, whichever the host likes best.
    warning("smtp.cipher-rc4", |d| takes(d, &[0x000a, 0x0004, 0x003a]))
        .also(&["smtp.cipher-3des", "smtp.cipher-anonymous"]),
    warning("smtp.tls-compression", |d| hello(d, &Flight { compression: 1, ..Flight::default() })),
    warning("smtp.tls-renegotiation", |d| {
        hello(d, &Flight { extensions: vec![EXTENDED_MASTER_SECRET], ..Flight::default() });
    }),
    info("smtp.no-extended-master-secret", |d| {
        hello(d, &Flight { extensions: vec![RENEGOTIATION_INFO], ..Flight::default() });
    }),
    info("smtp.early-data", |d| d.sink.take_early_data(1024)),
    warning("smtp.must-staple-unmet", |d| d.mx_leaf(Leaf::MustStaple)),
    warning("smtp.sni-required", |d| {
        let host = d.under("mx");
        d.sink.show_only_to(&[(&host, &d.world.ca.issue(&host, Leaf::Good))]);
    }),
    warning("smtp.sni-other-certificate", |d| {
        d.mx_leaf(Leaf::WrongName);
        d.sink.show_to(&d.under("mx"), &d.world.ca.issue(&d.under("mx"), Leaf::Good));
    }),
    warning("smtp.sni-mail-domain-refused", |d| {
        let host = d.under("mx");
        d.sink.show_only_to(&[(&host, &d.world.ca.issue(&host, Leaf::Good))]);
    }),
    warning("smtp.sni-mail-domain-certificate", |d| {
        d.sink.show_to(&d.name, &d.world.ca.issue(&d.name, Leaf::Good));
    }),
    warning("smtp.addresses-differ", |d| {
        let other = d.another_host("mx2", Leaf::Good, Faults::starttls(StartTls::NotOffered));
        d.a("mx", &[d.at(), other]);
    })
    .also(&["smtp.no-starttls"]),
    info("smtp.ptr-absent", |d| {
        let bare = d.another_host("mx2", Leaf::Good, Faults::default());
        let [a, b, c, e] = bare.octets();
        d.world.dns.forget(&format!("{e}.{c}.{b}.{a}.in-addr.arpa"), "PTR");
        d.mx(&["mx", "mx2"]);
        d.policy_with("mx: MX", "mx: MX\r\nmx: mx2.DOMAIN");
    }),
    info("smtp.ptr-other", |d| d.points_back(d.at(), "static-17.provider.test")),
    info("smtp.no-ipv6", |_| {}),
];

/// The mail host answers a hello that offers compression like this.
fn hello(domain: &Domain<'_>, flight: &Flight) {
    domain.sink.answer(FirstWords::Compressing, flight.octets());
}

/// The mail host answers a hello of TLS 1.0 or TLS 1.1 in kind.
fn speaks(domain: &Domain<'_>, minor: u8) {
    let words = if minor == 1 { FirstWords::Tls10 } else { FirstWords::Tls11 };
    domain.sink.answer(words, Flight { version: [3, minor], ..Flight::default() }.octets());
}

/// The mail host takes these suites when nothing better is offered, the first one first.
fn takes(domain: &Domain<'_>, suites: &[u16]) {
    for suite in suites {
        domain.sink.answer(FirstWords::Weak(*suite), Flight { suite: *suite, ..Flight::default() }.octets());
    }
}

/// The mail host sends this certificate too, behind its own chain.
fn sends(domain: &Domain<'_>, another: &'static [u8]) {
    let identity = domain.world.ca.issue(&domain.under("mx"), Leaf::Good);
    domain.sink.show(&identity.sending(another.into()));
}
