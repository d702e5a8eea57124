//! A DNS server that says what the test tells it to, over UDP and TCP on one loopback address.
//!
//! It plays the resolver a stub talks to: it follows CNAMEs inside its own data and sets the AD bit where
//! every answer on the way was said to be [`secure`](Answer::secure). What was never told is NXDOMAIN, or
//! NODATA where the name exists with another type.

mod answer;
mod serve;
mod wire;

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex};

pub use answer::{Answer, Data, Reply};

use crate::rt::Guard;

type Key = (String, u16);
type Otherwise = Box<dyn Fn(&str, &str) -> Option<Answer> + Send + Sync>;

/// A running server; stops when dropped.
pub struct Server {
    address: SocketAddr,
    state: Arc<State>,
    _tasks: [Guard; 2],
}

#[derive(Default)]
pub(crate) struct State {
    told: Mutex<Told>,
    asked: Mutex<Asked>,
}

#[derive(Default)]
struct Told {
    answers: HashMap<Key, VecDeque<Answer>>,
    names: HashSet<String>,
    otherwise: Option<Otherwise>,
}

#[derive(Default)]
struct Asked {
    counts: HashMap<Key, usize>,
    total: usize,
    tcp: usize,
    /// The first questions, in order; bounded, for long runs.
    order: Vec<Key>,
}

/// Which way a question came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    Udp,
    Tcp,
}

impl Server {
    /// Starts on `address`, for example `127.0.0.1:0` or, in an own network namespace, `127.0.0.5:53`.
    pub fn start(address: &str) -> Self {
        let state = Arc::new(State::default());
        let (address, tasks) = serve::start(address, &state);
        Self { address, state, _tasks: tasks }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on `name` and type `rtype` (`"TXT"`, `"TLSA"`, `"TYPE257"`) are answered so.
    pub fn put(&self, name: &str, rtype: &str, answer: Answer) {
        self.put_sequence(name, rtype, vec![answer]);
    }

    /// Each answer is given once, in order; the last one stays.
    pub fn put_sequence(&self, name: &str, rtype: &str, answers: Vec<Answer>) {
        let name = canonical(name);
        let mut told = self.state.told.lock().unwrap();
        let mut parent = name.as_str();
        while let Some((_, rest)) = parent.split_once('.') {
            told.names.insert(parent.to_owned());
            parent = rest;
        }
        told.answers.insert((name, wire::type_code(rtype)), answers.into());
    }

    /// Forgets what was told for `name` and type.
    pub fn forget(&self, name: &str, rtype: &str) {
        self.state.told.lock().unwrap().answers.remove(&(canonical(name), wire::type_code(rtype)));
    }

    /// Answers for all that was not told: called with the name and the type. For many domains at once.
    pub fn otherwise(&self, answer: impl Fn(&str, &str) -> Option<Answer> + Send + Sync + 'static) {
        self.state.told.lock().unwrap().otherwise = Some(Box::new(answer));
    }

    /// One TXT record, insecure, TTL 300 s.
    pub fn txt(&self, name: &str, text: &str) {
        self.put(name, "TXT", Answer::txt(&[text]));
    }

    /// MX records, insecure, TTL 300 s.
    pub fn mx(&self, name: &str, hosts: &[(u16, &str)]) {
        self.put(name, "MX", Answer::mx(hosts));
    }

    /// One address, insecure, TTL 300 s.
    pub fn a(&self, name: &str, address: Ipv4Addr) {
        self.put(name, "A", Answer::records(vec![Data::A(address)]));
    }

    /// One address, insecure, TTL 300 s.
    pub fn aaaa(&self, name: &str, address: Ipv6Addr) {
        self.put(name, "AAAA", Answer::records(vec![Data::Aaaa(address)]));
    }

    /// An alias, insecure, TTL 300 s. Questions of every type follow it.
    pub fn cname(&self, name: &str, target: &str) {
        self.put(name, "CNAME", Answer::records(vec![Data::Cname(target.to_owned())]));
    }

    /// How often this was asked, over UDP and TCP together.
    pub fn asked(&self, name: &str, rtype: &str) -> usize {
        let key = (canonical(name), wire::type_code(rtype));
        self.state.asked.lock().unwrap().counts.get(&key).copied().unwrap_or(0)
    }

    /// All questions so far.
    pub fn total(&self) -> usize {
        self.state.asked.lock().unwrap().total
    }

    /// All questions over TCP so far.
    pub fn total_tcp(&self) -> usize {
        self.state.asked.lock().unwrap().tcp
    }

    /// The first ten thousand questions in the order they came, as `name type`.
    pub fn transcript(&self) -> Vec<String> {
        let asked = self.state.asked.lock().unwrap();
        asked.order.iter().map(|(name, rtype)| format!("{name} {}", wire::type_name(*rtype))).collect()
    }

    /// Sets every counter to nought.
    pub fn reset_counters(&self) {
        *self.state.asked.lock().unwrap() = Asked::default();
    }
}

impl State {
    fn note(&self, key: &Key, transport: Transport) {
        let mut asked = self.asked.lock().unwrap();
        asked.total += 1;
        asked.tcp += usize::from(transport == Transport::Tcp);
        *asked.counts.entry(key.clone()).or_default() += 1;
        if asked.order.len() < 10_000 {
            asked.order.push(key.clone());
        }
    }

    /// What to say: the aliases passed on the way, and the answer at their end.
    fn answer(&self, key: &Key) -> (Vec<(String, Answer)>, String, Answer) {
        let cname = wire::type_code("CNAME");
        let mut aliases = Vec::new();
        let mut name = key.0.clone();
        for _ in 0..20 {
            if let Some(answer) = self.told(&name, key.1) {
                return (aliases, name, answer);
            }
            let Some(alias) = (key.1 != cname).then(|| self.told(&name, cname)).flatten() else {
                break;
            };
            let Some(target) = alias.alias_target() else {
                return (aliases, name, alias);
            };
            aliases.push((name, alias));
            name = target;
        }
        let absent = self.absent(&name);
        (aliases, name, absent)
    }

    fn told(&self, name: &str, rtype: u16) -> Option<Answer> {
        let mut told = self.told.lock().unwrap();
        if let Some(answers) = told.answers.get_mut(&(name.to_owned(), rtype)) {
            return if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        }
        told.otherwise.as_ref().and_then(|answer| answer(name, &wire::type_name(rtype)))
    }

    fn absent(&self, name: &str) -> Answer {
        let exists = self.told.lock().unwrap().names.contains(name);
        if exists { Answer::no_data() } else { Answer::nx_domain() }
    }
}

/// Names are compared in lower case and without the final dot.
fn canonical(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}
