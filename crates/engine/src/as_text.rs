//! How values of the floor below, which knows no serde, are written out: as the text that people see.
use core::fmt::Display;

use serde::{Serialize, Serializer};
use strictmx_proto::{
    name::Domain,
    sts::{Finding, FindingKind, Mode},
    tlsrpt::ResultType,
};

pub(crate) fn text<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

pub(crate) fn name<S: Serializer>(name: &Domain, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(name.as_str())
}

pub(crate) fn ranked<S: Serializer>(hosts: &[(u16, Domain)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(hosts.iter().map(|(preference, name)| (preference, name.as_str())))
}

pub(crate) fn mode<S: Serializer>(mode: &Mode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(mode.as_str())
}

pub(crate) fn some_mode<S: Serializer>(mode: &Option<Mode>, serializer: S) -> Result<S::Ok, S::Error> {
    mode.map(Mode::as_str).serialize(serializer)
}

pub(crate) fn result<S: Serializer>(result: &ResultType, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(result.as_str())
}

pub(crate) fn findings<S: Serializer>(findings: &[Finding], serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Shown<'a> {
        line: u32,
        #[serde(serialize_with = "text")]
        what: &'a FindingKind,
    }
    serializer.collect_seq(findings.iter().map(|finding| Shown { line: finding.line, what: &finding.kind }))
}
