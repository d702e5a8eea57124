-- Format 1. Times are seconds since 1970, UTC. A format that has been released is never changed: add the next file instead.

CREATE TABLE policy (
    domain       TEXT    NOT NULL PRIMARY KEY,
    -- The id the policy was fetched for; NULL: imported, not known.
    id           TEXT,
    -- The policy's lines as published, joined by line feeds.
    policy       TEXT    NOT NULL,
    fetched      INTEGER NOT NULL,
    expires      INTEGER NOT NULL,
    -- The last TXT answer, when it was an id; NULL: ask again.
    txt_id       TEXT,
    asked        INTEGER NOT NULL,
    txt_ttl      INTEGER NOT NULL,
    -- A failed fetch since: for which id, not again before, how many in a row (0: none).
    failed_id    TEXT,
    failed_until INTEGER NOT NULL,
    failed_count INTEGER NOT NULL,
    used         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX policy_by_expiry ON policy (expires);

CREATE TABLE history (
    seq    INTEGER NOT NULL PRIMARY KEY,
    domain TEXT    NOT NULL,
    at     INTEGER NOT NULL,
    kind   TEXT    NOT NULL,
    detail TEXT    NOT NULL
) STRICT;
CREATE INDEX history_by_domain ON history (domain, seq);

CREATE TABLE failure (
    seq         INTEGER NOT NULL PRIMARY KEY,
    domain      TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    result_type TEXT    NOT NULL,
    reason      TEXT,
    detail      TEXT    NOT NULL
) STRICT;
CREATE INDEX failure_by_time ON failure (at);

CREATE TABLE probe (
    seq         INTEGER NOT NULL PRIMARY KEY,
    domain      TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    policy_id   TEXT,
    host        TEXT    NOT NULL,
    seen        TEXT    NOT NULL,
    -- 1: a pattern of the policy matches the host.
    covered     INTEGER NOT NULL,
    result_type TEXT,
    reason      TEXT
) STRICT;
CREATE INDEX probe_by_domain ON probe (domain, seq);
CREATE INDEX probe_by_time ON probe (at);
