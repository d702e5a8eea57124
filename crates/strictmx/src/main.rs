//! strictmx: MTA-STS, SMTP TLS reporting and DANE for both ends of the wire.
use std::process::ExitCode;

use strictmx::{
    cli::{self, Cli, Command, Exit, output},
    command::{cache, check, config, explain, generated, report, serve},
    config::Settings,
};
use strictmx_io::clock::Clock;

fn main() -> ExitCode {
    match cli::parse() {
        Ok(cli) => run(&cli).into(),
        Err(exit) => exit.into(),
    }
}

fn run(cli: &Cli) -> Exit {
    match &cli.command {
        Command::Serve => serve::run(&cli.global),
        Command::Explain(asked) => with_settings(cli, |settings| explain::run(settings, asked)),
        Command::Check(asked) if asked.keep.watch.is_some() => match check::watched(asked) {
            Ok(watch) => serve::watch(&cli.global, watch),
            Err(exit) => exit,
        },
        Command::Check(asked) if asked.looks() => {
            with_settings(cli, |settings| check::run(settings, asked, cli.global.verbose))
        }
        Command::Check(asked) => check::read(asked, cli.global.verbose),
        Command::Cache(asked) => with_settings(cli, |settings| cache::run(settings, &asked.command)),
        Command::Report(asked) => with_settings(cli, |settings| report::run(settings, &asked.command)),
        Command::Config(asked) => config::run(asked.command, &cli.global, Clock::system().now()),
        Command::Completions(asked) => generated::completions(asked),
        Command::Man(asked) => generated::man(asked),
    }
}

/// Reads the config, and tells what is wrong with it.
fn with_settings(cli: &Cli, run: impl FnOnce(&Settings) -> Exit) -> Exit {
    let source = strictmx::config::find(cli.global.config.as_deref());
    match strictmx::config::load(&source, Clock::system().now()) {
        Ok(loaded) => run(&loaded.settings),
        Err(error) => {
            output::note(&error.render());
            Exit::Config
        }
    }
}
