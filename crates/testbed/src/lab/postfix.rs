//! Real Postfix, in a Debian tree.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Mutex;
use std::time::Duration;

use super::tree::Tree;
use super::work::{Work, output, run, wait};
use crate::pki::Identity;

/// Which Postfix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// Debian 13: Postfix 3.10.
    Trixie,
    /// Debian 12: Postfix 3.7.
    Bookworm,
}

impl Release {
    fn tree(self) -> &'static str {
        match self {
            Self::Trixie => "trixie-postfix",
            Self::Bookworm => "bookworm-postfix",
        }
    }
}

/// What Postfix's log says became of a recipient, last word first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// `status=sent`.
    Sent,
    /// `status=deferred`, with the whole line.
    Deferred(String),
    /// `status=bounced`, with the whole line.
    Bounced(String),
}

/// A running Postfix that sends, and receives where it is told to.
pub struct Postfix {
    tree: Tree,
    /// Transports by the domain suffix that uses them.
    transports: Mutex<Vec<String>>,
}

impl Postfix {
    /// Starts the Postfix of `release`. Its every delivery uses DANE where no policy map says otherwise.
    pub(super) fn start(work: &Work, trees: &Path, release: Release, ca_file: &Path) -> Self {
        let tree = Tree::mount(work, trees, release.tree());
        tree.write("etc/strictmx-test-ca.pem", &fs::read_to_string(ca_file).expect("the root of the lab"));
        tree.write("etc/postfix/transport", "");
        tree.write("etc/postfix/main.cf", &main_cf(release));
        let master = fs::read_to_string(tree.path("etc/postfix/master.cf")).expect("Debian's master.cf");
        let master: String = master.lines().filter(|line| !is_smtpd(line)).map(|line| format!("{line}\n")).collect();
        tree.write("etc/postfix/master.cf", &master);
        run(tree.command("postfix").arg("check"));
        run(tree.command("postfix").arg("start"));
        Self { tree, transports: Mutex::default() }
    }

    /// From now on mail for `domain` and everything below it asks `map` (`postfix-3.10`, `postfix`) of the policy
    /// server on 127.0.0.1:`port`.
    pub fn ask(&self, domain: &str, port: u16, map: &str) {
        self.transport(domain, &[("smtp_tls_policy_maps", &format!("socketmap:inet:127.0.0.1:{port}:{map}"))]);
    }

    /// Where the collector's socket for [`Self::tell`] is to be made; Postfix knows it as the second path.
    pub fn tlsrpt_socket(&self) -> (PathBuf, &'static str) {
        self.socket("run/tlsrpt.sock")
    }

    fn socket(&self, name: &'static str) -> (PathBuf, &'static str) {
        let path = self.tree.path("var/spool/postfix").join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder in the queue");
        (path, name)
    }

    /// As [`Self::ask`], and Postfix tells the collector at [`Self::tlsrpt_socket`] of each session.
    pub fn tell(&self, domain: &str, port: u16, map: &str) {
        let (_, name) = self.tlsrpt_socket();
        self.tell_at(domain, port, map, name);
    }

    /// As [`Self::tell`], with a socket of this name; comes back with its path outside.
    pub fn tell_at(&self, domain: &str, port: u16, map: &str, socket: &'static str) -> PathBuf {
        let (path, name) = self.socket(socket);
        let maps = format!("socketmap:inet:127.0.0.1:{port}:{map}");
        let tlsrpt = [
            ("smtp_tlsrpt_enable", "yes"),
            ("smtp_tlsrpt_socket_name", name),
            ("smtp_tlsrpt_skip_reused_handshakes", "no"),
        ];
        self.transport(domain, &[&[("smtp_tls_policy_maps", maps.as_str())][..], &tlsrpt].concat());
        path
    }

    /// A program outside that is its `sendmail` inside.
    pub fn sendmail(&self) -> PathBuf {
        let path = self.tree.path("usr/local/bin/sendmail-from-outside");
        let inside = self.tree.path("");
        let script = format!("#!/bin/sh\nexec chroot {} /usr/sbin/sendmail \"$@\"\n", inside.display());
        self.tree.write("usr/local/bin/sendmail-from-outside", &script);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a program");
        path
    }

    /// From now on mail for `domain` and everything below it goes through an smtp client with settings of its own.
    fn transport(&self, domain: &str, settings: &[(&str, &str)]) {
        let mut transports = self.transports.lock().unwrap();
        let name = format!("lab{}", transports.len());
        let service = format!("{name}/unix={name} unix - - n - - smtp");
        run(self.tree.command("postconf").arg("-M").arg(service));
        for (setting, value) in settings {
            run(self.tree.command("postconf").arg("-P").arg(format!("{name}/unix/{setting}={value}")));
        }
        transports.push(format!("{domain} {name}:\n.{domain} {name}:\n"));
        self.tree.write("etc/postfix/transport", &transports.concat());
        run(self.tree.command("postfix").arg("reload"));
        // trivial-rewrite reads the table once; `postfix reload` replaces it, but not before this returns.
        std::thread::sleep(Duration::from_millis(300));
    }

    /// From now on it receives at port 25 of this address, with STARTTLS and these settings.
    pub fn receive(&self, address: Ipv4Addr, identity: &Identity, settings: &[(&str, &str)]) {
        let pem = format!("etc/postfix/{address}.pem");
        self.tree.write(&pem, &[identity.key_pem(), identity.chain_pem()].concat());
        let (name, pem) = (format!("{address}:25/inet"), format!("/{pem}"));
        run(self.tree.command("postconf").arg("-M").arg(format!("{name}={address}:25 inet n - n - - smtpd")));
        let tls = [("smtpd_tls_security_level", "may"), ("smtpd_tls_chain_files", pem.as_str())];
        for (setting, value) in tls.iter().chain(settings) {
            // Blanks are not kept in master.cf but between braces.
            run(self.tree.command("postconf").arg("-P").arg(format!("{name}/{setting}={value}")));
        }
        run(self.tree.command("postfix").arg("reload"));
        let listens = wait(10, || TcpStream::connect((address, 25)).ok()).is_some();
        assert!(listens, "Postfix does not listen at {address}:\n{}", self.log());
    }

    /// Hands over one message.
    pub fn send(&self, to: &str) {
        let mut command = self.tree.command("sendmail");
        command.args(["-f", "sender@client.test", to]).stdin(Stdio::piped());
        let mut child = command.spawn().expect("Postfix's sendmail");
        let text = format!("From: sender@client.test\nTo: {to}\nSubject: lab\n\nA message.\n");
        child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("a message is taken");
        assert!(child.wait().expect("sendmail ends").success(), "Postfix did not take a message for {to}");
    }

    /// Waits until the log says something of `to`, at most for `seconds`; panics with the log when it does not.
    pub fn fate(&self, to: &str, seconds: u64) -> Fate {
        let fate = wait(seconds, || self.last_fate(to));
        fate.unwrap_or_else(|| panic!("Postfix says nothing of {to} for {seconds} s:\n{}", self.log()))
    }

    /// Waits until `to` is delivered, whatever was said before.
    pub fn sent(&self, to: &str, seconds: u64) {
        let sent = wait(seconds, || (self.last_fate(to)? == Fate::Sent).then_some(()));
        assert!(sent.is_some(), "not delivered to {to} within {seconds} s:\n{}", self.log());
    }

    /// Sends to `to` and waits for the first word about it.
    pub fn deliver(&self, to: &str) -> Fate {
        self.send(to);
        self.fate(to, 40)
    }

    /// Whether a message for `to` is still in the queue.
    pub fn is_queued(&self, to: &str) -> bool {
        run(self.tree.command("postqueue").arg("-p")).contains(to)
    }

    /// Waits until as many messages as `count` for recipients with `part` are in the queue; panics with what is there.
    ///
    /// A listing walks through the queue's folders one after the other, so a message that moves meanwhile is seen twice
    /// or not at all: each counts once, and one listing proves nothing.
    pub fn holds(&self, part: &str, count: usize) {
        let mut listing = String::new();
        let held = wait(30, || {
            listing = run(self.tree.command("postqueue").arg("-j"));
            let ids = listing.lines().filter(|line| line.contains(part)).filter_map(|line| {
                let (_, rest) = line.split_once(r#""queue_id": ""#)?;
                rest.split_once('"').map(|(id, _)| id)
            });
            (ids.collect::<BTreeSet<_>>().len() == count).then_some(())
        });
        assert!(held.is_some(), "not {count} messages for {part} in the queue:\n{listing}");
    }

    /// Tries everything in the queue again, now.
    pub fn flush(&self) {
        output(self.tree.command("postqueue").arg("-f"));
    }

    /// The whole log.
    pub fn log(&self) -> String {
        fs::read_to_string(self.tree.path("var/log/postfix.log")).unwrap_or_default()
    }

    /// `mail_version`.
    pub fn version(&self) -> String {
        run(self.tree.command("postconf").args(["-h", "mail_version"])).trim().to_owned()
    }

    fn last_fate(&self, to: &str) -> Option<Fate> {
        let log = self.log();
        let needle = format!("to=<{to}>");
        let line = log.lines().rev().find(|line| line.contains(&needle) && line.contains("status="))?;
        let status = line.split("status=").nth(1)?;
        Some(match status {
            status if status.starts_with("sent") => Fate::Sent,
            status if status.starts_with("deferred") => Fate::Deferred(line.to_owned()),
            _ => Fate::Bounced(line.to_owned()),
        })
    }
}

fn is_smtpd(line: &str) -> bool {
    line.starts_with("smtp ") && line.split_whitespace().nth(1) == Some("inet")
}

fn main_cf(release: Release) -> String {
    let mut text = String::new();
    let settings = [
        ("compatibility_level", "3.6"),
        ("maillog_file", "/var/log/postfix.log"),
        ("myhostname", "sender.client.test"),
        ("mydestination", ""),
        ("inet_interfaces", "loopback-only"),
        ("inet_protocols", "ipv4"),
        ("transport_maps", "texthash:/etc/postfix/transport"),
        ("alias_maps", ""),
        ("alias_database", ""),
        ("local_recipient_maps", ""),
        ("smtp_dns_support_level", "dnssec"),
        ("smtp_host_lookup", "dns"),
        ("smtp_tls_security_level", "dane"),
        ("smtp_tls_CAfile", "/etc/strictmx-test-ca.pem"),
        ("smtp_tls_loglevel", "1"),
        ("minimal_backoff_time", "2s"),
        ("maximal_backoff_time", "4s"),
        ("queue_run_delay", "2s"),
        // One refused host must not put a whole destination aside for later mail.
        ("smtp_connect_timeout", "5s"),
        ("default_destination_concurrency_failed_cohort_limit", "100"),
        ("default_process_limit", "50"),
    ];
    for (name, value) in settings {
        writeln!(text, "{name} = {value}").expect("a string takes anything");
    }
    if release == Release::Trixie {
        text.push_str("smtp_tls_enforce_sts_mx_patterns = yes\n");
    }
    text
}
