//! The MX records and the hosts they name.

use strictmx_testbed::dns::Answer;
use strictmx_testbed::pki::Leaf;
use strictmx_testbed::smtp::Faults;

use super::super::table::{How, Row, error, info, warning};

pub(super) const ROWS: &[Row] = &[
    error("mx.lookup-refused", |d| d.answer("", "MX", Answer::servfail())),
    error("mx.lookup-bogus", |d| d.answer("", "MX", Answer::bogus())),
    error("mx.lookup-unanswered", |d| d.answer("", "MX", Answer::silence())),
    error("mx.no-domain", |d| d.answer("", "MX", Answer::nx_domain())),
    warning("mx.none", |d| d.forget("", "MX")),
    warning("mx.implicit", |d| {
        d.forget("", "MX");
        d.a("", &[d.at()]);
        d.sink.show(&d.world.ca.issue(&d.name, Leaf::Good));
        d.policy_with("mx: MX", "mx: DOMAIN");
    }),
    warning("mx.null-with-policy", |d| d.mx_of(&[(0, ".")])),
    error("mx.null-beside-others", |d| d.mx_of(&[(0, "."), (10, &d.under("mx"))])),
    warning("mx.unusable", |d| d.mx_of(&[(10, &d.under("mx")), (20, "192.0.2.1")])),
    error("mx.unusable", |d| d.mx_of(&[(20, "192.0.2.1")])),
    info("mx.duplicate", |d| d.mx_of(&[(10, &d.under("mx")), (20, &d.under("mx"))])),
    warning("mx.unapproved", |_| {}).how(How::With(&["--expect-mx", "mail.provider.test"])),
    warning("mx.servers-differ", |d| d.zone(2, |last| last.mx(&d.name, &[(10, &d.under("mail"))]))),
    warning("mx.server-failed", |d| d.zone(2, |last| last.put(&d.name, "MX", Answer::servfail()))),
    warning("mx.alias", |d| {
        d.forget("mx", "A");
        d.a("mail", &[d.at()]);
        d.cname("mx", "mail");
    }),
    error("mx.no-address", |d| d.forget("mx", "A")),
    warning("mx.no-address", |d| {
        d.mx(&["mx", "mx2"]);
        d.policy_with("mx: MX", "mx: MX\r\nmx: mx2.DOMAIN");
    }),
    error("mx.address-refused", |d| d.addresses("mx", &Answer::servfail())),
    error("mx.address-bogus", |d| d.addresses("mx", &Answer::bogus())),
    error("mx.address-unanswered", |d| d.addresses("mx", &Answer::silence())),
    error("sts.policy.mx-uncovered", |d| d.policy_with("mx: MX", "mx: mail.DOMAIN")),
    error("sts.policy.mx-uncovered", |d| {
        d.another_host("mx.eu", Leaf::Good, Faults::default());
        d.mx(&["mx", "mx.eu"]);
        d.policy_with("mx: MX", "mx: *.DOMAIN");
    })
    .also(&["sts.policy.senders-disagree"]),
    warning("sts.policy.mx-unmatched", |d| d.policy_with("mx: MX", "mx: MX\r\nmx: mx.old-provider.test")),
    info("sts.policy.mx-provider-pattern", |d| {
        let host = "check-test.mail.protection.outlook.com";
        d.world.dns.a(host, d.at());
        d.sink.show(&d.world.ca.issue(host, Leaf::Good));
        d.mx_of(&[(10, host)]);
        d.policy_with("mx: MX", &format!("mx: {host}"));
    }),
];
