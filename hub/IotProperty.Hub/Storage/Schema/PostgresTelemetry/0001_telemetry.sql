-- In the schema "telemetry". What the hub keeps of telemetry in PostgreSQL when the samples lie in a time-series server: keys of batches, tallies, and what that server may not have on disk yet.
-- Times are milliseconds since the Unix epoch, UTC.

CREATE TABLE site (
    id   integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text    NOT NULL UNIQUE
);

-- One row a committed batch: the key of deduplication. No foreign key: sites are never deleted, and the check would lock the site's row for every batch.
CREATE TABLE batch (
    site         integer NOT NULL,
    epoch        bigint  NOT NULL,
    sequence     bigint  NOT NULL,
    content_hash bytea   NOT NULL,
    PRIMARY KEY (site, epoch, sequence)
);

-- The batches of each boot of an edge, counted, so that nobody has to count them.
CREATE TABLE epoch (
    site         integer NOT NULL REFERENCES site (id),
    epoch        bigint  NOT NULL,
    batches      bigint  NOT NULL,
    min_sequence bigint  NOT NULL,
    max_sequence bigint  NOT NULL,
    PRIMARY KEY (site, epoch)
);

-- What was received of each hour of event time: how many samples, and the sum of their digests modulo 2^64.
CREATE TABLE tally (
    site    integer     NOT NULL REFERENCES site (id),
    epoch   bigint      NOT NULL,
    hour_ms bigint      NOT NULL,
    records bigint      NOT NULL,
    hash    numeric(20) NOT NULL,
    PRIMARY KEY (site, epoch, hour_ms)
);

-- Batches that the time-series server has taken but may hold in memory only, for servers that do not sync before they answer. life: the run of the server that took
-- them, 0 when it was not known. Written back when that run ended before a flush was proven; deleted when it was.
CREATE TABLE pending (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    life    bigint NOT NULL,
    batches bytea  NOT NULL
);
