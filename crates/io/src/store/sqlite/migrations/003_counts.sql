-- Format 3: sessions counted for TLS reports, by UTC day (days since 1970).

-- What came on a day, see `engine::report::Arrivals`.
CREATE TABLE count_day (
    day       INTEGER NOT NULL PRIMARY KEY,
    -- Rows of count_domain.
    domains   INTEGER NOT NULL,
    received  INTEGER NOT NULL,
    malformed INTEGER NOT NULL,
    truncated INTEGER NOT NULL,
    dropped   INTEGER NOT NULL,
    lost      INTEGER NOT NULL,
    observed  INTEGER NOT NULL
) STRICT;

-- Whom a report of the day is for. scope: 0 a recipient domain, 1 an MX host.
CREATE TABLE count_domain (
    day    INTEGER NOT NULL,
    domain TEXT    NOT NULL,
    scope  INTEGER NOT NULL,
    -- The TLSRPT record seen last; NULL: nobody looked.
    record TEXT,
    PRIMARY KEY (day, domain, scope)
) STRICT, WITHOUT ROWID;

-- A policy as it was applied, JSON, by the first 16 octets of its SHA-256: most days see the same.
CREATE TABLE count_policy (
    digest BLOB    NOT NULL PRIMARY KEY,
    policy TEXT    NOT NULL,
    -- The last day on which a row came to refer to it.
    day    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX count_policy_by_day ON count_policy (day);

CREATE TABLE count_session (
    day     INTEGER NOT NULL,
    domain  TEXT    NOT NULL,
    scope   INTEGER NOT NULL,
    policy  BLOB    NOT NULL,
    success INTEGER NOT NULL,
    failure INTEGER NOT NULL,
    PRIMARY KEY (day, domain, scope, policy)
) STRICT, WITHOUT ROWID;

CREATE TABLE count_detail (
    day      INTEGER NOT NULL,
    domain   TEXT    NOT NULL,
    scope    INTEGER NOT NULL,
    policy   BLOB    NOT NULL,
    -- What is told of the failure, JSON.
    detail   TEXT    NOT NULL,
    sessions INTEGER NOT NULL,
    PRIMARY KEY (day, domain, scope, policy, detail)
) STRICT, WITHOUT ROWID;

-- How far each collector's events are kept, see `engine::report::loss`.
CREATE TABLE count_source (
    name   TEXT    NOT NULL PRIMARY KEY,
    run    INTEGER NOT NULL,
    events INTEGER NOT NULL,
    told   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Datagrams that nobody can read.
CREATE TABLE quarantine (
    seq    INTEGER NOT NULL PRIMARY KEY,
    at     INTEGER NOT NULL,
    reason TEXT    NOT NULL,
    octets BLOB    NOT NULL
) STRICT;
