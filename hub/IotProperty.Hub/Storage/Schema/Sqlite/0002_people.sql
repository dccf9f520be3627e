-- People who may log in, tokens for programs, and what edges show at the front door.
CREATE TABLE person (
    id TEXT NOT NULL PRIMARY KEY,
    user_name TEXT,
    normalized_user_name TEXT,
    email TEXT,
    normalized_email TEXT,
    email_confirmed INTEGER NOT NULL,
    password_hash TEXT,
    security_stamp TEXT,
    concurrency_stamp TEXT,
    phone_number TEXT,
    phone_number_confirmed INTEGER NOT NULL,
    two_factor_enabled INTEGER NOT NULL,
    lockout_end TEXT,
    lockout_enabled INTEGER NOT NULL,
    access_failed_count INTEGER NOT NULL,
    has_one_time_password INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX person_name ON person (normalized_user_name);
CREATE INDEX person_email ON person (normalized_email);

CREATE TABLE person_claim (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    user_id TEXT NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    claim_type TEXT,
    claim_value TEXT
) STRICT;
CREATE INDEX person_claim_user ON person_claim (user_id);

CREATE TABLE person_login (
    login_provider TEXT NOT NULL,
    provider_key TEXT NOT NULL,
    provider_display_name TEXT,
    user_id TEXT NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    PRIMARY KEY (login_provider, provider_key)
) STRICT;
CREATE INDEX person_login_user ON person_login (user_id);

CREATE TABLE person_token (
    user_id TEXT NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    login_provider TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT,
    PRIMARY KEY (user_id, login_provider, name)
) STRICT;

-- site: a site's id, or '*' for every site.
CREATE TABLE role_grant (
    person_id TEXT NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('administrator', 'engineer', 'guard', 'billing', 'read-only')),
    site TEXT NOT NULL,
    PRIMARY KEY (person_id, role, site)
) STRICT;

-- hash: SHA-256 of the token, which is 256 random bits; the token itself is not kept.
CREATE TABLE api_token (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('administrator', 'engineer', 'guard', 'billing', 'read-only')),
    hash TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX api_token_hash ON api_token (hash);

CREATE TABLE edge_credential (
    site TEXT NOT NULL PRIMARY KEY,
    password_hash TEXT NOT NULL,
    issued_ms INTEGER NOT NULL
) STRICT;
