-- The ledger: registry, edges, batches, alarms, maintenance, metering and billing, access.
-- Times ending in _ms are milliseconds since the Unix epoch, UTC. Days are yyyy-MM-dd in the site's zone. Decimals are TEXT, because they are exact and keep their
-- trailing zeros. Columns ending in _json hold what is always read and written as a whole.
-- Numbers that stand for names (state, status, kind …) are those of the program's enumerations and never change their meaning.

CREATE TABLE site (
    id TEXT NOT NULL PRIMARY KEY,
    name_en TEXT NOT NULL,
    name_zh_cn TEXT NOT NULL,
    time_zone TEXT NOT NULL
) STRICT;

CREATE TABLE edge (
    site TEXT NOT NULL PRIMARY KEY REFERENCES site (id),
    online INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    version TEXT NOT NULL,
    profile_hash TEXT NOT NULL,
    state_ms INTEGER,
    last_seen_ms INTEGER,
    catalogue_json TEXT
) STRICT;

CREATE TABLE building (
    id TEXT NOT NULL PRIMARY KEY,
    site TEXT NOT NULL REFERENCES site (id),
    name_en TEXT NOT NULL,
    name_zh_cn TEXT NOT NULL,
    address TEXT NOT NULL
) STRICT;
CREATE INDEX building_site ON building (site, id);

CREATE TABLE unit (
    id TEXT NOT NULL PRIMARY KEY,
    building TEXT NOT NULL REFERENCES building (id),
    number TEXT NOT NULL,
    floor_area_m2 TEXT,
    layout TEXT NOT NULL,
    occupancy INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX unit_number ON unit (building, number);

CREATE TABLE occupant (
    id TEXT NOT NULL PRIMARY KEY,
    unit TEXT NOT NULL REFERENCES unit (id),
    name TEXT NOT NULL,
    phone TEXT NOT NULL,
    role INTEGER NOT NULL,
    household_size INTEGER NOT NULL
) STRICT;
CREATE INDEX occupant_unit ON occupant (unit, id);

CREATE TABLE asset (
    id TEXT NOT NULL PRIMARY KEY,
    site TEXT NOT NULL REFERENCES site (id),
    device TEXT,
    kind TEXT NOT NULL,
    name_en TEXT NOT NULL,
    name_zh_cn TEXT NOT NULL,
    make TEXT NOT NULL,
    model TEXT NOT NULL,
    purchased TEXT,
    place TEXT NOT NULL,
    service_life_years INTEGER,
    skill TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX asset_device ON asset (site, device) WHERE device IS NOT NULL;
CREATE INDEX asset_site ON asset (site, id);

-- One row a committed batch of the event and reading lanes: the key of deduplication.
CREATE TABLE batch (
    site TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    lane INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    content_hash BLOB NOT NULL,
    record_count INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    PRIMARY KEY (site, epoch, lane, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE alarm_transition (
    site TEXT NOT NULL,
    occurrence TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    rule TEXT NOT NULL,
    device TEXT NOT NULL,
    point TEXT NOT NULL,
    from_level INTEGER NOT NULL,
    to_level INTEGER NOT NULL,
    cause INTEGER NOT NULL,
    time_ms INTEGER NOT NULL,
    value REAL,
    limit_value REAL,
    clock_trusted INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    PRIMARY KEY (site, occurrence, ordinal)
) STRICT, WITHOUT ROWID;
CREATE INDEX alarm_transition_time ON alarm_transition (site, time_ms, occurrence, ordinal);

CREATE TABLE alarm (
    id TEXT NOT NULL PRIMARY KEY,
    site TEXT NOT NULL,
    occurrence TEXT NOT NULL,
    rule TEXT NOT NULL,
    device TEXT NOT NULL,
    point TEXT NOT NULL,
    name_en TEXT NOT NULL,
    name_zh_cn TEXT NOT NULL,
    state INTEGER NOT NULL,
    level INTEGER NOT NULL,
    highest_level INTEGER NOT NULL,
    cause INTEGER NOT NULL,
    raised_ms INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL,
    returned_ms INTEGER,
    value REAL,
    "limit" REAL,
    acknowledged_by TEXT,
    acknowledged_ms INTEGER,
    acknowledge_comment TEXT,
    work_order TEXT REFERENCES work_order (id) DEFERRABLE INITIALLY DEFERRED,
    clock_trusted INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX alarm_occurrence ON alarm (site, occurrence);
CREATE INDEX alarm_raised ON alarm (raised_ms, id);
CREATE INDEX alarm_attention ON alarm (raised_ms, id) WHERE state <> 0;

CREATE TABLE alarm_acknowledgement (
    alarm TEXT NOT NULL REFERENCES alarm (id),
    ordinal INTEGER NOT NULL,
    up_to_ordinal INTEGER NOT NULL,
    "by" TEXT NOT NULL,
    comment TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (alarm, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE access_event (
    site TEXT NOT NULL,
    id TEXT NOT NULL,
    device TEXT NOT NULL,
    kind INTEGER NOT NULL,
    decision INTEGER NOT NULL,
    reason INTEGER NOT NULL,
    credential TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    time_ms INTEGER NOT NULL,
    clock_trusted INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    PRIMARY KEY (site, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX access_event_time ON access_event (time_ms, id);

CREATE TABLE command_result (
    site TEXT NOT NULL,
    id TEXT NOT NULL,
    outcome INTEGER NOT NULL,
    detail TEXT NOT NULL,
    time_ms INTEGER NOT NULL,
    clock_trusted INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    PRIMARY KEY (site, id)
) STRICT, WITHOUT ROWID;

-- Batches that an edge had to give up, as it declared them.
CREATE TABLE gap (
    site TEXT NOT NULL,
    id TEXT NOT NULL,
    lane INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    first_sequence INTEGER NOT NULL,
    last_sequence INTEGER NOT NULL,
    from_ms INTEGER NOT NULL,
    to_ms INTEGER NOT NULL,
    record_count INTEGER NOT NULL,
    reason TEXT NOT NULL,
    received_ms INTEGER NOT NULL,
    PRIMARY KEY (site, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE reading (
    site TEXT NOT NULL,
    device TEXT NOT NULL,
    register TEXT NOT NULL,
    time_ms INTEGER NOT NULL,
    value TEXT NOT NULL,
    unit TEXT NOT NULL,
    digits INTEGER NOT NULL,
    quality INTEGER NOT NULL,
    clock_trusted INTEGER NOT NULL,
    PRIMARY KEY (site, device, register, time_ms)
) STRICT, WITHOUT ROWID;

CREATE TABLE technician (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    skills_json TEXT NOT NULL,
    available INTEGER NOT NULL
) STRICT;

CREATE TABLE maintenance_plan (
    id TEXT NOT NULL PRIMARY KEY,
    asset TEXT NOT NULL REFERENCES asset (id),
    title_en TEXT NOT NULL,
    title_zh_cn TEXT NOT NULL,
    calendar_json TEXT,
    run_hours_json TEXT,
    skill TEXT NOT NULL,
    priority INTEGER NOT NULL,
    edition TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    CHECK ((calendar_json IS NULL) <> (run_hours_json IS NULL))
) STRICT;

-- How far a plan has come; without a row it was never looked at.
CREATE TABLE plan_progress (
    plan TEXT NOT NULL PRIMARY KEY REFERENCES maintenance_plan (id),
    last_due TEXT,
    baseline_hours TEXT,
    due_count INTEGER NOT NULL
) STRICT;

CREATE TABLE work_order (
    id TEXT NOT NULL PRIMARY KEY,
    site TEXT NOT NULL REFERENCES site (id),
    title_en TEXT NOT NULL,
    title_zh_cn TEXT NOT NULL,
    status INTEGER NOT NULL,
    origin INTEGER NOT NULL,
    cause TEXT NOT NULL,
    alarm TEXT REFERENCES alarm (id) DEFERRABLE INITIALLY DEFERRED,
    plan TEXT REFERENCES maintenance_plan (id),
    asset TEXT REFERENCES asset (id),
    device TEXT,
    skill TEXT NOT NULL,
    priority INTEGER NOT NULL,
    technician TEXT REFERENCES technician (id),
    unassigned_reason TEXT,
    opened_ms INTEGER NOT NULL,
    due_ms INTEGER,
    completed_ms INTEGER,
    closed_ms INTEGER,
    reopened_count INTEGER NOT NULL,
    occurrence_count INTEGER NOT NULL,
    CHECK ((technician IS NULL) <> (unassigned_reason IS NULL))
) STRICT;
-- Declined (3) and closed (5) orders are over; of the others at most one stands for a cause.
CREATE UNIQUE INDEX work_order_open_cause ON work_order (site, cause) WHERE status NOT IN (3, 5);
-- A due date raises one order for ever.
CREATE UNIQUE INDEX work_order_plan_due ON work_order (plan, cause) WHERE plan IS NOT NULL;
CREATE INDEX work_order_cause ON work_order (site, cause, opened_ms);
CREATE INDEX work_order_opened ON work_order (opened_ms, id);
CREATE INDEX work_order_waiting ON work_order (technician) WHERE status IN (0, 1, 2);

CREATE TABLE work_order_entry (
    work_order TEXT NOT NULL REFERENCES work_order (id),
    ordinal INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    "from" INTEGER NOT NULL,
    "to" INTEGER NOT NULL,
    "by" TEXT NOT NULL,
    comment TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (work_order, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE dispatch_rule (
    kind TEXT NOT NULL,
    level INTEGER NOT NULL,
    raises INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    due_minutes INTEGER NOT NULL,
    skill TEXT NOT NULL,
    PRIMARY KEY (kind, level)
) STRICT, WITHOUT ROWID;
-- Examples to start from, not law. Level: 1 warning, 2 alarm. Priority: 0 low, 1 normal, 2 high, 3 urgent.
-- Help for people in a stopped lift within 30 minutes in towns; fire pressure is as urgent.
INSERT INTO dispatch_rule (kind, level, raises, priority, due_minutes, skill) VALUES
    ('lift', 2, 1, 3, 30, 'lift'),
    ('lift', 1, 0, 1, 1440, 'lift'),
    ('fire-pump', 2, 1, 3, 30, 'fire-protection'),
    ('fire-pump', 1, 0, 2, 240, 'fire-protection'),
    ('door', 2, 1, 2, 240, 'access-control'),
    ('gate', 2, 1, 2, 240, 'access-control'),
    ('electricity-meter', 2, 1, 1, 1440, 'metering'),
    ('water-meter', 2, 1, 1, 1440, 'metering'),
    ('heat-meter', 2, 1, 1, 1440, 'metering'),
    ('gas-meter', 2, 1, 2, 240, 'metering'),
    ('*', 2, 1, 2, 240, 'general'),
    ('*', 1, 0, 1, 1440, 'general');

CREATE TABLE service_point (
    id TEXT NOT NULL PRIMARY KEY,
    unit TEXT NOT NULL REFERENCES unit (id),
    utility TEXT NOT NULL
) STRICT;
CREATE INDEX service_point_unit ON service_point (unit, id);

CREATE TABLE meter_installation (
    id TEXT NOT NULL PRIMARY KEY,
    service_point TEXT NOT NULL REFERENCES service_point (id),
    site TEXT NOT NULL REFERENCES site (id),
    device TEXT NOT NULL,
    register TEXT NOT NULL,
    from_ms INTEGER NOT NULL,
    to_ms INTEGER,
    opening_value TEXT,
    closing_value TEXT,
    max_per_hour TEXT,
    CHECK (to_ms IS NULL OR to_ms > from_ms)
) STRICT;
CREATE INDEX meter_installation_point ON meter_installation (service_point, from_ms);
CREATE INDEX meter_installation_register ON meter_installation (site, device, register, from_ms);

CREATE TABLE tariff (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    utility TEXT NOT NULL,
    unit TEXT NOT NULL,
    currency TEXT NOT NULL,
    versions_json TEXT NOT NULL
) STRICT;

CREATE TABLE tariff_assignment (
    id TEXT NOT NULL PRIMARY KEY,
    service_point TEXT NOT NULL REFERENCES service_point (id),
    tariff TEXT NOT NULL REFERENCES tariff (id),
    "from" TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX tariff_assignment_day ON tariff_assignment (service_point, "from");

CREATE TABLE invoice (
    id TEXT NOT NULL PRIMARY KEY,
    unit TEXT NOT NULL REFERENCES unit (id),
    site TEXT NOT NULL REFERENCES site (id),
    from_ms INTEGER NOT NULL,
    to_ms INTEGER NOT NULL,
    issued_ms INTEGER NOT NULL,
    currency TEXT NOT NULL,
    exact_total TEXT NOT NULL,
    total TEXT NOT NULL,
    rounding TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX invoice_period ON invoice (unit, from_ms, to_ms);
CREATE INDEX invoice_newest ON invoice (from_ms, id);

CREATE TABLE invoice_line (
    invoice TEXT NOT NULL REFERENCES invoice (id),
    position INTEGER NOT NULL,
    service_point TEXT NOT NULL REFERENCES service_point (id),
    utility TEXT NOT NULL,
    from_ms INTEGER NOT NULL,
    to_ms INTEGER NOT NULL,
    installation TEXT NOT NULL REFERENCES meter_installation (id),
    site TEXT NOT NULL,
    device TEXT NOT NULL,
    register TEXT NOT NULL,
    unit TEXT NOT NULL,
    opening_json TEXT NOT NULL,
    closing_json TEXT NOT NULL,
    metered TEXT NOT NULL,
    share_part INTEGER NOT NULL,
    share_whole INTEGER NOT NULL,
    consumption TEXT NOT NULL,
    tariff TEXT NOT NULL REFERENCES tariff (id),
    tariff_version TEXT NOT NULL,
    accumulates INTEGER NOT NULL,
    steps_json TEXT NOT NULL,
    amount TEXT NOT NULL,
    PRIMARY KEY (invoice, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX invoice_line_point ON invoice_line (service_point, to_ms);
