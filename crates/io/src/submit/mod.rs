//! Handing a mail to a mail server: by SMTP (RFC 5321, RFC 6409) or by a sendmail program.
//!
//! What has become of it is told for each recipient, and exactly: taken, refused for good, not now, or not known, where the
//! connection broke after the mail was complete and before its reply came. A caller that tries again then may send it twice;
//! one that does not may not have sent it at all.
//!
//! The server is one the operator names: no MX records are looked at, and nothing is queued here.
//!
//! - `server`: what the operator writes · `login`: a user's name and password, from a file
//! - `session`: the SMTP session · `talk`: commands and replies within limits · `lines`: a message as SMTP carries it
//! - `sendmail`: the program
mod lines;
mod login;
mod sendmail;
mod server;
mod session;
mod talk;

use std::time::Duration;

pub use server::{Host, Security, Server, Smtp, WrongServer};

use crate::tls::ClientTls;

/// A mail to hand over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The envelope's sender; empty for `<>`, where nobody is to be told of a failure.
    pub from: String,
    /// The envelope's recipients.
    pub to: Vec<String>,
    /// Header and body. Whatever the ends of its lines are, they go out as the server wants them.
    pub message: Vec<u8>,
}

/// What has become of a mail for one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// The server has taken it, and said this.
    Accepted(String),
    /// Refused for good: trying again will not help. The server's words, or ours.
    Refused(String),
    /// The server takes no such mail from us, whoever it is for: its sender or its size was refused, or it needs what the server
    /// does not offer. That says nothing about the recipient.
    Unfit(String),
    /// Not now: trying again later may help.
    Deferred(String),
    /// Not known: it was handed over whole, and no answer came.
    Unknown(String),
}

impl Fate {
    /// What was said.
    #[must_use]
    pub fn words(&self) -> &str {
        match self {
            Self::Accepted(words)
            | Self::Refused(words)
            | Self::Unfit(words)
            | Self::Deferred(words)
            | Self::Unknown(words) => words,
        }
    }
}

/// How long things may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For the connection.
    pub connect: Duration,
    /// For each reply, and for each piece of the message to be taken.
    pub reply: Duration,
    /// For the reply to the whole message, and for a sendmail program.
    pub taken: Duration,
}

impl Default for Limits {
    /// 30 s to connect, one minute for each reply, ten minutes for the last (RFC 5321 §4.5.3.2.6).
    fn default() -> Self {
        let (connect, reply) = (Duration::from_secs(30), Duration::from_secs(60));
        Self { connect, reply, taken: Duration::from_secs(600) }
    }
}

/// Hands mails over. Clones share everything.
#[derive(Clone)]
pub struct Submitter {
    server: Server,
    tls: ClientTls,
    helo: String,
    limits: Limits,
}

impl std::fmt::Debug for Submitter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Submitter").field("server", &self.server).field("helo", &self.helo).finish_non_exhaustive()
    }
}

impl Submitter {
    /// One that hands mails to `server`, and greets it as `helo`.
    #[must_use]
    pub fn new(server: Server, tls: ClientTls, helo: impl Into<String>, limits: Limits) -> Self {
        Self { server, tls, helo: helo.into(), limits }
    }

    /// Hands over one mail. One fate for each recipient, in their order.
    pub async fn submit(&self, mail: &Mail) -> Vec<Fate> {
        if !(mail.from.is_empty() || is_address(&mail.from)) {
            let why = format!("the sender {:?} is no mail address", mail.from);
            return vec![Fate::Unfit(why); mail.to.len()];
        }
        let (good, at): (Vec<&str>, Vec<usize>) =
            mail.to.iter().enumerate().filter(|(_, to)| is_address(to)).map(|(at, to)| (to.as_str(), at)).unzip();
        let refusal = |to: &String| Fate::Refused(format!("{to:?} is no mail address"));
        let mut fates: Vec<Fate> = mail.to.iter().map(refusal).collect();
        if good.is_empty() {
            return fates;
        }
        let told = match &self.server {
            Server::Smtp(smtp) => Box::pin(session::submit(self, smtp, mail, &good)).await,
            Server::Sendmail(program) => sendmail::submit(program, self.limits.taken, mail, &good).await,
        };
        for (at, fate) in at.into_iter().zip(told) {
            if let Some(place) = fates.get_mut(at) {
                *place = fate;
            }
        }
        fates
    }
}

/// Longest address that goes out: a local part of 64 octets and a domain of 255 (RFC 5321 §4.5.3.1), and one `@`.
const MAX_ADDRESS: usize = 320;

/// Whether a text can stand between the angle brackets without ending them, or the line.
fn is_address(text: &str) -> bool {
    let safe = |c: char| !c.is_control() && !c.is_whitespace() && !matches!(c, '<' | '>');
    text.len() <= MAX_ADDRESS
        && text.chars().all(safe)
        && text.rsplit_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
}

#[test]
fn nothing_that_could_end_a_command_is_an_address() {
    for good in ["a@b.example", "\"a@b\"@c.example", "ü@d.example", "-f@e.example"] {
        assert!(is_address(good), "{good}");
    }
    for bad in ["", "a", "@b", "a@", "a@b>\r\nRSET", "a b@c", "a@b>", "<a@b", "a\0@b", "a\u{85}@b"] {
        assert!(!is_address(bad), "{bad}");
    }
    assert!(!is_address(&format!("{}@b.example", "a".repeat(400))));
}
