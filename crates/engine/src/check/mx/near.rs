//! Why a pattern that looks right does not match a host (STS-4.1-1): `*` stands for exactly one label.
use alloc::{format, string::String};

use strictmx_proto::{name::Domain, sts::Pattern};

use crate::check::text::lines::distance;

/// Why a pattern that lies on another level of the same name does not match a host.
pub(super) fn depth(pattern: &Pattern, host: &Domain) -> Option<String> {
    let labels = |name: &Domain| name.labels().count();
    let is_below = |name: &Domain, base: &Domain| {
        name.as_str().strip_suffix(base.as_str()).is_some_and(|rest| rest.ends_with('.'))
    };
    match pattern {
        Pattern::Wildcard(base) if host == base => {
            Some(format!("`*` stands for exactly one label, and {host} has none before {base}"))
        }
        Pattern::Wildcard(base) if is_below(host, base) => Some(format!(
            "`*` stands for exactly one label, and {host} has {} before {base}",
            labels(host) - labels(base)
        )),
        // `*.mx.example.com` for `mail.example.com`: one label too many.
        Pattern::Wildcard(base)
            if base.parent().is_some_and(|parent| !parent.is_single_label() && host.is_one_below(&parent)) =>
        {
            Some(format!("it stands for hosts below {base}, one level deeper"))
        }
        Pattern::Exact(name) if is_below(host, name) => Some(format!("without `*.` it names only {name} itself")),
        _ => None,
    }
}

/// Why a host name that differs in one letter does not match.
pub(super) fn slip(pattern: &Pattern, host: &Domain) -> Option<String> {
    let Pattern::Exact(name) = pattern else {
        return None;
    };
    let long = name.as_str().len().max(host.as_str().len()) > 80;
    (!long && distance(name.as_str(), host.as_str()) == 1)
        .then(|| String::from("there is a slip in one letter, or it is another host"))
}
