//! The policy's text.

use strictmx_testbed::https::Site;

use super::super::table::{Row, error, info, warning};

/// What some senders refuse, others do not: the table says so once, and not at each row of it.
const DISAGREE: &[&str] = &["sts.policy.senders-disagree"];

pub(super) const ROWS: &[Row] = &[
    error("sts.policy.empty", |d| d.policy("")),
    error("sts.policy.html", |d| d.policy("<!DOCTYPE html>\n<title>Welcome</title>\n")),
    error("sts.policy.not-a-policy", |d| d.policy("v=STSv1; id=20261122T000000;")),
    error("sts.policy.not-text", |d| {
        let text = d.filled("version: STSv1\r\nmode: enforce\r\nmx: MX\r\nmax_age: 604800\r\n");
        let octets = text.encode_utf16().flat_map(u16::to_le_bytes);
        d.site(Site { body: [0xff, 0xfe].into_iter().chain(octets).collect(), ..d.good_site() });
    }),
    error("sts.policy.byte-order-mark", |d| d.policy_with("version", "\u{feff}version")).also(DISAGREE),
    error("sts.policy.bare-cr", |d| d.policy("version: STSv1\rmode: enforce\rmx: MX\rmax_age: 604800\r"))
        .also(DISAGREE),
    warning("sts.policy.mixed-line-ends", |d| d.policy_with("STSv1\r\n", "STSv1\n")),
    error("sts.policy.blank-line", |d| d.policy_with("604800\r\n", "604800\r\n\r\n")).also(DISAGREE),
    error("sts.policy.comment", |d| d.policy_with("mode", "# ours\r\nmode")).also(DISAGREE),
    error("sts.policy.malformed-line", |d| d.policy_with("mode", "our policy\r\nmode")).also(DISAGREE),
    error("sts.policy.space-before-key", |d| d.policy_with("mode", " mode")).also(DISAGREE),
    error("sts.policy.space-before-colon", |d| d.policy_with("mode:", "mode :")).also(DISAGREE),
    error("sts.policy.key-case", |d| d.policy_with("mode:", "Mode:")).also(DISAGREE),
    error("sts.policy.near-miss-key", |d| d.policy_with("max_age:", "max-age:")).also(DISAGREE),
    info("sts.policy.unknown-key", |d| d.policy_with("mode", "contact: postmaster\r\nmode")),
    error("sts.policy.repeated-key", |d| d.policy_with("mx:", "mode: testing\r\nmx:")).also(DISAGREE),
    error("sts.policy.version-missing", |d| d.policy_with("version: STSv1\r\n", "")).also(DISAGREE),
    error("sts.policy.version-bad", |d| d.policy_with("STSv1", "STSv2")),
    info("sts.policy.version-not-first", |d| {
        d.policy("mode: enforce\r\nmx: MX\r\nmax_age: 604800\r\nversion: STSv1\r\n");
    }),
    error("sts.policy.mode-missing", |d| d.policy_with("mode: enforce\r\n", "")).also(DISAGREE),
    error("sts.policy.mode-bad", |d| d.policy_with("enforce", "enforcing")),
    info("sts.policy.mode-none", |d| d.policy_with("enforce", "none")),
    info("sts.policy.mode-testing", |d| d.policy_with("enforce", "testing")),
    error("sts.policy.max-age-missing", |d| d.policy_with("max_age: 604800\r\n", "")).also(DISAGREE),
    error("sts.policy.max-age-bad", |d| d.policy_with("604800", "1w")).also(DISAGREE),
    error("sts.policy.max-age-too-large", |d| d.policy_with("604800", "99999999")).also(DISAGREE),
    warning("sts.policy.max-age-zero", |d| d.policy_with("604800", "0")),
    warning("sts.policy.max-age-short", |d| d.policy_with("604800", "86400")),
    info("sts.policy.max-age-floors", |d| d.policy_with("604800", "600")),
    error("sts.policy.no-mx", |d| d.policy_with("mx: MX\r\n", "")),
    warning("sts.policy.none-without-mx", |d| d.policy("version: STSv1\r\nmode: none\r\nmax_age: 604800\r\n")),
    error("sts.policy.mx-several", |d| d.policy_with("mx: MX", "mx: MX, mx2.DOMAIN")).also(DISAGREE),
    error("sts.policy.mx-address", |d| d.policy_with("mx: MX", "mx: MX\r\nmx: 192.0.2.1")).also(DISAGREE),
    error("sts.policy.mx-wildcard-place", |d| d.policy_with("mx: MX", "mx: MX\r\nmx: m*.DOMAIN")).also(DISAGREE),
    error("sts.policy.mx-syntax", |d| d.policy_with("mx: MX", "mx: MX\r\nmx: -mx-.DOMAIN")).also(DISAGREE),
    warning("sts.policy.mx-underscore", |d| d.policy_with("mx: MX", "mx: MX\r\nmx: mx_2.DOMAIN")).also(DISAGREE),
    error("sts.policy.mx-trailing-dot", |d| d.policy_with("mx: MX", "mx: MX.")).also(DISAGREE),
    error("sts.policy.mx-u-label", |d| d.policy_with("mx: MX", "mx: MX\r\nmx: bücher.DOMAIN")).also(DISAGREE),
    info("sts.policy.mx-repeated", |d| d.policy_with("mx: MX", "mx: MX\r\nmx: MX")),
    warning("sts.policy.mx-too-many", |d| {
        let lines: String = (1..=1001).map(|number| format!("mx: h{number}.DOMAIN\r\n")).collect();
        d.policy_with("mx: MX\r\n", &format!("mx: MX\r\n{lines}"));
    }),
    warning("sts.policy.mx-wildcard-broad", |d| d.policy_with("mx: MX", "mx: MX\r\nmx: *.test")),
    info("sts.policy.mx-wildcard-own", |d| d.policy_with("mx: MX", "mx: *.DOMAIN")),
    error("sts.policy.senders-disagree", |d| d.policy_with("mx:", "mode: testing\r\nmx:"))
        .also(&["sts.policy.repeated-key"]),
];
