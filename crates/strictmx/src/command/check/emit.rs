//! Writing results as they come, in the order asked for or as they are done, to stdout or to a file that is gone on with.
use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufWriter, ErrorKind, Write},
    path::Path,
};

use super::{
    outcome::{Outcome, Tally, Totals},
    resume,
    shape::Shape,
};
use crate::cli::{CheckFormat, Exit, output};

/// One outcome, written out and ready to leave.
pub(super) struct Done {
    /// Its place in the order asked.
    pub(super) index: u64,
    /// As the chosen form has it.
    pub(super) text: String,
    /// For `--save`.
    pub(super) saved: Option<String>,
    /// For the totals.
    pub(super) tally: Tally,
}

impl Done {
    /// Writes an outcome out.
    pub(super) fn new(index: u64, outcome: &Outcome, shape: &Shape, save: Save) -> Result<Self, serde_json::Error> {
        let saved = match (save, outcome) {
            (Save::Line, Outcome::Judged(judged)) => Some(serde_json::to_string(&judged.seen)? + "\n"),
            (Save::Whole, Outcome::Judged(judged)) => Some(serde_json::to_string_pretty(&judged.seen)? + "\n"),
            _ => None,
        };
        Ok(Self { index, text: shape.one(outcome)?, saved, tally: outcome.tally() })
    }
}

/// What `--save` wants of each outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Save {
    /// Nothing.
    No,
    /// One line.
    Line,
    /// One object, for people to read.
    Whole,
}

/// In which order results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// As asked: for the domains of a command line.
    AsAsked,
    /// As done: nothing waits for a slower one.
    AsDone,
}

/// Why writing stopped.
#[derive(Debug)]
pub(super) enum Broken {
    /// Whoever read our output went away.
    ReaderGone,
    /// The system refused: where, and what it said.
    Failed(String, io::Error),
}

impl Broken {
    /// Says it, and what the command ends with.
    pub(super) fn tell(&self, written: u64) -> Exit {
        match self {
            Self::ReaderGone => {
                output::error(format_args!("stopped after {written} domains: nobody reads the output any more"));
                Exit::NoLook
            }
            Self::Failed(what, error) => {
                output::error(format_args!("stopped after {written} domains: cannot write to {what}: {error}"));
                Exit::Internal
            }
        }
    }
}

/// Where results go.
pub(super) struct Emitter {
    shape: Shape,
    order: Order,
    out: Target,
    save: Option<Target>,
    waiting: BTreeMap<u64, Done>,
    next: u64,
    wrote: bool,
    /// Counts of what was written.
    pub(super) totals: Totals,
}

impl Emitter {
    /// Begins: writes what stands before the first result.
    pub(super) fn new(shape: Shape, order: Order, out: Target, save: Option<Target>) -> Result<Self, Broken> {
        let head = shape.head().map_err(|error| Broken::Failed("JSON".to_owned(), error.into()))?;
        let mut this = Self {
            shape,
            order,
            out,
            save,
            waiting: BTreeMap::new(),
            next: 0,
            wrote: false,
            totals: Totals::default(),
        };
        this.out.write(&head)?;
        Ok(this)
    }

    /// Takes one result, and writes what its turn it is.
    pub(super) fn put(&mut self, done: Done) -> Result<(), Broken> {
        match self.order {
            Order::AsDone => self.write(&done),
            Order::AsAsked => {
                self.waiting.insert(done.index, done);
                while let Some(done) = self.waiting.remove(&self.next) {
                    self.next += 1;
                    self.write(&done)?;
                }
                Ok(())
            }
        }
    }

    fn write(&mut self, done: &Done) -> Result<(), Broken> {
        if !done.text.is_empty() {
            if self.wrote {
                self.out.write(self.shape.between())?;
            }
            self.out.write(&done.text)?;
            self.wrote = true;
        }
        if let (Some(save), Some(saved)) = (&mut self.save, &done.saved) {
            save.write(saved)?;
        }
        self.totals.add(done.tally);
        Ok(())
    }

    /// Lets everything written reach its reader.
    pub(super) fn flush(&mut self) -> Result<(), Broken> {
        self.out.flush()?;
        self.save.as_mut().map_or(Ok(()), Target::flush)
    }

    /// Writes what stands after the last result, and what waits for one that never came.
    pub(super) fn finish(&mut self) -> Result<(), Broken> {
        for (_, done) in std::mem::take(&mut self.waiting) {
            self.write(&done)?;
        }
        self.out.write(&self.shape.tail(&self.totals))?;
        self.flush()
    }
}

/// A stream, and its name for sentences.
pub(super) struct Target {
    name: String,
    stream: Box<dyn Write + Send>,
}

impl Target {
    /// Stdout; colours only where text goes to a terminal that wants them.
    pub(super) fn stdout(format: CheckFormat) -> Self {
        let stream: Box<dyn Write + Send> = match format {
            CheckFormat::Text => Box::new(anstream::stdout()),
            _ => Box::new(BufWriter::with_capacity(BUFFER, io::stdout())),
        };
        Self { name: "stdout".to_owned(), stream }
    }

    /// A new file, in the place of an old one.
    pub(super) fn create(path: &Path) -> Result<Self, String> {
        let file = File::create(path).map_err(|error| {
            format!("cannot write {}: {error}; name a file that this user may write", path.display())
        })?;
        Ok(Self::file(path, file))
    }

    /// A file that is open for appending.
    pub(super) fn file(path: &Path, file: File) -> Self {
        Self { name: path.display().to_string(), stream: Box::new(BufWriter::with_capacity(BUFFER, file)) }
    }

    fn write(&mut self, text: &str) -> Result<(), Broken> {
        let outcome = self.stream.write_all(text.as_bytes());
        outcome.map_err(|error| self.broken(error))
    }

    fn flush(&mut self) -> Result<(), Broken> {
        let outcome = self.stream.flush();
        outcome.map_err(|error| self.broken(error))
    }

    fn broken(&self, error: io::Error) -> Broken {
        if error.kind() == ErrorKind::BrokenPipe {
            Broken::ReaderGone
        } else {
            Broken::Failed(self.name.clone(), error)
        }
    }
}

/// Octets gathered before they are written.
const BUFFER: usize = 64 * 1024;

/// Where `--save` goes, and in which form: after what is there when an earlier run is gone on with, otherwise in its place.
pub(super) fn save_target(
    path: Option<&Path>,
    form: Save,
    resumed: Option<&Path>,
) -> Result<(Option<Target>, Save), String> {
    match (path, resumed) {
        (None, _) => Ok((None, Save::No)),
        (Some(path), None) => Ok((Some(Target::create(path)?), form)),
        (Some(path), Some(_)) => {
            let (file, _) = resume::open(path)?;
            Ok((Some(Target::file(path, file)), form))
        }
    }
}
