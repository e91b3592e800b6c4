-- One row per user. Times are whole Unix seconds.
-- AUTOINCREMENT: an id is never given again, else the next user would inherit the access tokens of
-- a deleted one, which stay valid until they expire.
CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    -- The login name as hallpass::LoginName normalises it.
    login TEXT NOT NULL UNIQUE,
    -- bcrypt.
    password_hash TEXT NOT NULL,
    -- bcrypt of the newest refresh token's secret. NULL means logged out.
    refresh_token_hash TEXT,
    -- The session: one login and all the refresh tokens that descend from it.
    session_id TEXT,
    -- How often the session has been refreshed.
    refresh_generation BIGINT NOT NULL DEFAULT 0,
    -- When it was last refreshed; the time of login at generation 0.
    rotated_at BIGINT,
    -- What the user may do: words separated by spaces (RFC 6749 section 3.3).
    scope TEXT NOT NULL DEFAULT '',
    -- Since when the user may neither log in nor refresh. NULL means that they may.
    disabled_at BIGINT,
    created_at BIGINT NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    updated_at BIGINT NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER))
);
