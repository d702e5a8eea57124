//! A question on the wire, and what counts as the answer to it.
use domain::base::iana::{Opcode, Rcode};
use domain::base::{Header, Message, MessageBuilder, Name, Rtype};
use strictmx_engine::fact::{DnsFailure, DnsFailureKind};
use strictmx_proto::name::Domain;

use super::failure;

/// The UDP payload we say we take (RFC 9715: fits every path unfragmented).
const PAYLOAD: u16 = 1232;

/// What we tell the server besides the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edns {
    /// The payload size only.
    Plain,
    /// DNSSEC records, please, and your verdict (DO, AD).
    Dnssec,
    /// DNSSEC records, please, and no verdict (DO, CD): we check signatures ourselves.
    CheckingDisabled,
    /// The payload size only, and no recursion: you are asked for your own zone (RD unset).
    Authority,
}

/// One question, ready to be sent.
#[derive(Debug)]
pub(super) struct Query {
    message: Message<Vec<u8>>,
}

impl Query {
    /// The question for `rtype` at `owner`.
    pub(super) fn new(owner: &Domain, rtype: Rtype, edns: Edns) -> Result<Self, DnsFailure> {
        Self::named(owner.as_str(), rtype, edns)
    }

    /// The same for any name, the root `.` included.
    pub(super) fn named(owner: &str, rtype: Rtype, edns: Edns) -> Result<Self, DnsFailure> {
        let unfit = || failure(DnsFailureKind::Malformed, format!("{owner} cannot be put into a DNS question"));
        let name = Name::<Vec<u8>>::vec_from_str(owner).map_err(|_| unfit())?;
        let mut builder = MessageBuilder::new_vec();
        let header = builder.header_mut();
        header.set_rd(edns != Edns::Authority);
        header.set_ad(edns == Edns::Dnssec);
        header.set_cd(edns == Edns::CheckingDisabled);
        let mut builder = builder.question();
        builder.push((name, rtype)).map_err(|_| unfit())?;
        let mut builder = builder.additional();
        builder
            .opt(|opt| {
                opt.set_udp_payload_size(PAYLOAD);
                opt.set_dnssec_ok(matches!(edns, Edns::Dnssec | Edns::CheckingDisabled));
                Ok(())
            })
            .map_err(|_| unfit())?;
        Ok(Self { message: builder.into_message() })
    }

    /// A question that someone else put together (the validator's own).
    pub(super) const fn from_message(message: Message<Vec<u8>>) -> Self {
        Self { message }
    }

    /// The octets to send, under a new random id: each attempt has its own (RFC 5452 §9.2).
    pub(super) fn renewed(&mut self) -> &[u8] {
        self.message.header_mut().set_random_id();
        self.message.as_slice()
    }

    /// Takes `octets` for the answer, if they are one: same id, a response, same question. Errors may come without the
    /// question, as some servers send them.
    pub(super) fn answered(&self, octets: &[u8]) -> Answered {
        let Ok(reply) = Message::from_slice(octets) else {
            return Answered::No;
        };
        let (asked, header) = (self.message.header(), reply.header());
        if !header.qr() || header.id() != asked.id() || header.opcode() != Opcode::QUERY {
            return Answered::No;
        }
        let bare = reply.header_counts().qdcount() == 0 && header.rcode() != Rcode::NOERROR;
        if !bare && !reply.is_answer(self.message.for_slice()) {
            return Answered::No;
        }
        if header.tc() { Answered::Truncated } else { Answered::Yes }
    }

    /// The question in words, for details of failures.
    pub(super) fn describe(&self) -> String {
        match self.message.sole_question() {
            Ok(question) if question.qname().is_root() => format!("{} .", question.qtype()),
            Ok(question) => format!("{} {}", question.qtype(), question.qname()),
            Err(_) => String::from("a question"),
        }
    }
}

/// Whether octets answer a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answered {
    /// They do.
    Yes,
    /// They do, and say that more would come over TCP.
    Truncated,
    /// They do not: late, forged or broken.
    No,
}

/// Sets nothing but the id: used where an answer is handed on under the asker's own id.
pub(super) fn set_id(octets: &mut [u8], id: u16) {
    if octets.len() >= size_of::<Header>() {
        Header::for_message_slice_mut(octets).set_id(id);
    }
}
