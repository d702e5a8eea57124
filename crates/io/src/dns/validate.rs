//! DNSSEC in process: the validator of the `domain` crate, which asks for keys over the same transport.
//!
//! RFC 4035 §5, RFC 5155, RFC 6840. Questions go out with CD set, so that the resolver hands over what it would call
//! bogus itself, and the cause can be told. The crate's validator is marked unstable: it is pinned, and this is the only
//! file that knows it.
use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::base::iana::Class;
use domain::base::opt::ExtendedError;
use domain::base::{Message, MessageBuilder, Name, Rtype, Ttl};
use domain::dnssec::validator::anchor::TrustAnchors;
use domain::dnssec::validator::context::{Config, ValidationContext, ValidationState};
use domain::net::client::request::{ComposeRequest, Error as RequestError, GetResponse, RequestMessage, SendRequest};
use domain::rdata;
use domain::zonefile::inplace::{Entry, Zonefile};
use strictmx_engine::fact::{DnsFailure, DnsFailureKind, Dnssec};
use strictmx_proto::name::Domain;

use super::query::{Query, set_id};
use super::transport::{Transport, explain};
use super::{Error, failure};

/// The root zone's keys as IANA publishes them (<https://data.iana.org/root-anchors/>): KSK-2017 and KSK-2024.
const ROOT_ANCHORS: &str = "\
. 172800 IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D
. 172800 IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16
";
/// Zone cuts whose keys are kept.
const MAX_ZONES: u64 = 10_000;
/// How long a zone stays bogus in the validator's own cache: briefly, since a lost key question looks the same to it.
const BOGUS_KEPT: Duration = Duration::from_secs(1);

tokio::task_local! {
    /// The first failure among the questions of one validation. The validator treats a lost answer like a missing
    /// signature; this tells the two apart.
    static TROUBLE: RefCell<Option<DnsFailure>>;
}

/// Checks answers from the trust anchors down.
pub(super) struct Validator {
    context: ValidationContext<Upstream>,
}

impl fmt::Debug for Validator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Validator")
    }
}

impl Validator {
    /// `anchors` are DS or DNSKEY records as zone-file text; `None`: the root's.
    pub(super) fn new(anchors: Option<&str>, transport: Arc<Transport>) -> Result<Self, Error> {
        let text = anchors.unwrap_or(ROOT_ANCHORS);
        let anchors = anchors_of(text).map_err(Error::Anchors)?;
        let mut config = Config::new();
        config.set_max_node_cache(MAX_ZONES);
        config.set_max_bogus_validity(BOGUS_KEPT);
        Ok(Self { context: ValidationContext::with_config(anchors, Upstream(transport), config) })
    }

    /// The state of `reply`, with the TTLs its signatures allow. Bogus is a failure (DANE-2.1.1-3).
    pub(super) async fn judge(
        &self,
        reply: Message<Vec<u8>>,
        owner: &Domain,
    ) -> Result<(Message<Vec<u8>>, Dnssec), DnsFailure> {
        TROUBLE.scope(RefCell::new(None), self.judge_in_scope(reply, owner)).await
    }

    async fn judge_in_scope(
        &self,
        mut reply: Message<Vec<u8>>,
        owner: &Domain,
    ) -> Result<(Message<Vec<u8>>, Dnssec), DnsFailure> {
        let judged = self.context.validate_msg::<_, Vec<u8>>(&mut reply).await;
        let (state, extended) = judged.map_err(|error| {
            failure(DnsFailureKind::Malformed, format!("the answer for {owner} cannot be validated: {error}"))
        })?;
        match state {
            ValidationState::Secure => Ok((reply, Dnssec::Secure)),
            ValidationState::Insecure | ValidationState::Indeterminate => Ok((reply, Dnssec::Insecure)),
            ValidationState::Bogus => {
                let unsigned = lacks_soa(&reply) && self.unsigned_zone(owner).await;
                if let Some(trouble) = TROUBLE.with(RefCell::take) {
                    return Err(trouble);
                }
                if unsigned {
                    return Ok((reply, Dnssec::Insecure));
                }
                let kind = extended.as_ref().map_or(DnsFailureKind::Bogus, kind_of);
                let because = extended.as_ref().map(explain).unwrap_or_default();
                Err(failure(kind, format!("the signatures of {owner} do not hold{because}")))
            }
        }
    }

    /// Whether `owner` lies in a zone that is provably unsigned. The validator calls every denial without SOA bogus, which
    /// is right below a secure delegation only; so it is shown an unsigned record at that name and asked about that.
    async fn unsigned_zone(&self, owner: &Domain) -> bool {
        let Some(mut probe) = unsigned_record(owner) else {
            return false;
        };
        let state = self.context.validate_msg::<_, Vec<u8>>(&mut probe).await;
        matches!(state, Ok((ValidationState::Insecure, _)))
    }
}

/// Trust anchors from zone-file text: at least one record, and nothing but DS and DNSKEY.
fn anchors_of(text: &str) -> Result<TrustAnchors, String> {
    let anchors = TrustAnchors::from_u8(text.as_bytes()).map_err(|error| error.to_string())?;
    let mut zonefile = Zonefile::from(text);
    zonefile.set_default_class(Class::IN);
    zonefile.extend_from_slice(b"\n");
    let mut found = 0_usize;
    for entry in zonefile {
        let Entry::Record(record) = entry.map_err(|error| error.to_string())? else {
            return Err(String::from("$INCLUDE is not followed"));
        };
        if !matches!(record.rtype(), Rtype::DS | Rtype::DNSKEY) {
            return Err(format!("there is a {} record among them", record.rtype()));
        }
        found = found.saturating_add(1);
    }
    if found == 0 {
        return Err(String::from("there is none"));
    }
    Ok(anchors)
}

/// Bogus, unless the validator's cache merely remembers that keys could not be asked for a moment ago.
fn kind_of(error: &ExtendedError<Vec<u8>>) -> DnsFailureKind {
    let text = error.text_slice().unwrap_or_default();
    if text.starts_with(b"request for DS or DNSKEY failed") { DnsFailureKind::Servfail } else { DnsFailureKind::Bogus }
}

fn lacks_soa(reply: &Message<Vec<u8>>) -> bool {
    reply.header_counts().ancount() == 0
        && reply.authority().is_ok_and(|section| section.limit_to_in::<rdata::Soa<_>>().next().is_none())
}

fn unsigned_record(owner: &Domain) -> Option<Message<Vec<u8>>> {
    let name = Name::<Vec<u8>>::vec_from_str(owner.as_str()).ok()?;
    let mut builder = MessageBuilder::new_vec().question();
    builder.push((&name, Rtype::A)).ok()?;
    let mut builder = builder.answer();
    builder.push((&name, Ttl::ZERO, rdata::A::new(Ipv4Addr::UNSPECIFIED))).ok()?;
    Some(builder.into_message())
}

/// The transport, as the validator wants to see it.
struct Upstream(Arc<Transport>);

impl SendRequest<RequestMessage<Vec<u8>>> for Upstream {
    fn send_request(&self, request: RequestMessage<Vec<u8>>) -> Box<dyn GetResponse + Send + Sync> {
        Box::new(Request { transport: Arc::clone(&self.0), message: request.to_message() })
    }
}

/// One question of the validator's own.
struct Request {
    transport: Arc<Transport>,
    message: Result<Message<Vec<u8>>, RequestError>,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Request")
    }
}

type Response<'a> = Pin<Box<dyn Future<Output = Result<Message<Bytes>, RequestError>> + Send + Sync + 'a>>;

impl GetResponse for Request {
    fn get_response(&mut self) -> Response<'_> {
        Box::pin(async move {
            let message = self.message.clone()?;
            let id = message.header().id();
            match self.transport.exchange(Query::from_message(message)).await {
                Ok(reply) => {
                    let mut octets = reply.into_octets();
                    set_id(&mut octets, id);
                    Message::from_octets(Bytes::from(octets)).map_err(|_| RequestError::ShortMessage)
                }
                Err(trouble) => {
                    // Outside of a validation there is no one to tell.
                    let told = TROUBLE.try_with(|cell| cell.borrow_mut().get_or_insert(trouble).kind);
                    tracing::debug!(?told, "a question for DNSSEC keys failed");
                    Err(RequestError::NoTransportAvailable)
                }
            }
        })
    }
}
