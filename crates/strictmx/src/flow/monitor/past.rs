//! What was seen of a domain before, and what a look adds to it.
use strictmx_engine::check::{
    Context, Intent, Observations,
    observations::{Past, Span},
};
use strictmx_io::store::{self, Store, monitor::Pair};
use strictmx_proto::{name::Domain, sts::NoRecord};

/// What the store knows of a domain's past; `None`: nothing.
///
/// # Errors
/// The store cannot be read.
pub async fn of(store: &dyn Store, domain: &Domain) -> Result<Option<Past>, store::Error> {
    Ok(from(store.watched(domain).await?.spans))
}

/// Spans as the checks want them.
pub(super) fn from(spans: Vec<Span>) -> Option<Past> {
    (!spans.is_empty()).then_some(Past { spans })
}

/// The pair of record id and policy text that a look showed; `None`: one of them could not be told, or was not looked at.
pub(super) fn pair(seen: &Observations) -> Option<Pair> {
    let intent = Intent::default();
    let context = Context::new(seen, &intent);
    let id = match &context.record {
        Some(Ok(record)) => Some(record.id.to_string()),
        Some(Err(_)) => None,
        None => return None,
    };
    let text = context.body.map(|body| String::from_utf8_lossy(body).into_owned());
    let looked = seen.policy_host.is_some() || matches!(context.record, Some(Err(NoRecord::None)));
    looked.then_some(Pair { id, text })
}
