//! The domains asked about: of the command line, or of a list that is read line by line and never held whole.
use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
};

use strictmx_proto::name::{Domain, NameError};
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _};

use super::outcome::{Failed, Fault};

/// A line of a list is never longer; a name has 253 octets, and lists put a few numbers beside it.
const MAX_LINE: usize = 4096;
/// Octets read at a time.
const BUFFER: usize = 64 * 1024;

/// A name, or a line that is none.
pub(super) type Named = Result<Domain, Failed>;

/// The names, one after another.
pub(super) enum Names {
    /// Of the command line.
    Listed(std::vec::IntoIter<Domain>),
    /// Of a file.
    Read(Lines),
}

impl Names {
    /// Opens a list; `-` is standard input.
    pub(super) async fn open(path: &Path) -> io::Result<Self> {
        let stream: Box<dyn AsyncBufRead + Send + Unpin> = if path == Path::new("-") {
            Box::new(tokio::io::BufReader::with_capacity(BUFFER, tokio::io::stdin()))
        } else {
            Box::new(tokio::io::BufReader::with_capacity(BUFFER, tokio::fs::File::open(path).await?))
        };
        Ok(Self::Read(Lines { stream, line: Vec::new(), whole: Whole::Yes, first: true }))
    }

    /// The next one, `None` at the end. May be dropped while it waits: nothing is lost.
    pub(super) async fn next(&mut self) -> io::Result<Option<Named>> {
        match self {
            Self::Listed(names) => Ok(names.next().map(Ok)),
            Self::Read(lines) => lines.next().await,
        }
    }
}

/// Whether a line was kept whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whole {
    Yes,
    No,
}

/// The lines of a list.
pub(super) struct Lines {
    stream: Box<dyn AsyncBufRead + Send + Unpin>,
    line: Vec<u8>,
    whole: Whole,
    first: bool,
}

impl Lines {
    async fn next(&mut self) -> io::Result<Option<Named>> {
        loop {
            let (used, end) = {
                let buffer = self.stream.fill_buf().await?;
                let end = buffer.iter().position(|octet| *octet == b'\n');
                let part = buffer.get(..end.unwrap_or(buffer.len())).unwrap_or_default();
                let room = MAX_LINE.saturating_sub(self.line.len());
                self.line.extend(part.iter().take(room));
                if part.len() > room {
                    self.whole = Whole::No;
                }
                (part.len() + usize::from(end.is_some()), end)
            };
            self.stream.consume(used);
            let at_end = used == 0;
            if end.is_none() && !at_end {
                continue;
            }
            let line = std::mem::take(&mut self.line);
            let whole = std::mem::replace(&mut self.whole, Whole::Yes);
            let text = String::from_utf8_lossy(&line);
            let text = if std::mem::take(&mut self.first) { text.trim_start_matches('\u{feff}') } else { &text };
            match (read(text, whole), at_end) {
                (Some(named), _) => return Ok(Some(named)),
                (None, true) => return Ok(None),
                (None, false) => {}
            }
        }
    }
}

/// Reads one line; `None`: it holds nothing.
fn read(line: &str, whole: Whole) -> Option<Named> {
    let text = line.split('#').next().unwrap_or_default().trim();
    if text.is_empty() {
        return None;
    }
    if whole == Whole::No {
        let domain: String = text.chars().take(60).collect();
        let error = format!("the line is longer than {MAX_LINE} octets");
        return Some(Err(Failed { domain, error, fault: Fault::Name }));
    }
    Some(name(field(text)))
}

/// The field of a line that holds the name: the first with a dot that is no number, else the last.
fn field(line: &str) -> &str {
    let fields = || line.split([',', ';', '\t', ' ']).map(|field| field.trim().trim_matches('"'));
    let is_name = |field: &&str| field.contains('.') && field.parse::<f64>().is_err();
    fields().find(is_name).or_else(|| fields().rfind(|field| !field.is_empty())).unwrap_or(line)
}

/// Reads one name, as a policy domain: more than one label.
pub(super) fn name(text: &str) -> Named {
    let failed = |error: String| Failed { domain: text.chars().take(260).collect(), error, fault: Fault::Name };
    match Domain::parse(text) {
        Ok(domain) if domain.is_single_label() => Err(failed("this is a single label, no mail domain".to_owned())),
        Ok(domain) => Ok(domain),
        Err(error @ NameError::Character('@')) => {
            Err(failed(format!("{error}; write the part of the mail address behind the @")))
        }
        Err(error) => Err(failed(error.to_string())),
    }
}

/// How many lines a regular file has, for the progress bar; `None`: it is none.
pub(super) fn lines(path: &Path) -> Option<u64> {
    let file = File::open(path).ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut reader = BufReader::with_capacity(BUFFER, file);
    let mut buffer = vec![0; BUFFER];
    let (mut count, mut last) = (0, b'\n');
    loop {
        let read = reader.read(&mut buffer).ok()?;
        let part = buffer.get(..read)?;
        let Some(end) = part.last() else { break };
        last = *end;
        count += u64::try_from(part.iter().filter(|octet| **octet == b'\n').count()).ok()?;
    }
    Some(count + u64::from(last != b'\n'))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;

    async fn all(text: &[u8]) -> Vec<Named> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        std::fs::write(&path, text).unwrap();
        let mut names = Names::open(&path).await.unwrap();
        let mut found = Vec::new();
        while let Some(named) = names.next().await.unwrap() {
            found.push(named);
        }
        found
    }

    fn words(found: &[Named]) -> Vec<&str> {
        found.iter().map(|named| named.as_ref().map_or_else(|failed| failed.domain.as_str(), Domain::as_str)).collect()
    }

    #[tokio::test]
    async fn every_way_of_writing_a_list_is_read() {
        let list = "\u{feff}# a top list\n\nexample.com\r\n1,example.net\n2,EXAMPLE.Org.\n\"3\",\"bücher.example\"\n\
                    4\ta.example\n5;b.example;77.5\n  c.example   # why\nd.example";
        let found = all(list.as_bytes()).await;
        let names = [
            "example.com",
            "example.net",
            "example.org",
            "xn--bcher-kva.example",
            "a.example",
            "b.example",
            "c.example",
            "d.example",
        ];
        assert_eq!(words(&found), names);
        assert!(found.iter().all(Result::is_ok));
    }

    #[tokio::test]
    async fn what_is_no_name_is_told_and_the_rest_is_read() {
        let long = format!("{}\n", "x".repeat(3 * BUFFER));
        let list = format!("rank\nuser@example.com\n192.0.2.1\n-a.example\n{long}good.example\n\n");
        let found = all(list.as_bytes()).await;
        assert_eq!(found.len(), 6);
        assert_eq!(words(&found)[5], "good.example");
        let errors: Vec<String> = found.into_iter().filter_map(Result::err).map(|failed| failed.error).collect();
        assert!(errors[0].contains("single label"), "{errors:?}");
        assert!(errors[1].contains("behind the @"), "{errors:?}");
        assert!(errors[2].contains("IP address"), "{errors:?}");
        assert!(errors[4].contains("4096"), "{errors:?}");
    }

    #[tokio::test]
    async fn octets_that_are_no_text_end_nothing() {
        let found = all(b"\xff\xfe.example\nok.example\n\0\n").await;
        assert_eq!(found.len(), 3);
        assert!(found[0].is_err() && found[1].is_ok() && found[2].is_err());
    }

    #[test]
    fn lines_are_counted_as_they_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        for (text, count) in [("", 0), ("a", 1), ("a\n", 1), ("a\nb", 2), ("\n\n", 2)] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(lines(&path), Some(count), "{text:?}");
        }
        assert_eq!(lines(folder.path()), None);
        assert_eq!(lines(Path::new("/dev/null")), None);
    }
}
