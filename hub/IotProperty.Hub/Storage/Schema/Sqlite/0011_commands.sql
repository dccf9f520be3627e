-- Commands to edges as they were ordered; what became of each is in command_result.
CREATE TABLE command_order (
    site TEXT NOT NULL,
    id TEXT NOT NULL,
    device TEXT NOT NULL,
    target INTEGER NOT NULL,
    position INTEGER,
    asked_by TEXT NOT NULL,
    note TEXT NOT NULL,
    issued_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    PRIMARY KEY (site, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX command_order_issued ON command_order (site, issued_ms, id);
CREATE INDEX command_order_device ON command_order (site, device, issued_ms);
CREATE INDEX command_order_expires ON command_order (expires_ms);
