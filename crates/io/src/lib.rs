//! Floor 2 of strictmx: the adapters, one folder for each thing outside. They translate; they never decide.
//!
//! What comes in leaves as a value of `engine::fact` or of `proto`; what goes out was decided further up. No adapter imports
//! another, save the common ground below. Every bound on size, time and number stands beside the socket or file it guards.
//!
//! Common ground:
//! - [`clock`]: the time of day
//! - [`task`]: supervised tasks, and the order to stop
//! - [`sys`]: signals, the service manager, limits of the process
//! - [`secret`]: a secret of this installation, and what is derived from it
//! - [`listen`]: listening sockets, and the loop that pipelined protocols share
//! - `smtp_wire`: the stream below an SMTP conversation
//!
//! Doors, by which others ask us:
//! - [`socketmap`]: Postfix and sendmail
//! - [`tcp_table`]: the line protocol
//! - [`http`]: whatever speaks HTTP/1.1
//! - [`control`]: our own commands, over a unix socket
//! - [`datagram`]: what mail servers tell of their TLS sessions
//!
//! What we keep:
//! - [`store`]: policies, their history, failures and probes
//!
//! What we ask:
//! - [`dns`]: the resolvers, with the DNSSEC state of each answer; single authoritative servers for the checks
//! - [`tls`]: TLS clients that enforce or observe certificates, and handshakes tried in other ways
//! - [`fetch`]: the policy of a domain, over HTTPS; one look at one address for the checks; a report posted
//! - [`smtp_out`]: a look at an MX host's STARTTLS, and whether it takes mail for a mailbox, without sending any
//!
//! Who sends for us:
//! - [`dkim`]: keys that sign our mails · [`archive`]: copies of what was sent
//! - [`submit`]: a mail server that takes our mails, or a sendmail program
//! - [`post`]: a program elsewhere that is told something by HTTP

pub mod archive;
pub mod clock;
pub mod control;
pub mod datagram;
pub mod dkim;
pub mod dns;
pub mod fetch;
pub mod http;
pub mod listen;
pub mod post;
pub mod secret;
pub mod smtp_out;
mod smtp_wire;
pub mod socketmap;
pub mod store;
pub mod submit;
pub mod sys;
pub mod task;
pub mod tcp_table;
pub mod tls;
