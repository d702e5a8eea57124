//! The forms in which others than libtlsrpt's users tell of sessions: its datagrams, or one object in the words of a report.
//!
//! ```json
//! {"domain": "example.com", "policy-type": "sts", "result-type": "certificate-expired", "receiving-mx-hostname": "mx.example.com"}
//! ```
use std::{borrow::Cow, net::IpAddr};

use serde::Deserialize;
use strictmx_engine::time::Timestamp;
use strictmx_proto::{
    name::Domain,
    postfix::tlsrpt_datagram::{
        Code, Cut, Datagram, DatagramError, Failure, Name, Outcome, Policy, Version, greeted_name,
    },
    tlsrpt::{PolicyType, ResultType},
};

use crate::when;

/// The most sessions that one object may stand for.
pub const MOST: u32 = 1_000_000;

/// Sessions of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What libtlsrpt would say of one of them.
    pub datagram: Datagram<'static>,
    /// When they were; `None`: now.
    pub at: Option<Timestamp>,
    /// How many.
    pub count: u32,
}

/// Why an object tells nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// It is neither form.
    #[error("{0}")]
    Form(String),
    /// A word that no report has.
    #[error("`{key}` is {word:?}, which is none of {}", .known.join(", "))]
    Word {
        /// Where.
        key: &'static str,
        /// The word.
        word: String,
        /// What there is.
        known: Vec<&'static str>,
    },
    /// A value that makes no sense.
    #[error("`{key}`: {why}")]
    Value {
        /// Where.
        key: &'static str,
        /// What is wrong.
        why: String,
    },
}

impl Told {
    /// Whether it may be: clocks differ, but not by a day.
    ///
    /// # Errors
    /// When it lies in the future.
    pub fn check(&self, now: Timestamp) -> Result<(), SessionError> {
        if self.at.is_some_and(|at| at > now.plus(86_400)) {
            return Err(SessionError::Value { key: "at", why: "this moment lies in the future".to_owned() });
        }
        Ok(())
    }
}

/// One object in the words of a report.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Words {
    /// The recipient domain.
    pub domain: String,
    /// `sts`, `tlsa` or `no-policy-found`.
    pub policy_type: Option<String>,
    /// The policy's domain.
    pub policy_domain: Option<String>,
    /// The policy's lines, or TLSA records.
    #[serde(default)]
    pub policy_string: Vec<String>,
    /// MX patterns.
    #[serde(default)]
    pub mx_host: Vec<String>,
    /// `success` or `failure`.
    pub result: Option<String>,
    /// What failed.
    pub result_type: Option<String>,
    /// Our address.
    pub sending_mta_ip: Option<IpAddr>,
    /// The MX host.
    pub receiving_mx_hostname: Option<String>,
    /// Its name in the reply to EHLO.
    pub receiving_mx_helo: Option<String>,
    /// Its address.
    pub receiving_ip: Option<IpAddr>,
    /// A URI.
    pub additional_information: Option<String>,
    /// A code or short text.
    pub failure_reason_code: Option<String>,
    /// The domain's TLSRPT record.
    pub record: Option<String>,
    /// When: RFC 3339, or a day.
    pub at: Option<String>,
    /// How many such sessions.
    pub count: Option<u32>,
}

/// Reads an object of either form.
///
/// # Errors
/// [`SessionError`]: a sentence.
pub fn read(octets: &[u8]) -> Result<Told, SessionError> {
    match Datagram::parse(octets) {
        Ok(datagram) if datagram.domain.domain().is_none() => {
            Err(SessionError::Value { key: "d", why: "this is no domain name".to_owned() })
        }
        Ok(datagram) => Ok(Told { datagram: owned(datagram), at: None, count: 1 }),
        // Without libtlsrpt's key for the domain it is the other form.
        Err(DatagramError::Missing("d")) => {
            let words: Words = serde_json::from_slice(octets).map_err(|error| SessionError::Form(error.to_string()))?;
            told(words)
        }
        Err(error) => Err(SessionError::Form(error.to_string())),
    }
}

/// From words to what libtlsrpt would say.
///
/// # Errors
/// [`SessionError`]: a sentence.
pub fn told(mut words: Words) -> Result<Told, SessionError> {
    let domain = name("domain", &words.domain)?;
    let kinds = || PolicyType::ALL.iter().map(|kind| kind.as_str()).collect();
    let kind = match words.policy_type.take() {
        None => PolicyType::NoPolicyFound,
        Some(word) => {
            PolicyType::parse(&word).ok_or_else(|| SessionError::Word { key: "policy-type", word, known: kinds() })?
        }
    };
    let result_type = match words.result_type.take() {
        None => None,
        Some(word) => Some(ResultType::parse(&word).ok_or_else(|| SessionError::Word {
            key: "result-type",
            word,
            known: ResultType::ALL.iter().map(|result| result.as_str()).collect(),
        })?),
    };
    let outcome = match words.result.as_deref() {
        None if result_type.is_none() => Outcome::Success,
        Some("success") => Outcome::Success,
        None | Some("failure") => Outcome::Failure,
        Some(word) => {
            let (key, known) = ("result", vec!["success", "failure"]);
            return Err(SessionError::Word { key, word: word.to_owned(), known });
        }
    };
    let at = words.at.take().map(|text| when::moment(&text).ok_or(text)).transpose().map_err(|text| {
        SessionError::Value { key: "at", why: format!("{text:?} is no moment; write it like 2026-11-22T10:00:00Z") }
    })?;
    let count = words.count.unwrap_or(1);
    if count == 0 || count > MOST {
        return Err(SessionError::Value { key: "count", why: format!("it must be from 1 to {MOST}") });
    }
    // Of DANE the policy is the MX host's (TLSRPT-1.1-2).
    let policy_domain = match (&words.policy_domain, kind, &words.receiving_mx_hostname) {
        (Some(named), ..) => Some(Name::Domain(name("policy-domain", named)?)),
        (None, PolicyType::Tlsa, Some(host)) => Domain::parse_lenient(host).ok().map(Name::Domain),
        _ => None,
    };
    let failures: Vec<_> = result_type.map(|result| failure(result, &words)).into_iter().collect();
    let policy = Policy {
        kind: Code::Known(kind),
        domain: policy_domain,
        strings: words.policy_string.into_iter().map(Cow::Owned).collect(),
        mx: words.mx_host.into_iter().map(Cow::Owned).collect(),
        failures,
        outcome,
    };
    let datagram = Datagram {
        version: Version::One,
        domain: Name::Domain(domain),
        record: Cow::Owned(words.record.unwrap_or_default()),
        policies: vec![policy],
        cut: Cut::default(),
    };
    // Once through the wire form: whatever is cut there is cut here.
    let datagram = Datagram::parse(datagram.emit().as_bytes())
        .map(owned)
        .map_err(|error| SessionError::Form(error.to_string()))?;
    Ok(Told { datagram, at, count })
}

fn failure(result: ResultType, words: &Words) -> Failure<'static> {
    let text = |text: &Option<String>| text.clone().filter(|text| !text.is_empty()).map(Cow::Owned);
    Failure {
        code: Code::Known(result),
        sending_ip: words.sending_mta_ip,
        mx: text(&words.receiving_mx_hostname),
        helo: words.receiving_mx_helo.clone().and_then(|helo| greeted_name(Cow::Owned(helo))),
        receiving_ip: words.receiving_ip,
        information: text(&words.additional_information),
        reason: text(&words.failure_reason_code),
    }
}

fn name(key: &'static str, text: &str) -> Result<Domain, SessionError> {
    Domain::parse_lenient(text).map_err(|error| SessionError::Value { key, why: error.to_string() })
}

/// The same with texts of its own.
fn owned(datagram: Datagram<'_>) -> Datagram<'static> {
    let text = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
    let name = |name: Name<'_>| match name {
        Name::Domain(domain) => Name::Domain(domain),
        Name::Other(other) => Name::Other(Cow::Owned(other.into_owned())),
    };
    let failure = |failure: Failure<'_>| Failure {
        code: failure.code,
        sending_ip: failure.sending_ip,
        mx: failure.mx.map(text),
        helo: failure.helo.map(text),
        receiving_ip: failure.receiving_ip,
        information: failure.information.map(text),
        reason: failure.reason.map(text),
    };
    let policy = |policy: Policy<'_>| Policy {
        kind: policy.kind,
        domain: policy.domain.map(name),
        strings: policy.strings.into_iter().map(text).collect(),
        mx: policy.mx.into_iter().map(text).collect(),
        failures: policy.failures.into_iter().map(failure).collect(),
        outcome: policy.outcome,
    };
    Datagram {
        version: match datagram.version {
            Version::Absent => Version::Absent,
            Version::One => Version::One,
            Version::Other(other) => Version::Other(Cow::Owned(other.into_owned())),
        },
        domain: name(datagram.domain),
        record: text(datagram.record),
        policies: datagram.policies.into_iter().map(policy).collect(),
        cut: datagram.cut,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, reason = "tests")]
    use super::*;

    #[test]
    fn the_words_of_a_report_come_to_what_libtlsrpt_would_say() {
        let told = read(
            br#"{"domain": "Example.com", "policy-type": "tlsa", "policy-string": ["3 1 1 00"], "result-type": "certificate-expired",
                "receiving-mx-hostname": "mx.example.com", "receiving-ip": "192.0.2.1", "at": "2026-11-22T10:00:00Z", "count": 3}"#,
        )
        .unwrap();
        assert_eq!((told.count, told.at), (3, Some(Timestamp(1_795_341_600))));
        let policy = &told.datagram.policies[0];
        assert_eq!(policy.domain.as_ref().unwrap().as_str(), "mx.example.com");
        assert_eq!((policy.outcome, policy.failures.len()), (Outcome::Failure, 1));
        let success = read(br#"{"domain": "example.com"}"#).unwrap();
        assert_eq!(success.datagram.policies[0].outcome, Outcome::Success);
        let overcome =
            read(br#"{"domain": "example.com", "result": "success", "result-type": "validation-failure"}"#).unwrap();
        assert_eq!(
            (overcome.datagram.policies[0].outcome, overcome.datagram.policies[0].failures.len()),
            (Outcome::Success, 1)
        );
    }

    #[test]
    fn a_datagram_is_taken_as_it_is() {
        let octets = br#"{"d": "example.com","pr": "v=TLSRPTv1; rua=mailto:a@example.com","policies":[{"policy-type":9,"t":0,"f":0}]}"#;
        let told = read(octets).unwrap();
        assert_eq!((told.count, told.at), (1, None));
        assert_eq!(told.datagram, Datagram::parse(octets).unwrap());
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_what_to_write() {
        for (text, says) in [
            ("", "ends in the middle of a value"),
            ("{}", "domain"),
            (r#"{"domain": "192.0.2.1"}"#, "IP address"),
            (r#"{"domain": "example.com", "policy-type": "dane"}"#, "tlsa, sts, no-policy-found"),
            (r#"{"domain": "example.com", "result-type": "expired"}"#, "certificate-expired"),
            (r#"{"domain": "example.com", "result": "ok"}"#, "success, failure"),
            (r#"{"domain": "example.com", "at": "yesterday"}"#, "2026-11-22T10:00:00Z"),
            (r#"{"domain": "example.com", "count": 0}"#, "from 1"),
            (r#"{"domain": "example.com", "mx": "x"}"#, "unknown field `mx`"),
            (r#"{"d": "", "policies": [{"policy-type":9,"f":0}]}"#, "no domain name"),
        ] {
            let told = read(text.as_bytes()).unwrap_err().to_string();
            assert!(told.contains(says), "{text}: {told}");
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_told_is_read_or_refused(octets in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
            drop(read(&octets));
        }

        #[test]
        fn whatever_the_words_hold_comes_back_from_the_wire(
            domain in "[a-z]{1,9}\\.[a-z]{2,5}", line in "\\PC{0,40}", mx in "\\PC{0,40}", reason in "\\PC{0,300}",
        ) {
            let words = Words {
                domain,
                policy_type: Some("sts".into()),
                policy_string: vec![line],
                result_type: Some("validation-failure".into()),
                receiving_mx_hostname: Some(mx.clone()),
                receiving_mx_helo: Some(mx),
                failure_reason_code: Some(reason),
                ..Words::default()
            };
            let told = told(words).unwrap().datagram;
            let text = told.emit();
            proptest::prop_assert_eq!(Datagram::parse(text.as_bytes()).unwrap(), told);
        }
    }
}
