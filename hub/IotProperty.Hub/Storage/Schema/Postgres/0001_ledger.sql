-- The ledger: registry, edges, batches, alarms, maintenance, metering and billing, access.
-- Times ending in _ms are milliseconds since the Unix epoch, UTC. Days are days in the site's zone. Decimals are text, because they are exact and keep their
-- trailing zeros. Columns ending in _json hold what is always read and written as a whole. Text is ordered by its bytes, whatever the database's locale is, so that
-- pages are cut as they are on SQLite.
-- Numbers that stand for names (state, status, kind …) are those of the program's enumerations and never change their meaning.

CREATE TABLE site (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    name_en text COLLATE "C" NOT NULL,
    name_zh_cn text COLLATE "C" NOT NULL,
    time_zone text COLLATE "C" NOT NULL
);

CREATE TABLE edge (
    site text COLLATE "C" NOT NULL PRIMARY KEY REFERENCES site (id),
    online boolean NOT NULL,
    epoch bigint NOT NULL,
    version text COLLATE "C" NOT NULL,
    profile_hash text COLLATE "C" NOT NULL,
    state_ms bigint,
    last_seen_ms bigint,
    catalogue_json text COLLATE "C"
);

CREATE TABLE building (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    site text COLLATE "C" NOT NULL REFERENCES site (id),
    name_en text COLLATE "C" NOT NULL,
    name_zh_cn text COLLATE "C" NOT NULL,
    address text COLLATE "C" NOT NULL
);
CREATE INDEX building_site ON building (site, id);

CREATE TABLE unit (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    building text COLLATE "C" NOT NULL REFERENCES building (id),
    number text COLLATE "C" NOT NULL,
    floor_area_m2 text COLLATE "C",
    layout text COLLATE "C" NOT NULL,
    occupancy smallint NOT NULL
);
CREATE UNIQUE INDEX unit_number ON unit (building, number);

CREATE TABLE occupant (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    unit text COLLATE "C" NOT NULL REFERENCES unit (id),
    name text COLLATE "C" NOT NULL,
    phone text COLLATE "C" NOT NULL,
    role smallint NOT NULL,
    household_size integer NOT NULL
);
CREATE INDEX occupant_unit ON occupant (unit, id);

CREATE TABLE asset (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    site text COLLATE "C" NOT NULL REFERENCES site (id),
    device text COLLATE "C",
    kind text COLLATE "C" NOT NULL,
    name_en text COLLATE "C" NOT NULL,
    name_zh_cn text COLLATE "C" NOT NULL,
    make text COLLATE "C" NOT NULL,
    model text COLLATE "C" NOT NULL,
    purchased date,
    place text COLLATE "C" NOT NULL,
    service_life_years integer,
    skill text COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX asset_device ON asset (site, device) WHERE device IS NOT NULL;
CREATE INDEX asset_site ON asset (site, id);

-- One row a committed batch of the event and reading lanes: the key of deduplication.
CREATE TABLE batch (
    site text COLLATE "C" NOT NULL,
    epoch bigint NOT NULL,
    lane smallint NOT NULL,
    sequence bigint NOT NULL,
    content_hash bytea NOT NULL,
    record_count integer NOT NULL,
    received_ms bigint NOT NULL,
    PRIMARY KEY (site, epoch, lane, sequence)
);

CREATE TABLE alarm_transition (
    site text COLLATE "C" NOT NULL,
    occurrence text COLLATE "C" NOT NULL,
    ordinal integer NOT NULL,
    rule text COLLATE "C" NOT NULL,
    device text COLLATE "C" NOT NULL,
    point text COLLATE "C" NOT NULL,
    from_level smallint NOT NULL,
    to_level smallint NOT NULL,
    cause smallint NOT NULL,
    time_ms bigint NOT NULL,
    value double precision,
    limit_value double precision,
    clock_trusted boolean NOT NULL,
    received_ms bigint NOT NULL,
    PRIMARY KEY (site, occurrence, ordinal)
);
CREATE INDEX alarm_transition_time ON alarm_transition (site, time_ms, occurrence, ordinal);

CREATE TABLE alarm (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    site text COLLATE "C" NOT NULL,
    occurrence text COLLATE "C" NOT NULL,
    rule text COLLATE "C" NOT NULL,
    device text COLLATE "C" NOT NULL,
    point text COLLATE "C" NOT NULL,
    name_en text COLLATE "C" NOT NULL,
    name_zh_cn text COLLATE "C" NOT NULL,
    state smallint NOT NULL,
    level smallint NOT NULL,
    highest_level smallint NOT NULL,
    cause smallint NOT NULL,
    raised_ms bigint NOT NULL,
    changed_ms bigint NOT NULL,
    returned_ms bigint,
    value double precision,
    "limit" double precision,
    acknowledged_by text COLLATE "C",
    acknowledged_ms bigint,
    acknowledge_comment text COLLATE "C",
    work_order text COLLATE "C",
    clock_trusted boolean NOT NULL
);
CREATE UNIQUE INDEX alarm_occurrence ON alarm (site, occurrence);
CREATE INDEX alarm_raised ON alarm (raised_ms, id);
CREATE INDEX alarm_attention ON alarm (raised_ms, id) WHERE state <> 0;

CREATE TABLE alarm_acknowledgement (
    alarm text COLLATE "C" NOT NULL REFERENCES alarm (id),
    ordinal integer NOT NULL,
    up_to_ordinal integer NOT NULL,
    "by" text COLLATE "C" NOT NULL,
    comment text COLLATE "C" NOT NULL,
    at_ms bigint NOT NULL,
    PRIMARY KEY (alarm, ordinal)
);

CREATE TABLE access_event (
    site text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    device text COLLATE "C" NOT NULL,
    kind smallint NOT NULL,
    decision smallint NOT NULL,
    reason smallint NOT NULL,
    credential text COLLATE "C" NOT NULL,
    fingerprint text COLLATE "C" NOT NULL,
    time_ms bigint NOT NULL,
    clock_trusted boolean NOT NULL,
    received_ms bigint NOT NULL,
    PRIMARY KEY (site, id)
);
CREATE INDEX access_event_time ON access_event (time_ms, id);

CREATE TABLE command_result (
    site text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    outcome smallint NOT NULL,
    detail text COLLATE "C" NOT NULL,
    time_ms bigint NOT NULL,
    clock_trusted boolean NOT NULL,
    received_ms bigint NOT NULL,
    PRIMARY KEY (site, id)
);

-- Batches that an edge had to give up, as it declared them.
CREATE TABLE gap (
    site text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    lane smallint NOT NULL,
    epoch bigint NOT NULL,
    first_sequence bigint NOT NULL,
    last_sequence bigint NOT NULL,
    from_ms bigint NOT NULL,
    to_ms bigint NOT NULL,
    record_count integer NOT NULL,
    reason text COLLATE "C" NOT NULL,
    received_ms bigint NOT NULL,
    PRIMARY KEY (site, id)
);

CREATE TABLE reading (
    site text COLLATE "C" NOT NULL,
    device text COLLATE "C" NOT NULL,
    register text COLLATE "C" NOT NULL,
    time_ms bigint NOT NULL,
    value text COLLATE "C" NOT NULL,
    unit text COLLATE "C" NOT NULL,
    digits integer NOT NULL,
    quality smallint NOT NULL,
    clock_trusted boolean NOT NULL,
    PRIMARY KEY (site, device, register, time_ms)
);

CREATE TABLE technician (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    name text COLLATE "C" NOT NULL,
    skills_json text COLLATE "C" NOT NULL,
    available boolean NOT NULL
);

CREATE TABLE maintenance_plan (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    asset text COLLATE "C" NOT NULL REFERENCES asset (id),
    title_en text COLLATE "C" NOT NULL,
    title_zh_cn text COLLATE "C" NOT NULL,
    calendar_json text COLLATE "C",
    run_hours_json text COLLATE "C",
    skill text COLLATE "C" NOT NULL,
    priority smallint NOT NULL,
    edition text COLLATE "C" NOT NULL,
    created_ms bigint NOT NULL,
    CHECK ((calendar_json IS NULL) <> (run_hours_json IS NULL))
);

-- How far a plan has come; without a row it was never looked at.
CREATE TABLE plan_progress (
    plan text COLLATE "C" NOT NULL PRIMARY KEY REFERENCES maintenance_plan (id),
    last_due date,
    baseline_hours text COLLATE "C",
    due_count integer NOT NULL
);

CREATE TABLE work_order (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    site text COLLATE "C" NOT NULL REFERENCES site (id),
    title_en text COLLATE "C" NOT NULL,
    title_zh_cn text COLLATE "C" NOT NULL,
    status smallint NOT NULL,
    origin smallint NOT NULL,
    cause text COLLATE "C" NOT NULL,
    alarm text COLLATE "C" REFERENCES alarm (id) DEFERRABLE INITIALLY DEFERRED,
    plan text COLLATE "C" REFERENCES maintenance_plan (id),
    asset text COLLATE "C" REFERENCES asset (id),
    device text COLLATE "C",
    skill text COLLATE "C" NOT NULL,
    priority smallint NOT NULL,
    technician text COLLATE "C" REFERENCES technician (id),
    unassigned_reason text COLLATE "C",
    opened_ms bigint NOT NULL,
    due_ms bigint,
    completed_ms bigint,
    closed_ms bigint,
    reopened_count integer NOT NULL,
    occurrence_count integer NOT NULL,
    CHECK ((technician IS NULL) <> (unassigned_reason IS NULL))
);
-- Declined (3) and closed (5) orders are over; of the others at most one stands for a cause.
CREATE UNIQUE INDEX work_order_open_cause ON work_order (site, cause) WHERE status NOT IN (3, 5);
-- A due date raises one order for ever.
CREATE UNIQUE INDEX work_order_plan_due ON work_order (plan, cause) WHERE plan IS NOT NULL;
ALTER TABLE alarm ADD FOREIGN KEY (work_order) REFERENCES work_order (id) DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX work_order_cause ON work_order (site, cause, opened_ms);
CREATE INDEX work_order_opened ON work_order (opened_ms, id);
CREATE INDEX work_order_waiting ON work_order (technician) WHERE status IN (0, 1, 2);

CREATE TABLE work_order_entry (
    work_order text COLLATE "C" NOT NULL REFERENCES work_order (id),
    ordinal integer NOT NULL,
    kind smallint NOT NULL,
    "from" smallint NOT NULL,
    "to" smallint NOT NULL,
    "by" text COLLATE "C" NOT NULL,
    comment text COLLATE "C" NOT NULL,
    at_ms bigint NOT NULL,
    PRIMARY KEY (work_order, ordinal)
);

CREATE TABLE dispatch_rule (
    kind text COLLATE "C" NOT NULL,
    level smallint NOT NULL,
    raises boolean NOT NULL,
    priority smallint NOT NULL,
    due_minutes integer NOT NULL,
    skill text COLLATE "C" NOT NULL,
    PRIMARY KEY (kind, level)
);
-- Examples to start from, not law. Level: 1 warning, 2 alarm. Priority: 0 low, 1 normal, 2 high, 3 urgent.
-- Help for people in a stopped lift within 30 minutes in towns; fire pressure is as urgent.
INSERT INTO dispatch_rule (kind, level, raises, priority, due_minutes, skill) VALUES
    ('lift', 2, true, 3, 30, 'lift'),
    ('lift', 1, false, 1, 1440, 'lift'),
    ('fire-pump', 2, true, 3, 30, 'fire-protection'),
    ('fire-pump', 1, false, 2, 240, 'fire-protection'),
    ('door', 2, true, 2, 240, 'access-control'),
    ('gate', 2, true, 2, 240, 'access-control'),
    ('electricity-meter', 2, true, 1, 1440, 'metering'),
    ('water-meter', 2, true, 1, 1440, 'metering'),
    ('heat-meter', 2, true, 1, 1440, 'metering'),
    ('gas-meter', 2, true, 2, 240, 'metering'),
    ('*', 2, true, 2, 240, 'general'),
    ('*', 1, false, 1, 1440, 'general');

CREATE TABLE service_point (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    unit text COLLATE "C" NOT NULL REFERENCES unit (id),
    utility text COLLATE "C" NOT NULL
);
CREATE INDEX service_point_unit ON service_point (unit, id);

CREATE TABLE meter_installation (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    service_point text COLLATE "C" NOT NULL REFERENCES service_point (id),
    site text COLLATE "C" NOT NULL REFERENCES site (id),
    device text COLLATE "C" NOT NULL,
    register text COLLATE "C" NOT NULL,
    from_ms bigint NOT NULL,
    to_ms bigint,
    opening_value text COLLATE "C",
    closing_value text COLLATE "C",
    max_per_hour text COLLATE "C",
    CHECK (to_ms IS NULL OR to_ms > from_ms)
);
CREATE INDEX meter_installation_point ON meter_installation (service_point, from_ms);
CREATE INDEX meter_installation_register ON meter_installation (site, device, register, from_ms);

CREATE TABLE tariff (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    name text COLLATE "C" NOT NULL,
    utility text COLLATE "C" NOT NULL,
    unit text COLLATE "C" NOT NULL,
    currency text COLLATE "C" NOT NULL,
    versions_json text COLLATE "C" NOT NULL
);

CREATE TABLE tariff_assignment (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    service_point text COLLATE "C" NOT NULL REFERENCES service_point (id),
    tariff text COLLATE "C" NOT NULL REFERENCES tariff (id),
    "from" date NOT NULL
);
CREATE UNIQUE INDEX tariff_assignment_day ON tariff_assignment (service_point, "from");

CREATE TABLE invoice (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    unit text COLLATE "C" NOT NULL REFERENCES unit (id),
    site text COLLATE "C" NOT NULL REFERENCES site (id),
    from_ms bigint NOT NULL,
    to_ms bigint NOT NULL,
    issued_ms bigint NOT NULL,
    currency text COLLATE "C" NOT NULL,
    exact_total text COLLATE "C" NOT NULL,
    total text COLLATE "C" NOT NULL,
    rounding text COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX invoice_period ON invoice (unit, from_ms, to_ms);
CREATE INDEX invoice_newest ON invoice (from_ms, id);

CREATE TABLE invoice_line (
    invoice text COLLATE "C" NOT NULL REFERENCES invoice (id),
    position integer NOT NULL,
    service_point text COLLATE "C" NOT NULL REFERENCES service_point (id),
    utility text COLLATE "C" NOT NULL,
    from_ms bigint NOT NULL,
    to_ms bigint NOT NULL,
    installation text COLLATE "C" NOT NULL REFERENCES meter_installation (id),
    site text COLLATE "C" NOT NULL,
    device text COLLATE "C" NOT NULL,
    register text COLLATE "C" NOT NULL,
    unit text COLLATE "C" NOT NULL,
    opening_json text COLLATE "C" NOT NULL,
    closing_json text COLLATE "C" NOT NULL,
    metered text COLLATE "C" NOT NULL,
    share_part bigint NOT NULL,
    share_whole bigint NOT NULL,
    consumption text COLLATE "C" NOT NULL,
    tariff text COLLATE "C" NOT NULL REFERENCES tariff (id),
    tariff_version date NOT NULL,
    accumulates smallint NOT NULL,
    steps_json text COLLATE "C" NOT NULL,
    amount text COLLATE "C" NOT NULL,
    PRIMARY KEY (invoice, position)
);
CREATE INDEX invoice_line_point ON invoice_line (service_point, to_ms);
