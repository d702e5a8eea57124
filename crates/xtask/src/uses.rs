//! Paths of this crate that a module names: `crate::…`, `super::…`, `self::…`, in `use` trees or in place.

/// Every path named in masked source, as segments behind the module `here` is in.
pub(crate) fn paths(masked: &str, here: &[String]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (start, base) in [("crate::", Vec::new()), ("super::", parent(here)), ("self::", here.to_vec())] {
        for (at, _) in masked.match_indices(start) {
            let before = masked.get(..at).unwrap_or_default();
            let continues = before.ends_with(|letter: char| letter.is_alphanumeric() || matches!(letter, '_' | ':'));
            if continues {
                continue;
            }
            let mut base = base.clone();
            let mut rest = masked.get(at + start.len()..).unwrap_or_default();
            while let Some(further) = rest.strip_prefix("super::") {
                base.pop();
                rest = further;
            }
            tree(rest, &base, &mut found);
        }
    }
    found
}

fn parent(here: &[String]) -> Vec<String> {
    here.split_last().map(|(_, parent)| parent.to_vec()).unwrap_or_default()
}

/// Follows one use tree; gives back what stands behind it.
fn tree<'a>(text: &'a str, base: &[String], found: &mut Vec<Vec<String>>) -> &'a str {
    let mut path = base.to_vec();
    let mut rest = text.trim_start();
    loop {
        if let Some(group) = rest.strip_prefix('{') {
            return self::group(group, &path, found);
        }
        let name: String = rest.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
        rest = rest.get(name.len()..).unwrap_or_default();
        if !name.is_empty() && name != "self" {
            path.push(name);
        }
        match rest.strip_prefix("::") {
            Some(further) => rest = further,
            None => break,
        }
    }
    found.push(path);
    rest
}

fn group<'a>(text: &'a str, base: &[String], found: &mut Vec<Vec<String>>) -> &'a str {
    let mut rest = text;
    for _ in 0..1000 {
        rest = rest.trim_start_matches([' ', '\n', '\t', ',']);
        if rest.is_empty() {
            return rest;
        }
        if let Some(after) = rest.strip_prefix('}') {
            return after;
        }
        rest = tree(rest, base, found);
        // `as Name`, `*`: nothing that names a module.
        rest = rest.trim_start_matches(|letter| !matches!(letter, ',' | '}'));
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(source: &str) -> Vec<String> {
        let here = ["a".to_owned(), "b".to_owned()];
        let mut all: Vec<String> = paths(source, &here).iter().map(|path| path.join("::")).collect();
        all.sort();
        all
    }

    #[test]
    fn use_trees_and_paths_in_place_are_both_seen() {
        assert_eq!(named("use crate::{x::{self, Y as Z}, w::*};"), ["w", "x", "x::Y"]);
        assert_eq!(named("use super::c::D; self::e(); super::super::f::g()"), ["a::b::e", "a::c::D", "f::g"]);
        assert_eq!(named("use strictmx_io::crate_name;"), Vec::<String>::new());
    }
}
