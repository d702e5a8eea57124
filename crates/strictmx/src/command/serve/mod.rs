//! `strictmx serve`: the daemon. Starts every service whose section is in the config, then waits for signals.
mod banner;
mod collector;
mod doors;
mod reload;
mod secrets;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use strictmx_engine::time::Timestamp;
use strictmx_io::{
    clock::Clock,
    listen::Handed,
    store::{self, Store},
    sys::{self, Service, Signal, Signals},
    task::Tasks,
};

use self::doors::{Behind, DoorError, Doors};
use super::{
    build::{self, Built},
    reporting::{self, ReporterError},
    watching::watching,
};
use crate::{
    cli::{Exit, Global, output},
    config::{self, ConfigError, Loaded, Settings, Source, TestingProbe, Watch},
    flow::{
        Desk, Parts, background,
        monitor::{self, Monitor, Watching},
        probe,
        report_out::Reporter,
    },
    telemetry::{Event, Telemetry},
    web::Readiness,
};

/// How long a stopping daemon waits for what is under way: a little more than an answer may take.
const DRAIN: Duration = Duration::from_secs(12);
/// Open files wanted: every connection is one.
const OPEN_FILES: u64 = 65_536;

/// Runs the daemon until it is asked to stop.
pub fn run(global: &Global) -> Exit {
    run_as(global, Role::Everything)
}

/// Watches these domains, and does nothing else, until it is asked to stop.
pub fn watch(global: &Global, watch: Watch) -> Exit {
    run_as(global, Role::Watch(watch))
}

/// Which services run.
enum Role {
    /// Those of the config.
    Everything,
    /// The monitor alone, over these domains.
    Watch(Watch),
}

impl Role {
    /// Reads the config, as far as it is about this role.
    fn load(&self, source: &Source) -> Result<Loaded, ConfigError> {
        let mut loaded = config::load(source, now())?;
        if let Self::Watch(watch) = self {
            watch.narrow(&mut loaded.settings);
        }
        Ok(loaded)
    }
}

fn run_as(global: &Global, role: Role) -> Exit {
    let source = config::find(global.config.as_deref());
    let loaded = match role.load(&source) {
        Ok(loaded) => loaded,
        Err(error) => {
            output::note(&error.render());
            return Exit::Config;
        }
    };
    let telemetry = Telemetry::to_stderr(
        Clock::system(),
        global.log_settings(loaded.settings.log),
        global.journal_stream.as_deref(),
    );
    // Before there is a second thread: it takes variables out of the environment.
    let handed = Handed::from_environment();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::error(format_args!("cannot start the runtime: {error}"));
            return Exit::Internal;
        }
    };
    let exit = runtime.block_on(serve(global, role, loaded, handed, telemetry));
    // A policy host that takes its full minute must not hold up the end.
    runtime.shutdown_timeout(Duration::from_millis(100));
    exit
}

fn now() -> Timestamp {
    Clock::system().now()
}

async fn serve(global: &Global, role: Role, loaded: Loaded, handed: Handed, telemetry: Telemetry) -> Exit {
    let tasks = Tasks::new();
    match start(global, &loaded, handed, &telemetry, &tasks).await {
        Ok(running) => run_until_stopped(global, &role, running, &loaded, &telemetry, &tasks).await,
        Err(error) => {
            output::error(&error);
            error.exit()
        }
    }
}

/// Why the daemon does not start: a sentence each.
#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error(transparent)]
    Build(#[from] build::BuildError),
    #[error(transparent)]
    Reporter(#[from] ReporterError),
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Door(#[from] DoorError),
    #[error("cannot listen for signals: {0}")]
    Signals(std::io::Error),
    #[error(transparent)]
    Collector(#[from] collector::CollectorError),
    #[error(
        "the configuration starts no service: add a [policyd], [collector], [reporter] or [monitor] section (`strictmx config default` shows one)"
    )]
    Nothing,
}

impl StartError {
    fn exit(&self) -> Exit {
        match self {
            Self::Nothing => Exit::Config,
            _ => Exit::Internal,
        }
    }
}

/// What runs, for as long as it runs.
struct Running {
    desk: Desk,
    monitor: Option<Monitor>,
    reporter: Option<Reporter>,
    store: Arc<dyn Store>,
    readiness: Readiness,
    signals: Signals,
    service: Service,
}

async fn start(
    global: &Global,
    loaded: &Loaded,
    handed: Handed,
    telemetry: &Telemetry,
    tasks: &Tasks,
) -> Result<Running, StartError> {
    let began = Instant::now();
    let settings = &loaded.settings;
    telemetry.emit(Event::ServiceStarted { config: &loaded.source.to_string() });
    if !settings.start_something() {
        return Err(StartError::Nothing);
    }
    if let Err(error) = sys::raise_open_files(OPEN_FILES) {
        tracing::warn!("cannot raise the limit of open files: {error}; fewer connections will be taken");
    }
    // First, so that a signal that comes while the rest starts is not lost.
    let signals = Signals::new().map_err(StartError::Signals)?;
    let store = store::open(&settings.store.url)?;
    let mut built = build::senses(settings)?;
    built.notices.extend(collector::notices(settings));
    built.notices.extend(secrets::notices(settings));
    let policyd = settings.policyd.clone().unwrap_or_default();
    let desk = Desk::new(Parts {
        senses: built.senses.clone(),
        rules: build::rules(settings, built.dnssec),
        self_test: build::self_test(settings, built.dnssec),
        store: Arc::clone(&store),
        tasks: tasks.clone(),
        telemetry: telemetry.clone(),
        ceiling: policyd.cache_entries,
    });
    let reporter = match &settings.reporter {
        Some(_) => Some(reporting::reporter(settings, &built, &store, telemetry, tasks).await?),
        None => None,
    };
    let watched = watching(settings, &built, &desk, tasks)?;
    let readiness = Readiness::default();
    let mut doors = Doors::open(settings, handed)?;
    let what = banner::What { loaded, built: &built, doors: &doors, watching: &watched };
    banner::show(&what, global.log_settings(settings.log).format, telemetry);
    let (listening, status) = (doors.describe(), doors.status(settings));
    doors.announce(telemetry);
    let collector = match doors.collector.take() {
        Some(socket) => Some(collector::start(socket, settings, &desk, &store, telemetry, tasks).await?),
        None => None,
    };
    let (collecting, reporting) = (collector.as_ref(), reporter.as_ref());
    doors.serve(
        &Behind { desk: &desk, collector: collecting, reporter: reporting, telemetry, readiness: &readiness },
        tasks,
    );
    spawn(tasks, "tidying the store", background::sweep_for_ever(desk.clone()));
    spawn(tasks, "testing the resolver", background::self_test_for_ever(desk.clone()));
    if !listening.is_empty() {
        behind_the_answers(&desk, settings, &built, tasks);
    }
    let monitor = settings.monitor.is_some().then(|| start_watching(&desk, watched, tasks));
    if let Some(reporter) = &reporter {
        report(reporter, tasks);
    }
    readiness.ready();
    let service = Service;
    service.ready(&status);
    telemetry.emit(Event::Ready { after: began.elapsed() });
    Ok(Running { desk, monitor, reporter, store, readiness, signals, service })
}

/// Starts work that may be broken off at any moment.
fn spawn(tasks: &Tasks, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
    let (stop, work) = (tasks.stopping(), Box::pin(work));
    tasks.spawn(name, async move {
        tokio::select! {
            () = stop => {}
            () = work => {}
        }
    });
}

/// Watches domains.
fn start_watching(desk: &Desk, watching: Watching, tasks: &Tasks) -> Monitor {
    let inner = &*desk.0;
    let parts = monitor::Parts {
        store: Arc::clone(&inner.store),
        telemetry: inner.telemetry.clone(),
        tasks: tasks.clone(),
        clock: Clock::system(),
    };
    let monitor = Monitor::new(parts, watching);
    spawn(tasks, "watching domains", monitor.clone().watch_for_ever());
    tasks.spawn("telling alerts", monitor.clone().tell());
    monitor
}

/// Sends reports.
fn report(reporter: &Reporter, tasks: &Tasks) {
    tasks.spawn("sending reports", reporter.clone().run_for_ever());
    look_at_keys(reporter, tasks);
}

/// Looks up whether the keys that sign are published.
fn look_at_keys(reporter: &Reporter, tasks: &Tasks) {
    let keys = reporter.clone();
    spawn(tasks, "looking at DKIM records", async move { keys.check_keys().await });
}

/// Everything that goes on behind the answers.
fn behind_the_answers(desk: &Desk, settings: &Settings, built: &Built, tasks: &Tasks) {
    let spawn = |name, work: std::pin::Pin<Box<dyn Future<Output = ()> + Send>>| spawn(tasks, name, work);
    spawn("loading policies", Box::pin(background::load(desk.clone())));
    spawn("refreshing", Box::pin(background::refresh_for_ever(desk.clone())));
    let policyd = settings.policyd.clone().unwrap_or_default();
    if let TestingProbe::Every(every) = policyd.testing_probe {
        let probing = probe::Probing { prober: build::prober(&policyd, built), every, port: policyd.smtp_port };
        spawn("visiting testing domains", Box::pin(probe::probe_for_ever(desk.clone(), probing)));
    }
}

async fn run_until_stopped(
    global: &Global,
    role: &Role,
    mut running: Running,
    started: &Loaded,
    telemetry: &Telemetry,
    tasks: &Tasks,
) -> Exit {
    while let Signal::Reload = running.signals.next().await {
        running.service.reloading();
        reload::reload(global, (role, started), &running, telemetry, tasks);
        running.service.ready("configuration read again");
    }
    running.readiness.stopping();
    running.service.stopping();
    telemetry.emit(Event::Stopping);
    let left = tasks.drain(DRAIN).await;
    running.store.close().await;
    telemetry.emit(Event::Stopped { left });
    Exit::Done
}
