//! What the parsers of the senders did with the same texts, held fast.
use alloc::{format, string::String, string::ToString, vec, vec::Vec};
use core::net::{IpAddr, Ipv4Addr};

use super::*;
use crate::check::{
    Family, Intent, Observations, Severity,
    fixture::{POLICY, finding_ids, findings, healthy, is_well_formed, mail, txt, visit},
    observations::Octets,
};

const ORDER: [&str; 5] = ["mox", "Stalwart", "KumoMTA", "postfix-mta-sts-resolver", "postfix-tlspol"];

fn with(body: &[u8]) -> Observations {
    let mut seen = healthy();
    let host = seen.policy_host.as_mut().unwrap();
    host.visits = vec![visit(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), "")];
    host.visits[0].headers[0].1 = "text/plain".into();
    host.visits[0].body = Some(Octets(body.into()));
    seen
}

fn read(seen: &Observations) -> Vec<Reading> {
    readings(&Context::new(seen, &Intent::default()))
}

fn of(readings: &[Reading], sender: &str) -> Reading {
    readings.iter().find(|reading| reading.sender == sender).unwrap().clone()
}

/// One row of the matrix: `x` for a refusal, else mode and seconds kept, an asterisk where the live host is refused.
fn row(readings: &[Reading]) -> String {
    let cell = |sender: &&str| {
        let reading = of(readings, sender);
        let star = if reading.refuses.is_empty() { "" } else { "*" };
        match reading.verdict {
            Reads::Rejects { .. } => "x".to_string(),
            Reads::Policy { mode, kept } => format!("{mode}/{kept}{star}"),
        }
    };
    ORDER.iter().map(cell).collect::<Vec<_>>().join(" ")
}

fn body(text: &str) -> String {
    row(&read(&with(text.as_bytes())))
}

const ALL: &str = "enforce/604800 enforce/604800 enforce/604800 enforce/604800 enforce/604800";

/// STS-3.2-3, STS-3.2-8
#[test]
fn line_ends_order_and_a_missing_last_newline_matter_to_nobody() {
    for text in [
        "version: STSv1\r\nmode: enforce\r\nmx: mx.example.com\r\nmax_age: 604800\r\n",
        "version: STSv1\nmode: enforce\nmx: mx.example.com\nmax_age: 604800\n",
        "version: STSv1\r\nmode: enforce\nmx: mx.example.com\r\nmax_age: 604800\n",
        "version: STSv1\nmode: enforce\nmx: mx.example.com\nmax_age: 604800",
        "mode: enforce\nmx: mx.example.com\nmax_age: 604800\nversion: STSv1\n",
        "version:STSv1 \nmode:\tenforce\nmx: MX.example.com\t\nmax_age: 604800\nfuture: a b\n",
    ] {
        assert_eq!(body(text), ALL, "{text:?}");
    }
}

/// D-1
#[test]
fn a_blank_line_costs_the_whole_policy_with_two_senders() {
    let row = "x enforce/604800 enforce/604800 enforce/604800 x";
    assert_eq!(body("version: STSv1\n\nmode: enforce\nmx: mx.example.com\nmax_age: 604800\n"), row);
    assert_eq!(body("version: STSv1\nmode: enforce\nmx: mx.example.com\nmax_age: 604800\n\n"), row);
    assert_eq!(body("version: STSv1\r\nmode: enforce\r\nmx: mx.example.com\r\nmax_age: 604800\r\n\r\n"), row);
}

/// D-8, STS-3.2-13
#[test]
fn a_repeated_mode_is_three_different_policies() {
    let text = "version: STSv1\nmode: enforce\nmode: testing\nmx: mx.example.com\nmax_age: 604800\n";
    assert_eq!(body(text), "enforce/604800 testing/604800 x testing/604800 enforce/604800");
}

/// A-17
#[test]
fn mode_none_without_mx_is_refused_by_one_sender() {
    let text = "version: STSv1\nmode: none\nmax_age: 604800\n";
    assert_eq!(body(text), "none/604800 x none/604800 none/604800 none/604800");
}

/// STS-3.2-11
#[test]
fn a_missing_field_is_filled_in_by_one_sender() {
    assert_eq!(body("mode: enforce\nmx: mx.example.com\nmax_age: 604800\n"), "x enforce/604800 x x x");
    assert_eq!(body("version: STSv1\nmx: mx.example.com\nmax_age: 604800\n"), "x none/604800 x x x");
    assert_eq!(body("version: STSv1\nmode: enforce\nmx: mx.example.com\n"), "x enforce/86400 x x x");
    let typo = "version: STSv1\nmode: enforce\nmx: mx.example.com\nmax-age: 604800\n";
    assert_eq!(body(typo), "x enforce/86400 x x x");
}

/// D-4, STS-3.2-6
#[test]
fn a_max_age_out_of_bounds_is_kept_for_five_different_times() {
    let text = |age: &str| format!("version: STSv1\nmode: enforce\nmx: mx.example.com\nmax_age: {age}\n");
    let row = "enforce/99999999 enforce/86400 enforce/99999999 x enforce/2592000";
    assert_eq!(body(&text("99999999")), row);
    assert_eq!(body(&text("00000604800")), "x enforce/604800 enforce/604800 enforce/604800 x");
    assert_eq!(body(&text("60")), "enforce/60 enforce/86400 enforce/60 enforce/60 enforce/180");
    assert_eq!(body(&text("3000000000")), "x enforce/86400 enforce/3000000000 x enforce/2592000");
    assert_eq!(body(&text("+604_800")), "x enforce/86400 x enforce/604800 x");
}

/// STS-3.2-3
#[test]
fn bare_cr_is_a_line_end_for_one_sender() {
    assert_eq!(body("version: STSv1\rmode: enforce\rmx: mx.example.com\rmax_age: 604800\r"), "x x x enforce/604800 x");
    let last = "version: STSv1\nmode: enforce\nmx: mx.example.com\nmax_age: 604800\r";
    assert_eq!(body(last), "x enforce/604800 enforce/604800 enforce/604800 enforce/604800");
}

/// STS-3.2-4
#[test]
fn capitals_blanks_a_byte_order_mark_and_comments_divide_the_senders() {
    let rest = "mode: enforce\nmx: mx.example.com\nmax_age: 604800\n";
    assert_eq!(body(&format!("Version: STSv1\n{rest}")), "x enforce/604800 x x x");
    assert_eq!(body(&format!("version : STSv1\n{rest}")), "x enforce/604800 enforce/604800 x x");
    assert_eq!(body(&format!("\u{feff}version: STSv1\n{rest}")), "x enforce/604800 x x x");
    assert_eq!(body(&format!("# comment\nversion: STSv1\n{rest}")), "x enforce/604800 x enforce/604800 x");
}

/// D-6, D-7
#[test]
fn mx_values_out_of_the_grammar_divide_the_senders() {
    let text = |mx: &str| format!("version: STSv1\nmode: enforce\nmx: {mx}\nmax_age: 604800\n");
    let dot = "x enforce/604800* enforce/604800* enforce/604800* enforce/604800*";
    assert_eq!(body(&text("mx.example.com.")), dot);
    assert_eq!(body(&text("192.0.2.25")), "x enforce/604800* enforce/604800* enforce/604800* x");
    assert_eq!(body(&text("mx.example.com, mx2.example.com")), "x enforce/604800* enforce/604800* enforce/604800* x");
    assert_eq!(body(&text("m_x.example.com\nmx: mx.example.com")), "x enforce/604800 enforce/604800 enforce/604800 x");
    let both = text("mx.example.com, mx2.example.com\nmx: mx.example.com");
    assert_eq!(body(&both), "x enforce/604800 enforce/604800 enforce/604800* x");
    let stuck = of(&read(&with(both.as_bytes())), "postfix-mta-sts-resolver");
    assert!(stuck.notes.iter().any(|note| note.contains("defers all mail")), "{stuck:?}");
}

/// D-7
#[test]
fn a_u_label_is_converted_by_those_who_care() {
    let mut seen = with("version: STSv1\nmode: enforce\nmx: *.bücher.example\nmax_age: 604800\n".as_bytes());
    seen.mx = Some(mail(&[(10, "mx.xn--bcher-kva.example")]));
    seen.policy_host.as_mut().unwrap().visits[0].headers[0].1 = "text/plain; charset=\"UTF-8\"".into();
    assert_eq!(row(&read(&seen)), "x enforce/604800 enforce/604800* enforce/604800* x");
    assert_eq!(of(&read(&seen), "Postfix with strictmx").refuses, Vec::<String>::new());
    seen.policy_host.as_mut().unwrap().visits[0].headers[0].1 = "text/plain".into();
    assert_eq!(row(&read(&seen)), "x enforce/604800 enforce/604800* x x", "ASCII unless a charset is named");
}

/// STS-4.1-1
#[test]
fn a_wildcard_is_one_label_for_all_but_postfix() {
    let text = "version: STSv1\nmode: enforce\nmx: *.example.com\nmax_age: 604800\n";
    let mut seen = with(text.as_bytes());
    assert_eq!(row(&read(&seen)), ALL);
    seen.mx = Some(mail(&[(10, "a.mx.example.com")]));
    let row = row(&read(&seen));
    assert_eq!(row, "enforce/604800* enforce/604800* enforce/604800* enforce/604800 enforce/604800");
    assert_eq!(of(&read(&seen), "mox").refuses, ["a.mx.example.com"]);
    seen.mx = Some(mail(&[(10, "example.com")]));
    assert!(read(&seen).iter().all(|reading| !reading.refuses.is_empty()));
}

/// D-10
#[test]
fn the_content_type_matters_to_four_of_six() {
    let mut seen = with(POLICY.as_bytes());
    let mut media = |sent: Option<&str>| {
        let visit = &mut seen.policy_host.as_mut().unwrap().visits[0];
        visit.headers = sent.map(|sent| ("content-type".into(), sent.into())).into_iter().collect();
        row(&read(&seen))
    };
    assert_eq!(media(Some("text/html")), "enforce/2592000 enforce/2592000 x x x");
    assert_eq!(media(None), "enforce/2592000 enforce/2592000 x x x");
    let capitals = "enforce/2592000 enforce/2592000 x enforce/2592000 enforce/2592000";
    assert_eq!(media(Some("Text/Plain; charset=utf-8")), capitals);
}

/// STS-3.3-6, STS-3.3-5
#[test]
fn a_bad_certificate_is_refused_by_all_and_a_bad_status_by_all_but_one() {
    let mut seen = with(POLICY.as_bytes());
    seen.policy_host.as_mut().unwrap().visits[0].status = Some(404);
    assert_eq!(row(&read(&seen)), "x enforce/2592000 x x x");
    seen.policy_host.as_mut().unwrap().visits[0].tls.as_mut().unwrap().fault = Some(CertFault::Expired);
    assert!(
        read(&seen).iter().all(|reading| matches!(&reading.verdict, Reads::Rejects { why } if why.contains("expired")))
    );
}

/// STS-3.3-10
#[test]
fn a_long_body_is_read_by_those_without_a_bound_and_a_slow_one_is_noted() {
    let long = format!("{POLICY}x: {}\r\n", "y".repeat(64 * 1024));
    assert_eq!(body(&long), "x enforce/2592000 enforce/2592000 x x");
    let mut seen = with(POLICY.as_bytes());
    seen.policy_host.as_mut().unwrap().visits[0].timing.done = Some(4500);
    let all = read(&seen);
    let waits = |sender: &str| of(&all, sender).notes.iter().any(|note| note.starts_with("waits"));
    assert_eq!(ORDER.map(waits), [false, false, false, true, true]);
}

/// STS-3.1-2, STS-3.1-7, STS-3.1-8
#[test]
fn a_bad_record_hides_the_policy_from_those_who_read_to_the_letter() {
    let mut seen = with(POLICY.as_bytes());
    let mut record = |texts: &[&str]| {
        seen.sts.as_mut().unwrap().txt = txt(texts);
        row(&read(&seen))
    };
    let kept = "enforce/2592000";
    assert_eq!(record(&["v=STSv1; id=2026-11-22"]), format!("x {kept} {kept} {kept} x"));
    assert_eq!(record(&["v=STSv1; id=a;", "v=STSv1; id=b;"]), format!("x {kept} {kept} x x"));
    assert_eq!(record(&["id=a; v=STSv1"]), format!("x {kept} {kept} x x"));
    assert_eq!(record(&["v=spf1 -all"]), "x x x x x");
    assert_eq!(record(&["v=STSv1"]), "x x x x x");
}

#[test]
fn a_file_that_is_not_published_is_read_without_its_answer() {
    let mut seen = healthy();
    (seen.sts, seen.policy_host, seen.policy_file) = (None, None, Some(Octets(POLICY.as_bytes().into())));
    assert!(read(&seen).iter().all(|reading| matches!(reading.verdict, Reads::Policy { mode: "enforce", .. })));
    seen.policy_file = None;
    assert_eq!(read(&seen), [], "nothing to read");
}

#[test]
fn testing_refuses_nobody_but_says_what_it_would() {
    let mut seen = with(POLICY.replace("enforce", "testing").replace("mx.", "mail.").as_bytes());
    assert!(read(&seen).iter().all(|reading| reading.refuses.is_empty()));
    let all = read(&seen);
    assert!(all.iter().all(|reading| reading.notes.iter().any(|note| note.contains("would refuse mx.example.com"))));
    assert!(of(&all, "postfix-tlspol").notes.iter().any(|note| note.contains("no-policy-found")));
    let stuck = with(b"version: STSv1\nmode: testing\nmx: a, b\nmx: mx.example.com\nmax_age: 604800\n");
    let resolver = of(&read(&stuck), "postfix-mta-sts-resolver");
    assert!(!resolver.notes.iter().any(|note| note.contains("defers")), "nothing is handed to Postfix in testing");
    let refused = of(&read(&stuck), "mox");
    assert!(matches!(refused.verdict, Reads::Rejects { .. }) && refused.notes.is_empty());
    seen.mx = None;
    assert!(read(&seen).iter().all(|reading| !reading.notes.iter().any(|note| note.contains("would refuse"))));
}

//----------- The finding -------------------------------------------------

const ID: &str = "sts.policy.senders-disagree";

fn disagreement(seen: &Observations) -> Option<crate::check::Finding> {
    findings(seen, &Intent::default(), Family::Policy).into_iter().find(|finding| finding.check.id == ID)
}

#[test]
fn senders_who_agree_are_no_finding() {
    assert!(!finding_ids(&healthy(), &Intent::default(), Family::Policy).contains(&ID));
    // All of them refuse the same: that is for other checks to say.
    assert_eq!(disagreement(&with(b"version: STSv2\n")), None);
}

#[test]
fn a_policy_that_only_some_enforce_is_an_error_with_the_text_that_all_read() {
    let seen = with(format!("{POLICY}\r\n").as_bytes());
    let finding = disagreement(&seen).unwrap();
    assert_eq!(finding.severity, Severity::Error);
    assert!(
        finding.seen.contains("postfix-tlspol, mox: no policy (refuses the whole policy for line 5"),
        "{}",
        finding.seen
    );
    assert_eq!(finding.publish, POLICY);
    let safe = with(finding.publish.as_bytes());
    assert_eq!(disagreement(&safe), None);
}

#[test]
fn a_none_policy_without_mx_is_a_warning_and_gets_its_mx_lines_back() {
    let finding = disagreement(&with(b"version: STSv1\r\nmode: none\r\nmax_age: 86400\r\n")).unwrap();
    assert_eq!(finding.severity, Severity::Warning);
    assert_eq!(finding.publish, "version: STSv1\r\nmode: none\r\nmx: mx.example.com\r\nmax_age: 86400\r\n");
    assert_eq!(disagreement(&with(finding.publish.as_bytes())), None);
}

#[test]
fn where_the_record_divides_the_senders_the_policy_is_left_as_it_is() {
    let mut seen = with(POLICY.as_bytes());
    seen.sts.as_mut().unwrap().txt = txt(&["v=STSv1; id=2026-11-22"]);
    let finding = disagreement(&seen).unwrap();
    assert!(finding.next_step.contains("_mta-sts record") && finding.publish.is_empty(), "{finding:#?}");
}

#[test]
fn hosts_that_only_some_refuse_are_a_disagreement_too() {
    let mut seen = with(b"version: STSv1\r\nmode: enforce\r\nmx: *.example.com\r\nmax_age: 2592000\r\n");
    seen.mx = Some(mail(&[(10, "a.mx.example.com")]));
    let finding = disagreement(&seen).unwrap();
    assert!(finding.seen.contains("refusing a.mx.example.com"), "{}", finding.seen);
}

#[test]
fn a_policy_that_cannot_be_fetched_is_left_to_the_checks_of_its_host() {
    let mut seen = with(POLICY.as_bytes());
    seen.policy_host.as_mut().unwrap().visits[0].status = Some(500);
    assert_eq!(disagreement(&seen), None);
}

#[test]
fn the_catalogue_entry_is_well_formed() {
    is_well_formed(CHECKS, Family::Policy, &["sts.policy."]);
}

proptest::proptest! {
    /// What we emit is what all of them read alike; and what strangers write is read by all without harm.
    #[test]
    fn the_canonical_form_is_read_alike_by_all_and_any_octets_without_harm(
        mode in 0_usize..3,
        max_age in 3600_u32..2_592_000,
        labels in proptest::collection::vec(("[a-z0-9]([a-z0-9-]{0,9}[a-z0-9])?", proptest::bool::ANY), 1..5),
        octets in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200),
        lines in "((version|mode|max_age|mx| Mx|#)?(: ?|=)?(STSv1|enforce|none|[0-9]{0,11}|\\*?\\.?[a-z.]{0,9})[ \t]?(\r\n|\n|\r)?){0,8}",
    ) {
        use strictmx_proto::sts::{Pattern, Policy};
        let pattern = |(label, wild): &(String, bool)| {
            let star = if *wild { "*." } else { "" };
            Pattern::parse(&format!("{star}{label}.example")).unwrap().0
        };
        let mode = [Mode::Enforce, Mode::Testing, Mode::None][mode];
        let policy = Policy::new(mode, max_age, labels.iter().map(pattern).collect()).unwrap();
        for reading in read(&with(policy.emit().as_bytes())) {
            proptest::prop_assert_eq!(reading.verdict, Reads::Policy { mode: mode.as_str(), kept: max_age.into() }, "{}", reading.sender);
        }
        for body in [&octets[..], lines.as_bytes()] {
            proptest::prop_assert_eq!(read(&with(body)).len(), PROFILES.len());
            drop(disagreement(&with(body)));
        }
    }
}
