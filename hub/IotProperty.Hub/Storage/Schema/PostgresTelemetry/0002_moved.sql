-- What an embedded hub's telemetry brings along that this store has no other place for.

-- Since when tallies are kept: what a store held before has none.
CREATE TABLE tally_start (since_ms bigint NOT NULL PRIMARY KEY);
INSERT INTO tally_start VALUES (0);

-- Samples of the site that were stored before tallies were kept.
ALTER TABLE site ADD COLUMN untallied bigint NOT NULL DEFAULT 0;
