//! The text as a whole: whether it is a policy at all, its encoding, and how its lines end.
use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use crate::check::{
    Check, Context, Family, Findings, Severity, Side, State,
    text::lines::{Content, End, Line, lines, places, quoted},
};

pub(super) static TOO_LONG: Check = Check {
    id: "sts.policy.too-long",
    family: Family::Policy,
    title: "the policy is longer than 64 KB",
    why: "Senders stop reading at 64 KB and then behave as if there were no policy.",
    requirement: "STS-3.3-10",
    side: Side::Policy,
};
pub(super) static EMPTY: Check = Check {
    id: "sts.policy.empty",
    family: Family::Policy,
    title: "the policy is empty",
    why: "An empty text is no policy: senders that know no earlier one deliver unprotected.",
    requirement: "STS-3.2-11",
    side: Side::PolicyHost,
};
pub(super) static HTML: Check = Check {
    id: "sts.policy.html",
    family: Family::Policy,
    title: "a web page stands in the policy's place",
    why: "The web server answers the policy's address with some page of its own, as servers do that answer every \
          path. To senders that is a broken policy.",
    requirement: "STS-3.2-1",
    side: Side::PolicyHost,
};
pub(super) static NOT_A_POLICY: Check = Check {
    id: "sts.policy.not-a-policy",
    family: Family::Policy,
    title: "the text is no policy",
    why: "None of the lines that make up a policy is there, so senders treat it as a broken one.",
    requirement: "STS-3.2-11",
    side: Side::Policy,
};
pub(super) static NOT_TEXT: Check = Check {
    id: "sts.policy.not-text",
    family: Family::Policy,
    title: "the policy is not UTF-8 text",
    why: "A policy is plain ASCII with at most UTF-8 in fields of your own. Senders refuse anything else.",
    requirement: "STS-3.2-2",
    side: Side::Policy,
};
pub(super) static BOM: Check = Check {
    id: "sts.policy.byte-order-mark",
    family: Family::Policy,
    title: "the policy begins with a byte order mark",
    why: "The three invisible octets stand before the word `version`, so that most senders find no version and \
          refuse the policy. Windows editors add them.",
    requirement: "D-1",
    side: Side::Policy,
};
pub(super) static BARE_CR: Check = Check {
    id: "sts.policy.bare-cr",
    family: Family::Policy,
    title: "lines end in a carriage return alone",
    why: "Only CRLF or LF ends a line. With a bare CR most senders read the whole policy as one long line, and \
          refuse it.",
    requirement: "STS-3.2-3",
    side: Side::Policy,
};
pub(super) static MIXED_LINE_ENDS: Check = Check {
    id: "sts.policy.mixed-line-ends",
    family: Family::Policy,
    title: "some lines end in CRLF, some in LF",
    why: "Today's senders accept the mixture, but it is a sign of a text that was put together by hand, and simple \
          parsers trip over it.",
    requirement: "D-1",
    side: Side::Policy,
};

const SERVE: &str = "Serve the policy's text, and nothing else, at /.well-known/mta-sts.txt.";

/// Judges the text as a whole. `None`: it is no policy, and nothing more is to be said about it.
pub(super) fn judge<'a>(context: &Context<'a>, found: &mut Findings) -> Option<&'a str> {
    let body = context.body?;
    if body.len() > strictmx_proto::sts::policy::MAX_LEN {
        // Of a body that was served the checks of the policy host speak.
        if context.seen.policy_file.is_some() {
            let seen = format!("The text has {} octets, and 65536 are read.", body.len());
            found
                .add(&TOO_LONG, Severity::Error, seen)
                .step("Take out what is not needed: a wildcard may stand for many hosts.");
        }
        return None;
    }
    let Ok(text) = core::str::from_utf8(body) else {
        let utf16 = body.starts_with(b"\xff\xfe") || body.starts_with(b"\xfe\xff");
        let seen = if utf16 { "The text is UTF-16." } else { "The text holds octets that are not UTF-8." };
        found
            .add(&NOT_TEXT, Severity::Error, seen)
            .step("Save the file as plain ASCII (or UTF-8 without a byte order mark).");
        return None;
    };
    let text = match text.strip_prefix('\u{feff}') {
        Some(rest) => {
            found.add(&BOM, Severity::Error, "The text begins with the octets EF BB BF.").about("line 1").step(
                "Save the file as UTF-8 without a byte order mark (in Windows Notepad: encoding UTF-8, not \
                       UTF-8 with BOM).",
            );
            rest
        }
        None => text,
    };
    is_policy(context, text, found).then_some(text)
}

fn is_policy(context: &Context<'_>, text: &str, found: &mut Findings) -> bool {
    let begin = text.trim_start();
    let (check, seen) = if begin.is_empty() {
        (&EMPTY, String::from("There is nothing in the text."))
    } else if begin.starts_with('<') {
        (&HTML, format!("The text begins with {}.", first_line(begin)))
    } else if lines(text).iter().any(|line| matches!(line.content, Content::Field { .. })) {
        return true;
    } else if begin.starts_with("v=STSv1") {
        (&NOT_A_POLICY, "The text is the one of the _mta-sts TXT record, not a policy.".into())
    } else {
        (&NOT_A_POLICY, format!("The text has no line of a policy; it begins with {}.", first_line(begin)))
    };
    // A web server that answers everything is no fault of a domain that never meant to have a policy.
    if context.state != State::Absent {
        found.add(check, Severity::Error, seen).step(SERVE);
    }
    false
}

fn first_line(text: &str) -> String {
    quoted(text.lines().next().unwrap_or_default())
}

/// How the lines end.
pub(super) fn ends(lines: &[Line<'_>], found: &mut Findings) {
    let of = |end| lines.iter().filter(move |line| line.end == end).map(|line| line.number).collect::<Vec<_>>();
    let (crlf, lf, cr) = (of(End::Crlf), of(End::Lf), of(End::Cr));
    if !cr.is_empty() {
        found
            .add(&BARE_CR, Severity::Error, "A carriage return stands alone, without a line feed behind it.")
            .about(places(&cr))
            .step("End every line in CRLF.");
    } else if !crlf.is_empty() && !lf.is_empty() {
        let (fewer, end, others) = if crlf.len() < lf.len() { (&crlf, "CRLF", "LF") } else { (&lf, "LF", "CRLF") };
        let ends = if fewer.len() == 1 { "ends" } else { "end" };
        found
            .add(
                &MIXED_LINE_ENDS,
                Severity::Warning,
                format!("{} {ends} in {end}, the others in {others}.", capital(&places(fewer))),
            )
            .about(places(fewer))
            .step("End every line in CRLF.");
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}
