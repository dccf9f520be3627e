-- sites: '*', or ids separated by spaces. permissions: names separated by spaces; empty: all that the role holds.
ALTER TABLE api_token ADD COLUMN sites TEXT NOT NULL DEFAULT '*';
ALTER TABLE api_token ADD COLUMN permissions TEXT NOT NULL DEFAULT '';
ALTER TABLE api_token ADD COLUMN last_used_ms INTEGER;
ALTER TABLE api_token ADD COLUMN revoked_ms INTEGER;
