-- Commands to edges as they were ordered; what became of each is in command_result.
CREATE TABLE command_order (
    site text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    device text COLLATE "C" NOT NULL,
    target smallint NOT NULL,
    position smallint,
    asked_by text COLLATE "C" NOT NULL,
    note text COLLATE "C" NOT NULL,
    issued_ms bigint NOT NULL,
    expires_ms bigint NOT NULL,
    PRIMARY KEY (site, id)
);
CREATE INDEX command_order_issued ON command_order (site, issued_ms, id);
CREATE INDEX command_order_device ON command_order (site, device, issued_ms);
CREATE INDEX command_order_expires ON command_order (expires_ms);
