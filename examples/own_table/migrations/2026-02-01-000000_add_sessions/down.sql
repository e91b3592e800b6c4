ALTER TABLE accounts DROP COLUMN refresh_token_hash;
ALTER TABLE accounts DROP COLUMN session_id;
ALTER TABLE accounts DROP COLUMN refresh_generation;
ALTER TABLE accounts DROP COLUMN rotated_at;
