//! `strictmx check`: what is wrong with a domain, whose it is to mend, and how.
//!
//! Every way to a verdict ends in the same two steps: observations are judged (`engine::check`), and the outcome is written
//! (`shape`, `emit`). They differ in where the observations come from: `live` looks, `replay` reads a file, `offline` makes
//! them from a policy file. `stats` counts what was written before; `catalogue` and `schema` describe it.
mod catalogue;
mod emit;
mod intent;
mod live;
mod offline;
mod outcome;
mod progress;
mod replay;
mod resume;
mod sarif;
mod schema;
mod shape;
mod source;
mod start;
mod stats;
mod text;

use std::sync::Arc;

use strictmx_engine::check::{Observations, judge};
use strictmx_io::clock::Clock;

use self::{
    emit::{Done, Emitter, Order, Save, Target},
    outcome::{Detail, Judged, Outcome},
    shape::{Plural, Shape},
};
use crate::{
    cli::{Check, CheckFormat, Exit, output},
    config::{Expect, LookDepth, Watch},
};
pub use start::run;

/// Columns where the terminal does not say, or there is none.
const WIDTH: usize = 100;

/// What needs no network: `--replay`, `--policy-file`, `--stats`, `--schema`, `--list`.
pub fn read(asked: &Check, verbose: u8) -> Exit {
    let outcome = if asked.offline.list {
        list(asked, verbose)
    } else if asked.offline.schema {
        Ok(output::result(schema::TEXT))
    } else if let Some(path) = &asked.keep.stats {
        stats::run(path, asked.format)
    } else if let Some(path) = &asked.keep.replay {
        replay::Saved::open(path).map_err(Wrong::Input).and_then(|saved| replayed(asked, verbose, saved))
    } else {
        offline(asked, verbose)
    };
    outcome.unwrap_or_else(Wrong::tell)
}

/// What `--watch` is to watch.
///
/// # Errors
/// A name that is none has been told.
pub fn watched(asked: &Check) -> Result<Watch, Exit> {
    let watch = || {
        let intent = intent::read(&asked.intent).map_err(Wrong::Usage)?;
        let domains = start::listed(asked)?;
        let expect = domains.iter().map(|domain| Expect {
            domain: domain.clone(),
            mx: intent.mx.clone(),
            policy_alias: intent.policy_alias.clone(),
            rua: intent.rua.clone(),
        });
        Ok(Watch {
            expect: expect.collect(),
            domains,
            every: asked.keep.watch.unwrap_or_default(),
            families: asked.families(),
            depth: if asked.look.quick { LookDepth::Quick } else { LookDepth::Thorough },
            certificate_days: intent.certificate_days,
            testing_days: intent.testing_days,
        })
    };
    watch().map_err(Wrong::tell)
}

/// Why nothing came of it.
enum Wrong {
    /// The command line makes no sense.
    Usage(String),
    /// A file cannot be read, or holds something else.
    Input(String),
    /// Something of ours.
    Internal(String),
}

impl Wrong {
    fn tell(self) -> Exit {
        let (message, exit) = match self {
            Self::Usage(message) => (message, Exit::Usage),
            Self::Input(message) => (message, Exit::NoLook),
            Self::Internal(message) => (message, Exit::Internal),
        };
        output::error(message);
        exit
    }
}

impl From<serde_json::Error> for Wrong {
    fn from(error: serde_json::Error) -> Self {
        Self::Internal(format!("the result cannot be written as JSON: {error}"))
    }
}

fn list(asked: &Check, verbose: u8) -> Result<Exit, Wrong> {
    let families = asked.families();
    Ok(output::result(&match asked.format.unwrap_or(CheckFormat::Text) {
        CheckFormat::Text if verbose > 0 => catalogue::page(&families),
        CheckFormat::Text => catalogue::text(&families),
        CheckFormat::Json => catalogue::json(&families, catalogue::Lines::No)?,
        CheckFormat::Jsonl => catalogue::json(&families, catalogue::Lines::Yes)?,
        CheckFormat::Sarif => {
            return Err(Wrong::Usage("--list has no SARIF form: write --format text, json or jsonl".to_owned()));
        }
    }))
}

fn shape(asked: &Check, verbose: u8, plural: Plural) -> Shape {
    let resumed = if asked.keep.resume.is_some() { CheckFormat::Jsonl } else { CheckFormat::Text };
    let width = terminal_size::terminal_size_of(std::io::stdout());
    Shape {
        format: asked.format.unwrap_or(resumed),
        detail: if verbose > 0 { Detail::Full } else { Detail::Brief },
        plural,
        width: width.map_or(WIDTH, |(columns, _)| usize::from(columns.0)),
        file: asked.offline.policy_file.as_ref().map(|path| Arc::from(path.display().to_string())),
    }
}

//----------- Judging again -----------------------------------------------

fn replayed(asked: &Check, verbose: u8, mut saved: replay::Saved) -> Result<Exit, Wrong> {
    let Some(first) = saved.next() else {
        return Err(Wrong::Input(
            "the file holds no observations; `strictmx check --save` writes such files".to_owned(),
        ));
    };
    let first = first.map_err(Wrong::Input)?;
    let second = saved.next().transpose().map_err(Wrong::Input)?;
    let plural = if second.is_some() { Plural::Many } else { Plural::One };
    let rest = std::iter::once(first).chain(second).map(Ok).chain(saved);
    told(asked, verbose, plural, rest)
}

fn offline(asked: &Check, verbose: u8) -> Result<Exit, Wrong> {
    let Some(path) = &asked.offline.policy_file else {
        return Err(Wrong::Usage("name a domain, --from, --replay or --policy-file".to_owned()));
    };
    let domain = match asked.domains.as_slice() {
        [] => None,
        [one] => {
            Some(source::name(one).map_err(|failed| Wrong::Usage(format!("{:?}: {}", failed.domain, failed.error)))?)
        }
        _ => return Err(Wrong::Usage("--policy-file is about one policy: name one domain at most".to_owned())),
    };
    let mx = intent::hosts("--mx", &asked.offline.mx).map_err(Wrong::Usage)?;
    let policy = offline::policy(path).map_err(Wrong::Input)?;
    let now = Clock::system().now();
    let seen = offline::observations(domain, policy, &mx, &asked.offline.txt, now).map_err(Wrong::Internal)?;
    told(asked, verbose, Plural::One, std::iter::once(Ok(seen)))
}

/// Judges and tells one after another, none held longer than that takes.
fn told(
    asked: &Check,
    verbose: u8,
    plural: Plural,
    all: impl Iterator<Item = Result<Observations, String>>,
) -> Result<Exit, Wrong> {
    let intent = intent::read(&asked.intent).map_err(Wrong::Usage)?;
    let families = asked.families();
    let shape = shape(asked, verbose, plural);
    let mut emitter = match Emitter::new(shape.clone(), Order::AsDone, Target::stdout(shape.format), None) {
        Ok(emitter) => emitter,
        Err(broken) => return Ok(broken.tell(0)),
    };
    for (index, seen) in (0..).zip(all) {
        let seen = seen.map_err(Wrong::Input)?;
        let verdict = judge(&seen, &intent, &families);
        let outcome = Outcome::Judged(Box::new(Judged { seen, verdict }));
        let done = Done::new(index, &outcome, &shape, Save::No)?;
        if let Err(broken) = emitter.put(done) {
            return Ok(broken.tell(emitter.totals.judged));
        }
    }
    Ok(match emitter.finish() {
        Ok(()) => emitter.totals.exit(),
        Err(broken) => broken.tell(emitter.totals.judged),
    })
}
