//! Files with secrets that anybody on this machine may read.
use std::path::Path;

use strictmx_io::{
    submit::Server,
    sys::{self, Readers},
};

use crate::config::Settings;

/// A sentence for each: it works all the same, and the operator should know.
pub(super) fn notices(settings: &Settings) -> Vec<String> {
    let reporter = settings.reporter.as_ref();
    let keys = reporter.into_iter().flat_map(|reporter| reporter.dkim.iter().map(|key| key.key_file.as_path()));
    let login = reporter.and_then(|reporter| match &reporter.submit {
        Server::Smtp(smtp) => smtp.login.as_deref(),
        Server::Sendmail(_) => None,
    });
    let token = settings.collector.as_ref().and_then(|collector| collector.token_file.as_deref());
    keys.chain(login).chain(token).filter(|path| sys::readers(path) == Readers::Everybody).map(told).collect()
}

fn told(path: &Path) -> String {
    let path = path.display();
    format!("everybody on this machine may read the secret in {path}: run `chmod o= {path}`")
}
