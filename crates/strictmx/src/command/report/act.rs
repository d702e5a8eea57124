//! `strictmx report send|resend|bounce`: the daemon's work, done here when there is no daemon.
use std::io::Read as _;

use serde_json::{Value, json};
use strictmx_io::{clock::Clock, control, store, task::Tasks};
use strictmx_proto::{
    mail::bounce::{Bounce as Came, Verdict},
    name::Domain,
};

use super::super::{build, reporting};
use super::failed;
use crate::{
    cli::{Bounce, Exit, Format, Resend, Send, output},
    config::{Log, LogFormat, LogLevel, Settings},
    flow::report_out::Reporter,
    telemetry::{Reader, Telemetry},
};

/// How much of a bounce is read, octets.
const MAX_BOUNCE: u64 = 1024 * 1024;

/// Sends what waits.
pub(super) async fn send(settings: &Settings, asked: &Send) -> Exit {
    let names: Vec<&str> = asked.domains.iter().map(Domain::as_str).collect();
    let day = asked.day.map(|day| day.to_string());
    told(done(settings, &json!({ "do": "report-send", "day": day, "domains": names })).await, asked.format)
}

/// Sends a report once more.
pub(super) async fn resend(settings: &Settings, asked: &Resend) -> Exit {
    let request = json!({ "do": "report-resend", "day": asked.day.to_string(), "domains": [asked.domain.as_str()] });
    told(done(settings, &request).await, asked.format)
}

/// Takes a bounce from standard input. It always ends well once it could be written down: a mail server that got an error would
/// send the bounce back, or try it for days.
pub(super) async fn bounce(settings: &Settings, asked: &Bounce) -> Exit {
    let mut mail = Vec::new();
    if let Err(error) = std::io::stdin().lock().take(MAX_BOUNCE).read_to_end(&mut mail) {
        return failed(format_args!("the mail cannot be read from standard input: {error}"));
    }
    let came = Came::read(&mail, asked.recipient.as_deref());
    let why = match came.verdict {
        Verdict::Failed(why) => why,
        Verdict::Delayed => return output::result("nothing to do: the mail is still being tried\n"),
        Verdict::NoBounce => return output::result("nothing to do: it is no bounce\n"),
    };
    let request = json!({ "do": "report-bounce", "tokens": came.tokens, "why": why });
    let line = match done(settings, &request).await {
        Ok(lines) => lines.into_iter().next().unwrap_or(Value::Null),
        Err(exit) => return exit,
    };
    if let Some(error) = line.get("error").and_then(Value::as_str) {
        return failed(error);
    }
    let word = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    if line.get("noted") == Some(&Value::Bool(true)) {
        output::result(&format!("{} is left in peace for a while: {}\n", word("uri"), word("why")))
    } else {
        output::result(&format!("nothing to do: {}\n", word("why")))
    }
}

/// What a request comes to, in the daemon or, where there is none, here.
async fn done(settings: &Settings, request: &Value) -> Result<Vec<Value>, Exit> {
    if let Some(control) = &settings.control {
        match control::call(&control.socket, request).await {
            Ok(lines) => return Ok(lines),
            Err(error) if error.is_nobody() => {}
            Err(error) => return Err(failed(error)),
        }
    }
    let mut lines = Vec::new();
    match alone(settings).await?.tend(request, &mut lines).await {
        Ok(()) => Ok(lines),
        Err(gone) => Err(failed(gone)),
    }
}

/// A reporter of our own, over the store.
async fn alone(settings: &Settings) -> Result<Reporter, Exit> {
    let store = store::open(&settings.store.url).map_err(failed)?;
    let built = build::senses(settings).map_err(failed)?;
    let log = Log { level: LogLevel::Warn, format: LogFormat::Text };
    let telemetry = Telemetry::new(Clock::system(), log, Reader::of_stderr(None), Box::new(std::io::stderr()));
    reporting::reporter(settings, &built, &store, &telemetry, &Tasks::new()).await.map_err(|error| {
        output::error(error);
        Exit::Config
    })
}

/// Shows what became of reports. One that nobody has, and that is not tried any more, is an error of the command.
fn told(lines: Result<Vec<Value>, Exit>, format: Format) -> Exit {
    let lines = match lines {
        Ok(lines) => lines,
        Err(exit) => return exit,
    };
    let mut exit = Exit::Done;
    let mut page = String::new();
    for line in &lines {
        let word = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default();
        if let Some(error) = line.get("error").and_then(Value::as_str) {
            exit = failed(error);
            continue;
        }
        match format {
            Format::Json => page.push_str(&format!("{line}\n")),
            Format::Text => page.push_str(&format!("{} {}: {}\n", word("domain"), word("day"), outcome(line))),
        }
    }
    if lines.is_empty() && format == Format::Text {
        output::note("nothing waits to be sent\n");
    }
    match output::result(&page) {
        Exit::Done => exit,
        other => other,
    }
}

fn outcome(line: &Value) -> String {
    let word = |of: &Value, name: &str| of.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let destinations = line.get("destinations").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if destinations.is_empty() {
        return format!("{}: {}", word(line, "state"), word(line, "why"));
    }
    let one = |of: &Value| format!("{} {}: {}", word(of, "uri"), word(of, "state"), word(of, "said"));
    destinations.iter().map(one).collect::<Vec<_>>().join("; ")
}
