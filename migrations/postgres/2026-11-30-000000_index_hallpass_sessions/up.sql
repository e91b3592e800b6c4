-- For each look at one user's sessions: the living ones (`ended_at IS NULL`), however many have ended, and
-- those that ended first. An index of this name may be there already: see docs/migrations.md.
--
-- `CREATE INDEX CONCURRENTLY` that failed leaves an index that is never used: it is built again.
DO $$
DECLARE
    invalid REGCLASS := (
        SELECT indexrelid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
        WHERE indrelid = 'sessions'::regclass AND relname = 'sessions_user_id_ended_at'
            AND NOT indisvalid
    );
BEGIN
    IF invalid IS NOT NULL THEN
        EXECUTE 'DROP INDEX ' || invalid;
    END IF;
END
$$;
CREATE INDEX IF NOT EXISTS sessions_user_id_ended_at ON sessions (user_id, ended_at);
