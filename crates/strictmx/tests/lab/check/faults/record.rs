//! The `_mta-sts` record.

use strictmx_testbed::dns::Answer;

use super::super::table::{Row, error, info, warning};

/// Some senders refuse such a record, others ask for the policy all the same.
const DISAGREE: &[&str] = &["sts.policy.senders-disagree"];

pub(super) const ROWS: &[Row] = &[
    error("sts.record.lookup-failed", |d| d.answer("_mta-sts", "TXT", Answer::servfail())),
    error("sts.record.bogus", |d| d.answer("_mta-sts", "TXT", Answer::bogus())),
    error("sts.record.unreachable", |d| d.answer("_mta-sts", "TXT", Answer::silence())),
    // The policy is served already.
    error("sts.record.absent", |d| d.forget("_mta-sts", "TXT")),
    info("sts.record.absent", |d| {
        d.forget("_mta-sts", "TXT");
        d.forget("mta-sts", "A");
    }),
    info("sts.record.unsigned", |_| {}),
    info("sts.record.alias", |d| {
        d.forget("_mta-sts", "TXT");
        d.txt("provider", &["v=STSv1; id=20261122T000000;"]);
        d.cname("_mta-sts", "provider");
    }),
    error("sts.record.alias-empty", |d| {
        d.forget("_mta-sts", "TXT");
        d.cname("_mta-sts", "provider");
    }),
    error("sts.record.alias-empty", |d| {
        d.forget("_mta-sts", "TXT");
        d.a("provider", &[d.web()]);
        d.cname("_mta-sts", "provider");
    }),
    // Nothing is served: the alias comes from a wildcard, as a rule.
    warning("sts.record.alias-empty", |d| {
        d.forget("_mta-sts", "TXT");
        d.forget("mta-sts", "A");
        d.a("provider", &[d.web()]);
        d.cname("_mta-sts", "provider");
    }),
    error("sts.record.beside-alias", |d| d.cname("_mta-sts", "provider")),
    error("sts.record.servers-differ", |d| {
        d.zone(2, |last| last.txt(&d.under("_mta-sts"), "v=STSv1; id=20251122T000000;"));
    }),
    error("sts.record.servers-differ", |d| d.zone(3, |last| last.forget(&d.under("_mta-sts"), "TXT"))),
    warning("sts.record.server-silent", |d| {
        d.zone(2, |last| last.put(&d.under("_mta-sts"), "TXT", Answer::servfail()));
    }),
    // It does not serve the zone.
    warning("sts.record.server-silent", |d| d.zone(2, |last| last.authority(&["elsewhere.test"]))),
    info("sts.record.servers-unasked", |d| d.zone(1, |last| last.put(&d.under("_mta-sts"), "TXT", Answer::silence()))),
    info("sts.record.resolver-behind", |d| {
        d.zone(2, |_| {});
        d.txt("_mta-sts", &["v=STSv1; id=20251122T000000;"]);
    }),
    error("sts.record.many", |d| d.txt("_mta-sts", &["v=STSv1; id=1;", "v=STSv1; id=2;"])).also(DISAGREE),
    error("sts.record.no-id", |d| d.txt("_mta-sts", &["v=STSv1;"])),
    error("sts.record.bad-id", |d| d.txt("_mta-sts", &["v=STSv1; id=2026-11-22;"])).also(DISAGREE),
    error("sts.record.malformed", |d| d.txt("_mta-sts", &["v=STSv1; id = 20261122;"])).also(DISAGREE),
    warning("sts.record.repeated-field", |d| d.txt("_mta-sts", &["v=STSv1; id=20261122; id=20251122;"])),
    info("sts.record.unknown-field", |d| d.txt("_mta-sts", &["v=STSv1; id=20261122; note=mine;"])),
    warning("sts.record.space-before-semicolon", |d| d.txt("_mta-sts", &["v=STSv1 ; id=20261122;"])),
    error("sts.record.version", |d| d.txt("_mta-sts", &["v=STSV1; id=20261122;"])),
    error("sts.record.version", |d| d.txt("_mta-sts", &["\"v=STSv1; id=20261122;\""])),
    warning("sts.record.spf", |d| d.txt("_mta-sts", &["v=STSv1; id=20261122;", "v=spf1 -all"])),
    info("sts.record.other-text", |d| d.txt("_mta-sts", &["v=STSv1; id=20261122;", "owner: the mail team"])),
    error("sts.record.at-apex", |d| {
        d.forget("_mta-sts", "TXT");
        d.txt("", &["v=STSv1; id=20261122;"]);
    }),
    info("sts.record.at-apex", |d| d.txt("", &["v=STSv1; id=20261122;"])),
];
