//! strictmx: MTA-STS, SMTP TLS reporting and DANE for both ends of the wire.

use std::process::ExitCode;

use strictmx::cli::{self, Cli, Command, Exit, output};
use strictmx::command::{config, generated};
use strictmx_engine::time::Timestamp;

fn main() -> ExitCode {
    match cli::parse() {
        Ok(cli) => run(&cli).into(),
        Err(exit) => exit.into(),
    }
}

fn run(cli: &Cli) -> Exit {
    match &cli.command {
        Command::Config(args) => config::run(args.command, &cli.global, Timestamp(0)),
        Command::Completions(args) => generated::completions(args),
        Command::Man(args) => generated::man(args),
        Command::Serve | Command::Explain(_) | Command::Cache(_) => {
            output::error("this command is being written");
            Exit::Internal
        }
    }
}
