//! The load: many connections, one question at a time on each, every answer timed.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::task::JoinSet;

/// What is to be asked.
pub(crate) struct Plan {
    pub(crate) address: SocketAddr,
    pub(crate) map: String,
    pub(crate) domains: Vec<String>,
    pub(crate) connections: usize,
    /// 0: every domain once.
    pub(crate) seconds: u64,
}

#[derive(Default)]
struct Seen {
    /// Nanoseconds of every answer.
    times: Vec<u64>,
    /// Answers that begin with `OK `.
    lines: usize,
    /// Answers that begin with `NOTFOUND`.
    not_found: usize,
}

/// `PREFIX:COUNT` as domains below `bench.test`.
pub(crate) fn domains(text: &str) -> Vec<String> {
    let (prefix, count) = text.split_once(':').expect("PREFIX:COUNT");
    let count: usize = count.parse().expect("a number");
    (0..count).map(|n| format!("{prefix}{n}.bench.test")).collect()
}

/// Asks, and sums up in one line of `name=value` pairs.
pub(crate) fn run(plan: Plan) -> String {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (mut seen, elapsed) = runtime.block_on(ask_all(plan));
    seen.times.sort_unstable();
    let micros = |share: f64| {
        let at = (seen.times.len() as f64 * share) as usize;
        seen.times.get(at.min(seen.times.len().saturating_sub(1))).map_or(0.0, |nanos| *nanos as f64 / 1000.0)
    };
    let mut line = format!("answers={} seconds={:.3} ", seen.times.len(), elapsed.as_secs_f64());
    let rate = seen.times.len() as f64 / elapsed.as_secs_f64();
    write!(line, "rate={rate:.0} p50={:.1} p99={:.1} max={:.1} ", micros(0.5), micros(0.99), micros(1.0))
        .expect("a string");
    write!(line, "ok={} notfound={}", seen.lines, seen.not_found).expect("a string");
    line
}

async fn ask_all(plan: Plan) -> (Seen, Duration) {
    let plan = Arc::new(plan);
    let next = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    let start = Instant::now();
    for _ in 0..plan.connections {
        tasks.spawn(ask(plan.clone(), next.clone(), start));
    }
    let mut all = Seen::default();
    while let Some(seen) = tasks.join_next().await {
        let seen = seen.expect("a task that ends");
        all.times.extend(seen.times);
        all.lines += seen.lines;
        all.not_found += seen.not_found;
    }
    (all, start.elapsed())
}

async fn ask(plan: Arc<Plan>, next: Arc<AtomicUsize>, start: Instant) -> Seen {
    let mut stream = TcpStream::connect(plan.address).await.expect("a policy server");
    stream.set_nodelay(true).expect("no delay");
    let limit = Duration::from_secs(plan.seconds);
    let mut seen = Seen::default();
    let (mut question, mut answer) = (Vec::new(), Vec::new());
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let over = if plan.seconds == 0 { number >= plan.domains.len() } else { start.elapsed() > limit };
        if over {
            return seen;
        }
        let domain = &plan.domains[number % plan.domains.len()];
        question.clear();
        let payload = plan.map.len() + 1 + domain.len();
        question.extend(format!("{payload}:{} {domain},", plan.map).into_bytes());
        let asked = Instant::now();
        stream.write_all(&question).await.expect("a question is taken");
        answer.clear();
        while !is_whole(&answer) {
            assert!(stream.read_buf(&mut answer).await.expect("an answer") > 0, "the server closed the connection");
        }
        seen.times.push(u64::try_from(asked.elapsed().as_nanos()).unwrap_or(u64::MAX));
        let words = answer.splitn(2, |octet| *octet == b':').nth(1).unwrap_or_default();
        seen.lines += usize::from(words.starts_with(b"OK "));
        seen.not_found += usize::from(words.starts_with(b"NOTFOUND"));
    }
}

fn is_whole(answer: &[u8]) -> bool {
    let Some(colon) = answer.iter().position(|octet| *octet == b':') else {
        return false;
    };
    let length = answer[..colon].iter().fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0'));
    answer.len() > colon + 1 + length
}
