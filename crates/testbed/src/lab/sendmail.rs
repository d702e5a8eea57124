//! Real sendmail with `FEATURE(sts)`, in a Debian tree.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::sync::Mutex;

use super::tree::Tree;
use super::work::{Work, run};

/// sendmail, started for each message; nothing listens.
pub struct Sendmail {
    tree: Tree,
    /// One delivery at a time: the config names one policy server.
    turn: Mutex<()>,
}

impl Sendmail {
    /// Mounts the tree.
    pub(super) fn start(work: &Work, trees: &Path, ca_file: &Path) -> Self {
        let tree = Tree::mount(work, trees, "trixie-sendmail");
        tree.write("etc/strictmx-test-ca.pem", &fs::read_to_string(ca_file).expect("the root of the lab"));
        Self { tree, turn: Mutex::new(()) }
    }

    /// Sends one message with this `FEATURE(…)` line in sendmail's config, and waits until sendmail is done with the
    /// first attempt. The dialogue and what it said.
    pub fn deliver(&self, to: &str, feature: &str) -> String {
        let _turn = self.turn.lock().unwrap();
        self.tree.write("etc/mail/lab.mc", &mc(feature));
        let cf = run(self.tree.command("m4").arg("/etc/mail/lab.mc"));
        self.tree.write("etc/mail/lab.cf", &cf);
        let mut command = self.tree.command("sendmail");
        command.args(["-Am", "-C/etc/mail/lab.cf", "-odi", "-oem", "-v", "-f", "sender@client.test", to]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("sendmail");
        let text = format!("From: sender@client.test\nTo: {to}\nSubject: lab\n\nA message.\n");
        child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("a message is taken");
        let output = child.wait_with_output().expect("sendmail ends");
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    }

    /// What `mailq` says.
    pub fn queue(&self) -> String {
        run(self.tree.command("sendmail").args(["-Am", "-C/etc/mail/lab.cf", "-bp"]))
    }
}

/// As an administrator would write it: `FEATURE(sts)` and a trust store.
fn mc(feature: &str) -> String {
    format!(
        "include(`/usr/share/sendmail/cf/m4/cf.m4')dnl\n\
         OSTYPE(`debian')dnl\n\
         DOMAIN(`debian-mta')dnl\n\
         undefine(`confHOST_STATUS_DIRECTORY')dnl\n\
         define(`confDOMAIN_NAME', `sender.client.test')dnl\n\
         define(`confCACERT_PATH', `/etc/ssl/certs')dnl\n\
         define(`confCACERT', `/etc/strictmx-test-ca.pem')dnl\n\
         define(`confLOG_LEVEL', `14')dnl\n\
         define(`confTO_CONNECT', `5s')dnl\n\
         define(`confDONT_PROBE_INTERFACES', `true')dnl\n\
         {feature}\n\
         MAILER(`smtp')dnl\n"
    )
}
