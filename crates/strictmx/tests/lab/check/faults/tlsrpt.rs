//! The TLS reporting record, and where reports go.

use strictmx_testbed::dns::Answer;
use strictmx_testbed::https::Site;
use strictmx_testbed::pki::Leaf;
use strictmx_testbed::smtp::Faults;

use super::super::domain::Domain;
use super::super::table::{How, Row, error, info, warning};
use super::super::world::address;

pub(super) const ROWS: &[Row] = &[
    error("tlsrpt.lookup-failed", |d| d.answer("_smtp._tls", "TXT", Answer::servfail())),
    error("tlsrpt.bogus", |d| d.answer("_smtp._tls", "TXT", Answer::bogus())),
    error("tlsrpt.unanswered", |d| d.answer("_smtp._tls", "TXT", Answer::silence())),
    warning("tlsrpt.absent", |d| d.forget("_smtp._tls", "TXT")),
    info("tlsrpt.alias", |d| {
        d.forget("_smtp._tls", "TXT");
        d.txt("provider", &["v=TLSRPTv1; rua=mailto:tls@reports.test;"]);
        d.cname("_smtp._tls", "provider");
    }),
    error("tlsrpt.servers-differ", |d| d.zone(2, |last| last.forget(&d.under("_smtp._tls"), "TXT"))),
    error("tlsrpt.many", |d| {
        d.txt("_smtp._tls", &["v=TLSRPTv1; rua=mailto:a@reports.test;", "v=TLSRPTv1; rua=mailto:b@reports.test;"]);
    }),
    error("tlsrpt.version", |d| rpt(d, "v=TLSRPT1; rua=mailto:tls@reports.test;")),
    info("tlsrpt.other-text", |d| d.txt("_smtp._tls", &["v=TLSRPTv1; rua=mailto:tls@reports.test;", "v=spf1 -all"])),
    error("tlsrpt.no-rua", |d| rpt(d, "v=TLSRPTv1;")),
    error("tlsrpt.empty-entry", |d| rpt(d, "v=TLSRPTv1; rua=mailto:tls@reports.test,,mailto:tls2@reports.test;")),
    error("tlsrpt.malformed", |d| rpt(d, "v=TLSRPTv1; rua = mailto:tls@reports.test;")),
    warning("tlsrpt.space-before-semicolon", |d| rpt(d, "v=TLSRPTv1 ; rua=mailto:tls@reports.test;")),
    warning("tlsrpt.repeated-field", |d| {
        rpt(d, "v=TLSRPTv1; rua=mailto:tls@reports.test; rua=mailto:tls2@reports.test;");
    }),
    info("tlsrpt.unknown-field", |d| rpt(d, "v=TLSRPTv1; rua=mailto:tls@reports.test; pct=100;")),
    error("tlsrpt.scheme", |d| rpt(d, "v=TLSRPTv1; rua=tls@reports.test;")),
    error("tlsrpt.address", |d| rpt(d, "v=TLSRPTv1; rua=mailto:tls;")),
    warning("tlsrpt.unescaped", |d| rpt(d, "v=TLSRPTv1; rua=mailto:tls!x@reports.test;")),
    info("tlsrpt.repeated-address", |d| rpt(d, "v=TLSRPTv1; rua=mailto:tls@reports.test,mailto:tls@reports.test;")),
    info("tlsrpt.many-addresses", |d| {
        rpt(d, "v=TLSRPTv1; rua=mailto:a@reports.test,mailto:b@reports.test,mailto:c@reports.test;");
    }),
    error("tlsrpt.rua-missing", |_| {}).how(How::With(&["--expect-rua", "mailto:ours@reports.test"])),
    warning("tlsrpt.at-apex", |d| d.txt("", &["v=TLSRPTv1; rua=mailto:tls@reports.test;"])),
    warning("tlsrpt.misplaced", |d| d.txt("_mta-sts._tls", &["v=TLSRPTv1; rua=mailto:tls@reports.test;"])),
    warning("tlsrpt.host-absent", |d| {
        d.signed(&[&d.fitting_tlsa(Leaf::Good)]);
        d.forget("_smtp._tls.mx", "TXT");
    }),
    warning("tlsrpt.host-invalid", |d| {
        d.signed(&[&d.fitting_tlsa(Leaf::Good)]);
        d.txt("_smtp._tls.mx", &["v=TLSRPTv1;"]);
    }),
    error("tlsrpt.mail-no-domain", |d| rpt(d, "v=TLSRPTv1; rua=mailto:tls@reports.DOMAIN;")),
    warning("tlsrpt.mail-no-mx", |d| {
        d.a("reports", &[address()]);
        rpt(d, "v=TLSRPTv1; rua=mailto:tls@reports.DOMAIN;");
    }),
    error("tlsrpt.mail-null-mx", |d| {
        d.answer("reports", "MX", Answer::mx(&[(0, ".")]));
        rpt(d, "v=TLSRPTv1; rua=mailto:tls@reports.DOMAIN;");
    }),
    warning("tlsrpt.mail-unanswered", |d| {
        d.answer("reports", "MX", Answer::servfail());
        rpt(d, "v=TLSRPTv1; rua=mailto:tls@reports.DOMAIN;");
    }),
    error("tlsrpt.mail-refused", |d| mailbox(d, Faults::reply("RCPT", "550 5.1.1 nobody of that name"))),
    info("tlsrpt.mail-later", |d| mailbox(d, Faults::reply("RCPT", "451 4.7.1 come back later"))),
    info("tlsrpt.mail-unknown", |d| mailbox(d, Faults::reply("BANNER", "554 5.7.1 you are on a list"))),
    info("tlsrpt.same-hosts", |d| rpt(d, "v=TLSRPTv1; rua=mailto:tls@DOMAIN;")),
    error("tlsrpt.https-unreachable", |d| {
        d.a("reports", &[address()]);
        rpt(d, "v=TLSRPTv1; rua=https://reports.DOMAIN/v1;");
    }),
    warning("tlsrpt.https-certificate", |d| endpoint(d, Leaf::Expired, 200)),
    error("tlsrpt.https-status", |d| endpoint(d, Leaf::Good, 500)),
];

fn rpt(domain: &Domain<'_>, record: &str) {
    domain.txt("_smtp._tls", &[record]);
}

/// Reports go to a mailbox whose host behaves like this.
fn mailbox(domain: &Domain<'_>, faults: Faults) {
    domain.another_host("mx.reports", Leaf::Good, faults);
    domain.answer("reports", "MX", Answer::mx(&[(10, &domain.under("mx.reports"))]));
    rpt(domain, "v=TLSRPTv1; rua=mailto:tls@reports.DOMAIN;");
}

/// Reports go to an address on the web, which answers with this status.
fn endpoint(domain: &Domain<'_>, leaf: Leaf, status: u16) {
    let site = Site::policy("").at("/v1").status(status);
    domain.a("reports", &[domain.own_web("reports", leaf, site)]);
    rpt(domain, "v=TLSRPTv1; rua=https://reports.DOMAIN/v1;");
}
