//! `strictmx explain DOMAIN`: what a sender would do, step by step, and the exact line for the mail server.
mod text;

use strictmx_engine::nexthop::{self, NextHop};

use crate::{
    cli::{Exit, Explain, Format, output},
    command::build,
    config::Settings,
    flow::{self, explain::Explanation},
};

/// Runs the command.
pub fn run(settings: &Settings, asked: &Explain) -> Exit {
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(explain(settings, asked)),
        Err(error) => {
            output::error(format_args!("cannot start the runtime: {error}"));
            Exit::Internal
        }
    }
}

async fn explain(settings: &Settings, asked: &Explain) -> Exit {
    let route = match nexthop::parse(&asked.domain) {
        NextHop::Ask(route) => route,
        NextHop::Nothing(why) => {
            output::error(format_args!("{:?} is nothing a policy is looked up for: {why}", asked.domain));
            return Exit::Usage;
        }
    };
    let built = match build::senses(settings) {
        Ok(built) => built,
        Err(error) => {
            output::error(error);
            return Exit::NoLook;
        }
    };
    for notice in &built.notices {
        output::warning(notice);
    }
    let rules = build::rules(settings, built.dnssec);
    let names = build::self_test(settings, built.dnssec);
    let who = flow::explain::Asked {
        servers: built.servers.iter().map(ToString::to_string).collect(),
        dnssec: built.dnssec,
        self_test: names.as_ref(),
    };
    let mut explanation = Box::pin(flow::explain::explain(&built.senses, &rules, &route, who)).await;
    if let Some(map) = &asked.map {
        explanation.keep_map(map);
    }
    show(&explanation, asked.format)
}

fn show(explanation: &Explanation, format: Format) -> Exit {
    match format {
        Format::Text => output::result(&text::render(explanation)),
        Format::Json => match serde_json::to_string_pretty(explanation) {
            Ok(json) => output::result(&(json + "\n")),
            Err(error) => {
                output::error(format_args!("the explanation cannot be written as JSON: {error}"));
                Exit::Internal
            }
        },
    }
}
