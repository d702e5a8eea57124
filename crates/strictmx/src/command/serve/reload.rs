//! SIGHUP: the configuration once more. What is wrong with a new one is told, and the old one stays.
use super::{Role, Running, build, reporting, watching};
use crate::{
    cli::Global,
    config::{Loaded, Settings},
    telemetry::{Event, Telemetry},
};
use strictmx_io::task::Tasks;

/// Reads the configuration again and lets it count, unless something is wrong with it. `started`: what the listeners and the
/// store were opened with.
pub(super) fn reload(
    global: &Global,
    (role, started): (&Role, &Loaded),
    running: &Running,
    telemetry: &Telemetry,
    tasks: &Tasks,
) {
    let newer = match role.load(&started.source) {
        Ok(newer) => newer,
        Err(error) => {
            telemetry.emit(Event::ConfigRejected { why: &error.to_string() });
            return;
        }
    };
    let built = match build::senses(&newer.settings) {
        Ok(built) => built,
        Err(error) => {
            telemetry.emit(Event::ConfigRejected { why: &error.to_string() });
            return;
        }
    };
    let watched = match watching(&newer.settings, &built, &running.desk, tasks) {
        Ok(watched) => watched,
        Err(error) => {
            telemetry.emit(Event::ConfigRejected { why: &error.to_string() });
            return;
        }
    };
    let reports = match newer.settings.reporter.as_ref().map(|_| reporting::rules(&newer.settings, &built)).transpose()
    {
        Ok(reports) => reports,
        Err(error) => {
            telemetry.emit(Event::ConfigRejected { why: &error.to_string() });
            return;
        }
    };
    for warning in newer.warning_lines() {
        telemetry.emit(Event::ConfigWarning { what: &warning });
    }
    for notice in built.notices.iter().chain(&super::secrets::notices(&newer.settings)) {
        telemetry.emit(Event::Notice { what: notice });
    }
    telemetry.set_log(global.log_settings(newer.settings.log));
    if let (Some(reporter), Some(rules)) = (&running.reporter, reports) {
        reporter.replace(built.senses.clone(), rules);
        super::look_at_keys(reporter, tasks);
    }
    let self_test = build::self_test(&newer.settings, built.dnssec);
    running.desk.replace(built.senses, build::rules(&newer.settings, built.dnssec), self_test);
    if let Some(monitor) = &running.monitor {
        monitor.replace(watched);
    }
    telemetry.emit(Event::ConfigReloaded { config: &newer.source.to_string() });
    for setting in needs_restart(&started.settings, &newer.settings) {
        telemetry.emit(Event::RestartNeeded { setting });
    }
}

/// The sections whose changes only a restart brings.
fn needs_restart(old: &Settings, newer: &Settings) -> Vec<&'static str> {
    let listeners = |settings: &Settings| {
        settings
            .policyd
            .as_ref()
            .map(|p| (p.listen.clone(), p.tcp_table.clone(), p.tcp_table_map, p.max_connections, p.cache_entries))
    };
    let sockets = |settings: &Settings| {
        settings.policyd.as_ref().map(|p| (p.socket_mode, p.socket_owner.clone(), p.socket_group.clone()))
    };
    let probing = |settings: &Settings| settings.policyd.as_ref().map(|p| (p.testing_probe, p.helo.clone()));
    let changes = [
        ("[store]", old.store != newer.store),
        ("[web]", old.web != newer.web),
        ("[control]", old.control != newer.control),
        ("[collector]", old.collector != newer.collector),
        ("[policyd] listen, tcp_table, max_connections, cache_entries", listeners(old) != listeners(newer)),
        ("[policyd] socket_mode, socket_owner, socket_group", sockets(old) != sockets(newer)),
        ("[policyd] testing_probe, helo", probing(old) != probing(newer)),
        ("[reporter], which was there or was not", old.reporter.is_some() != newer.reporter.is_some()),
        // One that is taken away watches nothing from now on.
        ("[monitor], which was not there at the start", old.monitor.is_none() && newer.monitor.is_some()),
    ];
    changes.into_iter().filter_map(|(name, changed)| changed.then_some(name)).collect()
}
