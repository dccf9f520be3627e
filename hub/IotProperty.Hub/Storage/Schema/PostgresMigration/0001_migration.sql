-- In the schema "migration". How far the move of an embedded hub's data into this database and its time-series server has come. Stays when the move is done, so that
-- nothing is moved twice. Times are milliseconds since the Unix epoch, UTC.

-- What is moved as a whole: 'ledger', 'telemetry'. While done_ms is null, no hub serves from it.
CREATE TABLE part (
    name          text   NOT NULL PRIMARY KEY,
    source_id     text   NOT NULL, -- tells one embedded store from all others; copies of its files share it
    source        text   NOT NULL, -- where it lay, for people
    source_state  text   NOT NULL, -- lengths and times of its files: other ones mean that it was written to
    holds_from_ms bigint,          -- telemetry: which event times the time-series server could hold when the move began
    holds_to_ms   bigint,
    begun_ms      bigint NOT NULL,
    done_ms       bigint
);

-- One row a table, and one for all samples. Changed in the transaction of each chunk.
CREATE TABLE step (
    part     text    NOT NULL REFERENCES part (name),
    name     text    NOT NULL,
    position text,             -- the key of the last row that was moved, as a JSON list; null before the first
    moved    bigint  NOT NULL,
    done     boolean NOT NULL,
    PRIMARY KEY (part, name)
);

-- Foreign keys that were taken off so that rows can come in any order; put back, and so proven, when the part is done.
CREATE TABLE foreign_key (
    table_name text NOT NULL,
    name       text NOT NULL,
    definition text NOT NULL,
    PRIMARY KEY (table_name, name)
);
