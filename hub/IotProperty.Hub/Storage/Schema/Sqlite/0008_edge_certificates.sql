-- Edges by certificate: one-time invitations, and every certificate that was issued.
-- secret_hash: SHA-256 of the code's secret, which is 128 random bits; the secret itself is not kept.
CREATE TABLE edge_invitation (
    id TEXT NOT NULL PRIMARY KEY,
    site TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    attempts_left INTEGER NOT NULL,
    used_ms INTEGER,
    serial TEXT
) STRICT;

-- key_hash: SHA-256 of the public key; unique, so that a question that is asked again gets the answer that it got before.
CREATE TABLE edge_certificate (
    serial TEXT NOT NULL PRIMARY KEY,
    site TEXT NOT NULL,
    not_before_ms INTEGER NOT NULL,
    not_after_ms INTEGER NOT NULL,
    issued_ms INTEGER NOT NULL,
    key_hash TEXT NOT NULL,
    certificate TEXT NOT NULL,
    renewal_of TEXT,
    revoked_ms INTEGER,
    revoked_why TEXT
) STRICT;
CREATE INDEX edge_certificate_site ON edge_certificate (site, not_after_ms);
CREATE UNIQUE INDEX edge_certificate_key ON edge_certificate (key_hash);
