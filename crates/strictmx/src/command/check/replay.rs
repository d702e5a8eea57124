//! Observations that were saved, read back: one JSON object, or any number of them one after another.
use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use serde::Deserialize as _;
use serde_json::{StreamDeserializer, Value, de::IoRead};
use strictmx_engine::check::{Observations, observations::FORMAT};

/// The observations of one domain are never longer than this, octets: eight servers, thirty-two addresses and their chains fit
/// many times over.
const MAX_ONE: u64 = 64 * 1024 * 1024;

/// The saved observations of a file, one after another.
pub(super) struct Saved {
    name: String,
    values: StreamDeserializer<'static, IoRead<Bounded>, Value>,
    left: Arc<AtomicU64>,
    read: u64,
}

impl Saved {
    /// Opens a file; `-` is standard input.
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        let name = path.display().to_string();
        let stream: Box<dyn Read> = if path == Path::new("-") {
            Box::new(io::stdin().lock())
        } else {
            Box::new(File::open(path).map_err(|error| format!("cannot read {name}: {error}"))?)
        };
        let left = Arc::new(AtomicU64::new(MAX_ONE));
        let bounded = Bounded { stream: BufReader::with_capacity(64 * 1024, stream), left: Arc::clone(&left) };
        let values = serde_json::Deserializer::from_reader(bounded).into_iter();
        Ok(Self { name, values, left, read: 0 })
    }

    fn wrong(&self, what: impl std::fmt::Display) -> String {
        format!("{}: value {}: {what}", self.name, self.read)
    }
}

impl Iterator for Saved {
    type Item = Result<Observations, String>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left.store(MAX_ONE, Ordering::Relaxed);
        let value = self.values.next()?;
        self.read += 1;
        Some(match value {
            Ok(value) => read(value).map_err(|what| self.wrong(what)),
            Err(error) => Err(self.wrong(format_args!("this is not what `strictmx check --save` writes: {error}"))),
        })
    }
}

/// Reads one value. The version comes first: a file of another one may hold anything.
fn read(value: Value) -> Result<Observations, String> {
    match value.get("format").and_then(Value::as_u64) {
        None => Err("this is not what `strictmx check --save` writes: it has no number under `format`".to_owned()),
        Some(format) if format != u64::from(FORMAT) => Err(format!(
            "it was saved in format {format}, and this version reads format {FORMAT}; save it anew with this version, \
             or replay it with the one that wrote it"
        )),
        Some(_) => Observations::deserialize(value).map_err(|error| format!("not readable: {error}")),
    }
}

/// A stream that ends with an error when one value is longer than it may be.
struct Bounded {
    stream: BufReader<Box<dyn Read>>,
    left: Arc<AtomicU64>,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left.load(Ordering::Relaxed);
        if left == 0 {
            return Err(io::Error::other("it is longer than 64 MiB"));
        }
        let read = self.stream.read(buffer)?;
        self.left.store(left.saturating_sub(u64::try_from(read).unwrap_or(u64::MAX)), Ordering::Relaxed);
        Ok(read)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<Result<Observations, String>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seen.json");
        std::fs::write(&path, text).unwrap();
        Saved::open(&path).unwrap().take(10).collect()
    }

    const ONE: &str =
        r#"{"format":1,"domain":"example.com","at":1,"resolver":{"servers":[],"dnssec":"off","validates":null}}"#;

    #[test]
    fn one_object_and_several_are_read_alike() {
        assert_eq!(all(ONE).len(), 1);
        let several = all(&format!("{ONE}\n{ONE}\n\n"));
        assert_eq!(several.len(), 2);
        assert!(several.iter().all(Result::is_ok), "{several:?}");
        assert_eq!(all("").len(), 0);
    }

    #[test]
    fn another_version_is_refused_with_a_sentence() {
        let error = all(&ONE.replace(":1,\"d", ":7,\"new\":[],\"d"))[0].clone().unwrap_err();
        assert!(error.contains("format 7") && error.contains("reads format 1"), "{error}");
    }

    #[test]
    fn what_is_no_saved_file_is_refused_with_a_sentence() {
        for text in ["[]", "{}", "x", "{\"format\":1}", &ONE.replace("example.com", "a..b"), "{\"format\":1,"] {
            let error = all(text)[0].clone().unwrap_err();
            assert!(error.contains("value "), "{text}: {error}");
        }
    }
}
