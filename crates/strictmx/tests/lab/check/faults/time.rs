//! What only time shows.

use strictmx_testbed::dns::Answer;
use strictmx_testbed::https::Site;
use strictmx_testbed::pki::Leaf;

use super::super::table::{How, Row, Span, error, info, warning};

/// The id that domains have unless a row says otherwise.
const ID: &str = "20261122T000000";
/// The policy likewise.
const ENFORCE: &str = "version: STSv1\r\nmode: enforce\r\nmx: MX\r\nmax_age: 604800\r\n";
const TESTING: &str = "version: STSv1\r\nmode: testing\r\nmx: MX\r\nmax_age: 604800\r\n";

const fn span(id: &'static str, text: &'static str, days: (u64, u64)) -> Span {
    Span { id: Some(id), text, days }
}

pub(super) const ROWS: &[Row] = &[
    error("time.not-intended", |d| d.world.file("meant.txt", &d.filled(TESTING)))
        .how(How::With(&["--expect-policy", "meant.txt"])),
    error("time.id-unchanged", |_| {}).how(How::After(&[span(ID, TESTING, (30, 1))])),
    info("time.id-alone", |_| {}).how(How::After(&[span("20251122", ENFORCE, (30, 1))])),
    warning("time.testing-long", |d| d.policy(TESTING)).how(How::After(&[span(ID, TESTING, (200, 1))])),
    warning("time.removed-early", |d| {
        d.forget("_mta-sts", "TXT");
        d.forget("mta-sts", "A");
    })
    .how(How::After(&[span(ID, ENFORCE, (30, 1))])),
    warning("time.running-out", |d| d.site(Site::policy("gone").status(404)))
        .also(&["sts.host.status"])
        .how(How::After(&[span(ID, ENFORCE, (30, 1))])),
    info("time.ran-out", |d| d.site(Site::policy("gone").status(404)))
        .also(&["sts.host.status"])
        .how(How::After(&[span(ID, ENFORCE, (60, 30)), span(ID, "", (30, 1))])),
    info("time.none-until", |d| d.policy("version: STSv1\r\nmode: none\r\nmx: MX\r\nmax_age: 86400\r\n"))
        .how(How::After(&[span("20251122", ENFORCE, (30, 1))])),
    info("time.record-ttl", |d| {
        d.answer("_mta-sts", "TXT", Answer::txt(&["v=STSv1; id=20261122T000000;"]).ttl(86_400));
    })
    .how(How::With(&["--change-at", "2080-01-01"])),
    info("time.max-age", |_| {}).how(How::With(&["--change-at", "YESTERDAY"])),
    warning("time.testing-max-age", |d| {
        d.policy("version: STSv1\r\nmode: testing\r\nmx: MX\r\nmax_age: 31557600\r\n");
    }),
    warning("time.certificate-ending", |d| d.policy_leaf(Leaf::EndsIn(5))),
];
