//! Whether every address serves the same policy, and a fresh one (STS-3.3-8, STS-8.1-2, STS-8.2-3).
use alloc::{collections::BTreeMap, format, string::String, vec::Vec};
use core::net::IpAddr;

use strictmx_proto::sts::Policy;

use super::super::{
    Check, Family, Findings, Severity, Side,
    calendar::length,
    observations::{PolicyHostSeen, Visit},
    shown::shown_bytes,
};
use super::{front::header, gathered::list};

pub(super) static DIFFER: Check = Check {
    id: "sts.host.copies-differ",
    family: Family::Host,
    title: "the policy host serves different policies on its addresses",
    why: "Which policy a sender gets depends on the address it picks, and it keeps that one for the whole max_age under the same id. \
          Mail may be refused by some senders and not by others.",
    requirement: "STS-3.1-3",
    side: Side::PolicyHost,
};

pub(super) static STALE: Check = Check {
    id: "sts.host.stale-copy",
    family: Family::Host,
    title: "the policy comes out of a cache on the way",
    why: "After a change, a cache goes on handing out the old text. Senders that see the new id then fetch the old policy and keep it \
          under the new id for the whole max_age.",
    requirement: "STS-8.1-2",
    side: Side::PolicyHost,
};

/// Older copies than this are worth a word, seconds: changes of a policy are seldom, and made with an eye on the clock.
const MAX_COPY_AGE: u64 = 3600;

pub(super) fn judge(host: &PolicyHostSeen, weight: Severity, found: &mut Findings) {
    let served: Vec<(&Visit, &[u8])> = host
        .visits
        .iter()
        .filter(|visit| visit.status == Some(200) && visit.stopped.is_none())
        .filter_map(|visit| Some((visit, &*visit.body.as_ref()?.0)))
        .collect();
    // Pages that are no policy may well differ from one moment to the next.
    if !served.iter().any(|(_, body)| Policy::parse(body).is_ok()) {
        return;
    }
    let mut texts: BTreeMap<&[u8], Vec<IpAddr>> = BTreeMap::new();
    for (visit, body) in &served {
        texts.entry(body).or_default().push(visit.address.ip());
    }
    let differ = texts.len() > 1;
    if differ {
        let seen = format!("{}.", difference(&texts));
        found.add(&DIFFER, weight, seen).about(String::from(host.name.as_str())).step(
            "Bring the same file to every server behind the name, empty any cache before them, then publish a new id.",
        );
    }
    for (visit, _) in served {
        stale(host, visit, if differ { Copies::Differ } else { Copies::Agree }, weight, found);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Copies {
    Agree,
    Differ,
}

fn stale(host: &PolicyHostSeen, visit: &Visit, copies: Copies, weight: Severity, found: &mut Findings) {
    let age = header(visit, "age").and_then(|value| value.trim().parse::<u64>().ok());
    let hit = ["x-cache", "cf-cache-status", "x-cache-status", "x-vercel-cache", "cdn-cache"]
        .into_iter()
        .filter_map(|name| header(visit, name))
        .any(|value| value.to_ascii_lowercase().contains("hit"));
    let seen = match age {
        Some(age) if age > MAX_COPY_AGE => format!("The copy at {} is {} old.", visit.address.ip(), length(age)),
        Some(1..) if copies == Copies::Differ => format!("The copy at {} comes out of a cache.", visit.address.ip()),
        _ if hit && copies == Copies::Differ => format!("The copy at {} comes out of a cache.", visit.address.ip()),
        _ => return,
    };
    found
        .add(&STALE, weight.min(Severity::Warning), seen)
        .about(String::from(host.name.as_str()))
        .step(
            "Send `Cache-Control: max-age=60` with the policy, or exempt it from the cache. When you change it, empty the cache \
             before you publish the new id.",
        );
}

/// Where the first two texts part.
fn difference(texts: &BTreeMap<&[u8], Vec<IpAddr>>) -> String {
    let mut all = texts.iter();
    let (Some((one, at_one)), Some((other, at_other))) = (all.next(), all.next()) else {
        return String::new();
    };
    let mut first = one.split(|octet| *octet == b'\n');
    let mut second = other.split(|octet| *octet == b'\n');
    let told = |line: Option<&[u8]>| {
        line.map_or_else(|| String::from("nothing more"), |line| format!("{:?}", shown_bytes(line)))
    };
    let mut number = 1_u32;
    loop {
        let (left, right) = (first.next(), second.next());
        if left != right || left.is_none() {
            let (left, right) = match (left, right) {
                (Some([left @ .., b'\r']), Some([right @ .., b'\r'])) => (told(Some(left)), told(Some(right))),
                (left, right) => (told(left), told(right)),
            };
            return format!("Line {number} is {left} at {}, and {right} at {}", list(at_one), list(at_other));
        }
        number += 1;
    }
}
