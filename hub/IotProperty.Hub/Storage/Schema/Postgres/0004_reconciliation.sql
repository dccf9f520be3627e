-- Both sides of the proof that nothing is missing: what the hub received of each hour of event time, and what the edges say that they recorded.
-- received_tally: the sum of the records' digests modulo 2^64 stands as two sums of 32-bit halves (the whole is low + high * 2^32). edge_tally: the sum's 64 bits as they are.
CREATE TABLE received_tally (
    site text COLLATE "C" NOT NULL,
    epoch bigint NOT NULL,
    lane smallint NOT NULL,
    hour_ms bigint NOT NULL,
    record_count bigint NOT NULL,
    hash_low bigint NOT NULL,
    hash_high bigint NOT NULL,
    PRIMARY KEY (site, epoch, lane, hour_ms)
);
CREATE INDEX received_tally_hour ON received_tally (site, hour_ms);

CREATE TABLE edge_tally (
    site text COLLATE "C" NOT NULL,
    epoch bigint NOT NULL,
    lane smallint NOT NULL,
    hour_ms bigint NOT NULL,
    record_count bigint NOT NULL,
    hash bigint NOT NULL,
    first_sequence bigint NOT NULL,
    last_sequence bigint NOT NULL,
    revision bigint NOT NULL,
    received_ms bigint NOT NULL,
    PRIMARY KEY (site, epoch, lane, hour_ms)
);
CREATE INDEX edge_tally_hour ON edge_tally (site, hour_ms);

-- Since when tallies are kept: what a ledger held before has none.
CREATE TABLE tally_start (since_ms bigint NOT NULL PRIMARY KEY);
INSERT INTO tally_start SELECT CASE WHEN EXISTS (SELECT 1 FROM batch) THEN (extract(epoch FROM now()) * 1000)::bigint ELSE 0 END;

CREATE TABLE clock_step (
    site text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    epoch bigint NOT NULL,
    time_ms bigint NOT NULL,
    step_ms bigint NOT NULL,
    uptime_ms bigint NOT NULL,
    clock_trusted boolean NOT NULL,
    received_ms bigint NOT NULL,
    PRIMARY KEY (site, id)
);
CREATE INDEX clock_step_time ON clock_step (site, time_ms);

-- By how much the edge corrected the time of a record that it had taken before its clock was synchronised; 0: as it was taken.
ALTER TABLE alarm_transition ADD COLUMN clock_correction_ms bigint NOT NULL DEFAULT 0;
ALTER TABLE access_event ADD COLUMN clock_correction_ms bigint NOT NULL DEFAULT 0;
ALTER TABLE reading ADD COLUMN clock_correction_ms bigint NOT NULL DEFAULT 0;

CREATE INDEX gap_time ON gap (site, to_ms);
