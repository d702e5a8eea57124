//! From the command line and the config to a run over domains.
use std::{path::Path, sync::Arc, time::Duration};

use strictmx_engine::{
    check::{Family, observations::ResolverSeen},
    trust::Trust,
};
use strictmx_io::{
    dns::Dns,
    smtp_out::Limits,
    store::{self, Store},
    sys,
    task::Tasks,
};
use strictmx_proto::name::Domain;

use super::{
    Wrong,
    emit::{Emitter, Order, Save, Target, save_target},
    intent,
    live::{Run, Work},
    progress::Progress,
    resume::{self, Known},
    shape,
    shape::Plural,
    source::{self, Names},
};
use crate::{
    cli::{Check, CheckFormat, Exit, output},
    command::build,
    config::Settings,
    flow::check::{Depth, LookOptions, Looker, Plan, ProbeDestinations},
};

/// Domains of a command line at a time.
const FEW: u16 = 8;
/// Domains of a list at a time.
const MANY: u16 = 128;
/// Connections to one address at a time.
const PER_ADDRESS: usize = 4;
/// Time for one session with an MX host. Some hosts greet late on purpose; half a minute is what they ask of senders.
const SESSION: Limits =
    Limits { connect: Duration::from_secs(15), reply: Duration::from_secs(40), whole: Duration::from_secs(90) };

/// Looks at the domains of the command line, or of a list.
pub fn run(settings: &Settings, asked: &Check, verbose: u8) -> Exit {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Wrong::Internal(format!("cannot start the runtime: {error}")).tell(),
    };
    let exit = runtime.block_on(async {
        match prepared(settings, asked, verbose).await {
            Ok(run) => Box::pin(run.run(asked.from.as_deref())).await,
            Err(wrong) => wrong.tell(),
        }
    });
    // A line of standard input that never comes must not keep the process alive.
    runtime.shutdown_background();
    exit
}

async fn prepared(settings: &Settings, asked: &Check, verbose: u8) -> Result<Run, Wrong> {
    let names = names(asked).await?;
    let plural = match names {
        Names::Listed(ref names) if names.len() == 1 => Plural::One,
        _ => Plural::Many,
    };
    let intent = intent::read(&asked.intent).map_err(Wrong::Usage)?;
    let shape = shape(asked, verbose, plural);
    let (out, known) = target(asked, shape.format)?;
    let form = if plural == Plural::One { Save::Whole } else { Save::Line };
    let (save_to, save) =
        save_target(asked.keep.save.as_deref(), form, asked.keep.resume.as_deref()).map_err(Wrong::Input)?;
    let order = if asked.from.is_some() || shape.format == CheckFormat::Jsonl { Order::AsDone } else { Order::AsAsked };
    let families = asked.families();
    let tasks = Tasks::new();
    let looker = looker(settings, asked, &tasks).await?;
    let past = if asked.from.is_none() && families.contains(&Family::Time) { past(settings)? } else { None };
    let emitter = Emitter::new(shape.clone(), order, out, save_to)
        .map_err(|_| Wrong::Internal("cannot write the result: nobody reads the output".to_owned()))?;
    let plan = Plan { families: families.clone(), depth: depth(asked), probe_destinations: destinations(asked) };
    let at_once = asked.look.concurrency.unwrap_or(if asked.from.is_some() { MANY } else { FEW });
    Ok(Run {
        work: Arc::new(Work { looker, past, plan, intent, families, shape, save }),
        names,
        known,
        emitter,
        at_once: usize::from(at_once),
        progress: asked.from.as_deref().map_or_else(Progress::hidden, progress),
        tasks,
    })
}

/// The names of the command line, each of them valid; or the list.
async fn names(asked: &Check) -> Result<Names, Wrong> {
    if let Some(path) = &asked.from {
        let names = Names::open(path).await;
        return names.map_err(|error| Wrong::Input(format!("cannot read {}: {error}", path.display())));
    }
    Ok(Names::Listed(listed(asked)?.into_iter()))
}

/// The names of the command line, each of them valid and each once.
pub(super) fn listed(asked: &Check) -> Result<Vec<Domain>, Wrong> {
    let mut names = Vec::new();
    for name in &asked.domains {
        let name =
            source::name(name).map_err(|failed| Wrong::Usage(format!("{:?}: {}", failed.domain, failed.error)))?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

fn target(asked: &Check, format: CheckFormat) -> Result<(Target, Option<Known>), Wrong> {
    let Some(path) = &asked.keep.resume else {
        return Ok((Target::stdout(format), None));
    };
    if asked.from.is_none() {
        return Err(Wrong::Usage("--resume is for a list: name it with --from".to_owned()));
    }
    if format != CheckFormat::Jsonl {
        return Err(Wrong::Usage(
            "--resume goes on with a file of JSON lines: leave out --format, or write jsonl".to_owned(),
        ));
    }
    let (file, known) = resume::open(path).map_err(Wrong::Input)?;
    if known.len() > 0 {
        output::note(&format!("{} domains are in {} already\n", known.len(), path.display()));
    }
    Ok((Target::file(path, file), Some(known)))
}

fn depth(asked: &Check) -> Depth {
    match (asked.look.thorough, asked.look.quick, &asked.from) {
        (true, _, _) | (false, false, None) => Depth::Thorough,
        _ => Depth::Quick,
    }
}

fn destinations(asked: &Check) -> ProbeDestinations {
    if asked.look.probe_destinations { ProbeDestinations::Yes } else { ProbeDestinations::No }
}

fn progress(list: &Path) -> Progress {
    let shown = std::io::IsTerminal::is_terminal(&std::io::stderr());
    Progress::of(if shown { source::lines(list) } else { None })
}

/// The store, when there is one: what the monitor saw before tells the checks about time.
fn past(settings: &Settings) -> Result<Option<Arc<dyn Store>>, Wrong> {
    store::open_reading(&settings.store.url).map_err(|error| Wrong::Input(error.to_string()))
}

async fn looker(settings: &Settings, asked: &Check, tasks: &Tasks) -> Result<Looker, Wrong> {
    let built = build::senses(settings).map_err(|error| Wrong::Input(error.to_string()))?;
    for notice in &built.notices {
        output::warning(notice);
    }
    let policyd = settings.policyd.clone().unwrap_or_default();
    let configured = || policyd.helo.as_ref().map_or_else(sys::host_name, ToString::to_string);
    let options = LookOptions {
        helo: asked.look.helo.clone().unwrap_or_else(configured),
        smtp_port: asked.look.port.unwrap_or(policyd.smtp_port),
        smtp: SESSION,
        per_address: PER_ADDRESS,
        resolver: ResolverSeen {
            servers: built.servers.iter().map(ToString::to_string).collect(),
            dnssec: built.dnssec.to_owned(),
            validates: validates(settings, built.dnssec, &built.senses.dns).await,
        },
    };
    Ok(Looker::new(built.senses, built.tls, options, tasks))
}

/// Whether the resolver's word on DNSSEC counts, where there is a way to tell.
async fn validates(settings: &Settings, dnssec: &str, dns: &Dns) -> Option<bool> {
    match build::self_test(settings, dnssec)?.run(dns).await {
        Trust::Validates => Some(true),
        Trust::DoesNotValidate { .. } => Some(false),
        Trust::Unknown { .. } => None,
    }
}
