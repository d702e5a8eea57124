//! Where to: `https://alerts.example.com/hook`, or `http://127.0.0.1:9000/` on this machine.
use std::fmt;
use std::net::IpAddr;

use hyper::Uri;
use strictmx_proto::name::Domain;

/// Longest address that is taken, octets.
const MAX_LEN: usize = 2000;

/// An address to post to. `Display` gives the whole of it, which may hold a secret; [`Url::origin`] does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    /// As read, in the form that a request needs.
    uri: Uri,
    way: Way,
}

/// How to get there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Way {
    /// TLS, the certificate held against this name.
    Tls(Domain, u16),
    /// In the clear, to this machine.
    Clear(IpAddr, u16),
}

/// Why a text is no address to post to: what is wrong, and what to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongUrl {
    /// What is wrong, a sentence without its full stop.
    pub what: String,
    /// What to do.
    pub help: String,
}

fn wrong<T>(what: impl Into<String>) -> Result<T, WrongUrl> {
    let help = "write an address such as \"https://alerts.example.com/hook\"; http is for this machine alone";
    Err(WrongUrl { what: what.into(), help: help.to_owned() })
}

impl Url {
    /// Reads what the operator wrote.
    ///
    /// # Errors
    /// What is wrong with it, and what to write.
    pub fn parse(text: &str) -> Result<Self, WrongUrl> {
        if text.len() > MAX_LEN || text.contains('#') {
            return wrong("it is longer than 2000 octets, or has a fragment");
        }
        let Ok(uri) = text.parse::<Uri>() else {
            return wrong("this is no address on the web");
        };
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return wrong("this is no whole address on the web");
        };
        if authority.as_str().contains('@') {
            return wrong("a user and a password do not belong into it");
        }
        let host = authority.host();
        let bare = host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(host);
        let address = if bare == "localhost" { "127.0.0.1" } else { bare }.parse::<IpAddr>();
        let port = |default| match authority.port_u16() {
            Some(0) => None,
            Some(port) => Some(port),
            // A port that is no number is none to `http`.
            None if authority.as_str() == host => Some(default),
            None => None,
        };
        let way = match (scheme, address) {
            ("http", Ok(address)) if address.to_canonical().is_loopback() => {
                port(80).map(|port| Way::Clear(address, port))
            }
            ("http", _) => return wrong("what is sent by http can be read on the way"),
            ("https", Ok(_)) if bare != "localhost" => {
                return wrong("a certificate is held against a name, and an address has none");
            }
            ("https", _) => match Domain::parse_lenient(bare) {
                Ok(name) => port(443).map(|port| Way::Tls(name, port)),
                Err(error) => return wrong(format!("its host is none: {error}")),
            },
            _ => return wrong("it begins neither with `https://` nor with `http://`"),
        };
        match way {
            Some(way) => Ok(Self { uri, way }),
            None => wrong("its port is no number from 1 to 65535"),
        }
    }

    /// Scheme, host and port alone: fit for a log.
    #[must_use]
    pub fn origin(&self) -> String {
        let authority = self.uri.authority().map_or("", |authority| authority.as_str());
        format!("{}://{authority}", self.uri.scheme_str().unwrap_or_default())
    }

    pub(super) const fn way(&self) -> &Way {
        &self.way
    }

    /// What the request line names.
    pub(super) fn path(&self) -> &str {
        self.uri.path_and_query().map_or("/", |path| path.as_str())
    }

    /// What the `Host` field says.
    pub(super) fn authority(&self) -> &str {
        self.uri.authority().map_or("", |authority| authority.as_str())
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uri.fmt(f)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_and_only_its_origin_is_fit_for_a_log() {
        let url = Url::parse("https://Alerts.example.com:8443/a/secret?b=c").unwrap();
        assert_eq!(url.to_string(), "https://Alerts.example.com:8443/a/secret?b=c");
        assert_eq!((url.origin().as_str(), url.path()), ("https://Alerts.example.com:8443", "/a/secret?b=c"));
        assert_eq!(url.way(), &Way::Tls(Domain::parse("alerts.example.com").unwrap(), 8443));
        assert_eq!(Url::parse("https://a.example").unwrap().path(), "/");
        for (text, port) in [("http://127.0.0.1:9000/x", 9000), ("http://[::1]/", 80), ("http://localhost:1", 1)] {
            assert!(matches!(Url::parse(text).unwrap().way(), Way::Clear(_, at) if *at == port), "{text}");
        }
    }

    #[test]
    fn what_could_be_read_on_the_way_or_leads_nowhere_is_refused() {
        for (text, says) in [
            ("", "address"),
            ("alerts.example.com/hook", "address"),
            ("/hook", "whole address"),
            ("http://alerts.example.com/", "read on the way"),
            ("http://192.0.2.1/", "read on the way"),
            ("https://192.0.2.1/", "held against a name"),
            ("https://user:secret@alerts.example.com/", "do not belong"),
            ("https://alerts.example.com:0/", "port"),
            ("https://alerts.example.com:99999/", "port"),
            ("ftp://alerts.example.com/", "neither"),
            ("https://a_b..example/", "host is none"),
            ("https://a.example/#x", "fragment"),
            ("https://a.example/\r\nX: y", "address"),
        ] {
            let error = Url::parse(text).unwrap_err();
            assert!(error.what.contains(says), "{text}: {error:?}");
        }
    }
}
