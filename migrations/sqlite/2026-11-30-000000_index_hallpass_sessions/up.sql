-- For each look at one user's sessions: the living ones (`ended_at IS NULL`), however many have ended, and
-- those that ended first. An index of this name may be there already: see docs/migrations.md.
CREATE INDEX IF NOT EXISTS sessions_user_id_ended_at ON sessions (user_id, ended_at);
