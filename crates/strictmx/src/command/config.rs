//! `strictmx config check | print | default`.

use strictmx_engine::time::Timestamp;

use crate::cli::{ConfigCommand, Exit, Global, output};
use crate::config::{self, Loaded, Source};

/// Runs it.
pub fn run(command: ConfigCommand, global: &Global, now: Timestamp) -> Exit {
    if let ConfigCommand::Default = command {
        return output::result(&config::print::default_config());
    }
    let source = config::find(global.config.as_deref());
    let loaded = match config::load(&source, now) {
        Ok(loaded) => loaded,
        Err(error) => {
            output::note(&error.render());
            return Exit::Config;
        }
    };
    output::note(&loaded.render_warnings());
    match command {
        ConfigCommand::Print => print(&loaded),
        _ => check(&loaded),
    }
}

fn check(loaded: &Loaded) -> Exit {
    let warnings = match loaded.warnings.len() {
        0 => String::new(),
        1 => ", one warning".to_owned(),
        n => format!(", {n} warnings"),
    };
    match &loaded.source {
        Source::File(path) => output::result(&format!("{}: good{warnings}\n", path.display())),
        Source::Tryout => output::result(&format!(
            "there is no config file ({}): `strictmx serve` would start a try-out on loopback\n",
            config::PLACES.join(", ")
        )),
    }
}

fn print(loaded: &Loaded) -> Exit {
    output::result(&format!("# {}\n\n{}", loaded.source, config::print::effective(&loaded.settings)))
}
