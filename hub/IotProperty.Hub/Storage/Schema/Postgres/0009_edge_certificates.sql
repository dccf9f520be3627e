-- Edges by certificate: one-time invitations, and every certificate that was issued.
-- secret_hash: SHA-256 of the code's secret, which is 128 random bits; the secret itself is not kept.
CREATE TABLE edge_invitation (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    site text COLLATE "C" NOT NULL,
    secret_hash text COLLATE "C" NOT NULL,
    created_ms bigint NOT NULL,
    expires_ms bigint NOT NULL,
    attempts_left integer NOT NULL,
    used_ms bigint,
    serial text COLLATE "C"
);

-- key_hash: SHA-256 of the public key; unique, so that a question that is asked again gets the answer that it got before.
CREATE TABLE edge_certificate (
    serial text COLLATE "C" NOT NULL PRIMARY KEY,
    site text COLLATE "C" NOT NULL,
    not_before_ms bigint NOT NULL,
    not_after_ms bigint NOT NULL,
    issued_ms bigint NOT NULL,
    key_hash text COLLATE "C" NOT NULL,
    certificate text COLLATE "C" NOT NULL,
    renewal_of text COLLATE "C",
    revoked_ms bigint,
    revoked_why text COLLATE "C"
);
CREATE INDEX edge_certificate_site ON edge_certificate (site, not_after_ms);
CREATE UNIQUE INDEX edge_certificate_key ON edge_certificate (key_hash);
