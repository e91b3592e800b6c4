//! The statements about a table of sessions, once for every kind of database and every table.
//!
//! As with those about users, they are in a macro because Diesel's types depend on
//! the table and on the connection. [`users_table!`](crate::users_table) calls it where a table of
//! sessions is declared; the columns are called as in `docs/own-table.md`.

use std::ops::RangeInclusive;

use diesel::result::QueryResult;
use hallpass::{
    EndReason, PasswordStamp, ProvenSession, Rotation, SessionId, SessionsToEnd, Timestamp,
};

use crate::sessions::row::{DeadSession, DeviceSessionRow, NewSession, OverSession, SessionRow};

/// A table of sessions beside a table of users with ids of type `Id`, as it is reached over a
/// connection. Implemented by [`users_table!`](crate::users_table) alone.
///
/// Each change is one statement with the old value in its `WHERE`; the count of rows is the answer.
#[doc(hidden)]
pub trait SessionsTable<C, Id>: Send + Sync {
    /// Returns how the table is called in messages.
    fn name(&self) -> &'static str;

    /// Looks whether every column is there.
    fn check(&self, connection: &mut C) -> QueryResult<()>;

    fn find(
        &self,
        connection: &mut C,
        user: &Id,
        session_id: &SessionId,
    ) -> QueryResult<Option<SessionRow>>;

    /// Returns the session of the user that is alive and was used last.
    fn latest(&self, connection: &mut C, user: &Id) -> QueryResult<Option<SessionRow>>;

    /// Returns the sessions of the user that are alive at `now`, the one that was used last first.
    fn list(
        &self,
        connection: &mut C,
        user: &Id,
        now: Timestamp,
    ) -> QueryResult<Vec<DeviceSessionRow>>;

    fn insert(&self, connection: &mut C, user: &Id, new: &NewSession<'_>) -> QueryResult<usize>;

    /// Swaps the hashes, if the user is there and not disabled.
    fn rotate(&self, connection: &mut C, user: &Id, rotation: &Rotation) -> QueryResult<usize>;

    /// Binds the user's sessions that are bound to one password to another one.
    fn bind(
        &self,
        connection: &mut C,
        user: &Id,
        from: &PasswordStamp,
        to: &PasswordStamp,
    ) -> QueryResult<usize>;

    /// Binds one session to another password, if its hash is still the one that was verified.
    fn bind_proven(
        &self,
        connection: &mut C,
        user: &Id,
        proven: &ProvenSession,
    ) -> QueryResult<usize>;

    fn end(
        &self,
        connection: &mut C,
        user: &Id,
        session_id: &SessionId,
        reason: EndReason,
        now: Timestamp,
    ) -> QueryResult<usize>;

    fn end_several(
        &self,
        connection: &mut C,
        user: &Id,
        sessions: &SessionsToEnd,
        reason: EndReason,
        now: Timestamp,
    ) -> QueryResult<usize>;

    /// Returns up to `limit` sessions of the user that have ended, those first that ended first.
    fn ended(&self, connection: &mut C, user: &Id, limit: i64) -> QueryResult<Vec<OverSession>>;

    /// Returns up to `limit` sessions of the user that have expired by `now` and were not ended, those first
    /// that were used least recently.
    fn expired(
        &self,
        connection: &mut C,
        user: &Id,
        now: Timestamp,
        limit: i64,
    ) -> QueryResult<Vec<OverSession>>;

    /// Removes these sessions of the user.
    fn remove(&self, connection: &mut C, user: &Id, ids: &[String]) -> QueryResult<usize>;

    /// Returns the session that comes `number`th among those that were over at some time in `span`,
    /// counted from 0; `None` if there are fewer.
    fn nth_dead(
        &self,
        connection: &mut C,
        span: &RangeInclusive<i64>,
        number: u32,
    ) -> QueryResult<Option<DeadSession<Id>>>;

    /// Removes the sessions from the first to the last of these, both included.
    fn remove_between(
        &self,
        connection: &mut C,
        first: &DeadSession<Id>,
        last: &DeadSession<Id>,
    ) -> QueryResult<usize>;

    /// Removes all sessions that were over at some time in `span`.
    fn remove_dead(&self, connection: &mut C, span: &RangeInclusive<i64>) -> QueryResult<usize>;

    fn remove_all_of(&self, connection: &mut C, user: &Id) -> QueryResult<usize>;
}

/// Implements [`SessionsTable`] for `__Sessions`, where there is a table of sessions.
#[doc(hidden)]
#[macro_export]
macro_rules! sessions_table {
    ($connection:ty, $id:ty, [] $users:ident [$($is_enabled:expr)?]) => {};

    ($connection:ty, $id:ty, [$sessions:ident] $users:ident [$($is_enabled:expr)?]) => {
        struct __Sessions;

        impl __hallpass::SessionsTable<$connection, $id> for __Sessions {
            fn name(&self) -> &'static str {
                stringify!($sessions)
            }

            fn check(&self, connection: &mut $connection) -> __hallpass::QueryResult<()> {
                let connection: &mut __Connection = connection;
                let query = $sessions::table
                    .select((
                        $sessions::id,
                        $sessions::user_id,
                        $sessions::refresh_token_hash,
                        $sessions::password_stamp,
                        $sessions::generation,
                        $sessions::rotated_at,
                        $sessions::created_at,
                        $sessions::last_used_at,
                        $sessions::expires_at,
                        $sessions::user_agent,
                        $sessions::client_address,
                        $sessions::label,
                        $sessions::ended_at,
                        $sessions::end_reason,
                    ))
                    .limit(0);
                __hallpass::RunQueryDsl::execute(query, connection).map(drop)
            }

            fn find(
                &self,
                connection: &mut $connection,
                user: &$id,
                session_id: &__hallpass::SessionId,
            ) -> __hallpass::QueryResult<Option<__hallpass::SessionRow>> {
                let connection: &mut __Connection = connection;
                let query = $crate::sessions_table!(@row $sessions)
                    .filter($sessions::user_id.eq(user))
                    .filter($sessions::id.eq(session_id.as_str()));
                __hallpass::RunQueryDsl::first(query, connection).optional()
            }

            fn latest(
                &self,
                connection: &mut $connection,
                user: &$id,
            ) -> __hallpass::QueryResult<Option<__hallpass::SessionRow>> {
                let connection: &mut __Connection = connection;
                let query = $crate::sessions_table!(@row $sessions)
                    .filter($sessions::user_id.eq(user))
                    .filter($sessions::ended_at.is_null())
                    .filter($sessions::refresh_token_hash.is_not_null())
                    .order_by(($sessions::last_used_at.desc(), $sessions::created_at.desc(), $sessions::id));
                __hallpass::RunQueryDsl::first(query, connection).optional()
            }

            fn list(
                &self,
                connection: &mut $connection,
                user: &$id,
                now: __hallpass::Timestamp,
            ) -> __hallpass::QueryResult<Vec<__hallpass::DeviceSessionRow>> {
                let connection: &mut __Connection = connection;
                let query = $sessions::table
                    .select((
                        $sessions::id,
                        $sessions::password_stamp,
                        $sessions::created_at,
                        $sessions::last_used_at,
                        $sessions::expires_at,
                        $sessions::user_agent,
                        $sessions::client_address,
                        $sessions::label,
                    ))
                    .filter($sessions::user_id.eq(user))
                    .filter($sessions::ended_at.is_null())
                    .filter($sessions::refresh_token_hash.is_not_null())
                    .filter($sessions::expires_at.gt(__hallpass::seconds(now)))
                    .order_by(($sessions::last_used_at.desc(), $sessions::created_at.desc(), $sessions::id));
                __hallpass::RunQueryDsl::load(query, connection)
            }

            fn insert(
                &self,
                connection: &mut $connection,
                user: &$id,
                new: &__hallpass::NewSession<'_>,
            ) -> __hallpass::QueryResult<usize> {
                let connection: &mut __Connection = connection;
                let (session, device) = (new.session, new.device);
                let stamp = session.refresh_token_hash.password_stamp();
                let statement = __hallpass::diesel::insert_into($sessions::table).values((
                    $sessions::id.eq(session.id.as_str()),
                    $sessions::user_id.eq(user),
                    $sessions::refresh_token_hash.eq(session.refresh_token_hash.expose_bcrypt_hash()),
                    $sessions::password_stamp.eq(stamp.as_ref().map(__hallpass::PasswordStamp::expose_stamp)),
                    $sessions::generation.eq(__hallpass::generation(session.generation)),
                    $sessions::rotated_at.eq(__hallpass::seconds(session.rotated_at)),
                    $sessions::created_at.eq(__hallpass::seconds(new.created_at)),
                    $sessions::last_used_at.eq(__hallpass::seconds(session.rotated_at)),
                    $sessions::expires_at.eq(__hallpass::seconds(new.expires_at)),
                    $sessions::user_agent.eq(device.user_agent()),
                    $sessions::client_address.eq(device.client_address().map(|address| address.to_string())),
                    $sessions::label.eq(device.label()),
                ));
                __hallpass::RunQueryDsl::execute(statement, connection)
            }

            fn rotate(
                &self,
                connection: &mut $connection,
                user: &$id,
                rotation: &__hallpass::Rotation,
            ) -> __hallpass::QueryResult<usize> {
                let connection: &mut __Connection = connection;
                let verified = rotation.verified_hash.expose_bcrypt_hash();
                let enabled_user = $users::table
                    .select(__Columns::ID)
                    .filter(__Columns::ID.eq(user))
                    .filter(__hallpass::in_parentheses($crate::users_table!(@or [$($is_enabled)?] [__hallpass::always()])));
                let statement = __hallpass::diesel::update($sessions::table)
                    .filter($sessions::user_id.eq(user))
                    .filter($sessions::id.eq(rotation.session_id.as_str()))
                    .filter($sessions::ended_at.is_null())
                    .filter(__hallpass::same_bytes($sessions::id, __hallpass::text(rotation.session_id.as_str())))
                    .filter(__hallpass::same_bytes($sessions::refresh_token_hash, __hallpass::text(verified)))
                    .filter(__hallpass::there_is(enabled_user))
                    .set((
                        $sessions::refresh_token_hash.eq(rotation.successor_hash.expose_bcrypt_hash()),
                        $sessions::generation.eq($sessions::generation + 1),
                        $sessions::rotated_at.eq(__hallpass::seconds(rotation.rotated_at)),
                        $sessions::last_used_at.eq(__hallpass::seconds(rotation.rotated_at)),
                        $sessions::expires_at.eq(__hallpass::seconds(rotation.expires_at)),
                    ));
                __hallpass::RunQueryDsl::execute(statement, connection)
            }

            fn bind(
                &self,
                connection: &mut $connection,
                user: &$id,
                from: &__hallpass::PasswordStamp,
                to: &__hallpass::PasswordStamp,
            ) -> __hallpass::QueryResult<usize> {
                let connection: &mut __Connection = connection;
                let statement = __hallpass::diesel::update($sessions::table)
                    .filter($sessions::user_id.eq(user))
                    .filter($sessions::ended_at.is_null())
                    .filter(__hallpass::same_bytes($sessions::password_stamp, __hallpass::text(from.expose_stamp())))
                    .set($sessions::password_stamp.eq(to.expose_stamp()));
                __hallpass::RunQueryDsl::execute(statement, connection)
            }

            fn bind_proven(
                &self,
                connection: &mut $connection,
                user: &$id,
                proven: &__hallpass::ProvenSession,
            ) -> __hallpass::QueryResult<usize> {
                let connection: &mut __Connection = connection;
                let verified = proven.verified_hash.expose_bcrypt_hash();
                let stamp = proven.bound_hash.password_stamp();
                let statement = __hallpass::diesel::update($sessions::table)
                    .filter($sessions::user_id.eq(user))
                    .filter($sessions::id.eq(proven.id.as_str()))
                    .filter($sessions::ended_at.is_null())
                    .filter(__hallpass::same_bytes($sessions::refresh_token_hash, __hallpass::text(verified)))
                    .set($sessions::password_stamp.eq(stamp.as_ref().map(__hallpass::PasswordStamp::expose_stamp)));
                __hallpass::RunQueryDsl::execute(statement, connection)
            }

            fn end(
                &self,
                connection: &mut $connection,
                user: &$id,
                session_id: &__hallpass::SessionId,
                reason: __hallpass::EndReason,
                now: __hallpass::Timestamp,
            ) -> __hallpass::QueryResult<usize> {
                let connection: &mut __Connection = connection;
                let statement = __hallpass::diesel::update($sessions::table)
                    .filter($sessions::user_id.eq(user))
                    .filter($sessions::id.eq(session_id.as_str()))
                    .filter($sessions::ended_at.is_null())
                    .filter(__hallpass::same_bytes($sessions::id, __hallpass::text(session_id.as_str())))
                    .set($crate::sessions_table!(@ended $sessions reason now));
                __hallpass::RunQueryDsl::execute(statement, connection)
            }

            fn end_several(
                &self,
                connection: &mut $connection,
                user: &$id,
                sessions: &__hallpass::SessionsToEnd,
                reason: __hallpass::EndReason,
                now: __hallpass::Timestamp,
            ) -> __hallpass::QueryResult<usize> {
                let connection: &mut __Connection = connection;
                let statement = __hallpass::diesel::update($sessions::table)
                    .filter($sessions::user_id.eq(user))
                    .filter($sessions::ended_at.is_null())
                    .filter($sessions::id.ne(__hallpass::kept(sessions)))
                    .set($crate::sessions_table!(@ended $sessions reason now));
                __hallpass::RunQueryDsl::execute(statement, connection)
            }

            fn ended(
                &self,
                connection: &mut $connection,
                user: &$id,
                limit: i64,
            ) -> __hallpass::QueryResult<Vec<__hallpass::OverSession>> {
                let connection: &mut __Connection = connection;
                let query = $sessions::table
                    .select(($sessions::id, $sessions::ended_at.assume_not_null()))
                    .filter($sessions::user_id.eq(user))
                    .filter($sessions::ended_at.is_not_null())
                    .filter(__hallpass::for_this_user_alone())
                    .order_by($sessions::ended_at)
                    .limit(limit);
                __hallpass::RunQueryDsl::load(query, connection)
            }

            fn expired(
                &self,
                connection: &mut $connection,
                user: &$id,
                now: __hallpass::Timestamp,
                limit: i64,
            ) -> __hallpass::QueryResult<Vec<__hallpass::OverSession>> {
                let connection: &mut __Connection = connection;
                let query = $sessions::table
                    .select(($sessions::id, $sessions::expires_at))
                    .filter($sessions::user_id.eq(user))
                    .filter($sessions::ended_at.is_null())
                    .filter($sessions::expires_at.le(__hallpass::seconds(now)))
                    // Not by `expires_at`: a planner could take the index of that column for the order, and
                    // read the expired sessions of everybody.
                    .order_by($sessions::last_used_at)
                    .limit(limit);
                __hallpass::RunQueryDsl::load(query, connection)
            }

            fn remove(
                &self,
                connection: &mut $connection,
                user: &$id,
                ids: &[String],
            ) -> __hallpass::QueryResult<usize> {
                let connection: &mut __Connection = connection;
                let sessions = $sessions::table
                    .filter($sessions::user_id.eq(user))
                    .filter($sessions::id.eq_any(ids));
                __hallpass::RunQueryDsl::execute(__hallpass::diesel::delete(sessions), connection)
            }

            fn nth_dead(
                &self,
                connection: &mut $connection,
                span: &std::ops::RangeInclusive<i64>,
                number: u32,
            ) -> __hallpass::QueryResult<Option<__hallpass::DeadSession<$id>>> {
                let connection: &mut __Connection = connection;
                let query = $sessions::table
                    .select(($sessions::expires_at, $sessions::user_id, $sessions::id))
                    .filter($sessions::expires_at.ge(span.start()))
                    .filter($sessions::expires_at.le(span.end()))
                    .order_by(($sessions::expires_at, $sessions::user_id, $sessions::id))
                    .limit(1)
                    .offset(i64::from(number));
                __hallpass::RunQueryDsl::get_result(query, connection).optional()
            }

            fn remove_between(
                &self,
                connection: &mut $connection,
                first: &__hallpass::DeadSession<$id>,
                last: &__hallpass::DeadSession<$id>,
            ) -> __hallpass::QueryResult<usize> {
                let connection: &mut __Connection = connection;
                let __hallpass::DeadSession { expires_at, user_id, id } = last;
                let of_user = $sessions::user_id.eq(user_id).and($sessions::id.le(id.as_str()));
                let is_up_to =
                    $sessions::expires_at.lt(expires_at).or($sessions::user_id.lt(user_id)).or(of_user);
                // Bounded on both sides, so that the index is worth it to a planner who knows nothing of
                // the table yet.
                let statement = __hallpass::diesel::delete(
                    $sessions::table
                        .filter($sessions::expires_at.ge(first.expires_at))
                        .filter($sessions::expires_at.le(expires_at))
                        .filter(is_up_to),
                );
                __hallpass::RunQueryDsl::execute(statement, connection)
            }

            fn remove_dead(
                &self,
                connection: &mut $connection,
                span: &std::ops::RangeInclusive<i64>,
            ) -> __hallpass::QueryResult<usize> {
                let connection: &mut __Connection = connection;
                let is_dead =
                    $sessions::expires_at.ge(span.start()).and($sessions::expires_at.le(span.end()));
                let statement = __hallpass::diesel::delete($sessions::table.filter(is_dead));
                __hallpass::RunQueryDsl::execute(statement, connection)
            }

            fn remove_all_of(
                &self,
                connection: &mut $connection,
                user: &$id,
            ) -> __hallpass::QueryResult<usize> {
                let connection: &mut __Connection = connection;
                let of_user = $sessions::table.filter($sessions::user_id.eq(user));
                let statement = __hallpass::diesel::delete(of_user);
                __hallpass::RunQueryDsl::execute(statement, connection)
            }
        }
    };

    // The query for the columns of a `SessionRow`, in its order.
    (@row $sessions:ident) => {
        $sessions::table.select((
            $sessions::id,
            $sessions::refresh_token_hash,
            $sessions::password_stamp,
            $sessions::generation,
            $sessions::rotated_at,
            $sessions::ended_at,
            $sessions::end_reason,
        ))
    };

    // The columns of a session that has ended. It is over since then, so it is removed after that.
    (@ended $sessions:ident $reason:ident $now:ident) => {
        (
            $sessions::refresh_token_hash.eq(None::<&str>),
            $sessions::ended_at.eq(__hallpass::seconds($now)),
            $sessions::expires_at.eq(__hallpass::seconds($now)),
            $sessions::end_reason.eq($reason.as_str()),
        )
    };
}
