DROP INDEX sessions_user_id_ended_at;
