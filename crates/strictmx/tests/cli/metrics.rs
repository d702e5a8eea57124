//! The golden of `/metrics`, and the rules that every name keeps.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use strictmx::config::{LogFormat, LogLevel};
use strictmx::telemetry::{
    AnswerFrom, CollectorState, Counted, DaneOff, Door, Flushed, Measured, Posted, Question, Reader, Telemetry,
};
use strictmx_engine::fact::{DnsFailure, DnsFailureKind, Dnssec, FetchFailure, FetchSeen, Seen};
use strictmx_engine::profile::Profile;
use strictmx_engine::report::{Outcome, PolicyType, Sessions};
use strictmx_engine::time::Timestamp;
use strictmx_engine::tls::Level;
use strictmx_io::store::counting::Added;
use strictmx_io::store::outgoing::Stand;

use crate::log_lines::{telemetry, tell_everything};

fn page() -> String {
    let (telemetry, _, _) = telemetry(LogLevel::Error, LogFormat::Text, Reader::Plain);
    tell_everything(&telemetry);
    telemetry.answered(Profile::Postfix310, Level::Secure);
    telemetry.answered(Profile::Postfix310, Level::Secure);
    telemetry.answered(Profile::Sendmail, Level::NotFound);
    for micros in [1, 7, 7, 80, 20_000] {
        telemetry.took(AnswerFrom::Memory, Duration::from_micros(micros));
    }
    telemetry.took(AnswerFrom::Lookup, Duration::from_secs(90));
    telemetry.asked(Question::Txt, &Seen::Found { data: (), aliases: Vec::new(), dnssec: Dnssec::Secure, ttl: 60 });
    telemetry.asked(Question::Tlsa, &Seen::<()>::NxDomain { dnssec: Dnssec::Secure, ttl: 60 });
    telemetry.asked(Question::Mx, &Seen::<()>::NoData { dnssec: Dnssec::Insecure, ttl: 60 });
    let failure = DnsFailure { kind: DnsFailureKind::Timeout, detail: "no answer".into() };
    telemetry.asked(Question::Address, &Seen::<()>::Failed(failure));
    telemetry.fetched(&FetchSeen::Body(Box::default()), Duration::from_millis(120));
    telemetry.fetched(&FetchSeen::Failed(FetchFailure::TooLarge), Duration::from_millis(40));
    telemetry.stored();
    telemetry.traffic(&[(Door::Web, Arc::default())]);
    telemetry.dane_off(DaneOff::Yes);
    telemetry.watched("healthy", 3);
    telemetry.watched("broken", 1);
    let measured =
        Measured { policies: 5, routes: 4, policy_lookups: 2, route_lookups: 1, oldest_policy: 3600, panics: 1 };
    telemetry.measured(&measured);
    telemetry.measured(&measured);
    counted(&telemetry);
    let oldest = Some(Timestamp(1_800_000_000));
    telemetry.reporter_stands(&Stand { composed: 9, due: 4, oldest, silenced: 2 }, Timestamp(1_800_000_300));
    telemetry.render()
}

fn counted(telemetry: &Telemetry) {
    let mut sessions = Sessions::default();
    sessions.add(PolicyType::Sts, Outcome::Failure);
    telemetry.counted(&Counted { sessions, unreadable: 2, without_domain: 1, no_memory: 3, observed: 1 });
    telemetry.kernel_queue(512);
    telemetry.left_out();
    telemetry.posted(Posted::Accepted, 3);
    telemetry.posted(Posted::Refused, 1);
    telemetry.flushed(Flushed::Ok, Duration::from_millis(3));
    telemetry.added(Added { without: 2, late: 4 });
    telemetry.flushed(Flushed::Failed, Duration::from_secs(5));
    telemetry.collector(&CollectorState {
        received: 100,
        truncated: 1,
        dropped: 2,
        waiting: 300,
        most_waiting: 4000,
        longest_burst: 50,
        counts: 6000,
        uncommitted: 7,
    });
}

/// The series of a family come in the order of a hash; a golden wants them sorted.
fn sorted(page: &str) -> String {
    let mut out = Vec::new();
    let mut family: Vec<&str> = Vec::new();
    for line in page.lines() {
        if line.starts_with('#') {
            family.sort_unstable();
            out.append(&mut family);
            out.push(line);
        } else if line.contains("_bucket{") || line.contains("_seconds_sum") || line.contains("_seconds_count") {
            out.push(line);
        } else {
            family.push(line);
        }
    }
    out.join("\n")
}

#[test]
fn the_metrics_page_is_as_it_was() {
    let text = sorted(&page());
    // Two histograms of one family may come in either order.
    let mut blocks: Vec<&str> = text.lines().collect();
    if let (Some(first), Some(last)) =
        (blocks.iter().position(|l| l.contains("from=")), blocks.iter().rposition(|l| l.contains("from=")))
    {
        blocks[first..=last].sort_by_key(|l| l.contains("from=\"memory\""));
    }
    insta::assert_snapshot!("metrics", blocks.join("\n"));
}

#[test]
fn names_are_strictmx_area_noun_and_unit_or_total() {
    let page = page();
    let names: BTreeSet<&str> = page
        .lines()
        .filter(|l| !l.starts_with('#'))
        .filter_map(|l| l.split([' ', '{']).next())
        .filter(|n| !n.is_empty())
        .collect();
    assert!(names.len() > 25);
    for name in names {
        assert!(name.starts_with("strictmx_"), "{name}");
        assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{name}");
        assert!(name.split('_').count() >= 3, "{name}");
    }
    for line in page.lines().filter(|l| l.starts_with("# TYPE")) {
        let words: Vec<&str> = line.split(' ').collect();
        if words[3] == "counter" {
            let total = format!("{}_total", words[2]);
            assert!(page.contains(&total) || !page.contains(&format!("\n{}", words[2])), "{line}");
        }
    }
}

#[test]
fn no_label_holds_a_peers_domain() {
    assert!(!page().contains("example"));
}

#[test]
fn the_page_ends_as_openmetrics_demands() {
    assert!(page().ends_with("# EOF\n"));
}
