//! A DNS server that says what the test tells it to, over UDP and TCP on one loopback address.
//!
//! It plays the resolver a stub talks to: it follows CNAMEs inside its own data and sets the AD bit where
//! every answer on the way was said to be [`secure`](Answer::secure). What was never told is NXDOMAIN, or
//! NODATA where the name exists with another type. Told to be the [`authority`](Server::authority) for zones,
//! it plays one of their servers instead.

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
    /// The zones it is an authority for; nothing: a resolver.
    zones: Option<Vec<String>>,
}

/// What is said to one question.
pub(crate) struct Said {
    /// The aliases passed on the way.
    pub(crate) aliases: Vec<(String, Answer)>,
    /// The name at their end.
    pub(crate) owner: String,
    /// What is said of it.
    pub(crate) answer: Answer,
    pub(crate) voice: Voice,
}

/// As who it is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Voice {
    Resolver,
    Authority,
    /// An authority, up to an alias that leads out of its zones.
    AuthorityUpToAlias,
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

    /// From now on it plays an authoritative server of these zones: AA set, aliases followed inside them, questions for other
    /// names refused.
    pub fn authority(&self, zones: &[&str]) {
        self.state.told.lock().unwrap().zones = Some(zones.iter().map(|zone| canonical(zone)).collect());
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

    fn answer(&self, key: &Key) -> Said {
        let cname = wire::type_code("CNAME");
        let zones = self.told.lock().unwrap().zones.clone();
        let ours = |name: &str| zones.as_ref().is_none_or(|zones| zones.iter().any(|zone| is_within(name, zone)));
        let mut name = key.0.clone();
        if !ours(&name) {
            let answer = Answer::new(Reply::Code(5, None));
            return Said { aliases: Vec::new(), owner: name, answer, voice: Voice::Resolver };
        }
        let mut voice = if zones.is_some() { Voice::Authority } else { Voice::Resolver };
        let mut aliases = Vec::new();
        for _ in 0..20 {
            if let Some(answer) = self.told(&name, key.1) {
                return Said { aliases, owner: name, answer, voice };
            }
            let Some(alias) = (key.1 != cname).then(|| self.told(&name, cname)).flatten() else {
                break;
            };
            let Some(target) = alias.alias_target() else {
                return Said { aliases, owner: name, answer: alias, voice };
            };
            aliases.push((name, alias));
            name = target;
            if !ours(&name) {
                voice = Voice::AuthorityUpToAlias;
                return Said { aliases, owner: name, answer: Answer::no_data(), voice };
            }
        }
        let answer = self.absent(&name);
        Said { aliases, owner: name, answer, voice }
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

/// Whether `name` is `zone` or below it.
fn is_within(name: &str, zone: &str) -> bool {
    name.strip_suffix(zone).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Names are compared in lower case and without the final dot.
fn canonical(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}
