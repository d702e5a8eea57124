//! Servers for one test: a resolver, policy hosts, and a folder for config, lists and results.
//!
//! Nothing here is real but the sockets, so that every answer can be chosen. Each test has addresses of its own below 127.9.0.0/16
//! and the well-known ports on them, which takes a network namespace: `cargo xtask test` makes one.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Once;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use serde_json::Value;
use strictmx_testbed::dns::{self, Answer};
use strictmx_testbed::https;
use strictmx_testbed::pki::{Ca, Leaf};
use strictmx_testbed::smtp::Sink;
use tempfile::TempDir;

/// Where all domains of the tests are.
pub(super) const ZONE: &str = "check.test";

pub(super) struct World {
    /// The resolver.
    pub(super) dns: dns::Server,
    /// Policy hosts that answer at once; told apart by SNI.
    pub(super) web: https::Server,
    /// The authority that is trusted.
    pub(super) ca: Ca,
    /// One that is not.
    pub(super) stranger: Ca,
    /// Takes the reports of domains that do not say otherwise.
    _reports: Sink,
    folder: TempDir,
}

impl World {
    pub(super) fn new() -> Self {
        loopback();
        let dns = dns::Server::start(&format!("{}:53", address()));
        dns.put("signed.check.test", "SOA", Answer::no_data().secure());
        dns.put("bogus.check.test", "SOA", Answer::bogus());
        let (ca, at) = (Ca::new("testbed"), address());
        let reports =
            Sink::start(&format!("{at}:25"), "mx.reports.test", Some(&ca.issue("mx.reports.test", Leaf::Good)));
        dns.mx("reports.test", &[(10, "mx.reports.test")]);
        dns.a("mx.reports.test", at);
        let web = https::Server::start(&format!("{}:443", address()));
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), ca.root_pem()).unwrap();
        let world = Self { dns, web, ca, stranger: Ca::new("stranger"), _reports: reports, folder };
        world.configure("strictmx.toml", "");
        world.configure("public.toml", "allow_private = false");
        world.configure("unsigned.toml", "dnssec = \"off\"");
        world
    }

    /// A config file: everything as the tests need it, but for this one line.
    fn configure(&self, name: &str, line: &str) {
        let mut text = format!(
            "[dns]\nservers = [\"{}\"]\ndnssec = \"trust-ad\"\ntimeout = \"1s\"\nattempts = 2\n\
             self_test = {{ signed = \"signed.check.test\", bogus = \"bogus.check.test\" }}\n\
             [tls]\nextra_roots = [\"{}\"]\n[fetch]\nallow_private = true\ntimeout = \"7s\"\n\
             [policyd]\nhelo = \"checker.test\"\n",
            self.dns.address(),
            self.path("ca.pem").display()
        );
        let key = line.split(" =").next().unwrap_or_default();
        if let Some(old) = text.lines().find(|old| !key.is_empty() && old.starts_with(key)).map(str::to_owned) {
            text = text.replace(&old, line);
        }
        self.file(name, &text);
    }

    /// A path in the folder of this world.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file there.
    pub(super) fn file(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Reads one.
    pub(super) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// `strictmx check` with these arguments, in that folder, to its end.
    pub(super) fn check(&self, arguments: &[&str]) -> Output {
        self.check_by("strictmx.toml", arguments)
    }

    /// The same with another config.
    pub(super) fn check_by(&self, config: &str, arguments: &[&str]) -> Output {
        command(self.folder.path(), config, arguments).output().unwrap()
    }

    /// The same, left running.
    pub(super) fn check_begun(&self, arguments: &[&str]) -> Child {
        let mut command = command(self.folder.path(), "strictmx.toml", arguments);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }
}

fn command(folder: &Path, config: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_strictmx"));
    command.arg("check").args(["--config", config]).args(arguments);
    command.current_dir(folder).env_remove("STRICTMX_CONFIG").env("NO_COLOR", "1").stdin(Stdio::null());
    command
}

/// An address that nobody else in this process has.
pub(super) fn address() -> Ipv4Addr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let [high, low] = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    // Nothing listens on 127.9.x.0 and 127.9.x.255 here, though it could.
    Ipv4Addr::new(127, 9, high, low)
}

/// The namespace begins with its loopback device down.
fn loopback() {
    static UP: Once = Once::new();
    UP.call_once(|| {
        let up = Command::new("ip").args(["link", "set", "lo", "up"]).status();
        assert!(up.is_ok_and(|status| status.success()), "the loopback device cannot be brought up; this takes root");
    });
}

/// Standard output as JSON lines.
pub(super) fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    let error = String::from_utf8_lossy(&output.stderr);
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}\n{error}"))).collect()
}

/// Polls until `done`, at most for ten seconds.
pub(super) fn wait_until(mut done: impl FnMut() -> bool) {
    for _ in 0..1000 {
        if done() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("it did not come to that within ten seconds");
}
