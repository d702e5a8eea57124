//! Records that mean no good.
use strictmx_engine::report::outcome::{Lists, State};
use strictmx_io::store::outgoing::ReportState;

use super::world::World;

/// TLSRPT-3-3, TLSRPT-3-18
#[tokio::test]
async fn every_address_of_a_record_gets_the_report_once_and_no_more_than_twenty_do() {
    let world = World::new();
    let many: Vec<String> = (0..50).map(|number| format!("mailto:a{number}@reports.test")).collect();
    // Only what fits into a record of 4096 octets is a record at all.
    world.wants("many.test", &many.join(",")).await;
    world.wants("twice.test", "mailto:b@reports.test , MAILTO:b@Reports.test,mailto:b@reports.test?subject=x").await;
    world.reporter(world.rules()).await.round().await;
    assert_eq!(world.destinations("many.test").await.len(), 20);
    assert_eq!(world.destinations("twice.test").await.len(), 1);
    assert_eq!(world.mail.messages().len(), 21);
}

#[tokio::test]
async fn nothing_that_a_record_says_gets_into_a_header_or_a_command() {
    let world = World::new();
    for (domain, rua) in [
        ("crlf.test", "mailto:a%0d%0aBcc:victim@v.test@reports.test"),
        ("quote.test", "mailto:%22a%22@reports.test"),
        ("angle.test", "mailto:a%3E@reports.test"),
        ("http.test", "http://reports.test/v1"),
        ("empty.test", "mailto:a@"),
        ("bracket.test", "mailto:a@%5B127.0.0.1%5D"),
    ] {
        world.wants(domain, rua).await;
    }
    world.wants("mixed.test", "mailto:a%0d%0aBcc:v@v.test,mailto:good@reports.test").await;
    world.reporter(world.rules()).await.round().await;
    for domain in ["crlf.test", "quote.test", "angle.test", "http.test", "empty.test", "bracket.test"] {
        assert_eq!(world.report(domain).await.state, ReportState::Withheld, "{domain}");
    }
    let messages = world.mail.messages();
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].to, ["good@reports.test"]);
    assert!(!messages[0].text.to_ascii_lowercase().contains("bcc"), "{}", messages[0].text);
}

/// TLSRPT-7-3
#[tokio::test]
async fn a_thousand_domains_that_point_at_one_victim_cost_it_its_cap_and_no_more() {
    let world = World::new();
    for number in 0..60 {
        world.wants(&format!("d{number}.test"), &format!("mailto:victim+{number}@v.test")).await;
    }
    let mut rules = world.rules();
    rules.cap = 7;
    world.reporter(rules).await.round().await;
    assert_eq!(world.mail.messages().len(), 7);
    assert!(world.log.text().contains("max_per_destination"), "{}", world.log.text());
}

/// D-11
#[tokio::test]
async fn a_record_cannot_make_us_post_into_our_own_network() {
    let world = World::new();
    world.wants("literal.test", "https://127.0.0.1/admin").await;
    let inside = world.https("inside.test", "/admin");
    world.wants("named.test", &inside).await;
    let mut senses = world.senses();
    senses.fetcher = world.strict_fetcher();
    let reporter = world.reporter(world.rules()).await;
    reporter.replace(senses, world.rules());
    reporter.round().await;
    for domain in ["literal.test", "named.test"] {
        assert_eq!(world.fate(domain).await.0, State::Refused, "{domain}");
    }
    assert_eq!(world.web.connections(), 0);
}

#[tokio::test]
async fn who_is_denied_gets_nothing() {
    let world = World::new();
    world.wants("example.test", "mailto:a@denied.test,mailto:b@reports.test").await;
    world.wants("silent.test", "mailto:b@reports.test").await;
    let mut rules = world.rules();
    rules.lists =
        Lists { deny: ["@denied.test".into()].into(), deny_domains: ["silent.test".into()].into(), ..Lists::default() };
    world.reporter(rules).await.round().await;
    let fates = world.destinations("example.test").await;
    assert_eq!([fates[0].state, fates[1].state], [State::Skipped, State::Sent]);
    assert_eq!(world.report("silent.test").await.state, ReportState::Withheld);
    assert_eq!(world.mail.messages().len(), 1);
}
