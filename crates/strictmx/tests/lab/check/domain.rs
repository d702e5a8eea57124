//! A domain with everything in order, to be spoiled one thing at a time.

use std::net::Ipv4Addr;
use std::sync::Mutex;

use strictmx_testbed::dns::{self, Answer, Data};
use strictmx_testbed::https::{self, Site};
use strictmx_testbed::pki::{Identity, Leaf};
use strictmx_testbed::smtp::{Faults, Sink};

use super::world::{World, ZONE, address};

/// The policy of a domain in order.
const POLICY: &str = "version: STSv1\r\nmode: enforce\r\nmx: MX\r\nmax_age: 604800\r\n";

pub(super) struct Domain<'w> {
    pub(super) world: &'w World,
    pub(super) name: String,
    /// Its one mail host, `mx.<name>`.
    pub(super) sink: Sink,
    at: Ipv4Addr,
    kept: Mutex<Vec<Kept>>,
}

/// Servers that live as long as the domain.
#[allow(dead_code, reason = "only held")]
enum Kept {
    Sink(Sink),
    Web(https::Server),
    Dns(dns::Server),
}

impl<'w> Domain<'w> {
    /// `<label>.check.test`: record, policy on a host with a good certificate, one MX host with a good certificate, a TLSRPT
    /// record, no DNSSEC.
    pub(super) fn new(world: &'w World, label: &str) -> Self {
        let (name, at) = (format!("{label}.{ZONE}"), address());
        let mx = format!("mx.{name}");
        let sink = Sink::start(&format!("{at}:25"), &mx, Some(&world.ca.issue(&mx, Leaf::Good)));
        let domain = Self { world, name, sink, at, kept: Mutex::default() };
        domain.txt("_mta-sts", &["v=STSv1; id=20261122T000000;"]);
        domain.txt("_smtp._tls", &["v=TLSRPTv1; rua=mailto:tls@reports.test;"]);
        domain.a("mta-sts", &[web_address(&world.web)]);
        domain.policy(POLICY);
        domain.mx(&["mx"]);
        domain.a("mx", &[at]);
        domain.points_back(at, &mx);
        domain
    }

    //--- Names

    /// `label.<name>`; the domain itself for an empty label.
    pub(super) fn under(&self, label: &str) -> String {
        if label.is_empty() { self.name.clone() } else { format!("{label}.{}", self.name) }
    }

    pub(super) fn answer(&self, label: &str, rtype: &str, answer: Answer) {
        self.world.dns.put(&self.under(label), rtype, answer);
    }

    pub(super) fn forget(&self, label: &str, rtype: &str) {
        self.world.dns.forget(&self.under(label), rtype);
    }

    /// TXT records; `DOMAIN` in them is this domain.
    pub(super) fn txt(&self, label: &str, texts: &[&str]) {
        let texts: Vec<String> = texts.iter().map(|text| text.replace("DOMAIN", &self.name)).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        self.answer(label, "TXT", Answer::txt(&texts));
    }

    pub(super) fn cname(&self, label: &str, target: &str) {
        self.world.dns.cname(&self.under(label), &self.under(target));
    }

    pub(super) fn a(&self, label: &str, addresses: &[Ipv4Addr]) {
        self.answer(label, "A", Answer::records(addresses.iter().copied().map(Data::A).collect()));
    }

    pub(super) fn aaaa(&self, label: &str, address: &str) {
        self.answer(label, "AAAA", Answer::records(vec![Data::Aaaa(address.parse().unwrap())]));
    }

    /// Both families are answered like this.
    pub(super) fn addresses(&self, label: &str, answer: &Answer) {
        self.answer(label, "A", answer.clone());
        self.answer(label, "AAAA", answer.clone());
    }

    /// MX records for hosts of the domain itself.
    pub(super) fn mx(&self, labels: &[&str]) {
        let hosts: Vec<String> = labels.iter().map(|label| self.under(label)).collect();
        self.mx_of(&hosts.iter().map(|host| (10, host.as_str())).collect::<Vec<_>>());
    }

    pub(super) fn mx_of(&self, hosts: &[(u16, &str)]) {
        self.answer("", "MX", Answer::mx(hosts));
    }

    pub(super) fn points_back(&self, from: Ipv4Addr, to: &str) {
        let [a, b, c, d] = from.octets();
        self.world.dns.put(&format!("{d}.{c}.{b}.{a}.in-addr.arpa"), "PTR", Answer::ptr(&[to]));
    }

    /// The address of the mail host.
    pub(super) fn at(&self) -> Ipv4Addr {
        self.at
    }

    /// Name servers of the domain as a zone of its own, each a copy of what is published so far, but for what `spoil` changes at
    /// the last of them.
    pub(super) fn zone(&self, servers: usize, spoil: impl Fn(&dns::Server)) {
        let names: Vec<String> = (1..=servers).map(|number| format!("ns{number}.{}", self.name)).collect();
        self.answer("", "NS", Answer::ns(&names.iter().map(String::as_str).collect::<Vec<_>>()));
        for (number, name) in names.iter().enumerate() {
            let at = address();
            self.world.dns.a(name, at);
            let server = dns::Server::start(&format!("{at}:53"));
            server.authority(&[&self.name]);
            server.txt(&self.under("_mta-sts"), "v=STSv1; id=20261122T000000;");
            server.txt(&self.under("_smtp._tls"), "v=TLSRPTv1; rua=mailto:tls@reports.test;");
            server.mx(&self.name, &[(10, &self.under("mx"))]);
            if number + 1 == names.len() {
                spoil(&server);
            }
            self.kept.lock().unwrap().push(Kept::Dns(server));
        }
    }

    /// The same with signatures: MX records, addresses of the mail host, and these TLSA records.
    pub(super) fn signed(&self, tlsa: &[&str]) {
        self.answer("", "MX", Answer::mx(&[(10, &self.under("mx"))]).secure());
        self.answer("mx", "A", Answer::records(vec![Data::A(self.at)]).secure());
        self.answer("mx", "AAAA", Answer::no_data().secure());
        self.answer("_25._tcp.mx", "TLSA", Answer::tlsa(tlsa).secure());
        self.txt("_smtp._tls.mx", &["v=TLSRPTv1; rua=mailto:tls@reports.test;"]);
    }

    //--- The policy host

    /// `MX` and `DOMAIN` in the text are those of this domain.
    pub(super) fn policy(&self, text: &str) {
        self.site(Site::policy(&self.filled(text)));
    }

    /// The usual policy, with this put for that.
    pub(super) fn policy_with(&self, old: &str, new: &str) {
        assert!(POLICY.contains(old), "{old:?} is not in the policy");
        self.policy(&POLICY.replace(old, new));
    }

    /// The policy's text, as it is unless it was changed.
    pub(super) fn filled(&self, text: &str) -> String {
        text.replace("MX", &self.under("mx")).replace("DOMAIN", &self.name)
    }

    /// The policy as a site, to be spoiled.
    pub(super) fn good_site(&self) -> Site {
        Site::policy(&self.filled(POLICY))
    }

    pub(super) fn site(&self, site: Site) {
        let host = self.under("mta-sts");
        self.world.web.site(&host, &self.world.ca.issue(&host, Leaf::Good), site);
    }

    /// The policy behind another certificate.
    pub(super) fn policy_leaf(&self, leaf: Leaf) {
        let host = self.under("mta-sts");
        self.policy_identity(&self.world.ca.issue(&host, leaf));
    }

    pub(super) fn policy_identity(&self, identity: &Identity) {
        self.world.web.site(&self.under("mta-sts"), identity, self.good_site());
    }

    /// A web server of its own, with this site; where it listens.
    pub(super) fn own_web(&self, label: &str, leaf: Leaf, site: Site) -> Ipv4Addr {
        self.own_web_with(label, leaf, site, |_| {})
    }

    /// The same, with something about it changed.
    pub(super) fn own_web_with(
        &self,
        label: &str,
        leaf: Leaf,
        site: Site,
        change: impl FnOnce(&https::Server),
    ) -> Ipv4Addr {
        let (host, at) = (self.under(label), address());
        let web = https::Server::start(&format!("{at}:443"));
        web.site(&host, &self.world.ca.issue(&host, leaf), site);
        change(&web);
        self.kept.lock().unwrap().push(Kept::Web(web));
        at
    }

    /// The address of the web server that all domains share.
    pub(super) fn web(&self) -> Ipv4Addr {
        web_address(&self.world.web)
    }

    //--- Mail hosts

    pub(super) fn mx_leaf(&self, leaf: Leaf) {
        self.sink.show(&self.world.ca.issue(&self.under("mx"), leaf));
    }

    pub(super) fn mx_fails(&self, faults: Faults) {
        self.sink.fail(faults);
    }

    /// A second mail host, with address but without MX record; where it listens.
    pub(super) fn another_host(&self, label: &str, leaf: Leaf, faults: Faults) -> Ipv4Addr {
        let (host, at) = (self.under(label), address());
        let sink = Sink::start(&format!("{at}:25"), &host, Some(&self.world.ca.issue(&host, leaf)));
        sink.fail(faults);
        self.a(label, &[at]);
        self.points_back(at, &host);
        self.kept.lock().unwrap().push(Kept::Sink(sink));
        at
    }

    /// The TLSA record that fits the certificate now shown, which this makes anew.
    pub(super) fn fitting_tlsa(&self, leaf: Leaf) -> String {
        let identity = self.world.ca.issue(&self.under("mx"), leaf);
        self.sink.show(&identity);
        identity.tlsa_311()
    }
}

fn web_address(web: &https::Server) -> Ipv4Addr {
    match web.address().ip() {
        std::net::IpAddr::V4(address) => address,
        std::net::IpAddr::V6(_) => unreachable!("it was started on an IPv4 address"),
    }
}
