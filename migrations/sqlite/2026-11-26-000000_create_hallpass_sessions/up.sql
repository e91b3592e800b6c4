-- One row per login, where users have a session for each device. Times are whole Unix seconds.
CREATE TABLE sessions (
    -- The `sid` of the session's tokens.
    id TEXT NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- bcrypt of the newest refresh token's secret. NULL means ended.
    refresh_token_hash TEXT,
    -- SHA-256 of the password hash that the session was begun with: another password ends it.
    password_stamp TEXT,
    -- How often the session has been refreshed.
    generation BIGINT NOT NULL,
    -- When it was last refreshed; the time of login at generation 0.
    rotated_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    -- When it ends unless it is refreshed; of an ended one, when it ended.
    expires_at BIGINT NOT NULL,
    -- What the client said of itself at login, at most 255 characters.
    user_agent TEXT,
    client_address TEXT,
    label TEXT,
    ended_at BIGINT,
    -- logged_out, revoked, reused, superseded, password_changed or user_disabled.
    end_reason TEXT,
    PRIMARY KEY (user_id, id)
);
-- For the removal of those that are over, oldest first.
CREATE INDEX sessions_expires_at ON sessions (expires_at, user_id, id);
