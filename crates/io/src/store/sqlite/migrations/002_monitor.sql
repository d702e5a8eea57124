-- Format 2: what the monitor keeps.

-- When a watched domain was looked at last.
CREATE TABLE look (
    domain TEXT    NOT NULL PRIMARY KEY,
    at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Which pair of record id and policy text was seen from when to when. NULL: no valid record, no policy.
CREATE TABLE span (
    seq    INTEGER NOT NULL PRIMARY KEY,
    domain TEXT    NOT NULL,
    id     TEXT,
    policy TEXT,
    first  INTEGER NOT NULL,
    last   INTEGER NOT NULL
) STRICT;
CREATE INDEX span_by_domain ON span (domain, seq);

CREATE TABLE incident (
    domain   TEXT    NOT NULL,
    -- The finding and what it is about.
    id       TEXT    NOT NULL,
    subject  TEXT    NOT NULL,
    family   TEXT    NOT NULL,
    -- suspected, open or over.
    phase    TEXT    NOT NULL,
    -- Looks in a row: suspected, that showed it; open, that did not.
    looks    INTEGER NOT NULL,
    -- The worst severity that was told; NULL unless open.
    told     TEXT,
    severity TEXT    NOT NULL,
    since    INTEGER NOT NULL,
    last     INTEGER NOT NULL,
    raised   INTEGER NOT NULL,
    seen     TEXT    NOT NULL,
    PRIMARY KEY (domain, id, subject)
) STRICT, WITHOUT ROWID;

-- Numbers are never given twice: receivers tell alerts apart by them.
CREATE TABLE alert (
    seq      INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    domain   TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    receiver TEXT    NOT NULL,
    body     TEXT    NOT NULL,
    tries    INTEGER NOT NULL,
    -- When it is to be told; NULL: settled.
    due      INTEGER,
    settled  INTEGER,
    -- Why it was given up; NULL: it was not.
    why      TEXT
) STRICT;
CREATE INDEX alert_by_due ON alert (due) WHERE due IS NOT NULL;
CREATE INDEX alert_by_domain ON alert (domain, seq);
