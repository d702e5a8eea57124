//! Single values: each function reads one text, or says what is wrong with it and what to write instead.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use strictmx_engine::time::Timestamp;
use strictmx_io::post::Url;
use strictmx_io::submit::Server;
use strictmx_proto::name::Domain;

use super::settings::{Listen, Mode, TestName, Until};

/// What is wrong, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Complaint {
    /// What is wrong.
    pub(super) what: String,
    /// What to do.
    pub(super) help: Option<String>,
}

/// A read value, or what is wrong with it.
pub(super) type Read<T> = Result<T, Complaint>;

fn complain<T>(what: impl Into<String>, help: impl Into<String>) -> Read<T> {
    Err(Complaint { what: what.into(), help: Some(help.into()) })
}

/// Units of [`duration`], from the longest, with their length in milliseconds.
const UNITS: [(&str, u64); 6] =
    [("w", 7 * 86_400_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// A length of time: `10s`, `500ms`, `1h30m`, `1d`.
pub(super) fn duration(text: &str) -> Read<Duration> {
    let help = "write a number and a unit: ms, s, m, h, d or w, such as \"10s\" or \"1h30m\"";
    let mut total: u64 = 0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return complain("there is no length of time", help);
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits);
        let letters = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        let scale = UNITS.iter().find(|(name, _)| *name == unit);
        let (Ok(number), Some((_, scale))) = (number.parse::<u64>(), scale) else {
            return complain("this is no length of time", help);
        };
        let part = number.checked_mul(*scale);
        let Some(sum) = part.and_then(|part| total.checked_add(part)) else {
            return complain("this length of time is too large", help);
        };
        total = sum;
        rest = after.trim_start();
    }
    Ok(Duration::from_millis(total))
}

/// The text that [`duration`] reads as this length, in the largest units that fit.
pub(super) fn duration_text(length: Duration) -> String {
    let mut rest = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
    let mut out = String::new();
    for (unit, scale) in UNITS {
        // Weeks are read but not written: "7d" is what people say.
        let whole = rest.checked_div(scale).unwrap_or_default();
        if whole > 0 && unit != "w" {
            out.push_str(&format!("{whole}{unit}"));
            rest = rest.saturating_sub(whole.saturating_mul(scale));
        }
    }
    if out.is_empty() { "0s".to_owned() } else { out }
}

/// A DNS server: an address, with port 53 unless another is given.
pub(super) fn server(text: &str) -> Read<SocketAddr> {
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Ok(address);
    }
    let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
    bare.parse::<IpAddr>().map_or_else(
        |_| {
            complain(
                "this is no address of a DNS server",
                "write an IP address, with a port unless it is 53: \"127.0.0.53\", \"192.0.2.1:5353\" or \"[::1]:53\"",
            )
        },
        |ip| Ok(SocketAddr::new(ip, 53)),
    )
}

/// Where a service listens: `address:port` or `unix:/path`.
pub(super) fn listen(text: &str) -> Read<Listen> {
    if let Some(path) = text.strip_prefix("unix:") {
        return socket_path(path).map(Listen::Unix);
    }
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Ok(Listen::Tcp(address));
    }
    let help = "write an IP address with a port, such as \"127.0.0.1:8461\" or \"[::1]:8461\", or \"unix:/path\"";
    if text.starts_with('/') {
        return complain("this is a path without `unix:` before it", format!("write \"unix:{text}\""));
    }
    match text.rsplit_once(':') {
        Some(("*" | "", port)) => complain(
            "this names no address",
            format!("write \"0.0.0.0:{port}\" for every IPv4 address, \"[::]:{port}\" for every address"),
        ),
        Some(("localhost", port)) => {
            complain("this is a name, not an address", format!("write \"127.0.0.1:{port}\" or \"[::1]:{port}\""))
        }
        _ if text.parse::<IpAddr>().is_ok() => complain("the port is missing", help),
        _ => complain("this is no address to listen on", help),
    }
}

/// Linux's `sun_path` has 108 octets, the last of them zero.
const LONGEST_SOCKET_PATH: usize = 107;

/// The path of a unix socket.
pub(super) fn socket_path(text: &str) -> Read<PathBuf> {
    if text.is_empty() || text.contains('\0') {
        return complain("the path is missing", "write a path such as \"/run/strictmx/control.sock\"");
    }
    if text.len() > LONGEST_SOCKET_PATH {
        return complain(
            format!("the path has {} octets; unix sockets take {LONGEST_SOCKET_PATH}", text.len()),
            "choose a shorter one, such as one under /run",
        );
    }
    Ok(PathBuf::from(text))
}

/// The path of a file.
pub(super) fn path(text: &str) -> Read<PathBuf> {
    if text.is_empty() || text.contains('\0') {
        return complain("the path is missing", "write the path of a file");
    }
    Ok(PathBuf::from(text))
}

/// A non-empty text without control characters: a user, a group, a reason.
pub(super) fn word(text: &str) -> Read<String> {
    if text.trim().is_empty() {
        return complain("there is nothing in it", "write something, or leave the key out");
    }
    if text.len() > 1000 || text.chars().any(char::is_control) {
        return complain("it has control characters or is longer than 1000 octets", "write one short line");
    }
    Ok(text.to_owned())
}

/// Permissions: `0660`.
pub(super) fn mode(text: &str) -> Read<Mode> {
    let octal = !text.is_empty() && text.len() <= 4 && text.bytes().all(|b| matches!(b, b'0'..=b'7'));
    match u32::from_str_radix(text, 8) {
        Ok(mode) if octal && mode <= 0o777 => Ok(Mode(mode)),
        _ => complain("these are no permissions", "write them as an octal text, such as \"0660\""),
    }
}

/// Where the store is.
pub(super) fn store_url(text: &str) -> Read<String> {
    let help = "write \"sqlite:///absolute/path\" or \"sqlite://./relative/path\"";
    if text.chars().any(char::is_control) {
        return complain("the URL has control characters", help);
    }
    if let Some(path) = text.strip_prefix("sqlite://") {
        return match path {
            "" | "/" | "." | "./" => complain("the URL names no file", help),
            _ if path.ends_with('/') => complain("the URL names a folder, not a file", help),
            _ if path.starts_with('/') || path.starts_with("./") => Ok(text.to_owned()),
            _ => complain(
                "after `sqlite://` there must be a path that begins with `/` or `./`",
                format!("write \"sqlite:///{path}\" or \"sqlite://./{path}\""),
            ),
        };
    }
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        return complain("PostgreSQL is not part of this version yet", help);
    }
    complain("this is no URL of a store", help)
}

/// A name of the resolver self-test: the root, or any DNS name.
pub(super) fn test_name(text: &str) -> Read<TestName> {
    if text == "." {
        return Ok(TestName::Root);
    }
    domain(text).map(|name| TestName::Domain(name.as_str().to_owned()))
}

/// A domain name.
pub(super) fn domain(text: &str) -> Read<Domain> {
    Domain::parse(text).map_err(|e| Complaint {
        what: e.to_string(),
        help: Some("write a domain name, such as \"example.com\"".to_owned()),
    })
}

/// A mail address: an ASCII local part, and a domain.
pub(super) fn mail_address(text: &str) -> Read<String> {
    let help = "write an address such as \"postmaster@example.com\"";
    let Some((local, host)) = text.rsplit_once('@') else {
        return complain("this is no mail address", help);
    };
    // The atoms of RFC 5321 §4.1.2; who needs a quoted local part has an alias for it.
    let atom = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    if local.is_empty() || local.len() > 64 || !local.chars().all(atom) {
        return complain("this is no mail address that can be written without quotes", help);
    }
    domain(host).map(|host| format!("{local}@{host}"))
}

/// Who takes mails.
pub(super) fn mail_server(text: &str) -> Read<Server> {
    Server::parse(text).map_err(|wrong| Complaint { what: wrong.what, help: Some(wrong.help) })
}

/// Where something is posted.
pub(super) fn web_address(text: &str) -> Read<Url> {
    Url::parse(text).map_err(|wrong| Complaint { what: wrong.what, help: Some(wrong.help) })
}

/// The last day of an override: `2026-12-24`, UTC.
pub(super) fn until(text: &str) -> Read<Until> {
    let end = text
        .parse::<jiff::civil::Date>()
        .ok()
        .filter(|date| date.to_string() == text)
        .and_then(|date| date.tomorrow().ok())
        .and_then(|next| next.to_zoned(jiff::tz::TimeZone::UTC).ok())
        .and_then(|moment| u64::try_from(moment.timestamp().as_second()).ok());
    match end {
        Some(end) => Ok(Until { date: text.to_owned(), end: Timestamp(end) }),
        None => complain("this is no date", "write it as year-month-day: \"2026-12-24\""),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read_and_written_alike() {
        for (text, millis) in [
            ("60s", 60_000),
            ("10s", 10_000),
            ("500ms", 500),
            ("1h30m", 5_400_000),
            ("1h 30m", 5_400_000),
            ("1d", 86_400_000),
            ("1w", 604_800_000),
            ("0s", 0),
        ] {
            let read = duration(text).unwrap();
            assert_eq!(read, Duration::from_millis(millis), "{text}");
            assert_eq!(duration(&duration_text(read)), Ok(read), "{text}");
        }
        for bad in ["", " ", "10", "s", "1y", "-1s", "1.5h", "99999999999999999999s", "18446744073709551615d", "1s1"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_last_day_of_an_override_ends_at_its_midnight() {
        assert_eq!(until("1970-01-01").unwrap().end, Timestamp(86_400));
        assert_eq!(until("2026-12-24").unwrap().end, Timestamp(1_798_156_800));
        for bad in ["", "2026-02-30", "24.12.2026", "2026-12-24T00:00:00", "1969-12-30", "9999-12-31"] {
            assert!(until(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn addresses_of_servers_have_port_53_unless_they_say_otherwise() {
        for (text, read) in [
            ("127.0.0.53", "127.0.0.53:53"),
            ("127.0.0.53:5353", "127.0.0.53:5353"),
            ("::1", "[::1]:53"),
            ("[::1]", "[::1]:53"),
            ("[::1]:54", "[::1]:54"),
        ] {
            assert_eq!(server(text).unwrap(), read.parse().unwrap(), "{text}");
        }
        assert!(server("ns.example.com").is_err());
    }
}
