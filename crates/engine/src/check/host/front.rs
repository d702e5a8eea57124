//! What stands in front of the policy host and keeps programs out: a sender is no browser and solves no puzzles.
use alloc::{format, string::String};

use super::super::{Check, Family, Severity, Side, observations::Visit};
use super::gathered::Gathered;

pub(super) static CHALLENGE: Check = Check {
    id: "sts.host.challenge",
    family: Family::Host,
    title: "a protection against robots stands before the policy",
    why: "Mail servers are programs: they solve no challenge, run no script and keep no cookie. What is meant to keep robots out keeps \
          senders out, and they deliver as if there were no policy.",
    requirement: "STS-3.3-6",
    side: Side::PolicyHost,
};

/// What a visit met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Front {
    /// The policy host's own answer.
    Open,
    /// A gate before it.
    Closed,
}

/// Headers that only a gate's own answer has, and whose they are.
const GATES: &[(&str, &str)] = &[
    ("cf-mitigated", "Cloudflare"),
    ("x-amzn-waf-action", "AWS WAF"),
    ("x-sucuri-block", "Sucuri"),
    ("x-vercel-mitigated", "Vercel"),
    ("x-px-block", "HUMAN (PerimeterX)"),
];

/// Headers, with a word of their value in lower case, of services that answer for the host behind them.
const SERVICES: &[(&str, &str, &str)] = &[
    ("server", "cloudflare", "Cloudflare"),
    ("server", "akamaighost", "Akamai"),
    ("server", "ddos-guard", "DDoS-Guard"),
    ("server", "sucuri", "Sucuri"),
    ("server", "imperva", "Imperva"),
    ("server", "qrator", "Qrator"),
    ("server", "cloudfront", "CloudFront"),
    ("server", "vercel", "Vercel"),
    ("x-datadome", "", "DataDome"),
    ("x-kpsdk-ct", "", "Kasada"),
    ("x-iinfo", "", "Imperva"),
    ("x-sucuri-id", "", "Sucuri"),
];

/// Words of a page that stands before the real one, in lower case. An ordinary page has none of them.
const GATE_WORDS: &[&str] = &[
    "just a moment",
    "checking your browser",
    "attention required",
    "verify you are human",
    "are you a robot",
    "are you human",
    "pardon our interruption",
    "you have been blocked",
];

/// Words that say the same on a page with an error status; an ordinary page may hold them.
const REFUSAL_WORDS: &[&str] = &[
    "captcha",
    "cf-chl",
    "challenge-platform",
    "enable javascript",
    "error code: 1020",
    "incapsula incident",
    "unusual traffic",
    "automated requests",
];

/// Octets of a page that are searched for them.
const MAX_SEARCHED: usize = 16 * 1024;

pub(super) fn judge(visit: &Visit, weight: Severity, gathered: &mut Gathered<'_>) -> Front {
    let (Some(status), Some(gate)) = (visit.status, gate(visit)) else {
        return Front::Open;
    };
    let seen = match status {
        429 => String::from("It answers with status 429, too many requests, to a single request."),
        _ => format!("{gate} answers in its place, with status {status} and no policy."),
    };
    let hint = match gate {
        "Cloudflare" => " (Cloudflare: a WAF rule with the action Skip)",
        "AWS WAF" => " (AWS WAF: a rule with the action Allow before the others)",
        _ => "",
    };
    let step = format!(
        "Exempt {0} from robot protection, rate limits, country blocks and login pages{hint}. See that it answers `curl -A test \
         https://{0}/.well-known/mta-sts.txt`.",
        gathered.host_name()
    );
    gathered.note(visit, &CHALLENGE, weight, seen, step);
    Front::Closed
}

/// Who answers in the policy host's place. `None`: nobody, as far as can be told.
fn gate(visit: &Visit) -> Option<&'static str> {
    let status = visit.status?;
    let media = header(visit, "content-type").unwrap_or_default().to_ascii_lowercase();
    if status == 200 && media.starts_with("text/plain") {
        return None;
    }
    if let Some((_, whose)) = GATES.iter().find(|(name, _)| header(visit, name).is_some()) {
        return Some(whose);
    }
    if status == 429 {
        return Some("A rate limit");
    }
    let words: &[&[&str]] = match status {
        200 | 202 => &[GATE_WORDS],
        401 | 403 | 405 | 503 => &[GATE_WORDS, REFUSAL_WORDS],
        _ => return None,
    };
    if !media.starts_with("text/html") || !says(visit, words) {
        return None;
    }
    let by = |(name, word, _): &&(&str, &str, &str)| {
        header(visit, name).is_some_and(|value| value.to_ascii_lowercase().contains(word))
    };
    Some(SERVICES.iter().find(by).map_or("A robot protection", |(_, _, whose)| whose))
}

/// Whether the page holds any of these words.
fn says(visit: &Visit, words: &[&[&str]]) -> bool {
    let Some(body) = &visit.body else {
        return false;
    };
    let head = body.0.get(..MAX_SEARCHED).unwrap_or(&body.0);
    let page = String::from_utf8_lossy(head).to_ascii_lowercase();
    words.iter().copied().flatten().any(|words| page.contains(words))
}

/// The first header field of this name (in lower case).
pub(super) fn header<'a>(visit: &'a Visit, name: &str) -> Option<&'a str> {
    visit.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
}
