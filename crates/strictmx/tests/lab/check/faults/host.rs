//! The policy host.

use std::time::Duration;

use strictmx_testbed::by_hand::{FirstWords, Flight, PROTOCOL_VERSION, alert};
use strictmx_testbed::dns::Answer;
use strictmx_testbed::https::{Sending, Site};
use strictmx_testbed::pki::Leaf;

use super::super::table::{How, Row, error, info, warning};
use super::super::world::address;

pub(super) const ROWS: &[Row] = &[
    error("sts.host.absent", |d| d.forget("mta-sts", "A")),
    error("sts.host.lookup-failed", |d| d.addresses("mta-sts", &Answer::servfail())),
    error("sts.host.bogus", |d| d.addresses("mta-sts", &Answer::bogus())),
    error("sts.host.lookup-unreachable", |d| d.addresses("mta-sts", &Answer::silence())),
    error("sts.host.special-address", |_| {}).how(How::By("public.toml")).also(&["smtp.special-address"]),
    warning("sts.host.wildcard", |d| {
        d.a("no-such-host-strictmx-check", &[d.web()]);
        d.site(d.good_site().status(404));
    })
    .also(&["sts.host.status"]),
    warning("sts.host.alias-elsewhere", |_| {}).how(How::With(&["--expect-alias", "sts.provider.test"])),
    error("sts.host.unreachable", |d| d.a("mta-sts", &[address()])),
    error("sts.host.address-unreachable", |d| d.a("mta-sts", &[d.web(), address()])),
    info("sts.host.ipv6-untested", |d| d.aaaa("mta-sts", "2001:db8::1")),
    error("sts.host.timeout", |d| {
        d.a("mta-sts", &[d.own_web("mta-sts", Leaf::Good, d.good_site().sending(Sending::Never))]);
    }),
    error("sts.host.handshake", |d| d.world.web.remove(&d.under("mta-sts"))),
    warning("sts.host.slow", |d| {
        let site = d.good_site().delayed(Duration::from_millis(4500));
        d.a("mta-sts", &[d.own_web("mta-sts", Leaf::Good, site)]);
    }),
    error("sts.host.old-tls-only", |d| {
        let at = d.own_web_with("mta-sts", Leaf::Good, d.good_site(), |web| {
            web.answer(FirstWords::Tls11, Flight { version: [3, 2], ..Flight::default() }.octets());
            web.answer(FirstWords::Anything, alert(PROTOCOL_VERSION));
        });
        d.a("mta-sts", &[at]);
    }),
    info("sts.host.old-tls", |d| {
        let at = d.own_web_with("mta-sts", Leaf::Good, d.good_site(), |web| {
            web.answer(FirstWords::Tls10, Flight { version: [3, 1], ..Flight::default() }.octets());
        });
        d.a("mta-sts", &[at]);
    }),
    info("sts.host.sni-needed", |_| {}),
    error("sts.host.certificate-untrusted", |d| {
        d.policy_identity(&d.world.stranger.issue(&d.under("mta-sts"), Leaf::Good));
    }),
    error("sts.host.certificate-untrusted", |d| d.policy_leaf(Leaf::SelfSigned)),
    error("sts.host.chain-incomplete", |d| d.policy_leaf(Leaf::NoIntermediate)),
    error("sts.host.certificate-name", |d| d.policy_leaf(Leaf::WrongName)),
    error("sts.host.certificate-name", |d| d.policy_leaf(Leaf::CommonNameOnly)),
    error("sts.host.certificate-expired", |d| d.policy_leaf(Leaf::Expired)),
    error("sts.host.certificate-not-yet-valid", |d| d.policy_leaf(Leaf::NotYetValid)),
    error("sts.host.certificate-refused", |d| d.policy_leaf(Leaf::ForClients)),
    warning("sts.host.caa-forbids", |d| d.answer("mta-sts", "CAA", Answer::caa(&[(128, "private", "yes")]))),
    warning("sts.host.caa-lookup-failed", |d| d.answer("mta-sts", "CAA", Answer::servfail())),
    error("sts.host.challenge", |d| {
        d.site(Site::policy("<p>Just a moment…").status(403).header("cf-mitigated", "challenge"));
    }),
    error("sts.host.http-broken", |d| d.site(d.good_site().sending(Sending::CutAfter(20)))),
    error("sts.host.redirect", |d| {
        d.site(Site::policy("").status(301).header("Location", "https://www.check.test/.well-known/mta-sts.txt"));
    }),
    error("sts.host.status", |d| d.site(Site::policy("not found").status(404))),
    error("sts.host.media-type", |d| d.site(d.good_site().header("Content-Type", "application/octet-stream")))
        .also(&["sts.policy.senders-disagree"]),
    info("sts.host.charset", |d| d.site(d.good_site().header("Content-Type", "text/plain; charset=iso-8859-1"))),
    error("sts.host.too-large", |d| {
        let filler = "x-filler: something\r\n".repeat(4000);
        d.policy_with("max_age: 604800\r\n", &format!("max_age: 604800\r\n{filler}"));
    }),
    error("sts.host.copies-differ", |d| {
        let text = d.filled("version: STSv1\r\nmode: testing\r\nmx: MX\r\nmax_age: 604800\r\n");
        d.a("mta-sts", &[d.web(), d.own_web("mta-sts", Leaf::Good, Site::policy(&text))]);
    }),
    warning("sts.host.stale-copy", |d| d.site(d.good_site().header("Age", "90000"))),
];
