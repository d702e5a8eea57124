//! What Postfix and sendmail speak to a policy server.
pub mod policy_line;
pub mod socketmap;
pub mod tcp_table;
pub mod tlsrpt_datagram;
