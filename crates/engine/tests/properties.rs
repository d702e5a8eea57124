//! What holds for any course of events, any facts, any text.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "tests"
)]

use proptest::prelude::*;
use strictmx_engine::{
    fact::{DnsFailure, DnsFailureKind, Dnssec, FetchFailure, FetchSeen, Seen, Txt, TxtSeen},
    lookup::{self, Done, Entry, Event, Known, Recheck, Step, TxtKnown, Verdict},
    nexthop::{self, Glance, NextHop},
    profile::{Answer, Override, Profile, answer},
    refresh,
    route::{DaneState, HostSummary, MxSource, RouteKnown, RouteSource},
    time::Timestamp,
    tls::{By, DaneUse, Level, PartialDane, Require, Settings, plan},
};
use strictmx_proto::{
    name::Domain,
    postfix::policy_line::check,
    sts::{Mode, Policy},
};

const T0: u64 = 1_800_000_000;

//----------- Facts -------------------------------------------------------

fn found(records: Vec<String>, ttl: u32) -> TxtSeen {
    let data = records.into_iter().map(|record| Txt(record.into_bytes().into())).collect();
    Seen::Found { data, aliases: Vec::new(), dnssec: Dnssec::Insecure, ttl }
}

fn dns_failure() -> impl Strategy<Value = DnsFailure> {
    prop::sample::select(vec![DnsFailureKind::Servfail, DnsFailureKind::Timeout, DnsFailureKind::Bogus])
        .prop_map(|kind| DnsFailure { kind, detail: "".into() })
}

/// TXT answers that give no id, or any id.
fn txt() -> impl Strategy<Value = TxtSeen> {
    let dnssec = Dnssec::Insecure;
    prop_oneof![
        ("[a-c]", any::<u32>()).prop_map(|(id, ttl)| found(vec![format!("v=STSv1; id={id}")], ttl)),
        ("[a-c]", any::<u32>()).prop_map(|(id, ttl)| found(vec![format!("v=STSv1; id={id}"); 2], ttl)),
        ("(v=STSv1)?.{0,20}", any::<u32>()).prop_map(|(text, ttl)| found(vec![text], ttl)),
        any::<u32>().prop_map(move |ttl| Seen::NoData { dnssec, ttl }),
        any::<u32>().prop_map(move |ttl| Seen::NxDomain { dnssec, ttl }),
        dns_failure().prop_map(Seen::Failed),
    ]
}

/// Fetches that give no policy.
fn failed_fetch() -> impl Strategy<Value = FetchSeen> {
    prop_oneof![
        Just(FetchSeen::Failed(FetchFailure::TooLarge)),
        dns_failure().prop_map(|failure| FetchSeen::Failed(FetchFailure::Dns(failure))),
        "(version: STSv[12]\n)?(mode: (enforce|testing|none|x)\n)?(mx: [*.a]{0,3}\n)?.{0,10}"
            .prop_map(|text| FetchSeen::Body(text.into_bytes().into())),
    ]
    .prop_filter("no policy", |seen| !matches!(seen, FetchSeen::Body(body) if Policy::parse(body).is_ok()))
}

fn good_fetch() -> impl Strategy<Value = FetchSeen> {
    (prop::sample::select(vec!["enforce", "testing", "none"]), prop_oneof![Just(0_u32), 1..2_000_u32, any::<u32>()])
        .prop_map(|(mode, max_age)| {
            let text = format!("version: STSv1\nmode: {mode}\nmx: mail.example.com\nmax_age: {max_age}\n");
            FetchSeen::Body(text.into_bytes().into())
        })
}

#[derive(Debug, Clone, Copy)]
enum Way {
    Start,
    Recheck,
    Refresh,
}

fn way() -> impl Strategy<Value = Way> {
    prop::sample::select(vec![Way::Start, Way::Recheck, Way::Refresh])
}

/// One look-up: after how long, which, and what the world says meanwhile. Each observation takes some seconds.
fn course(fetch: BoxedStrategy<FetchSeen>) -> impl Strategy<Value = Vec<(u64, Way, TxtSeen, FetchSeen, u64)>> {
    prop::collection::vec((0..5_000_u64, way(), txt(), fetch, 0..90_u64), 1..12)
}

fn cached(max_age: u32) -> Known {
    let text = format!("version: STSv1\nmode: enforce\nmx: mail.example.com\nmax_age: {max_age}\n");
    Known {
        entry: Some(Entry {
            id: Some("a".into()),
            policy: Policy::parse(text.as_bytes()).unwrap().policy.into(),
            fetched: Timestamp(T0),
            expires: Timestamp(T0 + u64::from(max_age)),
        }),
        txt: TxtKnown::Id("a".into()),
        asked: Timestamp(T0),
        txt_ttl: 300,
        backoff: None,
    }
}

/// Runs one look-up; the number of fetches made, and when it was over.
fn run(known: Known, way: Way, txt: &TxtSeen, fetch: &FetchSeen, mut now: u64, takes: u64) -> (Done, u32, u64) {
    let mut fetches = 0;
    let mut step = match way {
        Way::Start => lookup::start(Some(known), Timestamp(now)),
        Way::Recheck => lookup::recheck(known, Timestamp(now)),
        Way::Refresh => lookup::refresh(known, Timestamp(now)),
    };
    loop {
        step = match step {
            Step::Txt(state) => {
                now += takes / 3;
                state.saw(txt.clone(), Timestamp(now))
            }
            Step::Fetch(state) => {
                now += takes;
                fetches += 1;
                state.saw(fetch.clone(), Timestamp(now))
            }
            Step::Done(done) => return (done, fetches, now),
        };
    }
}

fn enforces(verdict: &Verdict) -> bool {
    verdict.enforced().is_some()
}

proptest! {
    /// STS-3.3-13, D-20, D-21: nothing that fails, in any order, takes an unexpired policy away, or makes it live longer.
    #[test]
    fn no_course_of_failures_ends_a_policy_before_its_time(
        max_age in 1..20_000_u32, course in course(failed_fetch().boxed()),
    ) {
        let expires = T0 + u64::from(max_age);
        let mut known = cached(max_age);
        let mut now = T0;
        for (wait, way, txt, fetch, takes) in course {
            now += wait;
            let (done, _, over) = run(known, way, &txt, &fetch, now, takes);
            now = over;
            known = done.known;
            // A renewal that begins in the last second is over with it; all else uses that second to the full.
            if now < expires {
                prop_assert!(enforces(&done.verdict), "{:?} at {now} before {expires}", done.verdict);
                prop_assert!(enforces(&known.verdict_at(Timestamp(now))));
            }
            prop_assert!(known.entry.as_ref().is_none_or(|entry| entry.expires.0 == expires));
            if now > expires {
                prop_assert!(!enforces(&known.verdict_at(Timestamp(now))));
            }
        }
    }

    /// STS-3.3-9: at least five minutes between two fetches for one id after a failed one.
    #[test]
    fn no_id_is_fetched_twice_within_five_minutes_of_a_failure(
        course in prop::collection::vec((0..400_u64, way(), txt(), failed_fetch()), 1..30),
    ) {
        let mut known = cached(1_000_000);
        let mut now = T0;
        let mut failed: Option<(Option<Box<str>>, u64)> = None;
        for (wait, way, txt, fetch) in course {
            now += wait;
            let (done, fetches, _) = run(known, way, &txt, &fetch, now, 0);
            prop_assert!(fetches <= 1);
            for event in &done.events {
                let (Event::FetchFailed { id, .. } | Event::PolicyInvalid { id, .. }) = event else { continue };
                if let Some((before, at)) = &failed {
                    prop_assert!(before != id || now >= at + 300, "{id:?} again after {} s", now - at);
                }
                failed = Some((id.clone(), now));
            }
            known = done.known;
        }
    }

    /// D-5 and the rest of life: whatever is seen, what is kept is consistent.
    #[test]
    fn what_is_kept_is_consistent(course in course(prop_oneof![failed_fetch(), good_fetch()].boxed())) {
        let mut known = Known::default();
        let mut now = T0;
        for (wait, way, txt, fetch, takes) in course {
            now += wait;
            let (done, _, over) = run(known, way, &txt, &fetch, now, takes);
            now = over;
            known = done.known;
            if let Some(entry) = &known.entry {
                prop_assert!(entry.policy.max_age > 0);
                prop_assert_eq!(entry.expires.0, entry.fetched.0 + u64::from(entry.policy.max_age));
                prop_assert!(entry.fetched.0 <= now && now <= entry.expires.0);
                prop_assert_eq!(&done.verdict, &Verdict::Policy(entry.policy.clone()));
            }
            prop_assert!(known.txt == TxtKnown::Unasked || (60..=86_400).contains(&known.txt_ttl));
            let fresh = known.fresh_at(Timestamp(now));
            let at_once = matches!(
                lookup::start(Some(known.clone()), Timestamp(now)),
                Step::Done(Done { recheck: Recheck::NotDue, .. })
            );
            prop_assert_eq!(fresh, at_once);
        }
    }

    /// STS-3.3-14, STS-10.2-2: a renewal never falls after expiry, and the caller who sleeps until it never spins.
    #[test]
    fn a_renewal_is_never_due_after_expiry_and_always_moves_on(
        seed in any::<u64>(), course in course(prop_oneof![failed_fetch(), good_fetch()].boxed()),
    ) {
        let mut known = cached(5_000);
        let mut now = T0;
        for (_, _, txt, fetch, takes) in course {
            let Some(due) = refresh::next_due(&known, seed) else { break };
            prop_assert!(due <= known.entry.as_ref().unwrap().expires);
            let begins = due.0.max(now);
            let (done, _, over) = run(known, Way::Refresh, &txt, &fetch, begins, takes);
            known = done.known;
            now = over;
            prop_assert!(refresh::next_due(&known, seed).is_none_or(|next| next.0 > begins));
        }
    }
}

//----------- Plans and answers -------------------------------------------

fn states() -> impl Strategy<Value = Vec<DaneState>> {
    let all = [DaneState::Usable, DaneState::Unusable, DaneState::None, DaneState::Failed, DaneState::Dead];
    prop::collection::vec(prop::sample::select(all.to_vec()), 0..6)
}

fn route() -> impl Strategy<Value = Option<RouteKnown>> {
    let sources = [
        RouteSource::Hosts(MxSource::Mx(Dnssec::Secure)),
        RouteSource::Hosts(MxSource::Mx(Dnssec::Insecure)),
        RouteSource::Hosts(MxSource::Implicit(Dnssec::Secure)),
        RouteSource::Hosts(MxSource::Implicit(Dnssec::Insecure)),
        RouteSource::Hosts(MxSource::Configured),
        RouteSource::Null,
        RouteSource::NoDomain,
        RouteSource::Failed(DnsFailureKind::Timeout),
    ];
    let host = |(index, dane)| HostSummary {
        name: Domain::parse(&format!("mx{index}.example.com")).unwrap(),
        preference: 10,
        dane,
    };
    let known = (prop::sample::select(sources.to_vec()), states()).prop_map(move |(source, states)| RouteKnown {
        source,
        hosts: if matches!(source, RouteSource::Hosts(_)) {
            states.into_iter().enumerate().map(host).collect()
        } else {
            [].into()
        },
        asked: Timestamp(T0),
        expires: Timestamp(T0 + 300),
    });
    prop::option::weighted(0.9, known)
}

/// Any text that parses as a policy, hostile lines included.
fn policy() -> impl Strategy<Value = Policy> {
    let line = prop_oneof![
        3 => "mx: (\\*\\.)?[a-z0-9-]{1,8}(\\.[a-z0-9_{}-]{1,8}){0,3}\\.?",
        2 => "[a-z_]{1,6}: ?[ -~]{0,20}",
        1 => "[\\PC\t{}]{0,20}",
    ];
    (prop::sample::select(vec!["enforce", "enforce", "testing", "none"]), prop::collection::vec(line, 0..8))
        .prop_filter_map("a policy", |(mode, lines)| {
            let text =
                format!("version: STSv1\nmode: {mode}\nmax_age: 86400\nmx: mail.example.com\n{}\n", lines.join("\n"));
            Policy::parse(text.as_bytes()).ok().map(|parsed| parsed.policy)
        })
}

fn settings() -> impl Strategy<Value = Settings> {
    (
        prop::sample::select(vec![PartialDane::DaneOnly, PartialDane::Dane, PartialDane::Secure]),
        prop::sample::select(vec![DaneUse::On, DaneUse::Off]),
    )
        .prop_map(|(partial_dane, dane)| Settings { partial_dane, dane })
}

fn require() -> impl Strategy<Value = Require> {
    prop::sample::select(vec![
        Require::Nothing,
        Require::Encrypt,
        Require::Authenticated(By::Certificate),
        Require::Authenticated(By::Tlsa),
        Require::Refuse,
    ])
}

proptest! {
    /// STS-2-1: combining demands can only strengthen.
    #[test]
    fn combining_demands_only_strengthens(a in require(), b in require(), c in require()) {
        prop_assert!(a.and(b) >= a && a.and(b) >= b);
        prop_assert_eq!(a.and(b), b.and(a));
        prop_assert_eq!(a.and(b.and(c)), a.and(b).and(c));
        prop_assert_eq!(a.and(a), a);
        prop_assert!(a > b || a.and(c) <= b.and(c));
    }

    /// STS-5-1, D-31: an enforced policy is never answered "not found", one that is not is never enforced.
    #[test]
    fn an_enforced_policy_is_never_not_found(route in route(), policy in policy(), settings in settings()) {
        let mode = policy.mode;
        let level = plan(route.as_ref(), &Verdict::Policy(policy.into()), &settings).level;
        if mode == Mode::Enforce {
            prop_assert_ne!(level, Level::NotFound);
        } else {
            prop_assert!(!matches!(level, Level::Secure | Level::Temp), "{:?}", level);
        }
    }

    /// D-36: any facts and any text of a policy give only lines that the mail server's grammar accepts.
    #[test]
    fn every_line_passes_the_grammar(route in route(), policy in policy(), settings in settings()) {
        let domain = Domain::parse("example.com").unwrap();
        let sts = Verdict::Policy(policy.into());
        let plan = plan(route.as_ref(), &sts, &settings);
        for profile in Profile::ALL {
            match answer(&plan, profile, &domain, sts.policy().map(AsRef::as_ref)) {
                Answer::Line(line) => {
                    prop_assert_eq!(check(&line, profile.dialect()), Ok(()));
                    prop_assert!(!line.contains("policy_failure")); // D-37
                }
                Answer::NotFound => prop_assert!(
                    plan.level == Level::NotFound
                        || (profile == Profile::Sendmail && matches!(plan.level, Level::Dane | Level::DaneOnly))
                ),
                Answer::Temp(why) => {
                    prop_assert!(!why.is_empty() && !why.chars().any(char::is_control));
                    prop_assert_ne!(plan.level, Level::NotFound);
                }
            }
        }
    }

    #[test]
    fn every_override_line_passes_the_grammar_of_its_reader(text in "(off|secure match=[a-z.:]{1,9}|may|encrypt|dane)( [a-z_]{1,12}=[a-z0-9.{} ]{1,9}){0,3}") {
        let Ok(read) = Override::parse(&text) else { return Ok(()) };
        for profile in Profile::ALL {
            if let Answer::Line(line) = read.apply(profile) {
                prop_assert_eq!(check(&line, profile.dialect()), Ok(()));
            }
        }
    }

    /// D-32, D-33: any key whatsoever is read or refused, and a glance never says more than a reading.
    #[test]
    fn any_key_is_read_or_refused(key in prop_oneof!["\\PC{0,40}", "[a-z0-9.:\\[\\]_-]{0,20}", "[a-z0-9-]{1,8}(\\.[a-z0-9-]{1,8}){1,3}"]) {
        let read = nexthop::parse(&key);
        match nexthop::glance(&key) {
            Glance::Plain(text) => {
                let NextHop::Ask(route) = &read else { panic!("{key:?} gives {read:?}") };
                prop_assert_eq!(route.to_string(), text);
            }
            Glance::Nothing(why) => prop_assert_eq!(&read, &NextHop::Nothing(why)),
            Glance::Other => {}
        }
        if let NextHop::Ask(route) = &read {
            prop_assert!(!route.domain.is_single_label());
            prop_assert_eq!(nexthop::parse(&route.to_string()), read);
        }
    }
}
