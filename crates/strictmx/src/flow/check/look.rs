//! One domain, everything side by side.
use std::sync::Arc;

use strictmx_engine::{
    check::{
        Family, Observations,
        observations::{FORMAT, HostSeen, MailSeen, PolicyHostSeen, RecordSeen, ReportSeen},
    },
    fact::{Seen, TxtSeen},
};
use strictmx_proto::name::Domain;

use super::{Looker, Plan, shared::Zone};

/// The families about MTA-STS itself.
const STS: &[Family] =
    &[Family::Record, Family::Host, Family::Policy, Family::Mx, Family::Smtp, Family::Dane, Family::Time];
/// The families that need the policy host.
const HOST: &[Family] = &[Family::Host, Family::Policy, Family::Mx, Family::Smtp, Family::Dane, Family::Time];
/// The families that need the MX records.
const MAIL: &[Family] = &[Family::Policy, Family::Mx, Family::Smtp, Family::Dane];

impl Looker {
    /// Looks at one domain. Never fails: what could not be seen says so.
    pub async fn look(&self, domain: &Domain, plan: &Plan) -> Observations {
        let inner = &*self.0;
        let at = inner.senses.clock.now();
        let zone = if plan.is_thorough() { self.zone(domain).await } else { None };
        let zone = zone.as_deref();
        let (sts, mail, tlsrpt, apex) = tokio::join!(
            self.sts(domain, plan, zone),
            Box::pin(self.mail_if(domain, plan, zone)),
            Box::pin(self.tlsrpt(domain, plan, zone)),
            self.apex(domain, plan),
        );
        let (sts, policy_host) = sts;
        let (mx, hosts) = mail.map_or_else(|| (None, Vec::new()), |(mx, hosts)| (Some(mx), hosts));
        Observations {
            format: FORMAT,
            domain: domain.clone(),
            at,
            resolver: inner.options.resolver.clone(),
            zone: zone.map(|zone| zone.seen.clone()),
            apex_txt: apex,
            sts,
            policy_host,
            policy_file: None,
            mx,
            hosts,
            tlsrpt,
            past: None,
        }
    }

    async fn sts(
        &self,
        domain: &Domain,
        plan: &Plan,
        zone: Option<&Zone>,
    ) -> (Option<RecordSeen>, Option<PolicyHostSeen>) {
        if !plan.any(STS) {
            return (None, None);
        }
        let Some(name) = domain.child("_mta-sts") else {
            return (None, None);
        };
        if plan.is_thorough() {
            let (record, host) =
                tokio::join!(self.record(name, plan, zone), Box::pin(self.policy_host_if(domain, plan)));
            return (Some(record), host);
        }
        // A long list is mostly domains without a record: their policy hosts are left in peace.
        let record = self.record(name, plan, zone).await;
        let host = if worth_a_visit(&record.txt) { Box::pin(self.policy_host_if(domain, plan)).await } else { None };
        (Some(record), host)
    }

    async fn policy_host_if(&self, domain: &Domain, plan: &Plan) -> Option<PolicyHostSeen> {
        if plan.any(HOST) { Box::pin(self.policy_host(domain, plan)).await } else { None }
    }

    async fn mail_if(
        &self,
        domain: &Domain,
        plan: &Plan,
        zone: Option<&Zone>,
    ) -> Option<(MailSeen, Vec<Arc<HostSeen>>)> {
        if plan.any(MAIL) { Some(self.mail(domain, plan, zone).await) } else { None }
    }

    async fn tlsrpt(&self, domain: &Domain, plan: &Plan, zone: Option<&Zone>) -> Option<ReportSeen> {
        if !plan.any(&[Family::Tlsrpt]) {
            return None;
        }
        let name = domain.child("_tls")?.child("_smtp")?;
        let record = self.record(name, plan, zone).await;
        Some(self.report(domain, record, plan).await)
    }

    async fn apex(&self, domain: &Domain, plan: &Plan) -> Option<TxtSeen> {
        let wanted = plan.is_thorough() && plan.any(&[Family::Record, Family::Tlsrpt]);
        if wanted { Some(self.0.senses.dns.txt(domain).await) } else { None }
    }

    /// A name that holds a TXT record: the resolver's answer, and those of the zone's servers.
    async fn record(&self, name: Domain, plan: &Plan, zone: Option<&Zone>) -> RecordSeen {
        let dns = &self.0.senses.dns;
        let cname = async { if plan.is_thorough() { Some(dns.cname(&name).await) } else { None } };
        let servers = async {
            match zone {
                Some(zone) => {
                    self.servers_say(zone, &name, async |direct, name| {
                        (direct.txt(name).await, Some(direct.cname(name).await))
                    })
                    .await
                }
                None => Vec::new(),
            }
        };
        let (txt, cname, servers) = tokio::join!(dns.txt(&name), cname, servers);
        RecordSeen { name, txt, cname, servers }
    }
}

/// Whether there is any record, or none could be told: then the policy host is looked at.
fn worth_a_visit(txt: &TxtSeen) -> bool {
    match txt {
        Seen::Found { .. } | Seen::Failed(_) => true,
        Seen::NoData { .. } | Seen::NxDomain { .. } => false,
    }
}
