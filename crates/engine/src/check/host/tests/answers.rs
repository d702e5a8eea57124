//! What the policy host answers.
use alloc::{format, vec::Vec};

use super::super::super::{
    Observations, Severity,
    fixture::POLICY,
    observations::{Octets, Visit},
};
use super::{is, judged, with_visit, with_visits};
use crate::fact::FetchFailure;

fn header(visit: &mut Visit, name: &str, value: &str) {
    visit.headers.retain(|(header, _)| header != name);
    visit.headers.push((name.into(), value.into()));
}

fn body(visit: &mut Visit, text: &str) {
    visit.body = Some(Octets(text.as_bytes().into()));
}

/// A page of this status, with a Server header.
fn page(status: u16, server: &str, text: &str) -> Observations {
    with_visit(|visit| {
        visit.status = Some(status);
        header(visit, "content-type", "text/html; charset=UTF-8");
        header(visit, "server", server);
        body(visit, text);
    })
}

// STS-3.3-6
#[test]
fn a_status_other_than_200_gives_no_policy() {
    for (status, words) in
        [(404, "not found"), (403, "not allowed"), (503, "fault of the server"), (204, "204"), (304, "304")]
    {
        let finding = is(&with_visit(|visit| visit.status = Some(status)), "sts.host.status", Severity::Error);
        assert!(finding.seen.contains(words), "{}", finding.seen);
    }
}

// STS-3.3-7
#[test]
fn a_redirect_is_not_followed_and_says_where_it_leads() {
    for status in [301, 302, 307, 308] {
        let seen = with_visit(|visit| {
            visit.status = Some(status);
            header(visit, "location", "https://www.example.com/\u{1b}");
        });
        let finding = is(&seen, "sts.host.redirect", Severity::Error);
        assert!(finding.seen.contains("a redirect to https://www.example.com/\u{fffd}."), "{}", finding.seen);
    }
    assert!(
        is(&with_visit(|visit| visit.status = Some(302)), "sts.host.redirect", Severity::Error)
            .seen
            .contains("nowhere")
    );
}

/// D-10, STS-3.2-2
#[test]
fn the_media_type_must_be_text_plain() {
    for value in ["text/html", "application/octet-stream", "text/plaintext", ""] {
        let finding =
            is(&with_visit(|visit| header(visit, "content-type", value)), "sts.host.media-type", Severity::Error);
        assert!(finding.seen.contains(&format!("{value:?}")), "{}", finding.seen);
    }
    assert!(
        is(&with_visit(|visit| visit.headers.clear()), "sts.host.media-type", Severity::Error)
            .seen
            .contains("no Content-Type")
    );
    for value in ["text/plain", "Text/Plain ; charset=US-ASCII", "text/plain; x=y; charset=\"utf-8\""] {
        assert!(judged(&with_visit(|visit| header(visit, "content-type", value))).is_empty(), "{value}");
    }
}

// STS-3.2-2
#[test]
fn the_charset_must_fit_the_text() {
    let with = |value: &str, text: &str| {
        with_visit(|visit| {
            header(visit, "content-type", value);
            body(visit, text);
        })
    };
    let beyond = format!("{POLICY}note: déjà\r\n");
    is(&with("text/plain; charset=iso-8859-1", POLICY), "sts.host.charset", Severity::Info);
    is(&with("text/plain; charset=iso-8859-1", &beyond), "sts.host.charset", Severity::Warning);
    is(&with("text/plain; charset=us-ascii", &beyond), "sts.host.charset", Severity::Warning);
    is(&with("text/plain", &beyond), "sts.host.charset", Severity::Warning);
    assert!(judged(&with("text/plain; charset=UTF-8", &beyond)).is_empty());
}

// STS-3.3-11
#[test]
fn an_answer_beyond_64_kib_is_not_read() {
    let seen = with_visit(|visit| {
        visit.stopped = Some(FetchFailure::TooLarge);
        visit.body = Some(Octets([b'a'; 65537].into()));
    });
    is(&seen, "sts.host.too-large", Severity::Error);
}

// STS-3.3-12
#[test]
fn an_exchange_that_breaks_off_gives_no_policy() {
    let seen = with_visit(|visit| {
        visit.stopped = Some(FetchFailure::Http { detail: "connection closed before message completed".into() });
        (visit.status, visit.body) = (None, None);
    });
    assert!(is(&seen, "sts.host.http-broken", Severity::Error).seen.contains("connection closed"));
}

// STS-3.3-6
#[test]
fn a_gate_against_robots_is_told_by_its_keeper() {
    for (seen, words) in [
        (
            page(403, "cloudflare", "<title>Just a moment...</title>"),
            "Cloudflare answers in its place, with status 403",
        ),
        (page(503, "cloudflare", "Checking your browser before"), "Cloudflare"),
        (page(200, "cloudflare", "<title>Just a moment...</title>"), "Cloudflare"),
        (page(200, "AkamaiGHost", "Pardon Our Interruption"), "Akamai"),
        (page(403, "nginx", "please solve this CAPTCHA"), "A robot protection"),
        (page(429, "nginx", ""), "too many requests"),
    ] {
        let finding = is(&seen, "sts.host.challenge", Severity::Error);
        assert!(finding.seen.contains(words), "{}", finding.seen);
    }
    let by_header = with_visit(|visit| {
        visit.status = Some(403);
        header(visit, "cf-mitigated", "challenge");
    });
    assert!(is(&by_header, "sts.host.challenge", Severity::Error).next_step.contains("WAF rule with the action Skip"));
}

#[test]
fn an_ordinary_page_or_error_is_no_gate() {
    for (seen, id) in [
        (page(403, "cloudflare", "<h1>Forbidden</h1>"), "sts.host.status"),
        (page(503, "cloudflare", "<h1>Origin is down</h1>"), "sts.host.status"),
        (page(404, "nginx", "captcha"), "sts.host.status"),
        (page(200, "cloudflare", "<p>Our contact form has a captcha</p>"), "sts.host.media-type"),
    ] {
        is(&seen, id, Severity::Error);
    }
    let served = with_visit(|visit| {
        header(visit, "server", "cloudflare");
        header(visit, "x-datadome", "protected");
        header(visit, "cf-ray", "1");
    });
    assert!(judged(&served).is_empty());
}

// STS-3.1-3
#[test]
fn copies_that_differ_say_where() {
    let other = POLICY.replace("enforce", "testing");
    let finding = is(&with_visits(POLICY, &other), "sts.host.copies-differ", Severity::Error);
    assert_eq!(
        finding.seen,
        "Line 2 is \"mode: enforce\" at 192.0.2.1, 192.0.2.2, and \"mode: testing\" at 2001:db8::1."
    );
    let unix = POLICY.replace("\r\n", "\n");
    let finding = is(&with_visits(POLICY, &unix), "sts.host.copies-differ", Severity::Error);
    assert!(
        finding.seen.contains("Line 1 is \"version: STSv1\" at 2001:db8::1, and \"version: STSv1\u{fffd}\""),
        "{}",
        finding.seen
    );
    let longer = format!("{POLICY}mx: other.example.com\r\n");
    let finding = is(&with_visits(POLICY, &longer), "sts.host.copies-differ", Severity::Error);
    assert!(finding.seen.contains("Line 5"), "{}", finding.seen);
}

#[test]
fn pages_that_are_no_policy_may_differ() {
    let mut seen = with_visits("<p>1", "<p>2");
    body(&mut seen.policy_host.as_mut().unwrap().visits[0], "<p>3");
    assert!(judged(&seen).is_empty(), "the checks of the policy's text speak of them");
}

// STS-8.1-2, STS-8.2-3
#[test]
fn an_old_copy_or_one_of_several_comes_out_of_a_cache() {
    let aged = |age: &str| with_visit(|visit| header(visit, "age", age));
    assert!(is(&aged("90000"), "sts.host.stale-copy", Severity::Warning).seen.contains("25 hours old"));
    for age in ["0", "60", "3600", "soon"] {
        assert!(judged(&aged(age)).is_empty(), "{age}");
    }
    let mut seen = with_visits(POLICY, &POLICY.replace("enforce", "testing"));
    header(&mut seen.policy_host.as_mut().unwrap().visits[1], "x-cache", "Hit from cloudfront");
    let ids: Vec<_> = judged(&seen).iter().map(|finding| finding.check.id).collect();
    assert_eq!(ids, ["sts.host.copies-differ", "sts.host.stale-copy"]);
    header(&mut seen.policy_host.as_mut().unwrap().visits[1], "x-cache", "Miss from cloudfront");
    assert_eq!(judged(&seen).len(), 1);
}
