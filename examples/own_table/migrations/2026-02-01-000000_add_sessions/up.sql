-- The four columns of docs/own-table.md.
ALTER TABLE accounts ADD COLUMN refresh_token_hash TEXT;
ALTER TABLE accounts ADD COLUMN session_id TEXT;
ALTER TABLE accounts ADD COLUMN refresh_generation BIGINT NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN rotated_at BIGINT;
