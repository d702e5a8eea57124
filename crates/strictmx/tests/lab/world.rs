//! What the tests share: a running strictmx, and domains with their records, policy and mail hosts.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, Ordering};

use strictmx_testbed::https;
use strictmx_testbed::lab::{Fate, Lab, Postfix, VALIDATING, Zone};
use strictmx_testbed::pki::{Identity, Leaf};
use strictmx_testbed::proc::Strictmx;
use strictmx_testbed::smtp::{Faults, Sink, StartTls};
use strictmx_testbed::socketmap;

/// A strictmx with its policy port.
pub(crate) struct Server {
    pub(crate) strictmx: Strictmx,
    pub(crate) port: u16,
}

impl Server {
    /// Starts one with `[dns]` as given, the lab's root trusted, private addresses allowed, its store in a folder of
    /// its own.
    pub(crate) fn start(lab: &Lab, name: &str, dns: &str) -> Self {
        static NEXT: AtomicU16 = AtomicU16::new(8461);
        let port = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = lab.folder(name);
        let config = config(lab, &folder.display().to_string(), port, dns);
        let web = format!("127.0.0.1:{}", port + 1000).parse().unwrap();
        Self { strictmx: Strictmx::start(env!("CARGO_BIN_EXE_strictmx"), &folder, &config, web), port }
    }

    /// One that trusts the validating unbound.
    pub(crate) fn trusting(lab: &Lab, name: &str) -> Self {
        Self::start(lab, name, &trust_ad())
    }

    /// What it answers for `key` in `map`.
    pub(crate) fn ask(&self, map: &str, key: &str) -> String {
        socketmap::ask(("127.0.0.1", self.port), map, key)
            .unwrap_or_else(|error| panic!("{map} {key}: {error}\n{}", self.strictmx.stderr()))
    }
}

/// `[dns]` for the validating unbound, without self-test.
pub(crate) fn trust_ad() -> String {
    format!("servers = [\"{VALIDATING}\"]\ndnssec = \"trust-ad\"\nself_test = \"off\"")
}

fn config(lab: &Lab, folder: &str, port: u16, dns: &str) -> String {
    let web = port + 1000;
    format!(
        "[store]\nurl = \"sqlite://{folder}/strictmx.db\"\n[dns]\n{dns}\n[tls]\nextra_roots = [\"{}\"]\n\
         [fetch]\nallow_private = true\n[policyd]\nlisten = [\"127.0.0.1:{port}\"]\n\
         [web]\nlisten = [\"127.0.0.1:{web}\"]\n[control]\nsocket = \"{folder}/control.sock\"\n",
        lab.ca_file().display()
    )
}

/// The strictmx most tests ask; Postfix 3.10 asks it for everything below `sts.insecure.test` and `sts.secure.test`.
pub(crate) fn shared() -> (&'static Lab, &'static Server, &'static Postfix) {
    static SERVER: OnceLock<Server> = OnceLock::new();
    let lab = Lab::shared();
    let server = SERVER.get_or_init(|| {
        let server = Server::trusting(lab, "shared");
        for zone in [Zone::Insecure, Zone::Secure] {
            lab.postfix310().ask(&format!("sts.{}", zone.name()), server.port, "postfix-3.10");
        }
        server
    });
    (lab, server, lab.postfix310())
}

/// A domain, its policy host and its mail hosts. Nothing can be looked up before [`Domain::publish`].
pub(crate) struct Domain {
    lab: &'static Lab,
    zone: Zone,
    pub(crate) name: String,
    pub(crate) sinks: Vec<Sink>,
    pub(crate) policy_host: Option<https::Server>,
    lines: Vec<String>,
}

impl Domain {
    /// `<label>.sts.<zone>`: Postfix asks the shared strictmx for it.
    pub(crate) fn new(lab: &'static Lab, zone: Zone, label: &str) -> Self {
        Self::named(lab, zone, &format!("{label}.sts.{}", zone.name()))
    }

    /// Any name inside the zone.
    pub(crate) fn named(lab: &'static Lab, zone: Zone, name: &str) -> Self {
        Self { lab, zone, name: name.to_owned(), sinks: Vec::new(), policy_host: None, lines: Vec::new() }
    }

    /// A mail host `mx<n>.<domain>` with its address, but without MX record.
    pub(crate) fn bare_host(mut self, identity: Option<&Identity>) -> Self {
        let (host, address) = (self.next_host(), self.lab.address(2));
        self.sinks.push(Sink::start(&format!("{address}:25"), &host, identity));
        self.lines.push(format!("add {host}. 60 A {address}"));
        self
    }

    /// A mail host with its MX record.
    pub(crate) fn host(mut self, identity: Option<&Identity>) -> Self {
        let (host, preference) = (self.next_host(), 10 * (self.sinks.len() + 1));
        self.lines.push(format!("add {}. 60 MX {preference} {host}.", self.name));
        self.bare_host(identity)
    }

    /// A mail host whose certificate is of the given kind.
    pub(crate) fn leaf(self, leaf: Leaf) -> Self {
        let identity = self.lab.ca.issue(&self.next_host(), leaf);
        self.host(Some(&identity))
    }

    /// A mail host that is good but for these faults.
    pub(crate) fn faulty(self, starttls: StartTls) -> Self {
        let domain = self.leaf(Leaf::Good);
        domain.sinks[domain.sinks.len() - 1].fail(Faults::starttls(starttls));
        domain
    }

    /// The name the next mail host will have.
    pub(crate) fn next_host(&self) -> String {
        format!("mx{}.{}", self.sinks.len() + 1, self.name)
    }

    /// A TLSA record for the latest mail host.
    pub(crate) fn tlsa(mut self, data: &str) -> Self {
        self.lines.push(format!("add _25._tcp.mx{}.{}. 60 TLSA {data}", self.sinks.len(), self.name));
        self
    }

    /// A policy with this mode and these patterns, its record with this id, on a host of its own.
    pub(crate) fn policy(mut self, mode: &str, patterns: &[&str], id: &str) -> Self {
        let address = self.lab.address(1);
        let host = https::Server::start(&format!("{address}:443"));
        host.policy(&self.lab.ca, &self.name, &text(mode, patterns));
        self.policy_host = Some(host);
        self.lines.push(format!("add mta-sts.{}. 60 A {address}", self.name));
        self.lines.push(format!("add _mta-sts.{}. 60 TXT \"v=STSv1; id={id};\"", self.name));
        self
    }

    /// A policy that names every mail host there is so far.
    pub(crate) fn enforce(self) -> Self {
        let hosts: Vec<String> = (1..=self.sinks.len()).map(|n| format!("mx{n}.{}", self.name)).collect();
        let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
        self.policy("enforce", &hosts, "first")
    }

    /// Any further record line.
    pub(crate) fn line(mut self, line: String) -> Self {
        self.lines.push(line);
        self
    }

    /// Puts everything into the zone.
    pub(crate) fn publish(mut self) -> Self {
        self.lab.update(self.zone, &std::mem::take(&mut self.lines));
        self
    }

    /// Changes records that are there, and waits until unbound has forgotten the old ones.
    pub(crate) fn change(&self, lines: &[String]) {
        self.lab.update(self.zone, lines);
        std::thread::sleep(std::time::Duration::from_millis(2100));
    }

    /// Another policy under another id, body first (STS-8.1-2).
    pub(crate) fn replace_policy(&self, mode: &str, patterns: &[&str], id: &str) {
        let host = format!("mta-sts.{}", self.name);
        let server = self.policy_host.as_ref().expect("a policy host");
        server.change(&host, https::Site::policy(&text(mode, patterns)));
        let record = format!("_mta-sts.{}.", self.name);
        self.change(&[format!("del {record} TXT"), format!("add {record} 60 TXT \"v=STSv1; id={id};\"")]);
    }

    /// `user@domain`.
    pub(crate) fn user(&self, user: &str) -> String {
        format!("{user}@{}", self.name)
    }

    /// Messages all its hosts took.
    pub(crate) fn taken(&self) -> usize {
        self.sinks.iter().map(|sink| sink.messages().len()).sum()
    }
}

fn text(mode: &str, patterns: &[&str]) -> String {
    let mx: String = patterns.iter().map(|pattern| format!("mx: {pattern}\r\n")).collect();
    format!("version: STSv1\r\nmode: {mode}\r\n{mx}max_age: 604800\r\n")
}

/// Sends to `a@domain` and demands that it arrives, over TLS.
pub(crate) fn must_arrive(postfix: &Postfix, domain: &Domain, context: &Server) {
    let to = domain.user("a");
    let fate = postfix.deliver(&to);
    assert_eq!(fate, Fate::Sent, "{}\n{}", context.strictmx.stderr(), postfix.log());
    let taken: Vec<_> = domain.sinks.iter().flat_map(|sink| sink.messages_for(&to)).collect();
    assert_eq!(taken.len(), 1);
}

/// Sends to `a@domain` and demands that it is deferred, stays in the queue, and that no host even heard of a sender.
pub(crate) fn must_stay(postfix: &Postfix, domain: &Domain, context: &Server) {
    let to = domain.user("a");
    let fate = postfix.deliver(&to);
    assert!(matches!(fate, Fate::Deferred(_)), "{fate:?}\n{}", context.strictmx.stderr());
    assert!(postfix.is_queued(&to), "{to} is not in the queue any more");
    must_not_be_heard_of(domain);
}

/// No mail host of the domain got as far as MAIL FROM.
pub(crate) fn must_not_be_heard_of(domain: &Domain) {
    for sink in &domain.sinks {
        let commands = sink.commands();
        assert!(commands.iter().all(|line| !line.to_ascii_uppercase().starts_with("MAIL")), "{commands:?}");
        assert!(sink.messages().is_empty());
    }
}
