//! Every section and key of this version with its explanation: the one source of `config default`, strictmx.toml(5), the
//! near-miss suggestions, and of what counts as an unknown key.
//!
//! Defaults are not written here: [`super::print`] takes them from [`super::Settings`].

/// A section of the config.
#[derive(Debug)]
pub struct Section {
    /// The name between the brackets.
    pub name: &'static str,
    /// What it is for, one paragraph a line.
    pub doc: &'static str,
    /// Its keys, in the order of the default config.
    pub keys: &'static [Key],
}

/// One key.
#[derive(Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What it is for, one paragraph a line.
    pub doc: &'static str,
    /// A value to show where the default is that the key is absent.
    pub example: Option<&'static str>,
}

const fn key(name: &'static str, doc: &'static str) -> Key {
    Key { name, doc, example: None }
}

const fn unset(name: &'static str, example: &'static str, doc: &'static str) -> Key {
    Key { name, doc, example: Some(example) }
}

/// Finds a section of this version.
pub fn section(name: &str) -> Option<&'static Section> {
    SECTIONS.iter().find(|s| s.name == name)
}

/// The sections of this version.
pub const SECTIONS: &[Section] = &[
    Section {
        name: "store",
        doc: "Where policies, their history and failures are kept.",
        keys: &[key(
            "url",
            "sqlite:///absolute/path or sqlite://./relative/path. The folder is made when it is missing.",
        )],
    },
    Section {
        name: "dns",
        doc: "How names are looked up.",
        keys: &[
            key(
                "servers",
                "\"system\" (those of /etc/resolv.conf) or a list such as [\"127.0.0.53:53\", \"[::1]:53\"]; the port may be left out.",
            ),
            key(
                "dnssec",
                "Whose word counts on whether an answer is signed. DANE needs a signed answer.\n\
                 \"trust-ad-loopback\": the AD bit of servers on this machine (127.0.0.0/8, ::1); with any other server DANE is off.\n\
                 \"trust-ad\": the AD bit of every server above. Only where nobody can tamper on the way to it (RFC 7672 section 2.1.1).\n\
                 \"validate\": signatures are checked here, whatever the server says.\n\
                 \"off\": nothing counts as signed; DANE is off.",
            ),
            key(
                "self_test",
                "At the start and every hour: does the server validate? `signed` must come back signed, `bogus` must fail; otherwise DANE is off until it does.\n\
                 \"off\": never asked.",
            ),
            key(
                "trust_anchor",
                "For \"validate\": \"built-in\" (the root's keys) or a file with DS or DNSKEY records.",
            ),
            key("timeout", "Time for one attempt."),
            key("attempts", "Attempts per question, over all servers."),
        ],
    },
    Section {
        name: "tls",
        doc: "Which certificate authorities policy hosts and MX hosts are held to: those of the system, and these.",
        keys: &[key("extra_roots", "PEM files with further root certificates.")],
    },
    Section {
        name: "fetch",
        doc: "Fetching policies from https://mta-sts.DOMAIN/.well-known/mta-sts.txt.",
        keys: &[
            key(
                "allow_private",
                "Whether a policy host may be on a loopback, private, link-local or otherwise special address. Leave it off on any machine that sends to the internet.",
            ),
            key("timeout", "Time for a whole fetch, look-up of the host included."),
            key(
                "answer_deadline",
                "A mail server gets its answer within this time, with what is known by then; the fetch goes on, so the next answer is protected.",
            ),
        ],
    },
    Section {
        name: "policyd",
        doc: "The policy server that Postfix, sendmail and others ask. It runs when this section is there.",
        keys: &[
            key("listen", "Socketmap: \"127.0.0.1:8461\", \"[::1]:8461\" or \"unix:/run/strictmx/policyd.sock\"."),
            key(
                "observe",
                "true: look everything up and log what would be demanded, but answer \"not found\", so that no delivery changes.",
            ),
            key(
                "testing_probe",
                "For domains whose policy is in mode `testing`: how often to open a session of our own to their MX hosts, without mail, to learn whether a delivery would pass. Such as \"1d\", or \"off\".",
            ),
            key(
                "partial_dane",
                "DANE covers some MX hosts of a domain, and there is an `enforce` policy: \"dane-only\" (neither RFC is broken), \"dane\" (other MX hosts without authentication) or \"secure\" (the policy alone).",
            ),
            key("socket_mode", "Permissions of unix sockets."),
            unset(
                "socket_owner",
                "\"postfix\"",
                "Owner of unix sockets: a user name or number. Not set: whom the daemon runs as.",
            ),
            unset("socket_group", "\"postfix\"", "Group of unix sockets, likewise."),
            key("max_connections", "Connections at a time; further ones wait."),
            key(
                "cache_entries",
                "Domains kept in memory at most (1 KiB each, roughly); those longest unasked go first, the store keeps their policies.",
            ),
            key("tcp_table", "The same answers as Postfix tcp_table lines: addresses as for `listen`."),
            key("tcp_table_map", "Whose answers tcp_table gives: a map name such as \"postfix\"."),
            key(
                "smtp_port",
                "Port of MX hosts: for TLSA names (_25._tcp…) and for the testing probe. 25 except in test beds.",
            ),
            unset(
                "helo",
                "\"mail.example.com\"",
                "Name that the testing probe greets MX hosts with. Not set: this machine's host name.",
            ),
        ],
    },
    Section {
        name: "web",
        doc: "HTTP: /metrics, /healthz, /readyz and /v1/policy/DOMAIN. It runs when this section is there.",
        keys: &[key(
            "listen",
            "Addresses as for `policyd.listen`. Nobody is asked for a password: keep it on loopback or behind a proxy.",
        )],
    },
    Section {
        name: "control",
        doc: "The socket through which `strictmx cache` speaks with the daemon. It is there when this section is.",
        keys: &[key("socket", "A path."), key("mode", "Its permissions: who may write to it may change the cache.")],
    },
    Section {
        name: "reporter",
        doc: "Sending TLS reports (RFC 8460) about the sessions that were counted: one for each domain that asks for them and each UTC day. It runs when this section is there.",
        keys: &[
            unset("organization", "\"Example Ltd\"", "Who reports. Needed."),
            unset(
                "contact",
                "\"postmaster@example.com\"",
                "Who answers for the reports. Needed. Its domain signs them: it is the submitter.",
            ),
            unset(
                "from",
                "\"tlsrpt-noreply@example.com\"",
                "Whom the mails come from, at the domain of `contact` or below. Bounces come back to it with a token, as tlsrpt-noreply+b.TOKEN@example.com: see `strictmx report bounce`. Not set: tlsrpt-noreply at the domain of `contact`.",
            ),
            key(
                "submit",
                "Who takes the mails: \"smtp://127.0.0.1:25\", \"smtps://mail.example.com\" or \"sendmail:/usr/sbin/sendmail\". Behind a `?`: starttls=require, starttls=no, login=/path/to/a/file with user:password.",
            ),
            key(
                "dkim",
                "Keys that sign the mails, all of them side by side: a list of { selector = \"tlsrpt1\", key_file = \"/etc/strictmx/tlsrpt1.pem\" }. Without one no report goes out by mail, since the RFC demands a signature. `strictmx report keygen` makes keys and shows what to publish.",
            ),
            key("spread", "Over how long after midnight UTC the reports of a day leave, each at a time of its own."),
            key(
                "keep",
                "How long reports are kept, with what became of them. What is still to be sent is kept anyhow.",
            ),
            key("when", "\"always\": every day with sessions, as the RFC wants it. \"failures\": days with a failure."),
            key("redact", "What is left out of the reports: \"sending-mta-ip\", \"failure-reason-code\"."),
            key(
                "allow",
                "When not empty, reports go to these alone: \"mailto:a@example.com\", \"https://example.com/v1\", \"@example.com\" (mailboxes there), \"example.com\" (everything at and below it).",
            ),
            key("deny", "No report goes to these; patterns as for `allow`."),
            key("deny_domains", "No report is made about these domains and those below them."),
            key(
                "max_per_destination",
                "Most reports for one mailbox, or one HTTPS host, in a day: whoever publishes a record may point it at somebody else.",
            ),
            key(
                "https_certificates",
                "\"valid\": reports are posted only where the certificate holds. \"any\": everywhere, as the RFC allows.",
            ),
            unset(
                "archive",
                "\"/var/lib/strictmx/reports\"",
                "A folder for copies of the reports, one folder a day in it.",
            ),
        ],
    },
    Section {
        name: "monitor",
        doc: "Watching domains of your own: each is checked again and again as `strictmx check` does it, and what breaks is told once, and once more when it is mended. It runs when this section is there.",
        keys: &[
            key(
                "domains",
                "Which domains: a list such as [\"example.com\"], or { file = \"/etc/strictmx/domains\" } with one name a line (# begins a comment), which is read again with SIGHUP.",
            ),
            key(
                "every",
                "From one look at a domain to the next. What has just changed is looked at again after ten minutes at the latest.",
            ),
            key("families", "What is looked at, as for `strictmx check --only`."),
            key(
                "depth",
                "\"thorough\": everything. \"quick\": the records, the policy, one session with each address of each MX host.",
            ),
            key(
                "confirm",
                "Looks in a row that must have shown a finding before it is told. It is over when two have not.",
            ),
            key("alert_from", "The least severity that is told: \"error\" or \"warning\"."),
            unset(
                "webhook",
                "\"https://alerts.example.com/hook\"",
                "Where each alert is posted as JSON, until it is answered with 2xx.",
            ),
            unset(
                "webhook_token_file",
                "\"/etc/strictmx/webhook-token\"",
                "A file whose first line is sent as a bearer token.",
            ),
            key("mail_to", "Who gets alerts by mail: one mail for a domain and a look."),
            unset("mail_from", "\"strictmx@example.com\"", "Whom these mails come from. Needed with `mail_to`."),
            key(
                "submit",
                "Who takes the mails: \"smtp://127.0.0.1:25\", \"smtps://mail.example.com\" or \"sendmail:/usr/sbin/sendmail\". Behind a `?`: starttls=require, starttls=no, login=/path/to/a/file with user:password.",
            ),
            key("certificate_days", "Warn when a certificate ends within so many days."),
            key("testing_days", "Warn when a policy has been in mode `testing` for so many days."),
        ],
    },
    Section {
        name: "collector",
        doc: "Counting what mail servers saw of TLS, for TLS reports. It runs when this section is there; it needs a [store].",
        keys: &[
            key(
                "socket",
                "Where mail servers tell of their sessions, by libtlsrpt: a path. In Postfix (3.10 and later): smtp_tlsrpt_enable = yes, and this path as smtp_tlsrpt_socket_name; where smtp runs in a chroot (Debian) it must lie below the queue directory.",
            ),
            key("mode", "Its permissions: who may write to it may have a session counted."),
            unset("owner", "\"postfix\"", "Its owner: a user name or number. Not set: whom the daemon runs as."),
            unset("group", "\"postfix\"", "Its group, likewise."),
            unset(
                "token_file",
                "\"/etc/strictmx/sessions.token\"",
                "A file with a password of at least 16 characters: whoever shows it may post sessions to /v1/sessions of [web], from other mail servers and machines. Not set: nobody may.",
            ),
            key(
                "flush",
                "How often counts are written to the store. What came since the last time is lost when the process is killed, and told at the next start.",
            ),
            key("keep", "How long counts are kept."),
            key(
                "mx_host_scope",
                "true: sessions under an MX host's own DANE policy are counted for that host as well, which is told of them where it publishes a TLS reporting record.",
            ),
            key(
                "queue_mib",
                "Memory for datagrams that wait to be counted, MiB. What finds no place is dropped, and told.",
            ),
            key(
                "counts_mib",
                "Memory for counts that wait to be written, MiB, should the store fail. Beyond it no further domains are counted, which is told.",
            ),
        ],
    },
    Section {
        name: "log",
        doc: "Log lines, to stderr.",
        keys: &[
            key("level", "\"error\", \"warn\", \"info\", \"debug\" or \"trace\"."),
            key("format", "\"text\" or \"json\"."),
        ],
    },
];

/// `[[policyd.override]]`: a table of its own, any number of times.
pub const OVERRIDE: Section = Section {
    name: "policyd.override",
    doc: "Exceptions for single domains, as many of these tables as you like.",
    keys: &[
        unset("domain", "\"example.com\"", "The next hop it is for."),
        unset(
            "answer",
            "\"off\"",
            "\"off\": answer \"not found\".\n\
             \"observe\": likewise, and log what would have been demanded.\n\
             \"refresh-only\": \"not found\", but keep the policy fresh.\n\
             Or a literal line such as \"secure match=.example.com servername=hostname\".",
        ),
        unset("reason", "\"ticket 4711\"", "Why: it stands in the log and in `strictmx explain`."),
        unset("until", "\"2026-12-24\"", "Last day it holds, UTC. Not set: for ever."),
    ],
};

/// `[[monitor.expect]]`: likewise.
pub const EXPECT: Section = Section {
    name: "monitor.expect",
    doc: "What single domains are meant to be, as many of these tables as you like: what differs is found as well.",
    keys: &[
        unset("domain", "\"example.com\"", "The domain."),
        unset("mx", "[\"mx1.example.com\", \"mx2.example.com\"]", "MX hosts that may be there. Not set: any."),
        unset("policy_alias", "\"mta-sts.provider.example\"", "Where mta-sts.DOMAIN is to point by CNAME."),
        unset("rua", "\"mailto:tlsrpt@example.com\"", "A report address that the TLSRPT record must name."),
    ],
};

/// Tables of which there may be any number, inside a section.
pub const TABLES: [&Section; 2] = [&OVERRIDE, &EXPECT];

/// Sections that the program will have, and what for.
pub const LATER: &[(&str, &str)] = &[
    ("relay", "the enforcing outbound relay"),
    ("host", "serving policies of our own domains"),
    ("inbox", "receiving TLS reports"),
];
