//! What memory holds of one domain: what is known of its policy, and the lines already put into words.
use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU64, Ordering},
};

use strictmx_engine::{
    lookup::{Known, Verdict},
    profile::{self, Answer, Profile},
    time::Timestamp,
    tls::Plan,
};
use strictmx_proto::{name::Domain, sts::Policy};

/// One domain's entry in the policy cache. Replaced whole when anything about it changes.
pub struct Card {
    /// Whose it is.
    pub domain: Domain,
    /// What is known.
    pub known: Known,
    /// The `secure` answer in the words of the profile that asked first: nearly always the only one that ever asks.
    line: OnceLock<(Profile, Answer)>,
    /// When a mail server last asked, seconds since the epoch.
    used: AtomicU64,
}

impl Card {
    /// A card for what is now known.
    pub(crate) fn new(domain: Domain, known: Known, used: Timestamp) -> Self {
        Self { domain, known, line: OnceLock::new(), used: AtomicU64::new(used.0) }
    }

    /// When a mail server last asked.
    pub fn used(&self) -> Timestamp {
        Timestamp(self.used.load(Ordering::Relaxed))
    }

    /// Remembers that a mail server asks now.
    pub(crate) fn touch(&self, now: Timestamp) {
        // Written only when it moves: cards of busy domains are read from every thread.
        if self.used.load(Ordering::Relaxed) != now.0 {
            self.used.store(now.0, Ordering::Relaxed);
        }
    }

    /// Tells the `secure` answer for this domain's policy in one profile's words.
    pub(crate) fn secure_line<R>(
        &self,
        plan: &Plan,
        profile: Profile,
        policy: &Policy,
        tell: impl FnOnce(&Answer) -> R,
    ) -> R {
        let make = || profile::answer(plan, profile, &self.domain, Some(policy));
        match self.line.get_or_init(|| (profile, make())) {
            (first, line) if *first == profile => tell(line),
            _ => tell(&make()),
        }
    }
}

/// A look-up that has come to its end: the card that was put into the cache, and the verdict for whoever asked (which is
/// not the card's where the policy may not be kept, D-5).
#[derive(Clone)]
pub struct Landed {
    /// What is kept.
    pub card: Arc<Card>,
    /// What counts for the delivery that asked.
    pub verdict: Verdict,
}
