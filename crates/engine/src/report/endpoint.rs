//! Where a report goes by HTTPS (TLSRPT-5.4-1): host, port and path of an address, and where a redirect leads.
use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString as _},
};
use core::{fmt, net::IpAddr};

use strictmx_proto::{name::Domain, tlsrpt::Rua};

/// Most redirects that are followed.
pub const MAX_REDIRECTS: usize = 3;

/// An HTTPS endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Its host, a name.
    pub host: Domain,
    /// Its port.
    pub port: u16,
    /// Path and query, percent-encodings as published (TLSRPT-3-4).
    pub path: String,
}

/// Why there is nothing to post to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoEndpoint {
    /// Not an `https:` URI, or a broken one.
    #[error("{0:?} is no well-formed https address")]
    Uri(String),
    /// No certificate could be held against it.
    #[error("{0} is an address, not a name; reports are posted to names")]
    Literal(String),
}

impl Endpoint {
    /// Takes an `https:` URI apart.
    ///
    /// # Errors
    /// [`NoEndpoint`].
    pub fn parse(uri: &str) -> Result<Self, NoEndpoint> {
        let bad = || NoEndpoint::Uri(uri.chars().take(200).collect());
        let Ok(Rua::Https(uri)) = Rua::parse(uri) else {
            return Err(bad());
        };
        let (_, rest) = uri.split_once("://").ok_or_else(bad)?;
        // A fragment is for the reader's side.
        let rest = rest.split('#').next().unwrap_or_default();
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end).ok_or_else(bad)?;
        if authority.starts_with('[') {
            return Err(NoEndpoint::Literal(authority.to_owned()));
        }
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, port.parse().map_err(|_| bad())?),
            None => (authority, 443),
        };
        if host.parse::<IpAddr>().is_ok() {
            return Err(NoEndpoint::Literal(host.to_owned()));
        }
        let host = Domain::parse_lenient(host).map_err(|_| bad())?;
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok(Self { host, port, path })
    }

    /// Where a redirect leads; `status` and `location` as they came. `None`: it is not followed: only 307 and 308 keep the
    /// method, and the way stays on HTTPS.
    #[must_use]
    pub fn redirected(&self, status: u16, location: &str) -> Option<Self> {
        if !matches!(status, 307 | 308) {
            return None;
        }
        let location = location.trim();
        if location.starts_with("//") {
            return Self::parse(&format!("https:{location}")).ok();
        }
        if location.starts_with('/') {
            return Self::parse(&format!("https://{}{location}", self.authority())).ok();
        }
        Self::parse(location).ok()
    }

    fn authority(&self) -> String {
        match self.port {
            443 => self.host.to_string(),
            port => format!("{}:{port}", self.host),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "https://{}{}", self.authority(), self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// TLSRPT-3-4
    #[test]
    fn an_address_is_posted_to_as_published() {
        for (uri, shown) in [
            ("https://r.example/v1?a=%2C#x", "https://r.example/v1?a=%2C"),
            ("https://R.example:8443", "https://r.example:8443/"),
            ("https://r.example?q", "https://r.example/?q"),
            ("HTTPS://r.example:443/", "https://r.example/"),
        ] {
            assert_eq!(Endpoint::parse(uri).unwrap().to_string(), shown);
        }
        for bad in [
            "http://r.example/",
            "https://[2001:db8::1]/",
            "https://192.0.2.1/",
            "https://u@r.example/",
            "mailto:a@b.example",
        ] {
            assert!(Endpoint::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_redirect_is_followed_when_it_keeps_the_method_and_https() {
        let from = Endpoint::parse("https://r.example:8443/v1").unwrap();
        let to = |status, location: &str| from.redirected(status, location).map(|to| to.to_string());
        assert_eq!(to(307, "/v2").as_deref(), Some("https://r.example:8443/v2"));
        assert_eq!(to(308, "https://s.example/v2").as_deref(), Some("https://s.example/v2"));
        assert_eq!(to(308, "//s.example/v2").as_deref(), Some("https://s.example/v2"));
        for (status, location) in [
            (301, "/v2"),
            (302, "/v2"),
            (303, "/v2"),
            (307, "http://s.example/"),
            (307, ""),
            (307, "v2"),
            (308, "https://192.0.2.1/"),
        ] {
            assert_eq!(to(status, location), None, "{status} {location}");
        }
    }
}
