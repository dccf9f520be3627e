-- What several hubs on one ledger share besides the ledger itself.

-- When each job is due next, and who ran it last. The run itself is guarded by an advisory lock, which ends with its holder's connection.
CREATE TABLE job_run (
    job text COLLATE "C" NOT NULL PRIMARY KEY,
    due_ms bigint NOT NULL,
    started_ms bigint NOT NULL,
    ended_ms bigint NOT NULL,
    holder text COLLATE "C" NOT NULL
);

-- The keys that sign and encrypt login cookies and form tokens, as ASP.NET Core's data protection writes them: a login at one hub is one at all.
CREATE TABLE protection_key (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    xml text NOT NULL
);
