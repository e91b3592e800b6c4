-- One row per login, where users have a session for each device. Times are whole Unix seconds.
-- One statement: MySQL can't undo a part of a migration.
CREATE TABLE sessions (
    -- The `sid` of the session's tokens.
    id VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    user_id BIGINT NOT NULL,
    -- bcrypt of the newest refresh token's secret. NULL means ended.
    refresh_token_hash VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin,
    -- SHA-256 of the password hash that the session was begun with: another password ends it.
    password_stamp VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin,
    -- How often the session has been refreshed.
    generation BIGINT NOT NULL,
    -- When it was last refreshed; the time of login at generation 0.
    rotated_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    -- When it ends unless it is refreshed; of an ended one, when it ended.
    expires_at BIGINT NOT NULL,
    -- What the client said of itself at login.
    user_agent VARCHAR(255) CHARACTER SET utf8mb4,
    client_address VARCHAR(45) CHARACTER SET ascii,
    label VARCHAR(255) CHARACTER SET utf8mb4,
    ended_at BIGINT,
    -- logged_out, revoked, reused, superseded, password_changed or user_disabled.
    end_reason VARCHAR(32) CHARACTER SET ascii,
    PRIMARY KEY (user_id, id),
    -- For the removal of those that are over, oldest first.
    INDEX sessions_expires_at (expires_at, user_id, id),
    FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB;
