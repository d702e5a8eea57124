//! One attempt to hand a report over, by mail or by HTTPS (TLSRPT-5.3-1, TLSRPT-5.4-0).
use bytes::Bytes;
use strictmx_engine::{
    fact::FetchFailure,
    report::{
        endpoint::{Endpoint, MAX_REDIRECTS},
        outcome::{self, Said, Way},
        schedule,
    },
};
use strictmx_io::{
    fetch::{Answered, Target},
    store::{
        self,
        outgoing::{Claim, Claimed, DestinationRow, ReportRow},
    },
    submit::{Fate, Mail},
};
use strictmx_proto::{
    gzip::{self, Limits},
    mail::{Address, Message, bounce},
    name::Domain,
    tlsrpt::{
        Report, Rua,
        mail::{Letter, MEDIA_GZIP},
    },
};

use super::{Inner, Rules};

/// What an attempt came to.
pub(super) enum Attempt {
    /// It was made.
    Made {
        /// What was said.
        said: Said,
        /// How it went.
        way: Way,
        /// Whether the host answered.
        reach: Reach,
        /// The domain that a mail was handed over for.
        mailed: Option<Domain>,
    },
    /// It is not made at all, and why.
    Skipped(String),
    /// Somebody else makes it, or has made it: another process over the same store.
    Taken,
    /// It is not made now, and why; again after `pause` seconds, and no more after `patience` seconds in all.
    Held {
        /// Why.
        why: String,
        /// Seconds.
        pause: u64,
        /// Seconds.
        patience: u64,
    },
}

/// How often a report that waits for a key is looked at, seconds.
const KEY_PAUSE: u64 = 3_600;
/// For how long it waits, seconds: as long as reports are made of a day.
const KEY_PATIENCE: u64 = schedule::CATCH_UP as u64 * 86_400;

/// Whether a host answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// It did.
    Reached,
    /// It did not.
    Unreached,
}

/// Tries one destination.
pub(super) async fn attempt(inner: &Inner, report: &ReportRow, to: &DestinationRow) -> store::Result<Attempt> {
    let rules = inner.rules.load_full();
    let Ok(rua) = Rua::parse(&to.uri) else {
        return Ok(Attempt::Skipped("the address cannot be read".to_owned()));
    };
    // What the operator has decided since, and what others have met with since.
    if let Some(why) = rules.lists.refuses(report.domain.as_str(), &rua) {
        return Ok(Attempt::Skipped(why.to_owned()));
    }
    if let Some(silence) = inner.store.silence(&to.uri).await?.filter(|silence| silence.until > inner.now()) {
        return Ok(Attempt::Skipped(format!("left in peace: {}", silence.why)));
    }
    if matches!(rua, Rua::Mailto(_)) && rules.keys.keys.is_empty() {
        let why = "not tried: no DKIM key is configured, and the RFC demands a signature (TLSRPT-3-9)".to_owned();
        return Ok(Attempt::Held { why, pause: KEY_PAUSE, patience: KEY_PATIENCE });
    }
    let Some(octets) = inner.store.report_octets(report.number).await? else {
        return Ok(Attempt::Skipped("the report is gone".to_owned()));
    };
    if claim(inner, to).await? == Claimed::No {
        return Ok(Attempt::Taken);
    }
    Ok(match rua {
        Rua::Mailto(address) => by_mail(&rules, report, to, &address, &octets).await,
        Rua::Https(uri) => by_https(inner, &rules, &uri, octets.into()).await,
    })
}

/// Writes the attempt down before it is made (D-58): what cannot be noted does not go out.
async fn claim(inner: &Inner, to: &DestinationRow) -> store::Result<Claimed> {
    let again = schedule::unheard(to.first, to.tries + 1, inner.now(), inner.secret.seed() ^ to.report);
    inner.store.claim(Claim { report: to.report, uri: to.uri.clone(), seen: to.next, again }).await
}

//----------- Mail ---------------------------------------------------------

async fn by_mail(rules: &Rules, report: &ReportRow, to: &DestinationRow, address: &str, octets: &[u8]) -> Attempt {
    let address = match Address::parse(address) {
        Ok(address) => address,
        Err(error) => return Attempt::Skipped(format!("{address:?} is no address for a mail: {error}")),
    };
    let (message, from) = match letter(rules, &report.domain, to, &address, octets) {
        Ok(letter) => letter,
        Err(why) => return Attempt::Skipped(why),
    };
    let mail = Mail { from, to: vec![address.to_string()], message: message.emit() };
    let fate = rules.submitter.submit(&mail).await.into_iter().next();
    let mailed = || Some(address.domain().clone());
    let (said, mailed) = match fate {
        Some(Fate::Accepted(words)) => (Said::Accepted(words.into()), mailed()),
        Some(Fate::Refused(words)) => (Said::Never(words.into()), None),
        // What our own mail server has against us is for the operator to mend, and no fault of the address.
        Some(Fate::Deferred(words) | Fate::Unfit(words)) => (Said::NotNow(words.into()), None),
        // It may be on its way: its sessions must not be reported either.
        Some(Fate::Unknown(words)) => (Said::NotNow(words.into()), mailed()),
        None => (Said::NotNow("the mail server said nothing".into()), None),
    };
    Attempt::Made { said, way: Way::Mail, reach: Reach::Reached, mailed }
}

/// The mail, signed, and its envelope's sender. The same for every attempt: its date is when it was due first.
fn letter(
    rules: &Rules,
    domain: &Domain,
    to: &DestinationRow,
    address: &Address,
    octets: &[u8],
) -> Result<(Message, String), String> {
    let json = gzip::inflate(octets, Limits::REPORT).map_err(|error| error.to_string())?;
    let read = Report::read(&json).map_err(|error| error.to_string())?;
    let date = to.first.0;
    let letter = Letter { report: &read.report, gzip: octets, domain, from: &rules.from, to: address, date };
    let message = letter.compose().map_err(|error| error.to_string())?;
    let message = rules.sign(message, date)?;
    let from = bounce::envelope_sender(&rules.from, &to.token).unwrap_or_else(|_| rules.from.clone());
    Ok((message, from.to_string()))
}

impl Rules {
    /// Signs a mail for the submitter's domain (TLSRPT-3-9).
    pub(super) fn sign(&self, message: Message, date: u64) -> Result<Message, String> {
        self.keys.sign(message, self.reporter.contact.domain(), date).map_err(|error| error.to_string())
    }
}

//----------- HTTPS --------------------------------------------------------

async fn by_https(inner: &Inner, rules: &Rules, uri: &str, body: Bytes) -> Attempt {
    let (said, reach) = post(inner, rules, uri, body).await;
    Attempt::Made { said, way: Way::Https, reach, mailed: None }
}

async fn post(inner: &Inner, rules: &Rules, uri: &str, body: Bytes) -> (Said, Reach) {
    let mut endpoint = match Endpoint::parse(uri) {
        Ok(endpoint) => endpoint,
        Err(error) => return (Said::Never(error.to_string().into()), Reach::Reached),
    };
    let senses = inner.senses.load_full();
    let deadline = senses.fetcher.deadline();
    for redirects in 0..=MAX_REDIRECTS {
        let addresses = senses.dns.addresses(&endpoint.host).await;
        let target = Target {
            host: &endpoint.host,
            port: endpoint.port,
            path: &endpoint.path,
            certificates: rules.certificates,
        };
        let posted = senses.fetcher.post(target, &addresses, MEDIA_GZIP, body.clone(), deadline).await;
        let answered = match posted {
            Ok(answered) => answered,
            Err(failure) => return failed(&failure),
        };
        let next = answered.location.as_deref().and_then(|to| endpoint.redirected(answered.status, to));
        match next {
            Some(next) if redirects < MAX_REDIRECTS => endpoint = next,
            _ => return (outcome::http(answered.status, &words(&answered)), Reach::Reached),
        }
    }
    (Said::NotNow("too many redirects".into()), Reach::Reached)
}

fn words(answered: &Answered) -> String {
    let Answered { status, location, text } = answered;
    let to = location.as_ref().map(|to| format!(", which leads to {to} and is not followed")).unwrap_or_default();
    let text = if text.is_empty() { String::new() } else { format!(": {text}") };
    format!("status {status}{to}{text}")
}

fn failed(failure: &FetchFailure) -> (Said, Reach) {
    let said = |text: String| Said::NotNow(text.into());
    match failure {
        FetchFailure::Dns(why) => (said(format!("its addresses could not be looked up: {why}")), Reach::Unreached),
        FetchFailure::NoAddress => (said("its host has no address".to_owned()), Reach::Unreached),
        FetchFailure::AddressRefused { addresses } => {
            let list = addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let text =
                format!("its host is on {list}, which is no address on the public Internet (fetch.allow_private)");
            (Said::Never(text.into()), Reach::Reached)
        }
        FetchFailure::Connect { detail } => (said(format!("no connection: {detail}")), Reach::Unreached),
        FetchFailure::Certificate(fault) => (said(format!("its certificate does not hold: {fault}")), Reach::Unreached),
        FetchFailure::Tls { detail } => (said(format!("the TLS handshake failed: {detail}")), Reach::Unreached),
        FetchFailure::Timeout { phase } => {
            (said(format!("it took too long ({} phase)", phase.as_str())), Reach::Unreached)
        }
        FetchFailure::Http { detail } => (said(format!("HTTP went wrong: {detail}")), Reach::Reached),
        other => (said(other.to_string()), Reach::Reached),
    }
}
