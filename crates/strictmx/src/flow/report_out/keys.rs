//! Does what is published in the DNS fit the keys that sign?
use strictmx_engine::{
    fact::{Dnssec, Seen},
    report::published,
};

use super::Reporter;
use crate::telemetry::Reporting;

impl Reporter {
    /// Looks up the record of each key, and tells what does not fit; without any key, that no report goes out by mail.
    pub async fn check_keys(&self) {
        let inner = &*self.0;
        let (rules, senses) = (inner.rules.load_full(), inner.senses.load_full());
        let submitter = rules.reporter.contact.domain();
        if rules.keys.keys.is_empty() {
            inner.tell(Reporting::Unsigned);
        }
        for (selector, key) in &rules.keys.keys {
            let seen = match selector.record_name(submitter) {
                Some(name) => senses.dns.txt(&name).await,
                None => Seen::NxDomain { dnssec: Dnssec::Insecure, ttl: 3600 },
            };
            let misfit = published::fits(key.algorithm(), &key.public(), &seen).err();
            inner.tell(Reporting::KeyChecked {
                selector: selector.as_str(),
                domain: submitter,
                misfit: misfit.as_ref(),
            });
        }
    }
}
