//! What the operator writes: `smtp://127.0.0.1:25`, `smtps://mail.example.com`, `sendmail:/usr/sbin/sendmail`.
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use strictmx_proto::name::Domain;

/// Where mails are handed over. `Display` gives the text that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Server {
    /// A mail server.
    Smtp(Smtp),
    /// A program that takes a mail on its standard input, as `sendmail -i -f sender -- recipients` does.
    Sendmail(PathBuf),
}

/// A mail server and how to speak with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Smtp {
    /// Its name or address.
    pub host: Host,
    /// Its port.
    pub port: u16,
    /// When to encrypt.
    pub security: Security,
    /// A file with `user:password`.
    pub login: Option<PathBuf>,
}

/// A name that the system's resolver knows, or an address.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the words say it")]
pub enum Host {
    Name(Domain),
    Address(IpAddr),
}

/// When to encrypt. To a server on this machine the certificate need not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// By STARTTLS when it is offered, whatever the certificate: better than nothing.
    Offered,
    /// By STARTTLS, and the certificate must hold.
    Required,
    /// From the first octet on, and the certificate must hold (RFC 8314).
    Implicit,
    /// Never.
    Off,
}

/// Why a text names no server: what is wrong, and what to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongServer {
    /// What is wrong, a sentence without its full stop.
    pub what: String,
    /// What to do.
    pub help: String,
}

const FORMS: &str = "write \"smtp://127.0.0.1:25\", \"smtps://mail.example.com\" or \"sendmail:/usr/sbin/sendmail\"";

impl Host {
    /// Whether it is this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Name(name) => name.as_str() == "localhost",
            Self::Address(address) => address.to_canonical().is_loopback(),
        }
    }
}

impl Server {
    /// Reads what the operator wrote.
    ///
    /// # Errors
    /// What is wrong with it, and what to write. What could be a password is not repeated.
    pub fn parse(text: &str) -> Result<Self, WrongServer> {
        if text.chars().any(char::is_control) {
            return wrong("it has control characters", FORMS);
        }
        if let Some(path) = text.strip_prefix("sendmail:") {
            return match path {
                _ if path.starts_with('/') && !path.ends_with('/') => Ok(Self::Sendmail(PathBuf::from(path))),
                _ => wrong("after `sendmail:` there must be the whole path of a program", FORMS),
            };
        }
        if let Some(rest) = text.strip_prefix("smtps://") {
            return smtp(rest, Security::Implicit, 465).map(Self::Smtp);
        }
        if let Some(rest) = text.strip_prefix("smtp://") {
            return smtp(rest, Security::Offered, 25).map(Self::Smtp);
        }
        wrong("this is no mail server", FORMS)
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Smtp(smtp) => smtp.fmt(f),
            Self::Sendmail(path) => write!(f, "sendmail:{}", path.display()),
        }
    }
}

impl fmt::Display for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.security == Security::Implicit { "smtps" } else { "smtp" };
        write!(f, "{scheme}://")?;
        match &self.host {
            Host::Name(name) => write!(f, "{name}:{}", self.port)?,
            Host::Address(address) => write!(f, "{}", SocketAddr::new(*address, self.port))?,
        }
        let starttls = match self.security {
            Security::Required => Some("starttls=require".to_owned()),
            Security::Off => Some("starttls=no".to_owned()),
            Security::Offered | Security::Implicit => None,
        };
        let login = self.login.as_ref().map(|path| format!("login={}", path.display()));
        let options: Vec<String> = starttls.into_iter().chain(login).collect();
        if options.is_empty() { Ok(()) } else { write!(f, "?{}", options.join("&")) }
    }
}

fn wrong<T>(what: impl Into<String>, help: impl Into<String>) -> Result<T, WrongServer> {
    Err(WrongServer { what: what.into(), help: help.into() })
}

fn smtp(rest: &str, security: Security, port: u16) -> Result<Smtp, WrongServer> {
    let (place, options) = rest.split_once('?').unwrap_or((rest, ""));
    if place.contains('@') {
        return wrong(
            "a user and a password do not belong here",
            "write them into a file as user:password, and name it: \"smtp://mail.example.com:587?login=/etc/strictmx/login\"",
        );
    }
    let place = place.strip_suffix('/').unwrap_or(place);
    let (host, port) = host_and_port(place, port)?;
    let mut smtp = Smtp { host, port, security, login: None };
    for option in options.split('&').filter(|option| !option.is_empty()) {
        match option.split_once('=') {
            Some(("starttls", word)) => smtp.security = starttls(word, security)?,
            Some(("login", path)) if path.starts_with('/') => smtp.login = Some(PathBuf::from(path)),
            Some(("login", _)) => return wrong("`login` is to be the whole path of a file", "write \"login=/path\""),
            _ => {
                let help = "there are `starttls=require`, `starttls=no` and `login=/path`";
                return wrong("this option is not known", help);
            }
        }
    }
    holds_together(smtp)
}

fn starttls(word: &str, scheme: Security) -> Result<Security, WrongServer> {
    match (word, scheme) {
        (_, Security::Implicit) => wrong("`smtps` encrypts from the first octet on, there is no STARTTLS", FORMS),
        ("require", _) => Ok(Security::Required),
        ("no", _) => Ok(Security::Off),
        _ => wrong("this is no way to use STARTTLS", "write `starttls=require` or `starttls=no`, or leave it out"),
    }
}

/// A certificate is held against a name, and a password is never sent to where anybody could read it.
fn holds_together(smtp: Smtp) -> Result<Smtp, WrongServer> {
    if smtp.host.is_loopback() {
        return Ok(smtp);
    }
    if smtp.login.is_some() && smtp.security == Security::Off {
        return wrong("a login would be sent in the clear", "leave `starttls=no` out");
    }
    let verified = matches!(smtp.security, Security::Required | Security::Implicit) || smtp.login.is_some();
    if verified && matches!(smtp.host, Host::Address(_)) {
        return wrong(
            "the server's certificate is to be verified, and an address has no name to hold it against",
            "write the server's name",
        );
    }
    Ok(smtp)
}

fn host_and_port(place: &str, default: u16) -> Result<(Host, u16), WrongServer> {
    if let Ok(address) = place.parse::<SocketAddr>() {
        return port_is_one(address.port()).map(|port| (Host::Address(address.ip()), port));
    }
    let bare = place.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(place);
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Ok((Host::Address(address), default));
    }
    let (name, port) = match place.rsplit_once(':') {
        Some((name, port)) => (name, port.parse::<u16>().ok()),
        None => (place, Some(default)),
    };
    let Some(port) = port else {
        return wrong("the port is no number up to 65535", FORMS);
    };
    match Domain::parse_lenient(name) {
        Ok(name) => port_is_one(port).map(|port| (Host::Name(name), port)),
        Err(error) => wrong(format!("the host is none: {error}"), FORMS),
    }
}

fn port_is_one(port: u16) -> Result<u16, WrongServer> {
    if port == 0 { wrong("0 is no port to connect to", FORMS) } else { Ok(port) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_the_same_way() {
        for text in [
            "smtp://127.0.0.1:25",
            "smtp://[::1]:2525",
            "smtp://mail.example.com:587?starttls=require&login=/etc/strictmx/login",
            "smtp://mail.example.com:25?starttls=no",
            "smtps://mail.example.com:465?login=/run/credentials/login",
            "sendmail:/usr/sbin/sendmail",
        ] {
            assert_eq!(Server::parse(text).unwrap().to_string(), text);
        }
        for (text, full) in [
            ("smtp://localhost", "smtp://localhost:25"),
            ("smtp://127.0.0.1/", "smtp://127.0.0.1:25"),
            ("smtp://[::1]", "smtp://[::1]:25"),
            ("smtps://Mail.Example.COM", "smtps://mail.example.com:465"),
        ] {
            assert_eq!(Server::parse(text).unwrap().to_string(), full);
        }
    }

    #[test]
    fn what_cannot_work_or_would_give_a_password_away_is_refused_with_a_way_out() {
        for (text, says) in [
            ("", "no mail server"),
            ("127.0.0.1:25", "no mail server"),
            ("smtp://", "the host is none"),
            ("smtp://a b", "the host is none"),
            ("smtp://mail.example.com:x", "port"),
            ("smtp://mail.example.com:0", "port"),
            ("smtp://127.0.0.1:0", "port"),
            ("smtp://user:secret@mail.example.com", "do not belong here"),
            ("smtp://mail.example.com?starttls=maybe", "STARTTLS"),
            ("smtps://mail.example.com?starttls=no", "first octet"),
            ("smtp://mail.example.com?login=login", "whole path"),
            ("smtp://mail.example.com?colour=red", "not known"),
            ("smtp://mail.example.com?login=/l&starttls=no", "in the clear"),
            ("smtp://192.0.2.1?login=/l", "no name to hold it against"),
            ("smtps://192.0.2.1", "no name to hold it against"),
            ("sendmail:sendmail", "whole path"),
            ("sendmail:/usr/sbin/", "whole path"),
            ("smtp://a\r\nb", "control"),
        ] {
            let error = Server::parse(text).unwrap_err();
            assert!(error.what.contains(says), "{text}: {error:?}");
            assert!(!error.what.contains("secret") && !error.help.contains("secret"));
        }
        // To this machine both are fine.
        assert!(Server::parse("smtp://127.0.0.1?login=/l&starttls=no").is_ok());
        assert!(Server::parse("smtps://[::1]").is_ok());
    }
}
