//! TLSA records beside the policy.

use strictmx_testbed::dns::{Answer, Data};
use strictmx_testbed::pki::{Leaf, tlsa_311_of_nobody};
use strictmx_testbed::smtp::{Faults, StartTls};

use super::super::domain::Domain;
use super::super::table::{How, Row, error, info, warning};

/// SHA-256 of nothing.
const OF_NOTHING: &str = "3 1 1 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

pub(super) const ROWS: &[Row] = &[
    info("dane.not-judged", |_| {}).how(How::By("unsigned.toml")),
    error("dane.tlsa-lookup-failed", |d| failing(d, Answer::servfail())),
    error("dane.tlsa-bogus", |d| failing(d, Answer::bogus())),
    error("dane.tlsa-unanswered", |d| failing(d, Answer::silence())),
    info("dane.mx-unsigned", |_| {}),
    info("dane.host-unsigned", |d| d.answer("", "MX", Answer::mx(&[(10, &d.under("mx"))]).secure())),
    warning("dane.tlsa-unsigned", |d| {
        let record = d.fitting_tlsa(Leaf::Good);
        d.signed(&[]);
        d.answer("_25._tcp.mx", "TLSA", Answer::tlsa(&[&record]));
    }),
    info("dane.tlsa-absent", |d| d.signed(&[])),
    warning("dane.partial", |d| {
        d.signed(&[&d.fitting_tlsa(Leaf::Good)]);
        let at = d.another_host("mx2", Leaf::Good, Faults::default());
        d.answer("mx2", "A", Answer::records(vec![Data::A(at)]).secure());
        d.answer("", "MX", Answer::mx(&[(10, &d.under("mx")), (20, &d.under("mx2"))]).secure());
        d.policy_with("mx: MX", "mx: MX\r\nmx: mx2.DOMAIN");
    }),
    warning("dane.tlsa-unusable", |d| d.signed(&[&d.fitting_tlsa(Leaf::Good), &format!("1 1 1 {}", "ab".repeat(32))])),
    warning("dane.tlsa-none-usable", |d| d.signed(&[&format!("1 1 1 {}", "ab".repeat(32))])),
    error("dane.tlsa-of-nothing", |d| d.signed(&[&d.fitting_tlsa(Leaf::Good), OF_NOTHING])),
    info("dane.tlsa-alone", |d| d.signed(&[&d.fitting_tlsa(Leaf::Good)])),
    error("dane.no-tls", |d| {
        d.signed(&[&tlsa_311_of_nobody()]);
        d.mx_fails(Faults::starttls(StartTls::NotOffered));
    })
    .also(&["smtp.no-starttls"]),
    error("dane.mismatch", |d| d.signed(&[&tlsa_311_of_nobody()])),
    error("dane.anchor-name", |d| {
        d.mx_leaf(Leaf::WrongName);
        d.signed(&[&d.world.ca.tlsa_211()]);
    })
    .also(&["smtp.name-mismatch"]),
    error("dane.anchor-dates", |d| {
        d.mx_leaf(Leaf::Expired);
        d.signed(&[&d.world.ca.tlsa_211()]);
    })
    .also(&["smtp.expired"]),
    warning("dane.fails-while-sts-passes", |d| d.signed(&[&tlsa_311_of_nobody()])).also(&["dane.mismatch"]),
];

/// Everything is signed, but the TLSA records are not to be had.
fn failing(domain: &Domain<'_>, answer: Answer) {
    domain.signed(&[]);
    domain.answer("_25._tcp.mx", "TLSA", answer);
}
