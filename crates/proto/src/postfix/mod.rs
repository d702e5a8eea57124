//! What Postfix and sendmail speak to a policy server, and what Postfix tells of its TLS sessions.
pub mod policy_line;
pub mod socketmap;
pub mod tcp_table;
pub mod tlsrpt_datagram;
pub mod tlsrpt_log;
