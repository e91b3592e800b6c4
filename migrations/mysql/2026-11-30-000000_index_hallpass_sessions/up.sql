-- For each look at one user's sessions: the living ones (`ended_at IS NULL`), however many have ended, and
-- those that ended first. Built while others read and write; one of this name may be there already.
CREATE INDEX sessions_user_id_ended_at ON sessions (user_id, ended_at) ALGORITHM = INPLACE LOCK = NONE;
