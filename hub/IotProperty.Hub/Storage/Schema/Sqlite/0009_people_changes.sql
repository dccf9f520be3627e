-- changed_ms: when the person's password or roles were last changed; null: not since the audit log began.
ALTER TABLE person ADD COLUMN changed_ms INTEGER;
UPDATE person SET changed_ms = (SELECT MAX(at_ms) FROM audit_entry
    WHERE object_kind = 'user' AND object_id = person.user_name AND action IN ('user-added', 'password-changed'));

-- owner: the user name of the person with whom the token ends; empty: it is nobody's.
ALTER TABLE api_token ADD COLUMN owner TEXT NOT NULL DEFAULT '';
CREATE INDEX api_token_owner ON api_token (owner);
