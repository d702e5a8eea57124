//! The real neighbours: knot signs, unbound validates, Postfix and sendmail send.
//!
//! Needs root and a network, mount and process namespace of its own with `lo` up, and the folder of Debian
//! trees that `cargo xtask test` makes; `STRICTMX_LAB` names that folder and thereby says that all of this is
//! so. Tests that use the lab are marked `#[ignore]` with that reason.
//!
//! Who listens where, inside the namespace:
//!
//! | address | what |
//! |---|---|
//! | 127.0.0.1:53 | unbound, validating, with the key of our own root |
//! | 127.0.0.2:53 | unbound, not validating |
//! | 127.0.0.10:53 | knot: the root, `test.` and the zones of [`Zone`] |
//! | 127.0.1.x:443 | policy hosts ([`crate::https`]), one address a test |
//! | 127.0.2.x:25 | mail hosts ([`crate::smtp`]), one address a host |
//!
//! Nothing is cleaned up by hand: the namespaces end with the test process, and take mounts and daemons along.

mod names;
mod postfix;
mod sendmail;
mod tree;
mod work;

use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};

pub use names::{NON_VALIDATING, VALIDATING, Zone};
pub use postfix::{Fate, Postfix, Release};
pub use sendmail::Sendmail;

use crate::pki::Ca;
use names::Names;
use work::Work;

/// Everything shared by the tests of one process.
pub struct Lab {
    work: Work,
    trees: PathBuf,
    names: Names,
    /// The authority trusted by Postfix and sendmail, and to be trusted by strictmx.
    pub ca: Ca,
    /// An authority nobody trusts.
    pub stranger: Ca,
    next_address: AtomicU8,
    postfix310: OnceLock<Postfix>,
    postfix37: OnceLock<Postfix>,
    sendmail: OnceLock<Sendmail>,
}

impl Lab {
    /// The lab of this process, brought up at first use. Panics with the reason where there cannot be one.
    pub fn shared() -> &'static Self {
        static LAB: OnceLock<Lab> = OnceLock::new();
        LAB.get_or_init(|| {
            let trees = std::env::var_os("STRICTMX_LAB");
            let trees = trees.expect("the lab needs root and namespaces of its own; `cargo xtask test` makes them");
            Self::start(trees.into())
        })
    }

    fn start(trees: PathBuf) -> Self {
        let work = Work::mount();
        let ca = Ca::new("lab");
        std::fs::write(work.path("ca.pem"), ca.root_pem()).expect("the root is written");
        let names = Names::start(&work);
        Self {
            work,
            trees,
            names,
            ca,
            stranger: Ca::new("stranger"),
            next_address: AtomicU8::new(1),
            postfix310: OnceLock::new(),
            postfix37: OnceLock::new(),
            sendmail: OnceLock::new(),
        }
    }

    /// PEM file with the root of [`Self::ca`], for `[tls] extra_roots`.
    pub fn ca_file(&self) -> PathBuf {
        self.work.path("ca.pem")
    }

    /// File with the DNSKEY of our root, for `[dns] trust_anchor`.
    pub fn root_key_file(&self) -> PathBuf {
        self.work.path("root.key")
    }

    /// A fresh folder inside the lab.
    pub fn folder(&self, name: &str) -> PathBuf {
        self.work.folder(name)
    }

    /// An address nobody else in this process has: `127.0.2.x` for a mail host, `127.0.1.x` for a policy host.
    pub fn address(&self, network: u8) -> String {
        format!("127.0.{network}.{}", self.next_address.fetch_add(1, Ordering::Relaxed))
    }

    /// Changes a zone while everything runs: lines of `add NAME TTL TYPE DATA` or `del NAME [TYPE]`, names
    /// absolute. Returns when knot serves the new version, signed.
    pub fn update(&self, zone: Zone, lines: &[String]) {
        self.names.update(zone, lines);
    }

    /// Postfix 3.10 of Debian trixie, started at first use.
    pub fn postfix310(&self) -> &Postfix {
        self.postfix310.get_or_init(|| Postfix::start(&self.work, &self.trees, Release::Trixie, &self.ca_file()))
    }

    /// Postfix 3.7 of Debian bookworm, started at first use.
    pub fn postfix37(&self) -> &Postfix {
        self.postfix37.get_or_init(|| Postfix::start(&self.work, &self.trees, Release::Bookworm, &self.ca_file()))
    }

    /// sendmail of Debian trixie with `FEATURE(sts)`.
    pub fn sendmail(&self) -> &Sendmail {
        self.sendmail.get_or_init(|| Sendmail::start(&self.work, &self.trees, &self.ca_file()))
    }
}
