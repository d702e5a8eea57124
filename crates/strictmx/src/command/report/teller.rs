//! Telling the collector of sessions, whatever they were read from.
use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use strictmx_io::{
    clock::Clock,
    datagram::{MAX_LEN, SendError, Sender},
    store::{self, Store},
};

use crate::{
    cli::{Emit, output},
    config::Settings,
    flow::collect::{
        session::{SessionError, Told},
        told::Batch,
    },
};

/// Sessions written together, and how long the first of them waits at most while a log is followed.
const WRITE: (u64, Duration) = (10_000, Duration::from_secs(1));
/// Mistakes that are told one by one; further ones are counted.
const SHOWN: u64 = 10;

/// Why it cannot go on: a sentence.
#[derive(Debug, thiserror::Error)]
pub(super) enum EmitError {
    /// The session of the flags.
    #[error("{0}")]
    Session(#[from] SessionError),
    /// What is read.
    #[error("cannot read {}: {source}", .path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The socket.
    #[error(transparent)]
    Send(#[from] SendError),
    /// The store.
    #[error("{0}")]
    Store(#[from] store::Error),
}

/// Lines of a file or of standard input, bounded in length.
pub(super) struct Input {
    from: Box<dyn BufRead>,
    path: PathBuf,
    line: Vec<u8>,
    number: u64,
}

impl Input {
    /// Opens it; `-`: standard input.
    pub(super) fn open(path: &Path) -> Result<Self, EmitError> {
        let from: Box<dyn BufRead> = if path == Path::new("-") {
            Box::new(BufReader::new(io::stdin()))
        } else {
            let read = |source| EmitError::Read { path: path.into(), source };
            Box::new(BufReader::with_capacity(256 * 1024, File::open(path).map_err(read)?))
        };
        Ok(Self { from, path: path.into(), line: Vec::new(), number: 0 })
    }

    /// The next line with its number. One that is too long comes in parts, none of which will make sense.
    pub(super) fn next(&mut self) -> Result<Option<(u64, &[u8])>, EmitError> {
        self.line.clear();
        let most = u64::try_from(MAX_LEN).unwrap_or(u64::MAX);
        let read = (&mut self.from).take(most).read_until(b'\n', &mut self.line);
        let octets = read.map_err(|source| EmitError::Read { path: self.path.clone(), source })?;
        self.number += 1;
        Ok((octets > 0).then_some((self.number, &self.line)))
    }
}

/// Tells sessions: those of a moment to the store, all others to the collector's socket. Or prints them.
pub(super) struct Teller {
    socket: PathBuf,
    url: String,
    hosts: strictmx_engine::report::HostScope,
    print: bool,
    sender: Option<Sender>,
    store: Option<Arc<dyn Store>>,
    batch: Batch,
    since: Instant,
    told: u64,
    /// Lines that could not be used.
    pub(super) wrong: u64,
    dropped: u64,
    late: u64,
}

impl Teller {
    pub(super) fn new(settings: &Settings, asked: &Emit) -> Self {
        let collector = settings.collector.clone().unwrap_or_default();
        Self {
            socket: collector.socket,
            url: settings.store.url.clone(),
            hosts: collector.mx_host_scope,
            print: asked.print,
            sender: None,
            store: None,
            batch: Batch::new(collector.mx_host_scope),
            since: Instant::now(),
            told: 0,
            wrong: 0,
            dropped: 0,
            late: 0,
        }
    }

    /// Tells what one object stands for.
    pub(super) async fn tell(&mut self, told: &Told) -> Result<(), EmitError> {
        self.told += u64::from(told.count);
        if self.print {
            let line = format!("{}\n", told.datagram.emit());
            for _ in 0..told.count {
                // Where nobody reads any more, nothing is left to be said.
                let _shown = output::result(&line);
            }
            return Ok(());
        }
        if told.at.is_some() {
            self.batch.add(told, Clock::system().now());
            return self.write_when_due().await;
        }
        let datagram = told.datagram.emit();
        let sender = match &mut self.sender {
            Some(sender) => sender,
            none => none.insert(Sender::connect(&self.socket)?),
        };
        for _ in 0..told.count {
            sender.send(datagram.as_bytes())?;
        }
        Ok(())
    }

    /// Notes a line that cannot be used.
    pub(super) fn wrong(&mut self, number: u64, why: &str) {
        self.wrong += 1;
        if self.wrong <= SHOWN {
            output::warning(format_args!("line {number}: {why}"));
        }
    }

    /// The store, to be written beside the daemon.
    pub(super) fn store(&mut self) -> Result<Arc<dyn Store>, EmitError> {
        match &self.store {
            Some(store) => Ok(Arc::clone(store)),
            None => Ok(Arc::clone(self.store.insert(store::open(&self.url)?))),
        }
    }

    async fn write_when_due(&mut self) -> Result<(), EmitError> {
        if self.batch.len() >= WRITE.0 || self.since.elapsed() >= WRITE.1 {
            self.write().await?;
        }
        Ok(())
    }

    async fn write(&mut self) -> Result<(), EmitError> {
        if !self.batch.is_empty() {
            let store = self.store()?;
            let batch = std::mem::replace(&mut self.batch, Batch::new(self.hosts));
            let added = batch.write(&store).await?;
            (self.dropped, self.late) = (self.dropped + added.without, self.late + added.late);
        }
        self.since = Instant::now();
        Ok(())
    }

    /// Writes what is left.
    pub(super) async fn finish(&mut self) -> Result<(), EmitError> {
        self.write().await?;
        if let Some(store) = &self.store {
            store.close().await;
        }
        Ok(())
    }

    /// Says what became of it.
    pub(super) fn summary(&self, asked: &Emit) {
        if self.wrong > SHOWN {
            output::warning(format_args!("and {} more lines that cannot be used", self.wrong - SHOWN));
        }
        if self.dropped > 0 {
            output::warning(format_args!(
                "{} sessions found no place: there are too many domains on that day",
                self.dropped
            ));
        }
        if self.late > 0 {
            output::warning(format_args!(
                "{} sessions are of days whose reports are made already: `strictmx report today --day` shows them, but no report \
                 will have them",
                self.late
            ));
        }
        if !self.print && asked.domain.is_none() {
            output::note(&format!("{} sessions told\n", self.told));
        }
    }
}
