-- sites: '*', or ids separated by spaces. permissions: names separated by spaces; empty: all that the role holds.
ALTER TABLE api_token ADD COLUMN sites text NOT NULL DEFAULT '*';
ALTER TABLE api_token ADD COLUMN permissions text NOT NULL DEFAULT '';
ALTER TABLE api_token ADD COLUMN last_used_ms bigint;
ALTER TABLE api_token ADD COLUMN revoked_ms bigint;
