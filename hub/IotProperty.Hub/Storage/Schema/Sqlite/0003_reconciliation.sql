-- Both sides of the proof that nothing is missing: what the hub received of each hour of event time, and what the edges say that they recorded.
-- received_tally: the sum of the records' digests modulo 2^64 stands as two sums of 32-bit halves (the whole is low + high * 2^32). edge_tally: the sum's 64 bits as they are.
CREATE TABLE received_tally (
    site TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    lane INTEGER NOT NULL,
    hour_ms INTEGER NOT NULL,
    record_count INTEGER NOT NULL,
    hash_low INTEGER NOT NULL,
    hash_high INTEGER NOT NULL,
    PRIMARY KEY (site, epoch, lane, hour_ms)
) STRICT, WITHOUT ROWID;
CREATE INDEX received_tally_hour ON received_tally (site, hour_ms);

CREATE TABLE edge_tally (
    site TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    lane INTEGER NOT NULL,
    hour_ms INTEGER NOT NULL,
    record_count INTEGER NOT NULL,
    hash INTEGER NOT NULL,
    first_sequence INTEGER NOT NULL,
    last_sequence INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    PRIMARY KEY (site, epoch, lane, hour_ms)
) STRICT, WITHOUT ROWID;
CREATE INDEX edge_tally_hour ON edge_tally (site, hour_ms);

-- Since when tallies are kept: what a ledger held before has none.
CREATE TABLE tally_start (since_ms INTEGER NOT NULL PRIMARY KEY) STRICT;
INSERT INTO tally_start SELECT CASE WHEN EXISTS (SELECT 1 FROM batch) THEN unixepoch() * 1000 ELSE 0 END;

CREATE TABLE clock_step (
    site TEXT NOT NULL,
    id TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    time_ms INTEGER NOT NULL,
    step_ms INTEGER NOT NULL,
    uptime_ms INTEGER NOT NULL,
    clock_trusted INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    PRIMARY KEY (site, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX clock_step_time ON clock_step (site, time_ms);

-- By how much the edge corrected the time of a record that it had taken before its clock was synchronised; 0: as it was taken.
ALTER TABLE alarm_transition ADD COLUMN clock_correction_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE access_event ADD COLUMN clock_correction_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE reading ADD COLUMN clock_correction_ms INTEGER NOT NULL DEFAULT 0;

CREATE INDEX gap_time ON gap (site, to_ms);
