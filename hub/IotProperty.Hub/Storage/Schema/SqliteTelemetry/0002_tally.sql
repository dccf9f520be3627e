-- What was received of each hour of event time, for comparing with what the edge says that it recorded: how many samples, and the sum of their digests modulo 2^64.
-- The sum stands as two sums of 32-bit halves (the whole is low + high * 2^32), because SQLite turns integers that overflow into floating point.
CREATE TABLE tally (
    site INTEGER NOT NULL REFERENCES site (id),
    epoch INTEGER NOT NULL,
    hour_ms INTEGER NOT NULL,
    record_count INTEGER NOT NULL,
    hash_low INTEGER NOT NULL,
    hash_high INTEGER NOT NULL,
    PRIMARY KEY (site, epoch, hour_ms)
) STRICT, WITHOUT ROWID;
CREATE INDEX tally_hour ON tally (site, hour_ms);

-- Since when tallies are kept: what a file held before has none.
CREATE TABLE tally_start (since_ms INTEGER NOT NULL PRIMARY KEY) STRICT;
INSERT INTO tally_start SELECT CASE WHEN EXISTS (SELECT 1 FROM batch) THEN unixepoch() * 1000 ELSE 0 END;
