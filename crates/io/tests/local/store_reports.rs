//! Reports on their way out: written once, planned, tried, settled, forgotten; a cap, silence and bounces.
use strictmx_engine::report::outcome::{State, Strike};
use strictmx_engine::report::{Counts, Day, DomainDay, PolicyDay, PolicyKey, PolicyType, Scope};
use strictmx_engine::time::Timestamp;
use strictmx_io::store::counting::{Added, Delta};
use strictmx_io::store::outgoing::{
    Claim, Claimed, Made, NewDestination, NewReport, Next, Planned, ReportState, Reported, Settled, Tried, Which,
};
use strictmx_io::store::{self, Store};
use strictmx_proto::name::Domain;

const NOW: Timestamp = Timestamp(1_800_000_000);
const DAY: Day = Day(20_832);

fn domain(name: &str) -> Domain {
    Domain::parse(name).unwrap()
}

fn report(name: &str, gzip: &[u8]) -> NewReport {
    let made = Made::Report {
        id: format!("20270114.{name}@sender.example"),
        gzip: gzip.into(),
        record: Some("v=TLSRPTv1; rua=mailto:a@b.example".into()),
        sessions: Counts { success: 5, failure: 1 },
        due: NOW.plus(60),
    };
    NewReport { day: DAY, domain: domain(name), scope: Scope::Domain, at: NOW, made }
}

fn to(uri: &str, token: &str) -> NewDestination {
    let (uri, token) = (uri.to_owned(), token.to_owned());
    NewDestination { counts_as: uri.clone(), uri, host: "b.example".to_owned(), token, skip: None }
}

struct Kept {
    store: std::sync::Arc<dyn Store>,
    url: String,
    _folder: tempfile::TempDir,
}

impl Kept {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("a.db").display());
        Self { store: store::open(&url).unwrap(), url, _folder: folder }
    }

    async fn number(&self, name: &str) -> u64 {
        let which = Which { domain: Some(domain(name)), ..Which::default() };
        self.store.reports(which, 10).await.unwrap()[0].number
    }

    async fn planned(&self, name: &str, destinations: Vec<NewDestination>, cap: u64) -> (u64, u64) {
        let number = self.number(name).await;
        let plan = Planned { number, at: NOW.plus(60), next: Next::Send(destinations) };
        (number, self.store.plan(vec![plan], cap).await.unwrap())
    }

    async fn state(&self, name: &str) -> ReportState {
        let which = Which { domain: Some(domain(name)), ..Which::default() };
        self.store.reports(which, 10).await.unwrap()[0].state
    }
}

fn settled(report: u64, uri: &str, state: State, strike: Strike) -> Settled {
    let next = (state == State::Due).then(|| NOW.plus(900));
    Settled {
        report,
        uri: uri.to_owned(),
        at: NOW.plus(61),
        state,
        next,
        said: "250 ok".to_owned(),
        attempt: Tried::Yes,
        strike,
        mailed: (state == State::Sent).then(|| domain("b.example")),
    }
}

#[tokio::test]
async fn sessions_of_a_day_whose_report_is_made_are_late_and_kept() {
    let kept = Kept::new();
    let withheld = NewReport { made: Made::Withheld("denied".into()), ..report("silent.example", b"") };
    kept.store.put_reports(vec![report("a.example", b"one"), withheld]).await.unwrap();
    let sessions = |day: Day, name: &str, scope: Scope| {
        let (kind, domain) = (PolicyType::NoPolicyFound, domain(name));
        let policy = PolicyKey { kind, domain: domain.clone(), text: Box::default(), mx: Box::default() };
        let policies = vec![PolicyDay { policy, counts: Counts { success: 2, failure: 1 }, details: Vec::new() }];
        DomainDay { day, domain, scope, record: None, policies }
    };
    let add = async |one: DomainDay| {
        let delta = Delta { domains: vec![one], ..Delta::default() };
        kept.store.add_counts(std::sync::Arc::new(delta)).await.unwrap()
    };
    let (none, late) = (Added::default(), Added { without: 0, late: 3 });
    assert_eq!(add(sessions(DAY, "a.example", Scope::Domain)).await, late);
    assert_eq!(kept.store.sums(DAY, None, 10).await.unwrap()[0].counts, Counts { success: 2, failure: 1 });
    for (day, name, scope, why) in [
        (DAY, "b.example", Scope::Domain, "nothing was reported of it, so a report is still to be made"),
        (DAY, "a.example", Scope::Host, "the report is about the domain"),
        (DAY, "silent.example", Scope::Domain, "there is none to be in"),
        (Day(DAY.0 + 1), "a.example", Scope::Domain, "the report is about the day before"),
        (DAY.back(1), "a.example", Scope::Domain, "the report is about the day after"),
    ] {
        assert_eq!(add(sessions(day, name, scope)).await, none, "{why}");
    }
}

#[tokio::test]
async fn a_report_is_written_once_and_its_octets_stay_what_they_were() {
    let kept = Kept::new();
    assert_eq!(kept.store.put_reports(vec![report("a.example", b"one")]).await, Ok(1));
    assert_eq!(kept.store.put_reports(vec![report("a.example", b"two"), report("b.example", b"b")]).await, Ok(1));
    let number = kept.number("a.example").await;
    assert_eq!(kept.store.report_octets(number).await.unwrap().as_deref(), Some(b"one".as_slice()));
    assert_eq!(kept.store.reported_days().await, Ok(vec![(DAY, 2)]));
    let all = vec![(domain("a.example"), Scope::Domain), (domain("a.example"), Scope::Host)];
    let standing = kept.store.standing(DAY, all).await.unwrap();
    assert_eq!([standing[0].reported, standing[1].reported], [Reported::Yes, Reported::No]);
}

#[tokio::test]
async fn the_secret_of_the_first_start_is_kept() {
    let kept = Kept::new();
    assert_eq!(kept.store.secret([1; 32]).await, Ok([1; 32]));
    assert_eq!(kept.store.secret([2; 32]).await, Ok([1; 32]));
    kept.store.close().await;
    assert_eq!(store::open(&kept.url).unwrap().secret([3; 32]).await, Ok([1; 32]));
}

/// D-58, TLSRPT-3-19
#[tokio::test]
async fn a_report_is_sent_when_one_destination_has_it_and_none_is_left_to_try() {
    let kept = Kept::new();
    kept.store.put_reports(vec![report("a.example", b"one")]).await.unwrap();
    assert_eq!(kept.store.reports_due(NOW, 10).await.unwrap().len(), 0);
    assert_eq!(kept.store.reports_due(NOW.plus(60), 10).await.unwrap().len(), 1);
    let (mail, web) = ("mailto:a@b.example", "https://b.example/");
    let (number, _) = kept.planned("a.example", vec![to(mail, "t1"), to(web, "t2")], 100).await;
    assert_eq!(kept.state("a.example").await, ReportState::Sending);
    assert_eq!(kept.store.reports_due(NOW.plus(9_999), 10).await.unwrap().len(), 0);
    assert_eq!(kept.store.destinations_due(NOW.plus(60), 10).await.unwrap().len(), 2);
    kept.store.settle(vec![settled(number, mail, State::Sent, Strike::Clear)]).await.unwrap();
    kept.store.settle(vec![settled(number, web, State::Due, Strike::Keep)]).await.unwrap();
    assert_eq!(kept.state("a.example").await, ReportState::Sending);
    assert_eq!(kept.store.destinations_due(NOW.plus(899), 10).await.unwrap().len(), 0);
    kept.store.settle(vec![settled(number, web, State::Refused, Strike::One)]).await.unwrap();
    assert_eq!(kept.state("a.example").await, ReportState::Sent);
    let destinations = kept.store.destinations(number).await.unwrap();
    assert_eq!([destinations[0].last, destinations[1].last], [Some(NOW.plus(61)); 2]);
    assert!(kept.store.silence(web).await.unwrap().is_some());
    assert!(kept.store.silence(mail).await.unwrap().is_none());
    let mails = kept.store.standing(Day::of(NOW.plus(61)), vec![(domain("b.example"), Scope::Domain)]).await.unwrap();
    assert_eq!(mails[0].mails, 1);
}

/// TLSRPT-7-3
#[tokio::test]
async fn a_destination_has_no_more_than_its_cap_in_a_day() {
    let kept = Kept::new();
    for number in 0..5 {
        let name = format!("d{number}.example");
        kept.store.put_reports(vec![report(&name, b"x")]).await.unwrap();
        let (_, capped) = kept.planned(&name, vec![to("mailto:victim@b.example", &name)], 3).await;
        assert_eq!(capped, u64::from(number >= 3), "{number}");
        let state = if number >= 3 { ReportState::Failed } else { ReportState::Sending };
        assert_eq!(kept.state(&name).await, state);
    }
    assert_eq!(kept.store.destinations_due(NOW.plus(60), 10).await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_bounce_takes_back_what_was_sent_and_counts_once() {
    let kept = Kept::new();
    kept.store.put_reports(vec![report("a.example", b"one")]).await.unwrap();
    let mail = "mailto:a@b.example";
    let (number, _) = kept.planned("a.example", vec![to(mail, "t1")], 100).await;
    kept.store.settle(vec![settled(number, mail, State::Sent, Strike::Clear)]).await.unwrap();
    assert_eq!(kept.store.bounced("nobody", "why", NOW).await, Ok(None));
    for _ in 0..2 {
        let (row, _) = kept.store.bounced("t1", "5.1.1 gone", NOW).await.unwrap().unwrap();
        assert_eq!(row.number, number);
    }
    assert_eq!(kept.state("a.example").await, ReportState::Failed);
    assert_eq!(kept.store.silence(mail).await.unwrap().unwrap().strikes, 1);
    assert_eq!(kept.store.silences(NOW, 10).await.unwrap().len(), 1);
    assert_eq!(kept.store.end_silence(mail).await, Ok(Reported::Yes));
    assert_eq!(kept.store.stand(NOW).await.unwrap().silenced, 0);
}

#[tokio::test]
async fn a_report_that_goes_out_once_more_keeps_its_id_and_octets() {
    let kept = Kept::new();
    kept.store.put_reports(vec![report("a.example", b"one")]).await.unwrap();
    let mail = "mailto:a@b.example";
    let (number, _) = kept.planned("a.example", vec![to(mail, "t1")], 100).await;
    kept.store.settle(vec![settled(number, mail, State::Sent, Strike::Clear)]).await.unwrap();
    kept.store.resend(number, NOW.plus(500)).await.unwrap();
    let due = kept.store.reports_due(NOW.plus(500), 10).await.unwrap();
    assert_eq!((due.len(), due[0].state), (1, ReportState::Composed));
    kept.planned("a.example", vec![to(mail, "t1")], 100).await;
    let (again, destination) = kept.store.destinations_due(NOW.plus(500), 10).await.unwrap().remove(0);
    assert_eq!((again.id, destination.tries), (due[0].id.clone(), 0));
    assert_eq!(kept.store.report_octets(number).await.unwrap().as_deref(), Some(b"one".as_slice()));
}

#[tokio::test]
async fn old_reports_are_forgotten_when_they_are_settled_and_not_before() {
    let kept = Kept::new();
    for name in ["a.example", "b.example", "c.example"] {
        kept.store.put_reports(vec![report(name, b"x")]).await.unwrap();
    }
    let (number, _) = kept.planned("a.example", vec![to("mailto:a@b.example", "t1")], 100).await;
    let number_b = kept.number("b.example").await;
    let never = Planned { number: number_b, at: NOW, next: Next::Withhold("no record".to_owned()) };
    kept.store.plan(vec![never], 1).await.unwrap();
    let late = NOW.plus(90 * 86_400);
    assert_eq!(kept.store.forget_reports(late, late, 10).await, Ok(1));
    kept.store.settle(vec![settled(number, "mailto:a@b.example", State::Expired, Strike::One)]).await.unwrap();
    assert_eq!(kept.store.forget_reports(late, late, 10).await, Ok(1));
    assert_eq!(kept.store.reported_days().await, Ok(vec![(DAY, 1)]));
}

/// D-58
#[tokio::test]
async fn an_attempt_is_one_caller_s_and_counts_from_when_it_begins() {
    let kept = Kept::new();
    kept.store.put_reports(vec![report("a.example", b"one")]).await.unwrap();
    let mail = "mailto:a@b.example";
    let (number, _) = kept.planned("a.example", vec![to(mail, "t1")], 100).await;
    let (_, seen) = kept.store.destinations_due(NOW.plus(60), 10).await.unwrap().remove(0);
    let claim = || Claim { report: number, uri: mail.to_owned(), seen: seen.next, again: NOW.plus(2_000) };
    assert_eq!(kept.store.claim(claim()).await, Ok(Claimed::Yes));
    assert_eq!(kept.store.claim(claim()).await, Ok(Claimed::No), "another process has read the same");
    assert_eq!(kept.store.destinations_due(NOW.plus(1_999), 10).await.unwrap().len(), 0);
    let (_, again) = kept.store.destinations_due(NOW.plus(2_000), 10).await.unwrap().remove(0);
    assert_eq!((again.tries, again.state), (1, State::Due));
    kept.store.settle(vec![settled(number, mail, State::Sent, Strike::Clear)]).await.unwrap();
    let late = Claim { seen: again.next, ..claim() };
    assert_eq!(kept.store.claim(late).await, Ok(Claimed::No), "what is sent is not sent again");
}

#[tokio::test]
async fn what_a_clock_put_off_that_ran_a_year_ahead_is_due_when_it_is_right_again() {
    let kept = Kept::new();
    let ahead = NOW.plus(365 * 86_400);
    let mut later = report("b.example", b"x");
    if let Made::Report { due, .. } = &mut later.made {
        *due = ahead;
    }
    kept.store.put_reports(vec![report("a.example", b"x"), later]).await.unwrap();
    let mail = "mailto:a@b.example";
    let (number, _) = kept.planned("a.example", vec![to(mail, "t1")], 100).await;
    let mut deferred = settled(number, mail, State::Due, Strike::Keep);
    deferred.next = Some(ahead.plus(300));
    kept.store.settle(vec![deferred]).await.unwrap();
    assert_eq!(kept.store.forget_reports(NOW, NOW.plus(100), 10).await, Ok(0));
    assert_eq!(kept.store.destinations_due(NOW.plus(100), 10).await.unwrap().len(), 1);
    assert_eq!(kept.store.reports_due(NOW.plus(100), 10).await.unwrap().len(), 1);
}
