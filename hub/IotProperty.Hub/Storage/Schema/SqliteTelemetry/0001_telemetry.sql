-- Samples. What a receipt promises lies in journal until enough has come to be sealed into blocks, one point each; both hold runs as SampleRun writes them.
-- Times are milliseconds since the Unix epoch, UTC.

CREATE TABLE site (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- One row a point. Its totals count what is sealed; the journal's samples come on top.
CREATE TABLE series (
    id          INTEGER PRIMARY KEY,
    site        INTEGER NOT NULL REFERENCES site (id),
    device      TEXT    NOT NULL,
    point       TEXT    NOT NULL,
    samples     INTEGER NOT NULL DEFAULT 0,
    latest_ms   INTEGER,
    latest_bits INTEGER, -- the value's 64 bits: a column of numbers would turn NaN into NULL
    latest_mark INTEGER,
    UNIQUE (site, device, point)
) STRICT;

-- One row a committed batch: the key of deduplication.
CREATE TABLE batch (
    site         INTEGER NOT NULL REFERENCES site (id),
    epoch        INTEGER NOT NULL,
    sequence     INTEGER NOT NULL,
    content_hash BLOB    NOT NULL,
    PRIMARY KEY (site, epoch, sequence)
) STRICT, WITHOUT ROWID;

-- The batches of each boot of an edge, counted, so that nobody has to count them.
CREATE TABLE epoch (
    site         INTEGER NOT NULL REFERENCES site (id),
    epoch        INTEGER NOT NULL,
    batches      INTEGER NOT NULL,
    min_sequence INTEGER NOT NULL,
    max_sequence INTEGER NOT NULL,
    PRIMARY KEY (site, epoch)
) STRICT, WITHOUT ROWID;

-- One row a commit: series id and run, again and again, then the seal.
CREATE TABLE journal (
    id   INTEGER PRIMARY KEY,
    runs BLOB NOT NULL
) STRICT;

-- One run, sorted by time, then the seal. Ids grow with the order of arrival; a block spans a bounded time (TelemetryDatabase.MaxBlockSpanMs).
CREATE TABLE block (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    series   INTEGER NOT NULL REFERENCES series (id),
    first_ms INTEGER NOT NULL,
    last_ms  INTEGER NOT NULL,
    run      BLOB    NOT NULL
) STRICT;

CREATE INDEX block_of_series ON block (series, first_ms, last_ms);
