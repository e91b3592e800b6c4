-- One row per user. Times are whole Unix seconds.
-- One statement: MySQL can't undo a part of a migration.
CREATE TABLE users (
    -- Never given again: InnoDB keeps the counter over a restart since MySQL 8.0 and MariaDB 10.2.4.
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    -- The login name as hallpass::LoginName normalises it: at most 254 characters. Compared to the
    -- byte: the usual collations take e for an accented e.
    login VARCHAR(254) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL UNIQUE,
    -- bcrypt: 60 characters.
    password_hash VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- bcrypt of the newest refresh token's secret. NULL means logged out.
    refresh_token_hash VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin,
    -- The session: one login and all the refresh tokens that descend from it.
    session_id VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin,
    -- How often the session has been refreshed.
    refresh_generation BIGINT NOT NULL DEFAULT 0,
    -- When it was last refreshed; the time of login at generation 0.
    rotated_at BIGINT,
    -- What the user may do: words separated by spaces (RFC 6749 section 3.3), at most 1 KiB.
    scope VARCHAR(1024) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
    -- Since when the user may neither log in nor refresh. NULL means that they may.
    disabled_at BIGINT,
    created_at BIGINT NOT NULL DEFAULT (UNIX_TIMESTAMP()),
    updated_at BIGINT NOT NULL DEFAULT (UNIX_TIMESTAMP())
) ENGINE = InnoDB;
