//! Signed names: a private root and its zones in knot, two unbounds above it.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::net::UdpSocket;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::work::{Work, daemon, run, wait};

/// The validating resolver.
pub const VALIDATING: &str = "127.0.0.1:53";
/// The resolver that believes everything.
pub const NON_VALIDATING: &str = "127.0.0.2:53";

const KNOT: &str = "127.0.0.10";

/// The zones tests put their domains under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// `secure.test`: signed, chain unbroken.
    Secure,
    /// `insecure.test`: an unsigned delegation.
    Insecure,
    /// `bogus.test`: signed, but the parent's DS is of another key.
    Bogus,
}

impl Zone {
    const ALL: [Self; 3] = [Self::Secure, Self::Insecure, Self::Bogus];

    /// Its name, without the final dot.
    pub fn name(self) -> &'static str {
        match self {
            Self::Secure => "secure.test",
            Self::Insecure => "insecure.test",
            Self::Bogus => "bogus.test",
        }
    }
}

/// The running name servers.
pub(super) struct Names {
    _daemons: [Child; 3],
}

impl Names {
    /// Makes keys and zones, starts knot and the two unbounds, waits until all answer.
    pub(super) fn start(work: &Work) -> Self {
        run(Command::new("ip").args(["link", "set", "lo", "up"]));
        let folder = work.folder("knot");
        for inside in ["zones", "db"] {
            fs::create_dir_all(folder.join(inside)).expect("a folder");
        }
        let conf = folder.join("knot.conf");
        fs::write(&conf, knot_conf(&folder)).expect("knot's config is written");
        for zone in [".", "test.", "secure.test.", "bogus.test."] {
            let arguments = [zone, "generate", "algorithm=ECDSAP256SHA256", "ksk=yes", "zsk=yes"];
            run(Command::new("keymgr").arg("-c").arg(&conf).args(arguments));
        }
        write_zones(&folder, &conf);
        let key = run(Command::new("keymgr").arg("-c").arg(&conf).args([".", "dnskey"]));
        fs::write(work.path("root.key"), key).expect("the root key is written");
        fs::write(work.path("root.hints"), format!(". 3600 NS ns.root.\nns.root. 3600 A {KNOT}\n")).expect("hints");
        let knot = daemon(Command::new("knotd").arg("-c").arg(&conf), &folder.join("log"));
        answers(KNOT, "secure.test", &folder.join("log"));
        let validating = unbound(work, "127.0.0.1", "validator iterator");
        let trusting = unbound(work, "127.0.0.2", "iterator");
        Self { _daemons: [knot, validating, trusting] }
    }

    /// See [`super::Lab::update`].
    pub(super) fn update(&self, zone: Zone, lines: &[String]) {
        let mut script = format!("server {KNOT} 53\nzone {}.\n", zone.name());
        for line in lines {
            writeln!(script, "update {line}").expect("a string takes anything");
        }
        script.push_str("send\nquit\n");
        let mut command = Command::new("knsupdate");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("knsupdate (Debian package knot-dnsutils)");
        child.stdin.take().expect("a pipe").write_all(script.as_bytes()).expect("a script is taken");
        let output = child.wait_with_output().expect("knsupdate ends");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        let refused = said.contains("rror") || said.contains("failed") || said.contains("status: ");
        assert!(output.status.success() && !refused, "knsupdate said:\n{said}\nto:\n{script}");
    }
}

fn knot_conf(folder: &Path) -> String {
    let folder = folder.display();
    let mut conf = format!(
        "server:\n    rundir: {folder}\n    listen: {KNOT}@53\n\
         log:\n  - target: stderr\n    any: notice\n\
         database:\n    storage: {folder}/db\n\
         acl:\n  - id: local\n    address: 127.0.0.0/8\n    action: update\n\
         policy:\n  - id: lab\n    manual: on\n    single-type-signing: on\n    nsec3: on\n    nsec3-iterations: 0\n    \
         algorithm: ecdsap256sha256\n\
         template:\n  - id: default\n    storage: {folder}/zones\n    acl: local\n    zonefile-sync: -1\n    \
         zonefile-load: whole\n    dnssec-policy: lab\nzone:\n"
    );
    for zone in [".", "test.", "secure.test.", "insecure.test.", "bogus.test."] {
        let signing = if zone == "insecure.test." { "off" } else { "on" };
        let file = zone_file(zone);
        writeln!(conf, "  - domain: {zone}\n    file: {file}\n    dnssec-signing: {signing}").expect("a string");
    }
    conf
}

fn zone_file(zone: &str) -> String {
    format!("{}zone", if zone == "." { "root." } else { zone })
}

fn write_zones(folder: &Path, conf: &Path) {
    let ds = |zone: &str| {
        let all = run(Command::new("keymgr").arg("-c").arg(conf).args([zone, "ds"]));
        all.lines().find(|line| line.contains(" 13 2 ")).expect("a SHA-256 DS of a fresh key").to_owned()
    };
    let delegation = |zone: &str| format!("{zone} NS ns.{zone}\nns.{zone} A {KNOT}\n");
    let wrong_ds = format!("bogus.test. DS 4711 13 2 {}\n", "ab".repeat(32));
    let root = delegation("test.") + &ds("test.") + "\nns.root. A 127.0.0.10\n";
    let test = format!("ns.test. A {KNOT}\n")
        + &delegation("secure.test.")
        + &ds("secure.test.")
        + "\n"
        + &delegation("insecure.test.")
        + &delegation("bogus.test.")
        + &wrong_ds;
    let write = |zone: &str, body: &str| {
        let server = if zone == "." { "ns.root.".to_owned() } else { format!("ns.{zone}") };
        let soa = format!("$TTL 60\n{zone} SOA {server} hostmaster.test. 1 3600 600 86400 5\n{zone} NS {server}\n");
        fs::write(folder.join("zones").join(zone_file(zone)), soa + body).expect("a zone is written");
    };
    write(".", &root);
    write("test.", &test);
    for zone in Zone::ALL {
        let name = format!("{}.", zone.name());
        let body = format!("ns.{name} A {KNOT}\n{name} A 127.0.2.250\n{name} TXT \"lab\"\n{name} MX 10 {name}\n");
        write(&name, &body);
    }
}

fn unbound(work: &Work, address: &str, modules: &str) -> Child {
    let folder = work.folder(&format!("unbound-{address}"));
    let (hints, key) = (work.path("root.hints"), work.path("root.key"));
    let conf = format!(
        "server:\n  directory: \"{}\"\n  chroot: \"\"\n  username: \"\"\n  pidfile: \"\"\n  do-daemonize: no\n  \
         use-syslog: no\n  interface: {address}\n  outgoing-interface: {address}\n  access-control: 127.0.0.0/8 allow\n  \
         do-ip6: no\n  do-not-query-localhost: no\n  root-hints: \"{}\"\n  trust-anchor-file: \"{}\"\n  \
         module-config: \"{modules}\"\n  local-zone: \"test.\" nodefault\n  cache-max-ttl: 1\n  \
         cache-max-negative-ttl: 1\n  infra-host-ttl: 1\n  ede: yes\n  val-log-level: 2\n  num-threads: 1\nremote-control:\n  \
         control-enable: no\n",
        folder.display(),
        hints.display(),
        key.display()
    );
    fs::write(folder.join("unbound.conf"), conf).expect("unbound's config is written");
    let child = daemon(Command::new("unbound").arg("-c").arg(folder.join("unbound.conf")), &folder.join("log"));
    answers(address, "secure.test", &folder.join("log"));
    child
}

/// Waits until the server at `address` has an answer for the SOA of `name`.
fn answers(address: &str, name: &str, log: &Path) {
    let mut query = vec![0x11, 0x11, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        query.push(u8::try_from(label.len()).expect("a short label"));
        query.extend(label.as_bytes());
    }
    query.extend([0, 0, 6, 0, 1]);
    let ready = wait(20, || {
        let socket = UdpSocket::bind("127.0.0.1:0").ok()?;
        socket.set_read_timeout(Some(Duration::from_millis(300))).ok()?;
        socket.send_to(&query, (address, 53)).ok()?;
        let mut answer = [0; 512];
        let size = socket.recv(&mut answer).ok()?;
        (size > 12 && answer[3] & 0x0f == 0 && answer[7] > 0).then_some(())
    });
    let log = fs::read_to_string(log).unwrap_or_default();
    assert!(ready.is_some(), "{address} does not answer for {name}:\n{log}");
}
