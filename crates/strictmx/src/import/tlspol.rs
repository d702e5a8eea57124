//! What `postfix-tlspol -export` prints: a domain, white space, and the line that Postfix gets.
//!
//! The cache of that program holds lines, not policies: no id, no `max_age`. A `secure` line is what it makes of an `enforce`
//! policy, its `match=` list the policy's MX patterns; where the line carries report attributes, the policy's own text is in
//! them. When it was fetched is not said, so nothing is kept for longer than a day.

use std::collections::BTreeSet;

use strictmx_engine::time::Timestamp;
use strictmx_proto::name::Domain;
use strictmx_proto::sts::{Mode, Pattern, Policy};

use super::{Import, Imported, Refused, known};

/// The largest file that is read, octets: its program keeps 50 000 entries.
pub const LARGEST: usize = 64 * 1024 * 1024;
/// Longest life of what is taken over, seconds.
const LIFE: u32 = 86_400;

/// Reads an export.
pub fn read(text: &str, now: Timestamp) -> Import {
    let mut import = Import::default();
    let mut seen = BTreeSet::new();
    for (line, entry) in (1..).zip(text.lines().map(str::trim)) {
        if entry.is_empty() || entry.starts_with('#') {
            continue;
        }
        match read_entry(entry, now) {
            Ok(Some(imported)) => {
                if seen.insert(imported.domain.clone()) {
                    import.taken.push(imported);
                } else {
                    let why = format!("there is an entry for {} already", imported.domain);
                    import.refused.push(Refused { line, why });
                }
            }
            Ok(None) => import.dane += 1,
            Err(why) => import.refused.push(Refused { line, why }),
        }
    }
    import
}

/// `None`: DANE decides, there is no policy in it.
fn read_entry(entry: &str, now: Timestamp) -> Result<Option<Imported>, String> {
    let Some((name, answer)) = entry.split_once(char::is_whitespace) else {
        return Err("there is nothing after the domain".to_owned());
    };
    let domain = Domain::parse(name).map_err(|e| format!("this is no domain: {e}"))?;
    let mut attributes = Attributes(answer);
    let level = attributes.next().transpose()?.unwrap_or_default();
    match level {
        "dane" | "dane-only" => return Ok(None),
        "secure" => {}
        _ if level.bytes().all(|b| b.is_ascii_digit()) => {
            return Err("a number stands after the domain: this is the output of -dump; use -export".to_owned());
        }
        _ => return Err("the level is none of secure, dane and dane-only".to_owned()),
    }
    let (policy, note) = policy(attributes)?;
    let life = u64::from(policy.max_age.min(LIFE));
    let known = known(policy, None, now, now.plus(life));
    Ok(Some(Imported { domain, known, note }))
}

fn policy(attributes: Attributes<'_>) -> Result<(Policy, Option<&'static str>), String> {
    let mut lines = Vec::new();
    let mut patterns = Vec::new();
    for attribute in attributes {
        let attribute = attribute?;
        let Some((name, value)) = attribute.split_once('=') else {
            return Err("an attribute has no value".to_owned());
        };
        match name.trim() {
            "policy_string" => lines.push(value.trim()),
            "match" => {
                for element in value.trim().split(':') {
                    patterns.push(pattern(element)?);
                }
            }
            _ => {}
        }
    }
    if !lines.is_empty() {
        let parsed = Policy::parse(lines.join("\n").as_bytes()).map_err(|e| format!("its policy_string: {e}"))?;
        if parsed.policy.mode != Mode::Enforce {
            return Err("the level is secure and its policy_string is not in mode enforce".to_owned());
        }
        return Ok((parsed.policy, None));
    }
    let policy = Policy::new(Mode::Enforce, LIFE, patterns).map_err(|e| e.to_string())?;
    Ok((policy, Some("rebuilt from the match list; max_age taken to be one day")))
}

/// One element of `match=`: a host, or `.` and the name it is one label below.
fn pattern(element: &str) -> Result<Pattern, String> {
    let wild = element.strip_prefix('.').map(|name| format!("*.{name}"));
    let (pattern, _) =
        Pattern::parse(wild.as_deref().unwrap_or(element)).map_err(|e| format!("in its match list: {e}"))?;
    Ok(pattern)
}

/// Words, and groups in braces without their braces.
struct Attributes<'a>(&'a str);

impl<'a> Iterator for Attributes<'a> {
    type Item = Result<&'a str, String>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.0.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        if rest.is_empty() {
            self.0 = rest;
            return None;
        }
        if let Some(group) = rest.strip_prefix('{') {
            let Some((inside, after)) = group.split_once('}') else {
                self.0 = "";
                return Some(Err("a brace is not closed".to_owned()));
            };
            self.0 = after;
            return Some(Ok(inside.trim()));
        }
        let end = rest.find(|c: char| c.is_whitespace() || c == ',').unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        self.0 = after;
        Some(Ok(word))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000);

    fn one(line: &str) -> Imported {
        let import = read(line, NOW);
        assert_eq!(import.refused, [], "{line}");
        import.taken.into_iter().next().unwrap()
    }

    #[test]
    fn a_secure_line_becomes_an_enforced_policy_of_one_day_without_an_id() {
        let imported = one("A.example                    secure match=mail.a.example:.b.example servername=hostname\n");
        assert_eq!(imported.domain.as_str(), "a.example");
        let entry = imported.known.entry.unwrap();
        assert_eq!((entry.id, entry.fetched, entry.expires), (None, NOW, NOW.plus(86_400)));
        let patterns: Vec<_> = entry.policy.mx.iter().map(ToString::to_string).collect();
        assert_eq!(patterns, ["mail.a.example", "*.b.example"]);
        assert_eq!(entry.policy.mode, Mode::Enforce);
        assert!(imported.note.is_some());
    }

    #[test]
    fn report_attributes_give_back_the_policys_own_text_and_a_shorter_max_age_counts() {
        let imported =
            one("a.example\tsecure match=mx.a.example servername=hostname policy_type=sts policy_domain=a.example \
             mx_host_pattern=MX.a.example { policy_string = version: STSv1 } { policy_string = mode: enforce } \
             { policy_string = mx: MX.a.example } { policy_string = max_age: 3600 }");
        let entry = imported.known.entry.unwrap();
        assert_eq!(entry.policy.text(), "version: STSv1\nmode: enforce\nmx: MX.a.example\nmax_age: 3600");
        assert_eq!(entry.expires, NOW.plus(3600));
        assert_eq!(imported.note, None);
    }

    #[test]
    fn the_longest_life_is_a_day_because_nobody_says_when_it_was_fetched() {
        let imported =
            one("a.example secure match=a { policy_string = version: STSv1 } { policy_string = mode: enforce } \
             { policy_string = mx: a.example } { policy_string = max_age: 31557600 }");
        assert_eq!(imported.known.entry.unwrap().expires, NOW.plus(86_400));
    }

    #[test]
    fn dane_lines_are_counted_and_blank_ones_are_not() {
        let import = read("a.example dane-only\n\n# a comment\nb.example   dane \n", NOW);
        assert_eq!((import.dane, import.taken.len(), import.refused.len()), (2, 0, 0));
    }

    #[test]
    fn what_cannot_be_understood_is_refused_with_its_line() {
        let lines = [
            "alone",
            "10.0.0.1 secure match=a.example",
            "a.example may",
            "a.example      17  secure match=a.example",
            "a.example secure",
            "a.example secure match=",
            "a.example secure match=a.example::b.example",
            "a.example secure match=*.*.example",
            "a.example secure match",
            "a.example secure { policy_string = version: STSv1",
            "a.example secure match=a { policy_string = nonsense }",
            "a.example secure { policy_string = version: STSv1 } { policy_string = mode: none } { policy_string = max_age: 1 }",
        ];
        let import = read(&lines.join("\n"), NOW);
        assert_eq!(import.taken, []);
        let numbers: Vec<_> = import.refused.iter().map(|r| r.line).collect();
        assert_eq!(numbers, (1..=lines.len()).collect::<Vec<_>>());
        assert!(import.refused[3].why.contains("-export"));
    }

    #[test]
    fn the_second_entry_of_a_domain_is_refused() {
        let import = read("a.example secure match=x.example\nA.EXAMPLE. secure match=y.example", NOW);
        assert_eq!((import.taken.len(), import.refused.len()), (1, 1));
    }

    proptest::proptest! {
        #[test]
        fn any_text_comes_to_an_end_without_a_panic(text in "\\PC*|([a-z. ={}:,\t\n]|secure|match=|policy_string)*") {
            let import = read(&text, NOW);
            for imported in import.taken {
                let entry = imported.known.entry.unwrap();
                proptest::prop_assert_eq!(entry.policy.mode, Mode::Enforce);
                proptest::prop_assert!(entry.expires <= NOW.plus(86_400));
            }
        }
    }
}
