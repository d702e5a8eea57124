//! Reading a datagram, in one pass.
use alloc::{borrow::Cow, vec::Vec};
use core::net::IpAddr;

use super::{
    Code, Cut, Datagram, DatagramError, Failure, MAX_FAILURES, MAX_LEN, MAX_POLICIES, MAX_STRINGS, MAX_TEXT, Name,
    Numbered, Outcome, Policy, Version,
    host::{greeted_name, host},
};
use crate::{
    json::{Kind, Reader},
    name::Domain,
    tags::MAX_RECORD,
};

type Result<T> = core::result::Result<T, DatagramError>;

impl<'a> Datagram<'a> {
    /// Reads a datagram. Octets that are no UTF-8 become U+FFFD; keys we do not know are passed over.
    ///
    /// # Errors
    /// [`DatagramError`]: such a datagram counts for nothing, and none that a real library has sent is one.
    pub fn parse(octets: &'a [u8]) -> Result<Self> {
        if octets.len() > MAX_LEN {
            return Err(DatagramError::TooLong);
        }
        let mut reader = Reader::new(octets);
        let mut cut = Cut::default();
        let (mut version, mut domain, mut record, mut policies) = (None, None, None, None);
        reader.object(|reader, key| match key {
            "dpv" => once(&mut version, "dpv", read_version(reader)?),
            "d" => once(&mut domain, "d", name(text(reader, &mut cut)?, None)),
            "pr" => once(&mut record, "pr", read_record(reader, &mut cut)?),
            "policies" => {
                let read = read_policies(reader, domain.as_ref(), &mut cut)?;
                once(&mut policies, "policies", read)
            }
            _ => Ok(reader.skip()?),
        })?;
        reader.end()?;
        let policies = policies.filter(|policies: &Vec<_>| !policies.is_empty());
        Ok(Self {
            version: version.unwrap_or(Version::Absent),
            domain: domain.ok_or(DatagramError::Missing("d"))?,
            record: record.unwrap_or_default(),
            policies: policies.ok_or(DatagramError::Missing("policies"))?,
            cut,
        })
    }
}

//----------- The objects -------------------------------------------------

fn read_version<'a>(reader: &mut Reader<'a>) -> Result<Version<'a>> {
    let text = match reader.peek()? {
        Kind::Number => Cow::Borrowed(reader.number()?.as_str()),
        _ => reader.string()?,
    };
    Ok(if text == "1" { Version::One } else { Version::Other(shortened(text, &mut Cut::default())) })
}

fn read_record<'a>(reader: &mut Reader<'a>, cut: &mut Cut) -> Result<Cow<'a, str>> {
    let record = reader.string()?;
    if record.len() <= MAX_RECORD {
        return Ok(record);
    }
    cut.texts += 1;
    Ok(Cow::Borrowed(""))
}

fn read_policies<'a>(reader: &mut Reader<'a>, domain: Option<&Name<'a>>, cut: &mut Cut) -> Result<Vec<Policy<'a>>> {
    let mut policies = Vec::new();
    reader.array(|reader| {
        if policies.len() == MAX_POLICIES {
            cut.policies += 1;
            return Ok(reader.skip()?);
        }
        policies.push(read_policy(reader, domain, cut)?);
        Ok::<_, DatagramError>(())
    })?;
    Ok(policies)
}

/// `known` is the recipient domain, which the policy domain mostly is too.
fn read_policy<'a>(reader: &mut Reader<'a>, known: Option<&Name<'a>>, cut: &mut Cut) -> Result<Policy<'a>> {
    let (mut kind, mut domain, mut strings, mut mx) = (None, None, None, None);
    let (mut failures, mut outcome) = (None, None);
    reader.object(|reader, key| match key {
        "policy-type" => once(&mut kind, "policy-type", read_code(reader, "policy-type")?),
        "policy-domain" => once(&mut domain, "policy-domain", name(text(reader, cut)?, known)),
        "policy-string" => once(&mut strings, "policy-string", read_strings(reader, cut)?),
        "mx-host" => once(&mut mx, "mx-host", read_strings(reader, cut)?),
        "failure-details" => once(&mut failures, "failure-details", read_failures(reader, cut)?),
        "f" => once(&mut outcome, "f", read_outcome(reader)?),
        // `t` among them: it repeats the number of failures.
        _ => Ok(reader.skip()?),
    })?;
    Ok(Policy {
        kind: kind.ok_or(DatagramError::Missing("policy-type"))?,
        domain,
        strings: strings.unwrap_or_default(),
        mx: mx.unwrap_or_default(),
        failures: failures.unwrap_or_default(),
        outcome: outcome.ok_or(DatagramError::Missing("f"))?,
    })
}

fn read_failures<'a>(reader: &mut Reader<'a>, cut: &mut Cut) -> Result<Vec<Failure<'a>>> {
    let mut failures = Vec::new();
    reader.array(|reader| {
        if failures.len() == MAX_FAILURES {
            cut.failures += 1;
            return Ok(reader.skip()?);
        }
        failures.push(read_failure(reader, cut)?);
        Ok::<_, DatagramError>(())
    })?;
    Ok(failures)
}

fn read_failure<'a>(reader: &mut Reader<'a>, cut: &mut Cut) -> Result<Failure<'a>> {
    let mut code = None;
    let (mut sending_ip, mut mx, mut helo) = (None, None, None);
    let (mut receiving_ip, mut information, mut reason) = (None, None, None);
    reader.object(|reader, key| match key {
        "c" => once(&mut code, "c", read_code(reader, "c")?),
        "s" => once(&mut sending_ip, "s", read_address(reader, cut)?),
        "n" => once(&mut mx, "n", filled(host(text(reader, cut)?))),
        // Taken whole: a long reply has its name in front.
        "h" => once(&mut helo, "h", greeted_name(reader.string()?).map(|name| host(shortened(name, cut)))),
        "r" => once(&mut receiving_ip, "r", read_address(reader, cut)?),
        "a" => once(&mut information, "a", filled(text(reader, cut)?)),
        "f" => once(&mut reason, "f", filled(text(reader, cut)?)),
        _ => Ok(reader.skip()?),
    })?;
    Ok(Failure {
        code: code.ok_or(DatagramError::Missing("c"))?,
        sending_ip: sending_ip.flatten(),
        mx: mx.flatten(),
        helo: helo.flatten(),
        receiving_ip: receiving_ip.flatten(),
        information: information.flatten(),
        reason: reason.flatten(),
    })
}

//----------- The values --------------------------------------------------

fn once<T>(slot: &mut Option<T>, key: &'static str, value: T) -> Result<()> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(DatagramError::Twice(key)),
    }
}

fn whole(reader: &mut Reader<'_>, key: &'static str) -> Result<i64> {
    reader.number()?.integer().ok_or(DatagramError::NotWhole(key))
}

fn read_code<T: Numbered + PartialEq>(reader: &mut Reader<'_>, key: &'static str) -> Result<Code<T>> {
    whole(reader, key).map(Code::from_number)
}

fn read_outcome(reader: &mut Reader<'_>) -> Result<Outcome> {
    Ok(match whole(reader, "f")? {
        0 => Outcome::Success,
        1 => Outcome::Failure,
        other => Outcome::Unknown(other),
    })
}

fn read_strings<'a>(reader: &mut Reader<'a>, cut: &mut Cut) -> Result<Vec<Cow<'a, str>>> {
    // Mostly a handful; a policy of a hundred MX patterns is rare.
    let mut strings = Vec::with_capacity(8);
    reader.array(|reader| {
        if strings.len() == MAX_STRINGS {
            cut.strings += 1;
            return Ok(reader.skip()?);
        }
        strings.push(text(reader, cut)?);
        Ok::<_, DatagramError>(())
    })?;
    Ok(strings)
}

fn read_address(reader: &mut Reader<'_>, cut: &mut Cut) -> Result<Option<IpAddr>> {
    let text = reader.string()?;
    let address = text.parse().ok();
    cut.addresses += u32::from(address.is_none() && !text.is_empty());
    Ok(address)
}

fn text<'a>(reader: &mut Reader<'a>, cut: &mut Cut) -> Result<Cow<'a, str>> {
    Ok(shortened(reader.string()?, cut))
}

fn shortened<'a>(text: Cow<'a, str>, cut: &mut Cut) -> Cow<'a, str> {
    if text.len() <= MAX_TEXT {
        return text;
    }
    cut.texts += 1;
    let end = text.floor_char_boundary(MAX_TEXT);
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.get(..end).unwrap_or_default()),
        Cow::Owned(mut text) => {
            text.truncate(end);
            Cow::Owned(text)
        }
    }
}

fn filled(text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    (!text.is_empty()).then_some(text)
}

fn name<'a>(text: Cow<'a, str>, known: Option<&Name<'a>>) -> Name<'a> {
    match known {
        Some(Name::Domain(domain)) if domain.as_str() == text => Name::Domain(domain.clone()),
        _ => Domain::parse_lenient(&text).map_or(Name::Other(text), Name::Domain),
    }
}
