-- One row per login name, user or address that has used up attempts, where they are counted in the database.
-- One statement: MySQL can't undo a part of a migration.
CREATE TABLE login_attempts (
    -- SHA-256 of whose attempts they are.
    key_hash VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY NOT NULL,
    -- When all attempts are back, in whole Unix seconds: from then on the row says nothing.
    full_at BIGINT NOT NULL,
    -- For the removal of rows that say nothing.
    INDEX login_attempts_full_at (full_at)
) ENGINE = InnoDB;
