-- One row per login name, user or address that has used up attempts, where they are counted in the database.
CREATE TABLE login_attempts (
    -- SHA-256 of whose attempts they are.
    key_hash TEXT PRIMARY KEY NOT NULL,
    -- When all attempts are back, in whole Unix seconds: from then on the row says nothing.
    full_at BIGINT NOT NULL
);
-- For the removal of rows that say nothing.
CREATE INDEX login_attempts_full_at ON login_attempts (full_at);
