-- Format 4: TLS reports on their way out.

-- What reports are sent with: the installation's secret, and what else there is one of.
CREATE TABLE report_keep (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- One for each domain and day that was looked at, so that none is made twice. scope: 0 a recipient domain, 1 an MX host.
CREATE TABLE report (
    seq     INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    day     INTEGER NOT NULL,
    domain  TEXT    NOT NULL,
    scope   INTEGER NOT NULL,
    -- composed, sending, sent, failed or withheld.
    state   TEXT    NOT NULL,
    made    INTEGER NOT NULL,
    success INTEGER NOT NULL,
    failure INTEGER NOT NULL,
    -- When its destinations are to be looked up; NULL: they are known, or nothing is to be done.
    due     INTEGER,
    -- How often that was tried in vain.
    tries   INTEGER NOT NULL,
    -- Why it is withheld, or what the last look-up came to.
    why     TEXT,
    -- The report-id; NULL: withheld.
    id      TEXT,
    -- The TLSRPT record of the day; NULL: nobody looked.
    record  TEXT,
    -- The report, for every attempt the same octets; NULL: withheld.
    gzip    BLOB
) STRICT;
CREATE UNIQUE INDEX report_by_day ON report (day, domain, scope);
CREATE INDEX report_by_domain ON report (domain, day);
CREATE INDEX report_by_due ON report (due) WHERE due IS NOT NULL;

CREATE TABLE destination (
    report INTEGER NOT NULL,
    uri    TEXT    NOT NULL,
    -- Who takes it: a domain that has the mailbox, or a host.
    host   TEXT    NOT NULL,
    -- due, sent, refused, expired or skipped.
    state  TEXT    NOT NULL,
    tries  INTEGER NOT NULL,
    -- When it was due for the first time.
    first  INTEGER NOT NULL,
    -- When it is to be tried; NULL: settled.
    next   INTEGER,
    -- When it was tried last.
    last   INTEGER,
    -- What came of it.
    said   TEXT,
    -- Stands in the envelope's sender, so that a bounce tells where it belongs.
    token  TEXT    NOT NULL,
    PRIMARY KEY (report, uri)
) STRICT, WITHOUT ROWID;
CREATE INDEX destination_by_next ON destination (next) WHERE next IS NOT NULL;
CREATE INDEX destination_by_token ON destination (token);

-- Addresses that are left in peace.
CREATE TABLE silence (
    uri     TEXT    NOT NULL PRIMARY KEY,
    strikes INTEGER NOT NULL,
    until   INTEGER NOT NULL,
    why     TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

-- What left on a day. kind: mail, for a domain; destination, for an address or host.
CREATE TABLE handed (
    day    INTEGER NOT NULL,
    kind   TEXT    NOT NULL,
    name   TEXT    NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (day, kind, name)
) STRICT, WITHOUT ROWID;
