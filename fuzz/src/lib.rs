//! What each fuzz target does with its octets: parse them, and hold the outcome to its promises.
//!
//! The ordinary tests include this file too and replay `corpus/` through it, so that what a fuzzer once found stays found.
//! Each function panics when a promise is broken, and for no other reason.
use strictmx_proto::{
    dane::Tlsa,
    gzip::{self, GzipError, Limits},
    mail::{
        dkim::{KeyRecord, canonical},
        header::{MAX_FIELDS, MAX_VALUE, Received},
    },
    name::Domain,
    postfix::{
        policy_line::{CannotSay, Dialect, MAX_LINE, Shape, check, secure_line},
        socketmap::{self, Decoded, Request},
        tcp_table,
        tlsrpt_datagram::{self, Datagram, Name},
        tlsrpt_log::Line,
    },
    smtp::{
        Ehlo,
        reply::{self, Progress, Reader},
    },
    sts::{self, Mode, Pattern, Policy, policy::MAX_FINDINGS, policy::MAX_MX},
    tls::{self, ssl2},
    tlsrpt::{self, Report, Rua, mail, report},
};

/// A function that takes a target's octets.
pub type Entry = fn(&[u8]);

/// Every target by name: the name of its folder in `corpus/` and of its binary.
pub const TARGETS: [(&str, Entry); 19] = [
    ("dkim_record", dkim_record),
    ("gzip", gzip),
    ("mail_header", mail_header),
    ("mx_pattern", mx_pattern),
    ("name", name),
    ("policy", policy),
    ("policy_line", policy_line),
    ("policy_to_line", policy_to_line),
    ("smtp_reply", smtp_reply),
    ("socketmap", socketmap),
    ("ssl2_answer", ssl2_answer),
    ("tcp_table", tcp_table),
    ("tls_answer", tls_answer),
    ("tlsa", tlsa),
    ("tlsrpt_datagram", tlsrpt_datagram),
    ("tlsrpt_log", tlsrpt_log),
    ("tlsrpt_report", tlsrpt_report),
    ("txt_sts", txt_sts),
    ("txt_tlsrpt", txt_tlsrpt),
];

/// `_mta-sts` records: what is read is emitted and read again.
pub fn txt_sts(data: &[u8]) {
    let Some(Ok(record)) = sts::Record::parse(data) else {
        return;
    };
    assert!((1..=32).contains(&record.id.len()));
    assert_eq!(sts::Record::parse(record.emit().as_bytes()), Some(Ok(record.clone())));
    assert_eq!(sts::Record::select(&[data]), Ok(record));
    assert_eq!(sts::Record::select(&[data, data]), Err(sts::NoRecord::Many(2)));
}

/// `_smtp._tls` records: likewise; every address is fit for a command line or a header field.
pub fn txt_tlsrpt(data: &[u8]) {
    let Some(Ok(record)) = tlsrpt::Record::parse(data) else {
        return;
    };
    assert!(!record.rua.is_empty());
    for rua in &record.rua {
        let (Rua::Mailto(text) | Rua::Https(text)) = rua;
        assert!(text.bytes().all(|octet| octet.is_ascii_graphic()), "{text:?}");
    }
    let emitted = record.emit();
    // Percent-encoding an address anew may lengthen it beyond what is read.
    if emitted.len() <= strictmx_proto::tags::MAX_RECORD {
        let again = tlsrpt::Record::parse(emitted.as_bytes());
        assert_eq!(again.and_then(Result::ok).map(|again| again.rua), Some(record.rua));
    }
}

/// Policies: the text kept gives an equal policy, the canonical text one that means the same.
pub fn policy(data: &[u8]) {
    let parsed = match Policy::parse(data) {
        Ok(parsed) => parsed,
        Err(error) => {
            harmless(&error.to_string());
            return;
        }
    };
    let policy = parsed.policy;
    assert!(parsed.findings.len() <= MAX_FINDINGS && policy.mx.len() <= MAX_MX);
    parsed.findings.iter().for_each(|finding| harmless(&finding.to_string()));
    assert!(policy.mode == Mode::None || !policy.mx.is_empty());
    for line in policy.text().split('\n') {
        assert!(!line.chars().any(|c| c.is_control() && c != '\t'), "{line:?}");
    }
    let again = Policy::parse(policy.text().as_bytes());
    assert_eq!(again.map(|again| again.policy), Ok(policy.clone()));
    let emitted = policy.emit();
    if emitted.len() <= sts::policy::MAX_LEN {
        let again = Policy::parse(emitted.as_bytes());
        let again = again.map(|again| (again.findings, again.policy.mode, again.policy.max_age, again.policy.mx));
        assert_eq!(again, Ok((Vec::new(), policy.mode, policy.max_age, policy.mx)));
    }
}

/// Texts for people hold no control character and are bounded.
fn harmless(text: &str) {
    assert!(!text.chars().any(char::is_control), "{text:?}");
    assert!(text.len() <= 4096);
}

/// MX patterns: the normal form is read as the same pattern, without a note.
pub fn mx_pattern(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else {
        return;
    };
    if let Ok((pattern, _)) = Pattern::parse(text) {
        assert_eq!(Pattern::parse(&pattern.to_string()), Ok((pattern.clone(), Vec::new())));
        let host = match &pattern {
            Pattern::Exact(name) => Some(name.clone()),
            Pattern::Wildcard(base) => base.child("mx"),
        };
        assert!(host.is_none_or(|host| pattern.matches(&host)));
    }
}

/// Names: the normal form is a fixed point, bounded, lower case, and survives going down and up.
pub fn name(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else {
        return;
    };
    let lenient = Domain::parse_lenient(text);
    if let Ok(name) = Domain::parse(text) {
        assert_eq!(lenient, Ok(name.clone()));
        assert_eq!(Domain::parse(name.as_str()), Ok(name.clone()));
    }
    let Ok(name) = lenient else {
        return;
    };
    assert!((1..=253).contains(&name.as_str().len()));
    assert!(name.labels().all(|label| (1..=63).contains(&label.len())));
    assert!(!name.as_str().bytes().any(|octet| octet.is_ascii_uppercase() || !octet.is_ascii_graphic()));
    if let Some(child) = name.child("_mta-sts") {
        assert_eq!(child.parent(), Some(name));
    }
}

/// TLSA: octets to record to octets, record to text to record; a text that is read is emitted and read again.
pub fn tlsa(data: &[u8]) {
    if let Some(record) = Tlsa::from_rdata(data) {
        assert_eq!(record.to_rdata(), data);
        assert_eq!(record.to_string().parse(), Ok(record.clone()));
        let effective = Tlsa::effective(core::slice::from_ref(&record));
        assert_eq!(effective.len(), usize::from(record.usable().is_ok()));
    }
    if let Ok(record) = core::str::from_utf8(data).unwrap_or_default().parse::<Tlsa>() {
        assert_eq!(record.to_string().parse(), Ok(record));
    }
}

/// Socketmap: a frame read is, emitted, what was read; cut short it is never more than incomplete.
pub fn socketmap(data: &[u8]) {
    let Decoded::Frame { payload, used } = socketmap::decode(data, socketmap::MAX_REQUEST) else {
        return;
    };
    let mut frame = Vec::new();
    socketmap::encode_frame(payload, &mut frame);
    assert_eq!(data.get(..used), Some(frame.as_slice()));
    for cut in [0, 1, used / 2, used - 1] {
        let part = data.get(..cut).unwrap_or_default();
        assert_eq!(socketmap::decode(part, socketmap::MAX_REQUEST), Decoded::NeedMore);
    }
    if let Ok(request) = Request::parse(payload) {
        let mut again = Vec::new();
        request.encode(&mut again);
        assert_eq!(again, frame);
    }
    if let Ok(reply) = socketmap::Reply::parse(payload) {
        let mut again = Vec::new();
        reply.encode(&mut again);
        assert!(matches!(socketmap::decode(&again, socketmap::MAX_REPLY), Decoded::Frame { .. }));
        assert!(!again.iter().any(u8::is_ascii_control));
    }
}

/// tcp_table: a question read is emitted and read again; any text makes one line of bounded length.
pub fn tcp_table(data: &[u8]) {
    if let tcp_table::Decoded::Line { line, used } = tcp_table::decode(data) {
        assert!(line.len() < used && used <= tcp_table::MAX_LINE);
        if let Ok(request) = tcp_table::Request::parse(line) {
            let mut again = Vec::new();
            request.encode(&mut again);
            let line = again.strip_suffix(b"\n").unwrap_or_default();
            assert_eq!(tcp_table::Request::parse(line), Ok(request));
        }
    }
    let text = String::from_utf8_lossy(data);
    for reply in [tcp_table::Reply::Found(&text), tcp_table::Reply::Temp(&text)] {
        let mut out = Vec::new();
        reply.encode(&mut out);
        assert!(out.len() <= tcp_table::MAX_LINE);
        assert_eq!(out.iter().position(|octet| !octet.is_ascii_graphic() && *octet != b' '), Some(out.len() - 1));
    }
}

/// Policy lines: what an older Postfix takes, a newer one takes too.
pub fn policy_line(data: &[u8]) {
    let Ok(line) = core::str::from_utf8(data) else {
        return;
    };
    let mut taken = false;
    for dialect in [Dialect::Postfix33, Dialect::Postfix34, Dialect::Postfix310] {
        let verdict = check(line, dialect);
        if let Err(error) = &verdict {
            harmless(&error.to_string());
        }
        assert!(verdict.is_ok() || !taken, "{line:?} is taken by a Postfix before {dialect:?} only");
        taken = verdict.is_ok();
    }
}

/// Any policy whatsoever, in every shape: a line that Postfix takes, or a reason (D-36).
pub fn policy_to_line(data: &[u8]) {
    let Ok(parsed) = Policy::parse(data) else {
        return;
    };
    let Ok(domain) = Domain::parse("example.com") else {
        return;
    };
    let policy = parsed.policy;
    for shape in Shape::ALL {
        match secure_line(&domain, &policy, shape) {
            Ok(line) => {
                assert_eq!(policy.mode, Mode::Enforce);
                assert_eq!(check(&line, shape.dialect()), Ok(()));
                assert!(line.len() <= MAX_LINE && !line.chars().any(char::is_control));
                assert_eq!(line.contains("policy_string"), shape == Shape::Postfix310);
            }
            Err(CannotSay::NotEnforced(mode)) => assert_eq!(mode, policy.mode),
            Err(CannotSay::TooLong { .. }) => assert!(data.len() > MAX_LINE / 8),
            Err(other) => assert_eq!(other.to_string(), "", "{policy:?}"),
        }
    }
}

/// SMTP replies: octet by octet is the same as all at once; what is read is emitted and read again.
pub fn smtp_reply(data: &[u8]) {
    let whole = Reader::new().feed(data);
    let mut reader = Reader::new();
    let mut single = Ok(Progress::NeedMore);
    for (index, octet) in data.iter().enumerate() {
        single = reader.feed(&[*octet]);
        match &mut single {
            Ok(Progress::NeedMore) => {}
            Ok(Progress::Done { used, .. }) => {
                *used += index;
                break;
            }
            Err(_) => break,
        }
    }
    assert_eq!(whole.is_ok(), single.is_ok());
    if whole.is_ok() {
        assert_eq!(whole, single);
    }
    let Ok(Progress::Done { reply, used }) = whole else {
        return;
    };
    assert!(used <= data.len());
    harmless_reply(&reply);
    let emitted = reply.emit();
    let fits = reply.lines.iter().all(|line| line.len() + 4 <= reply::MAX_LINE);
    if fits && emitted.len() <= reply::MAX_REPLY {
        let used = emitted.len();
        assert_eq!(Reader::new().feed(emitted.as_bytes()), Ok(Progress::Done { reply, used }));
    }
}

fn harmless_reply(reply: &reply::Reply) {
    assert!((200..600).contains(&reply.code) && !reply.lines.is_empty());
    assert!(!reply.lines.iter().any(|line| line.chars().any(char::is_control)));
    if let Some(ehlo) = Ehlo::read(reply) {
        assert!(ehlo.keywords.iter().all(|keyword| !keyword.name.is_empty()));
    }
}

/// Answers to a hello of TLS: however they are cut, they come to the same, and a version is known before the end.
pub fn tls_answer(data: &[u8]) {
    let read = |size| {
        let mut reader = tls::Reader::new();
        let fed = data.chunks(size).map(|part| reader.feed(part));
        let end = fed.into_iter().find(|progress| *progress != Ok(tls::Progress::NeedMore));
        (end.unwrap_or(Ok(tls::Progress::NeedMore)), reader.version())
    };
    let (whole, version) = read(data.len().max(1));
    assert_eq!((&whole, version), (&read(1).0, read(7).1));
    match whole {
        Ok(tls::Progress::Done(answer)) => {
            assert!(!tls::version_name(answer.version).is_empty() && !tls::cipher_name(answer.cipher).is_empty());
            assert_eq!(version, Some(answer.version));
        }
        Ok(tls::Progress::NeedMore) => assert!(data.len() <= tls::MAX_ANSWER),
        Err(error) => harmless(&error.to_string()),
    }
}

/// Answers to a hello of SSL 2.0: octet by octet is the same as all at once; what is read has no more ciphers than octets.
pub fn ssl2_answer(data: &[u8]) {
    let whole = ssl2::Reader::new().feed(data);
    let mut reader = ssl2::Reader::new();
    let single =
        data.iter().map(|octet| reader.feed(&[*octet])).find(|progress| *progress != Ok(ssl2::Progress::NeedMore));
    assert_eq!(whole, single.unwrap_or(Ok(ssl2::Progress::NeedMore)));
    match whole {
        Ok(ssl2::Progress::Done(ciphers)) => {
            assert!(3 * ciphers.len() < data.len());
            ciphers.iter().for_each(|cipher| harmless(&ssl2::cipher_name(*cipher)));
        }
        Ok(ssl2::Progress::NeedMore) => assert!(data.len() < 2 + 0x7fff),
        Err(error) => harmless(&error.to_string()),
    }
}

/// libtlsrpt's datagrams: bounded; what is read is emitted and read again as the same.
pub fn tlsrpt_datagram(data: &[u8]) {
    let datagram = match Datagram::parse(data) {
        Ok(datagram) => datagram,
        Err(error) => {
            harmless(&error.to_string());
            return;
        }
    };
    assert!((1..=tlsrpt_datagram::MAX_POLICIES).contains(&datagram.policies.len()));
    for policy in &datagram.policies {
        assert!(policy.failures.len() <= tlsrpt_datagram::MAX_FAILURES);
        for text in policy.strings.iter().chain(&policy.mx) {
            assert!(text.len() <= tlsrpt_datagram::MAX_TEXT);
        }
        for name in policy.failures.iter().filter_map(|failure| failure.helo.as_ref()) {
            assert!(!name.contains(['\r', '\n', ' ']) && !name.is_empty());
        }
    }
    // A name of dots alone loses one each time, a name behind a reply code the code; and noncharacters are not written.
    let fixed = |name: &str| !name.ends_with('.') && !name.starts_with("250");
    let stable = datagram
        .policies
        .iter()
        .flat_map(|policy| &policy.failures)
        .all(|failure| failure.mx.as_deref().is_none_or(fixed) && failure.helo.as_deref().is_none_or(fixed));
    let emitted = datagram.emit();
    if let Ok(mut again) = Datagram::parse(emitted.as_bytes())
        && stable
        && !emitted.contains(char::REPLACEMENT_CHARACTER)
    {
        again.cut = datagram.cut;
        assert_eq!(again, datagram);
    } else {
        assert!(Datagram::parse(emitted.as_bytes()).is_ok() || emitted.len() > tlsrpt_datagram::MAX_LEN, "{emitted}");
    }
    assert!(!matches!(datagram.domain, Name::Other(ref text) if text.len() > tlsrpt_datagram::MAX_TEXT));
}

/// Log lines: no panic, and no event without a host and a program.
pub fn tlsrpt_log(data: &[u8]) {
    if let Some(line) = Line::parse(data) {
        assert!(line.program.contains('/'));
        assert!(line.stamp.resolve(1_800_000_000, 0).is_none_or(|moment| moment < 253_402_300_800));
    }
}

/// Reports: bounded; every note and violation is a harmless sentence; what is read is emitted and read again as the same.
pub fn tlsrpt_report(data: &[u8]) {
    let read = match Report::read(data) {
        Ok(read) => read,
        Err(error) => {
            harmless(&error.to_string());
            return;
        }
    };
    assert!(read.notes.len() <= report::MAX_NOTES && (1..=report::MAX_POLICIES).contains(&read.report.entries.len()));
    read.notes.iter().for_each(|note| harmless(&note.to_string()));
    let report = read.report;
    report.check().iter().for_each(|violation| harmless(&violation.to_string()));
    let emitted = report.emit();
    match Report::read(emitted.as_bytes()) {
        Ok(again) => {
            // An array in a string in an array in a string takes two readings.
            let nested = again.notes.iter().any(|note| note.oddity == report::Oddity::ArrayInString);
            let replaced = emitted.contains(char::REPLACEMENT_CHARACTER);
            assert!(nested || replaced || again.report.emit() == emitted, "{emitted}");
        }
        Err(error) => assert!(emitted.len() > report::MAX_LEN, "{error}: {emitted}"),
    }
    if let Ok(domain) = Domain::parse("example.com") {
        let text = mail::summary(&report, &domain);
        assert!(!text.chars().any(|c| c.is_control() && c != '\n') && text.len() < 1_000_000);
    }
}

/// gzip: what comes out keeps to the limits, and compressed anew it comes out again.
pub fn gzip(data: &[u8]) {
    let limits = Limits { output: 1 << 20, ratio: 100 };
    match gzip::inflate(data, limits) {
        Ok(text) => {
            assert!(text.len() <= limits.output && gzip::is_gzip(data));
            let wide = Limits { output: 1 << 21, ratio: 2000 };
            assert_eq!(gzip::inflate(&gzip::compress(&text), wide), Ok(text));
        }
        Err(GzipError::NotGzip) => assert!(!gzip::is_gzip(data)),
        Err(_) => assert!(gzip::is_gzip(data)),
    }
}

/// Received headers: bounded, values on one line; DKIM's canonical forms are fixed points.
pub fn mail_header(data: &[u8]) {
    let received = Received::parse(data);
    assert!(received.fields.len() <= MAX_FIELDS && data.ends_with(received.body));
    for field in &received.fields {
        let value = field.unfolded();
        // A replacement character is three octets for one.
        assert!(!value.contains(['\r', '\n']) && value.len() <= 3 * MAX_VALUE);
        let mut once = Vec::new();
        canonical::push_field(&mut once, field.name, field.raw);
        let mut twice = Vec::new();
        canonical::push_field(&mut twice, field.name, once.get(field.name.len() + 1..).unwrap_or_default());
        assert_eq!(once, twice);
    }
    let body = canonical::body(data);
    assert_eq!(canonical::body(&body), body);
    assert!(body.is_empty() || body.ends_with(b"\r\n"));
}

/// DKIM key records: what is read is emitted and read again.
pub fn dkim_record(data: &[u8]) {
    match KeyRecord::parse(data) {
        // The version and the kind of key, which may be left out, make the text longer.
        Ok(record) if record.text().len() > strictmx_proto::tags::MAX_RECORD => assert!(data.len() > 4000),
        Ok(record) => assert_eq!(KeyRecord::parse(record.text().as_bytes()), Ok(record)),
        Err(error) => harmless(&error.to_string()),
    }
}
