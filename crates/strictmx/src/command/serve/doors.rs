//! The listening sockets of the daemon: all opened before the first question is answered, so that a port that is taken is
//! found out at the start.
use std::sync::Arc;

use strictmx_io::{
    control,
    datagram::Socket,
    http,
    listen::{self, Access, Address, Handed, Listener},
    socketmap,
    task::Tasks,
    tcp_table,
};

use super::collector;
use crate::{
    config::{Listen, Policyd, Settings},
    flow::{
        Desk,
        collect::Collector,
        doors::{Socketmap, TcpTable},
        report_out::Reporter,
        tend::Tender,
    },
    telemetry::{Door, Event, Telemetry},
    web::{self, Readiness, Shared},
};

/// Why a door cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(super) enum DoorError {
    /// The socket.
    #[error(transparent)]
    Listen(#[from] listen::Error),
}

/// Who is behind the doors.
#[derive(Clone, Copy)]
pub(super) struct Behind<'a> {
    pub(super) desk: &'a Desk,
    pub(super) collector: Option<&'a Collector>,
    pub(super) reporter: Option<&'a Reporter>,
    pub(super) telemetry: &'a Telemetry,
    pub(super) readiness: &'a Readiness,
}

/// All doors, open.
pub(super) struct Doors {
    pub(super) socketmap: Vec<Listener>,
    pub(super) tcp_table: Vec<Listener>,
    pub(super) web: Vec<Listener>,
    pub(super) control: Option<Listener>,
    pub(super) collector: Option<Socket>,
    policyd: Policyd,
}

impl Doors {
    /// Opens every door that the settings name, or takes it from those that systemd handed over.
    pub(super) fn open(settings: &Settings, mut handed: Handed) -> Result<Self, DoorError> {
        let policyd = settings.policyd.clone().unwrap_or_default();
        let access = Access {
            mode: policyd.socket_mode.0,
            owner: policyd.socket_owner.clone(),
            group: policyd.socket_group.clone(),
        };
        let mut open = |list: &[Listen]| -> Result<Vec<Listener>, DoorError> {
            list.iter().map(|at| Ok(listen::bind(&address(at), &access, &mut handed)?)).collect()
        };
        let (socketmap, tcp_table) = match &settings.policyd {
            Some(policyd) => (open(&policyd.listen)?, open(&policyd.tcp_table)?),
            None => (Vec::new(), Vec::new()),
        };
        let web = match &settings.web {
            Some(web) => open(&web.listen)?,
            None => Vec::new(),
        };
        let control = match &settings.control {
            Some(control) => {
                let at = Address::Unix(std::path::absolute(&control.socket).unwrap_or_else(|_| control.socket.clone()));
                Some(listen::bind(&at, &Access::mode(control.mode.0), &mut handed)?)
            }
            None => None,
        };
        let collector =
            settings.collector.as_ref().map(|collector| collector::open(collector, &mut handed)).transpose()?;
        for left in handed.left_over() {
            tracing::warn!(
                "nobody asked for the socket {left} that the service manager handed over; name its address in the config"
            );
        }
        Ok(Self { socketmap, tcp_table, web, control, collector, policyd })
    }

    /// Tells of each door.
    pub(super) fn announce(&self, telemetry: &Telemetry) {
        for (door, listener) in self.all() {
            telemetry.emit(Event::Listening { service: door.as_str(), address: &listener.address().to_string() });
        }
        if let Some(socket) = &self.collector {
            telemetry.emit(Event::Listening { service: "collector", address: &socket.address().to_string() });
        }
    }

    /// Every door with what it is for.
    fn all(&self) -> impl Iterator<Item = (Door, &Listener)> {
        let socketmap = self.socketmap.iter().map(|listener| (Door::Socketmap, listener));
        let tcp_table = self.tcp_table.iter().map(|listener| (Door::TcpTable, listener));
        let web = self.web.iter().map(|listener| (Door::Web, listener));
        let control = self.control.iter().map(|listener| (Door::Control, listener));
        socketmap.chain(tcp_table).chain(web).chain(control)
    }

    /// Where the policy server listens, for one line of status.
    pub(super) fn describe(&self) -> String {
        let all = self.socketmap.iter().chain(&self.tcp_table).chain(&self.web);
        all.map(|door| door.address().to_string()).collect::<Vec<_>>().join(", ")
    }

    /// What the daemon does, for one line of status.
    pub(super) fn status(&self, settings: &Settings) -> String {
        let answers = self.describe();
        let answers = (!answers.is_empty()).then(|| format!("answering on {answers}"));
        let counts = self.collector.as_ref().map(|socket| format!("counting at {}", socket.address()));
        let watches = settings.monitor.as_ref().map(|_| "watching".to_owned());
        [answers, counts, watches].into_iter().flatten().collect::<Vec<_>>().join("; ")
    }

    /// Lets everybody in.
    pub(super) fn serve(self, to: &Behind<'_>, tasks: &Tasks) {
        let Behind { desk, collector, reporter, telemetry, readiness } = *to;
        let limits = listen::Limits { connections: self.policyd.max_connections, ..listen::Limits::default() };
        let traffic: Arc<[_]> = self.all().map(|(door, listener)| (door, listener.traffic())).collect();
        for door in self.socketmap {
            let (answers, group) = (Socketmap(desk.clone()), tasks.clone());
            tasks.spawn("socketmap", async move { socketmap::serve(door, limits, answers, &group).await });
        }
        let profile = self.policyd.tcp_table_map;
        for door in self.tcp_table {
            let (answers, group) = (TcpTable { desk: desk.clone(), profile }, tasks.clone());
            tasks.spawn("tcp_table", async move { tcp_table::serve(door, limits, answers, &group).await });
        }
        for door in self.web {
            let shared = Shared {
                desk: desk.clone(),
                collector: collector.cloned(),
                reporter: reporter.cloned(),
                telemetry: telemetry.clone(),
                readiness: readiness.clone(),
                traffic: Arc::clone(&traffic),
            };
            let (router, group) = (web::router(shared), tasks.clone());
            tasks.spawn("web", async move { http::serve(door, router, http::Limits::default(), &group).await });
        }
        if let Some(door) = self.control {
            let tender = Tender { desk: desk.clone(), reporter: reporter.cloned() };
            let group = tasks.clone();
            tasks.spawn(
                "control",
                async move { control::serve(door, control::Limits::default(), tender, &group).await },
            );
        }
    }
}

fn address(at: &Listen) -> Address {
    match at {
        Listen::Tcp(address) => Address::Tcp(*address),
        Listen::Unix(path) => Address::Unix(path.clone()),
    }
}
