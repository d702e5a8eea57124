//! The policy host's HTTP answer: status, media type, size (STS-3.2-2, STS-3.3-6, STS-3.3-7, STS-3.3-10).
use alloc::{format, string::String};

use super::super::{Check, Context, Family, Severity, Side, observations::Visit, shown::shown};
use super::{front::header, gathered::Gathered};
use crate::fact::FetchFailure;

pub(super) static HTTP_BROKEN: Check = Check {
    id: "sts.host.http-broken",
    family: Family::Host,
    title: "the policy host breaks off the HTTP exchange",
    why: "Senders that do not get a whole answer have no policy, and deliver as if there were none.",
    requirement: "STS-3.3-12",
    side: Side::PolicyHost,
};

pub(super) static REDIRECT: Check = Check {
    id: "sts.host.redirect",
    family: Family::Host,
    title: "the policy host answers with a redirect",
    why: "Senders must not follow redirects, not even to the same host, so for them there is no policy. Browsers do follow, so the \
          policy looks good in them.",
    requirement: "STS-3.3-7",
    side: Side::PolicyHost,
};

pub(super) static STATUS: Check = Check {
    id: "sts.host.status",
    family: Family::Host,
    title: "the policy host answers with a status other than 200",
    why: "Only an answer with status 200 holds a policy. With any other, senders deliver as if there were none.",
    requirement: "STS-3.3-6",
    side: Side::PolicyHost,
};

pub(super) static MEDIA_TYPE: Check = Check {
    id: "sts.host.media-type",
    family: Family::Host,
    title: "the policy is not served as text/plain",
    why: "Some senders look at the Content-Type and refuse a policy of any other kind, two of those used with Postfix among them. For \
          them the domain has no policy.",
    requirement: "STS-3.2-2",
    side: Side::PolicyHost,
};

pub(super) static CHARSET: Check = Check {
    id: "sts.host.charset",
    family: Family::Host,
    title: "the charset of the Content-Type does not fit the policy",
    why: "A policy is ASCII, or UTF-8 in fields of your own. A sender that goes by the named charset may read it wrongly or refuse \
          it.",
    requirement: "STS-3.2-2",
    side: Side::PolicyHost,
};

pub(super) static TOO_LARGE: Check = Check {
    id: "sts.host.too-large",
    family: Family::Host,
    title: "the answer is larger than 64 KiB",
    why: "Senders stop reading at about 64 KiB, and deliver as if there were no policy.",
    requirement: "STS-3.3-11",
    side: Side::PolicyHost,
};

pub(super) fn judge(context: &Context<'_>, visit: &Visit, weight: Severity, gathered: &mut Gathered<'_>) {
    match &visit.stopped {
        Some(FetchFailure::Http { detail }) => {
            let seen = format!("The exchange breaks: {}.", shown(detail).trim_end_matches('.'));
            let step = "Look into the web server's error log at the time of this check; the answer must be whole, valid HTTP/1.1.";
            gathered.note(visit, &HTTP_BROKEN, weight, seen, step);
            return;
        }
        Some(FetchFailure::TooLarge) | None => {}
        Some(_) => return,
    }
    let Some(status) = visit.status else {
        return;
    };
    if status != 200 {
        refused(context, visit, status, weight, gathered);
        return;
    }
    if matches!(visit.stopped, Some(FetchFailure::TooLarge)) {
        let seen = String::from("The answer is longer than 65536 octets.");
        let step = "Serve the policy alone; a wildcard may stand for many MX hosts. If this is a web page, the path is not set up.";
        gathered.note(visit, &TOO_LARGE, weight, seen, step);
    }
    media_type(visit, weight, gathered);
}

fn refused(context: &Context<'_>, visit: &Visit, status: u16, weight: Severity, gathered: &mut Gathered<'_>) {
    let url = format!("https://mta-sts.{}/.well-known/mta-sts.txt", context.domain());
    if (300..400).contains(&status) && status != 304 {
        let to = header(visit, "location").map_or_else(|| String::from("nowhere"), shown);
        let seen = format!("It answers with status {status}, a redirect to {to}.");
        let step =
            format!("Serve the policy itself at {url}, without any redirect, also none that adds or removes www.");
        gathered.note(visit, &REDIRECT, weight, seen, step);
        return;
    }
    let (what, step) = match status {
        404 | 410 => (", not found", format!("Put the policy where it is asked for: {url}.")),
        401 | 403 | 407 => {
            (", not allowed", format!("Let everybody read {url}, without login and from every country and program."))
        }
        421 => (
            ", a site it does not know",
            format!("Set up a site for the name mta-sts.{} in the web server.", context.domain()),
        ),
        200..300 => ("", format!("Answer with status 200 at {url}.")),
        500..600 => (
            ", a fault of the server",
            String::from("Look into the web server's error log, and at what it forwards to."),
        ),
        _ => ("", format!("Have {url} answer with status 200.")),
    };
    gathered.note(visit, &STATUS, weight, format!("It answers with status {status}{what}."), step);
}

fn media_type(visit: &Visit, weight: Severity, gathered: &mut Gathered<'_>) {
    let step = "Have the web server send `Content-Type: text/plain; charset=utf-8` for /.well-known/mta-sts.txt.";
    let Some(value) = header(visit, "content-type") else {
        gathered.note(visit, &MEDIA_TYPE, weight, String::from("The answer has no Content-Type."), step);
        return;
    };
    let mut parts = value.split(';');
    if !parts.next().is_some_and(|media| media.trim().eq_ignore_ascii_case("text/plain")) {
        gathered.note(visit, &MEDIA_TYPE, weight, format!("It is served as {:?}.", shown(value)), step);
        return;
    }
    let charset = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
    });
    let is_ascii = visit.body.as_ref().is_none_or(|body| body.0.is_ascii());
    let is_utf8 =
        charset.is_some_and(|charset| charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8"));
    let is_named = is_utf8 || charset.is_none_or(|charset| charset.eq_ignore_ascii_case("us-ascii"));
    if is_utf8 || (is_named && is_ascii) {
        return;
    }
    let severity = if is_ascii { Severity::Info } else { weight.min(Severity::Warning) };
    let named =
        charset.map_or_else(|| String::from("no charset"), |charset| format!("the charset {:?}", shown(charset)));
    let text = if is_ascii { "it is plain ASCII" } else { "it holds characters beyond ASCII" };
    gathered.note(visit, &CHARSET, severity, format!("The Content-Type names {named}, and {text}."), step);
}
