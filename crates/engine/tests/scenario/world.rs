//! The world outside, as the lines set it, and the engine asked in it.
use std::collections::BTreeMap;

use strictmx_engine::{
    dane::{self, HostStep},
    fact::{
        AddrSeen, CertFault, DnsFailure, DnsFailureKind, Dnssec, Exchange, FetchFailure, FetchPhase, FetchSeen, Mx,
        MxSeen, Seen, TlsaRecord, Txt, TxtSeen,
    },
    lookup::{self, Done, Known, Recheck, Step, Verdict},
    profile::{Answer, Profile, answer},
    refresh,
    route::{self, Hosts, RouteKnown},
    time::Timestamp,
    tls::{DaneUse, PartialDane, Plan, Reason, Settings, plan},
};
use strictmx_proto::{dane::Tlsa, name::Domain, sts::Mode};

use super::read::seconds;

/// What an action shows: keys and texts.
type Shown = Vec<(&'static str, String)>;

/// The engine in its world. Mail goes to `example.com`.
pub(super) struct Runner {
    now: u64,
    known: Option<Known>,
    txt: TxtSeen,
    fetch: FetchSeen,
    mx: Option<MxSeen>,
    hosts: BTreeMap<String, (AddrSeen, Seen<Vec<TlsaRecord>>)>,
    settings: Settings,
    refresher: bool,
    asked: (u32, u32),
    events: Vec<&'static str>,
}

impl Default for Runner {
    fn default() -> Self {
        Self {
            now: 0,
            known: None,
            txt: Seen::NxDomain { dnssec: Dnssec::Insecure, ttl: 300 },
            fetch: FetchSeen::Failed(FetchFailure::NoAddress),
            mx: None,
            hosts: BTreeMap::new(),
            settings: Settings::default(),
            refresher: false,
            asked: (0, 0),
            events: Vec::new(),
        }
    }
}

impl Runner {
    /// Lets time pass; where a refresher runs, it does what falls due meanwhile.
    pub(super) fn advance(&mut self, to: u64) -> Result<(), String> {
        if to < self.now {
            return Err(format!("time runs backwards, from {} to {to}", self.now));
        }
        let mut rounds = 0;
        while self.refresher {
            let due = self.known.as_ref().and_then(|known| refresh::next_due(known, 7)).map(|due| due.0.max(self.now));
            let Some(due) = due.filter(|due| *due <= to) else {
                break;
            };
            rounds += 1;
            if rounds > 10_000 {
                return Err("the refresher spins".into());
            }
            self.now = due;
            let known = self.known.take().unwrap_or_default();
            let done = self.drive(lookup::refresh(known, Timestamp(due)));
            self.known = Some(done.known);
        }
        self.now = to;
        Ok(())
    }

    /// Changes the world, or does something and tells what it shows.
    pub(super) fn act(&mut self, what: &str) -> Result<Shown, String> {
        let (verb, rest) = what.split_once(' ').unwrap_or((what, ""));
        match verb {
            "txt" => self.txt = txt(rest)?,
            "policy" => self.fetch = policy(rest)?,
            "mx" => self.mx = Some(mx(rest)?),
            "host" => {
                let (host, kind) = rest.split_once(' ').ok_or("host NAME KIND")?;
                self.hosts.insert(host.to_owned(), self::host(kind)?);
            }
            "setting" => self.setting(rest)?,
            "refresher" => self.refresher = rest == "runs",
            "forget" => self.known = None,
            "ask" => return Ok(self.ask()),
            "recheck" => {
                let step = lookup::recheck(self.known.take().unwrap_or_default(), Timestamp(self.now));
                return Ok(self.run(step));
            }
            "refresh" => {
                let step = lookup::refresh(self.known.take().unwrap_or_default(), Timestamp(self.now));
                return Ok(self.run(step));
            }
            "plan" => return self.plan(Some(self.route()?)).map(|plan| shown(&plan)),
            "deadline" => {
                let mut all = shown(&self.plan(None)?);
                all.push(("verdict", verdict(&self.verdict())));
                return Ok(all);
            }
            "answer" => return self.answer(rest),
            _ => {
                return Err(format!("`{what}` is neither a change of the world nor an action"));
            }
        }
        Ok(Vec::new())
    }

    fn setting(&mut self, text: &str) -> Result<(), String> {
        match text {
            "dane off" => self.settings.dane = DaneUse::Off,
            "partial_dane dane-only" => self.settings.partial_dane = PartialDane::DaneOnly,
            "partial_dane dane" => self.settings.partial_dane = PartialDane::Dane,
            "partial_dane secure" => self.settings.partial_dane = PartialDane::Secure,
            _ => return Err(format!("there is no setting `{text}`")),
        }
        Ok(())
    }

    /// A query, and the background look at the id where one is due (D-23).
    fn ask(&mut self) -> Shown {
        let step = lookup::start(self.known.take(), Timestamp(self.now));
        let done = self.drive(step);
        let answered = verdict(&done.verdict);
        let background = done.recheck;
        self.known = Some(done.known);
        if background == Recheck::Due {
            let known = self.known.take().unwrap_or_default();
            let done = self.drive(lookup::recheck(known, Timestamp(self.now)));
            self.known = Some(done.known);
        }
        let mut all = self.report(answered);
        all.push(("background", if background == Recheck::Due { "look" } else { "rest" }.to_owned()));
        all
    }

    fn run(&mut self, step: Step) -> Shown {
        let done = self.drive(step);
        let said = verdict(&done.verdict);
        self.known = Some(done.known);
        self.report(said)
    }

    fn report(&mut self, verdict: String) -> Shown {
        let (txt, fetch) = std::mem::take(&mut self.asked);
        let known = self.known.clone().unwrap_or_default();
        let expires = known.entry.as_ref().map_or_else(|| "never".to_owned(), |entry| entry.expires.0.to_string());
        let due = refresh::next_due(&known, 0).map_or_else(|| "never".to_owned(), |due| due.0.to_string());
        let alert = refresh::alert(&known, Timestamp(self.now));
        let alert = alert.map_or_else(|| "none".to_owned(), |alert| format!("after {}", alert.failures));
        vec![
            ("verdict", verdict),
            ("txt", txt.to_string()),
            ("fetch", fetch.to_string()),
            ("events", std::mem::take(&mut self.events).join(" ")),
            ("expires", expires),
            ("due", due),
            ("alert", alert),
        ]
    }

    fn drive(&mut self, mut step: Step) -> Done {
        let now = Timestamp(self.now);
        loop {
            step = match step {
                Step::Txt(state) => {
                    self.asked.0 += 1;
                    state.saw(self.txt.clone(), now)
                }
                Step::Fetch(state) => {
                    self.asked.1 += 1;
                    state.saw(self.fetch.clone(), now)
                }
                Step::Done(done) => {
                    self.events.extend(done.events.iter().map(lookup::Event::kind));
                    return done;
                }
            }
        }
    }

    fn verdict(&self) -> Verdict {
        self.known.clone().unwrap_or_default().verdict_at(Timestamp(self.now))
    }

    fn plan(&self, route: Option<RouteKnown>) -> Result<Plan, String> {
        Ok(plan(route.as_ref(), &self.verdict(), &self.settings))
    }

    fn answer(&self, map: &str) -> Result<Shown, String> {
        let profile = Profile::from_map_name(map).ok_or_else(|| format!("there is no map {map}"))?;
        let plan = self.plan(Some(self.route()?))?;
        let said = answer(&plan, profile, &domain("example.com"), self.verdict().policy().map(AsRef::as_ref));
        let text = match said {
            Answer::Line(line) => line.into_owned(),
            Answer::NotFound => "NOTFOUND".to_owned(),
            Answer::Temp(_) => "TEMP".to_owned(),
        };
        Ok(vec![("answer", text)])
    }

    /// Asks for the hosts of `example.com` and what DANE means for each.
    fn route(&self) -> Result<RouteKnown, String> {
        let mx = self.mx.as_ref().ok_or("the MX records are not told yet: `mx …`")?;
        let hosts = route::hosts(&domain("example.com"), mx);
        let mut verdicts = Vec::new();
        if let Hosts::Found { hosts, .. } = &hosts {
            for (_, host) in hosts {
                let (addresses, tlsa) =
                    self.hosts.get(host.as_str()).ok_or_else(|| format!("host {host} is not told yet"))?;
                let mut step = dane::host(host.clone(), 25);
                verdicts.push(loop {
                    step = match step {
                        HostStep::Addresses(state) => state.saw(addresses.clone()),
                        HostStep::Tlsa(state) => state.saw(tlsa.clone()),
                        HostStep::Alias(_) => return Err("no host here is an alias".into()),
                        HostStep::Done(verdict) => break verdict,
                    }
                });
            }
        }
        Ok(route::known(&hosts, &verdicts, Timestamp(self.now)))
    }
}

fn shown(plan: &Plan) -> Shown {
    let reasons: Vec<_> = plan.reasons.iter().map(Reason::code).collect();
    vec![("plan", plan.level.as_str().to_owned()), ("because", reasons.join(" "))]
}

fn verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::None(why) => format!("no policy ({})", why.code()),
        Verdict::Policy(policy) if policy.mode == Mode::None => "mode none".to_owned(),
        Verdict::Policy(policy) => {
            let mx: Vec<_> = policy.mx.iter().map(ToString::to_string).collect();
            format!("{} {}", policy.mode, mx.join(" "))
        }
    }
}

fn domain(text: &str) -> Domain {
    Domain::parse(text).expect("a domain name")
}

/// Splits `… (word)` and `… (ttl 300)` off.
fn bracket(text: &str) -> (&str, Option<&str>) {
    match text.strip_suffix(')').and_then(|text| text.rsplit_once('(')) {
        Some((text, inside)) => (text.trim(), Some(inside)),
        None => (text, None),
    }
}

fn dns_failure(text: &str) -> Option<DnsFailure> {
    let kind = match text {
        "servfail" => DnsFailureKind::Servfail,
        "timeout" => DnsFailureKind::Timeout,
        "bogus" => DnsFailureKind::Bogus,
        _ => return None,
    };
    Some(DnsFailure { kind, detail: "".into() })
}

fn txt(text: &str) -> Result<TxtSeen, String> {
    let (records, ttl) = bracket(text);
    let ttl = match ttl {
        None => 300,
        Some(inside) => u32::try_from(seconds(inside.strip_prefix("ttl ").ok_or("(ttl TIME)")?)?)
            .map_err(|error| error.to_string())?,
    };
    let dnssec = Dnssec::Insecure;
    if let Some(failure) = dns_failure(records) {
        return Ok(Seen::Failed(failure));
    }
    Ok(match records {
        "none" => Seen::NoData { dnssec, ttl },
        "nxdomain" => Seen::NxDomain { dnssec, ttl },
        _ => {
            let data = records.split(" | ").map(|record| Txt(record.as_bytes().into())).collect();
            Seen::Found { data, aliases: Vec::new(), dnssec, ttl }
        }
    })
}

fn policy(text: &str) -> Result<FetchSeen, String> {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    Ok(match word {
        "enforce" | "testing" | "none" => {
            let mut body = format!("version: STSv1\r\nmode: {word}\r\n");
            for field in rest.split_whitespace() {
                let (key, value) = field.split_once('=').ok_or_else(|| format!("key=value, not {field}"))?;
                body.push_str(&format!("{key}: {value}\r\n"));
            }
            FetchSeen::Body(body.into_bytes().into())
        }
        "garbage" => FetchSeen::Body(b"<html>It works!</html>"[..].into()),
        _ => FetchSeen::Failed(match text {
            "refused" => FetchFailure::Connect { detail: "connection refused".into() },
            "timeout" => FetchFailure::Timeout { phase: FetchPhase::Connect },
            "expired certificate" => FetchFailure::Certificate(CertFault::Expired),
            "wrong certificate" => FetchFailure::Certificate(CertFault::NameMismatch),
            "redirect" => FetchFailure::Status { status: 301, location: Some("https://www.example.com/".into()) },
            "404" => FetchFailure::Status { status: 404, location: None },
            "html" => FetchFailure::MediaType { sent: Some("text/html".into()) },
            _ => return Err(format!("no policy host does `{text}`")),
        }),
    })
}

fn state(word: Option<&str>) -> Result<Dnssec, String> {
    match word {
        Some("signed") => Ok(Dnssec::Secure),
        Some("unsigned") => Ok(Dnssec::Insecure),
        _ => Err("say (signed) or (unsigned)".into()),
    }
}

fn mx(text: &str) -> Result<MxSeen, String> {
    if let Some(failure) = dns_failure(text) {
        return Ok(Seen::Failed(failure));
    }
    let (records, word) = bracket(text);
    let (dnssec, ttl) = (state(word)?, 300);
    let data = match records {
        "none" => return Ok(Seen::NoData { dnssec, ttl }),
        "nxdomain" => return Ok(Seen::NxDomain { dnssec, ttl }),
        "null" => vec![Mx { preference: 0, exchange: Exchange::Null }],
        _ => records.split(", ").map(one_mx).collect::<Result<_, _>>()?,
    };
    Ok(Seen::Found { data, aliases: Vec::new(), dnssec, ttl })
}

fn one_mx(text: &str) -> Result<Mx, String> {
    let (preference, host) = text.split_once(' ').ok_or("mx PREFERENCE HOST")?;
    let preference = preference.parse().map_err(|_| format!("{preference} is no preference"))?;
    Ok(Mx { preference, exchange: Exchange::Host(domain(host)) })
}

fn host(kind: &str) -> Result<(AddrSeen, Seen<Vec<TlsaRecord>>), String> {
    let (signed, unsigned, ttl) = (Dnssec::Secure, Dnssec::Insecure, 300);
    let at = |dnssec| AddrSeen {
        a: Seen::Found { data: vec![[192, 0, 2, 1].into()], aliases: Vec::new(), dnssec, ttl },
        aaaa: Seen::NoData { dnssec, ttl },
    };
    let tlsa = |usage| Seen::Found {
        data: vec![TlsaRecord(Tlsa { usage, selector: 1, matching: 1, data: [7; 32].into() })],
        aliases: Vec::new(),
        dnssec: signed,
        ttl,
    };
    let failed = || DnsFailure { kind: DnsFailureKind::Servfail, detail: "".into() };
    let without = Seen::NxDomain { dnssec: signed, ttl };
    Ok(match kind {
        "tlsa" => (at(signed), tlsa(3)),
        "unusable tlsa" => (at(signed), tlsa(1)),
        "signed, no tlsa" => (at(signed), without),
        "unsigned" => (at(unsigned), without),
        "tlsa servfail" => (at(signed), Seen::Failed(failed())),
        "address servfail" => (AddrSeen { a: Seen::Failed(failed()), aaaa: Seen::Failed(failed()) }, without),
        "no address" => (
            AddrSeen { a: Seen::NxDomain { dnssec: signed, ttl }, aaaa: Seen::NxDomain { dnssec: signed, ttl } },
            without,
        ),
        _ => return Err(format!("no host is `{kind}`")),
    })
}
