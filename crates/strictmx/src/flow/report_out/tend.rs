//! What `strictmx report …` asks for: one JSON request line, one JSON line back for each report. A running daemon is asked through
//! the control socket; where there is none the command carries out the same request itself.
use serde_json::{Value, json};
use strictmx_engine::report::Day;
use strictmx_io::control::{Gone, Replies};
use strictmx_proto::name::Domain;

use super::{Bounced, ErrandError, Reporter, errand::Outcome, shown};

/// Reports that are sent between two replies.
const AT_ONCE: usize = 64;

/// Who hears what a request comes to, line by line.
pub trait Hearer {
    /// Hears a line, or is there no longer.
    fn hear(&mut self, line: Value) -> impl Future<Output = Result<(), Gone>> + Send;
}

impl Hearer for Replies {
    async fn hear(&mut self, line: Value) -> Result<(), Gone> {
        self.send(&line).await
    }
}

/// A command that does the work itself.
impl Hearer for Vec<Value> {
    async fn hear(&mut self, line: Value) -> Result<(), Gone> {
        self.push(line);
        Ok(())
    }
}

impl Reporter {
    /// Carries out a request whose `do` begins with `report-`.
    ///
    /// # Errors
    /// Nobody listens any more.
    pub async fn tend<H: Hearer + Send>(&self, request: &Value, hearer: &mut H) -> Result<(), Gone> {
        let asked = match asked(request) {
            Ok(asked) => asked,
            Err(why) => return hearer.hear(json!({ "error": why })).await,
        };
        match (request.get("do").and_then(Value::as_str), asked) {
            (Some("report-send"), (day, domains)) => self.send_all(day, &domains, hearer).await,
            (Some("report-resend"), (Some(day), domains)) => {
                for domain in domains {
                    tell(self.resend(day, &domain).await, hearer).await?;
                }
                Ok(())
            }
            (Some("report-bounce"), _) => {
                let told = self.bounce_told(request).await;
                hearer.hear(told).await
            }
            (other, _) => hearer.hear(json!({ "error": format!("unknown command {other:?}") })).await,
        }
    }

    async fn send_all<H: Hearer + Send>(
        &self,
        day: Option<Day>,
        domains: &[Domain],
        hearer: &mut H,
    ) -> Result<(), Gone> {
        let waiting = match self.waiting(day, domains).await {
            Ok(waiting) => waiting,
            Err(error) => return hearer.hear(json!({ "error": error.to_string() })).await,
        };
        for some in waiting.chunks(AT_ONCE) {
            tell(self.send(some.to_vec()).await, hearer).await?;
        }
        Ok(())
    }

    /// The bounce that another process has read.
    async fn bounce_told(&self, request: &Value) -> Value {
        let tokens = request.get("tokens").and_then(Value::as_array).into_iter().flatten();
        let tokens: Vec<String> = tokens.filter_map(Value::as_str).map(str::to_owned).collect();
        let why = request.get("why").and_then(Value::as_str).unwrap_or_default();
        match self.bounced(&tokens, why).await {
            Ok(bounced) => bounce(&bounced),
            Err(error) => json!({ "error": error.to_string() }),
        }
    }
}

/// What came of a bounce, as JSON.
fn bounce(bounced: &Bounced) -> Value {
    match bounced {
        Bounced::Noted { report, uri, why } => {
            json!({ "noted": true, "domain": report.domain.as_str(), "day": report.day.to_string(), "uri": uri, "why": why })
        }
        Bounced::Nothing(why) => json!({ "noted": false, "why": why }),
    }
}

async fn tell<H: Hearer>(outcomes: Result<Vec<Outcome>, ErrandError>, hearer: &mut H) -> Result<(), Gone> {
    match outcomes {
        Ok(outcomes) => {
            for one in outcomes {
                hearer.hear(shown::outcome(&one.report, &one.destinations)).await?;
            }
            Ok(())
        }
        Err(error) => hearer.hear(json!({ "error": error.to_string() })).await,
    }
}

fn asked(request: &Value) -> Result<(Option<Day>, Vec<Domain>), String> {
    let day = match request.get("day").and_then(Value::as_str) {
        Some(text) => Some(text.parse().map_err(|error| format!("{text:?} is no day: {error}"))?),
        None => None,
    };
    let names = request.get("domains").and_then(Value::as_array).into_iter().flatten();
    let domains = names.map(|name| {
        let name = name.as_str().unwrap_or_default();
        Domain::parse(name).map_err(|error| format!("{name:?} is no domain name: {error}"))
    });
    Ok((day, domains.collect::<Result<_, _>>()?))
}
