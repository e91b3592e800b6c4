//! The statements about a table of sessions, once for every kind of database and every table.
//!
//! As with those about users, they are in a macro because Diesel's types depend on the table and on the
//! connection. [`users_table!`](crate::users_table) calls it where a table of sessions is declared; the
//! columns are called as in `docs/own-table.md`.

use std::ops::RangeInclusive;

use diesel::result::QueryResult;
use hallpass::Timestamp;

use crate::sessions::change::{Over, Removal, SessionChange, Wanted};
use crate::sessions::row::{DeadSession, DeviceSessionRow, NewSession, OverSession, SessionRow};

/// What the store asks of a table of sessions beside a table of users with ids of type `Id`.
/// Implemented by [`users_table!`](crate::users_table) alone.
#[doc(hidden)]
pub trait SessionStatements<C, Id>: Send + Sync {
    /// Returns how the table is called in messages.
    fn name(&self) -> &'static str;

    /// Looks whether every column is there.
    fn check(&self, connection: &mut C) -> QueryResult<()>;

    /// Returns one session of the user.
    fn find(
        &self,
        connection: &mut C,
        user: &Id,
        wanted: Wanted<'_>,
    ) -> QueryResult<Option<SessionRow>>;

    /// Returns the sessions of the user that are alive at `now`, the one that was used last first.
    fn list(
        &self,
        connection: &mut C,
        user: &Id,
        now: Timestamp,
    ) -> QueryResult<Vec<DeviceSessionRow>>;

    /// Returns up to `limit` sessions of the user that are over.
    fn over(
        &self,
        connection: &mut C,
        user: &Id,
        over: Over,
        limit: i64,
    ) -> QueryResult<Vec<OverSession>>;

    /// Returns the session that comes `number`th among those that were over at some time in `span`,
    /// counted from 0; `None` if there are fewer.
    fn nth_dead(
        &self,
        connection: &mut C,
        span: &RangeInclusive<i64>,
        number: u32,
    ) -> QueryResult<Option<DeadSession<Id>>>;

    /// Adds a session of the user.
    fn insert(&self, connection: &mut C, user: &Id, new: &NewSession<'_>) -> QueryResult<usize>;

    /// Changes sessions of the user that are alive, in one statement with the old values in its `WHERE`;
    /// returns how many were changed.
    fn change(
        &self,
        connection: &mut C,
        user: &Id,
        change: SessionChange<'_>,
    ) -> QueryResult<usize>;

    /// Removes sessions, and returns how many.
    fn remove(&self, connection: &mut C, sessions: Removal<'_, Id>) -> QueryResult<usize>;
}

/// Implements [`SessionStatements`] for `__Sessions`, where there is a table of sessions.
#[doc(hidden)]
#[macro_export]
macro_rules! session_statements {
    ($connection:ty, [] $id:ty, $users:ident, $is_enabled:expr) => {};

    ($connection:ty, [$sessions:ident] $id:ty, $users:ident, $is_enabled:expr) => {
        struct __Sessions;

        impl __hallpass::SessionStatements<$connection, $id> for __Sessions {
            fn name(&self) -> &'static str {
                stringify!($sessions)
            }

            fn check(&self, connection: &mut $connection) -> __hallpass::QueryResult<()> {
                let connection: &mut __Connection = connection;
                let columns = (
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
                );
                let query = $sessions::table.select(columns).limit(0);
                __hallpass::execute(connection, query).map(drop)
            }

            fn find(
                &self,
                connection: &mut $connection,
                user: &$id,
                wanted: __hallpass::Wanted<'_>,
            ) -> __hallpass::QueryResult<Option<__hallpass::SessionRow>> {
                let connection: &mut __Connection = connection;
                // In the order of a `SessionRow`.
                let columns = (
                    $sessions::id,
                    $sessions::refresh_token_hash,
                    $sessions::password_stamp,
                    $sessions::generation,
                    $sessions::rotated_at,
                    $sessions::ended_at,
                    $sessions::end_reason,
                );
                let of_user = $sessions::table
                    .select(columns)
                    .filter($sessions::user_id.eq(user))
                    .limit(1);
                let rows = match wanted {
                    __hallpass::Wanted::Id(session_id) => {
                        let is_wanted = $sessions::id.eq(session_id.as_str());
                        __hallpass::load(connection, of_user.filter(is_wanted))
                    }
                    __hallpass::Wanted::Latest => __hallpass::load(
                        connection,
                        of_user
                            .filter($crate::session_statements!(@is_alive $sessions))
                            .order_by($crate::session_statements!(@latest_first $sessions)),
                    ),
                };
                rows.map(|mut rows| rows.pop())
            }

            fn list(
                &self,
                connection: &mut $connection,
                user: &$id,
                now: __hallpass::Timestamp,
            ) -> __hallpass::QueryResult<Vec<__hallpass::DeviceSessionRow>> {
                let connection: &mut __Connection = connection;
                // In the order of a `DeviceSessionRow`.
                let columns = (
                    $sessions::id,
                    $sessions::password_stamp,
                    $sessions::created_at,
                    $sessions::last_used_at,
                    $sessions::expires_at,
                    $sessions::user_agent,
                    $sessions::client_address,
                    $sessions::label,
                );
                let query = $sessions::table
                    .select(columns)
                    .filter($sessions::user_id.eq(user))
                    .filter($crate::session_statements!(@is_alive $sessions))
                    .filter($sessions::expires_at.gt(__hallpass::seconds(now)))
                    .order_by($crate::session_statements!(@latest_first $sessions));
                __hallpass::load(connection, query)
            }

            fn over(
                &self,
                connection: &mut $connection,
                user: &$id,
                over: __hallpass::Over,
                limit: i64,
            ) -> __hallpass::QueryResult<Vec<__hallpass::OverSession>> {
                let connection: &mut __Connection = connection;
                let of_user = $sessions::table.filter($sessions::user_id.eq(user)).limit(limit);
                match over {
                    __hallpass::Over::Ended => {
                        let query = of_user
                            .select(($sessions::id, $sessions::ended_at.assume_not_null()))
                            .filter($sessions::ended_at.is_not_null())
                            .filter(__hallpass::for_this_user_alone())
                            .order_by($sessions::ended_at);
                        __hallpass::load(connection, query)
                    }
                    __hallpass::Over::Expired(now) => {
                        let query = of_user
                            .select(($sessions::id, $sessions::expires_at))
                            .filter($sessions::ended_at.is_null())
                            .filter($sessions::expires_at.le(__hallpass::seconds(now)))
                            // Not by `expires_at`: a planner could take the index of that column for
                            // the order, and read the expired sessions of everybody.
                            .order_by($sessions::last_used_at);
                        __hallpass::load(connection, query)
                    }
                }
            }

            fn nth_dead(
                &self,
                connection: &mut $connection,
                span: &std::ops::RangeInclusive<i64>,
                number: u32,
            ) -> __hallpass::QueryResult<Option<__hallpass::DeadSession<$id>>> {
                let connection: &mut __Connection = connection;
                let key = ($sessions::expires_at, $sessions::user_id, $sessions::id);
                let query = $sessions::table
                    .select(key)
                    .filter($crate::session_statements!(@is_dead_in $sessions span))
                    .order_by(key)
                    .limit(1)
                    .offset(i64::from(number));
                __hallpass::load(connection, query).map(|mut rows| rows.pop())
            }

            fn insert(
                &self,
                connection: &mut $connection,
                user: &$id,
                new: &__hallpass::NewSession<'_>,
            ) -> __hallpass::QueryResult<usize> {
                let connection: &mut __Connection = connection;
                let (session, device) = (new.session, new.device);
                let (hash, rotated_at) = (&session.refresh_token_hash, session.rotated_at);
                let values = (
                    $sessions::id.eq(session.id.as_str()),
                    $sessions::user_id.eq(user),
                    $sessions::refresh_token_hash.eq(hash.expose_bcrypt_hash()),
                    $sessions::password_stamp.eq(__hallpass::stamp_text(hash.password_stamp())),
                    $sessions::generation.eq(__hallpass::generation(session.generation)),
                    $sessions::rotated_at.eq(__hallpass::seconds(rotated_at)),
                    $sessions::created_at.eq(__hallpass::seconds(new.created_at)),
                    $sessions::last_used_at.eq(__hallpass::seconds(rotated_at)),
                    $sessions::expires_at.eq(__hallpass::seconds(new.expires_at)),
                    $sessions::user_agent.eq(device.user_agent()),
                    $sessions::client_address.eq(device.client_address().map(|it| it.to_string())),
                    $sessions::label.eq(device.label()),
                );
                let insert = __hallpass::diesel::insert_into($sessions::table);
                __hallpass::execute(connection, insert.values(values))
            }

            fn change(
                &self,
                connection: &mut $connection,
                user: &$id,
                change: __hallpass::SessionChange<'_>,
            ) -> __hallpass::QueryResult<usize> {
                let connection: &mut __Connection = connection;
                let update = __hallpass::diesel::update($sessions::table)
                    .filter($sessions::user_id.eq(user))
                    .filter($sessions::ended_at.is_null());
                let is_exactly = |id| __hallpass::same_bytes($sessions::id, id);
                let has_hash = |hash| __hallpass::same_bytes($sessions::refresh_token_hash, hash);
                let set_stamp = |stamp| $sessions::password_stamp.eq(__hallpass::stamp_text(stamp));
                match change {
                    __hallpass::SessionChange::Rotate(rotation) => {
                        let (id, now) = (rotation.session_id.as_str(), rotation.rotated_at);
                        let enabled_user = $users::table
                            .select(__Columns::ID).filter(__Columns::ID.eq(user))
                            .filter(__hallpass::in_parentheses($is_enabled));
                        let update = update
                            .filter($sessions::id.eq(id))
                            .filter(is_exactly(id))
                            .filter(has_hash(rotation.verified_hash.expose_bcrypt_hash()))
                            .filter(__hallpass::there_is(enabled_user));
                        let hash = rotation.successor_hash.expose_bcrypt_hash();
                        let set = (
                            $sessions::refresh_token_hash.eq(hash),
                            $sessions::generation.eq($sessions::generation + 1),
                            $sessions::rotated_at.eq(__hallpass::seconds(now)),
                            $sessions::last_used_at.eq(__hallpass::seconds(now)),
                            $sessions::expires_at.eq(__hallpass::seconds(rotation.expires_at)),
                        );
                        __hallpass::execute(connection, update.set(set))
                    }
                    __hallpass::SessionChange::Bind { from, to } => {
                        let is_bound =
                            __hallpass::same_bytes($sessions::password_stamp, from.expose_stamp());
                        let set = set_stamp(Some(to));
                        __hallpass::execute(connection, update.filter(is_bound).set(set))
                    }
                    __hallpass::SessionChange::BindProven(proven) => {
                        let stamp = proven.bound_hash.password_stamp();
                        let update = update
                            .filter($sessions::id.eq(proven.id.as_str()))
                            .filter(has_hash(proven.verified_hash.expose_bcrypt_hash()));
                        __hallpass::execute(connection, update.set(set_stamp(stamp)))
                    }
                    __hallpass::SessionChange::End(id, reason, now) => {
                        let id = id.as_str();
                        let update = update.filter($sessions::id.eq(id)).filter(is_exactly(id));
                        let set = $crate::session_statements!(@ended $sessions reason now);
                        __hallpass::execute(connection, update.set(set))
                    }
                    __hallpass::SessionChange::EndSeveral(sessions, reason, now) => {
                        let is_meant = $sessions::id.ne(__hallpass::kept(sessions));
                        let set = $crate::session_statements!(@ended $sessions reason now);
                        __hallpass::execute(connection, update.filter(is_meant).set(set))
                    }
                }
            }

            fn remove(
                &self,
                connection: &mut $connection,
                sessions: __hallpass::Removal<'_, $id>,
            ) -> __hallpass::QueryResult<usize> {
                let connection: &mut __Connection = connection;
                let delete = __hallpass::diesel::delete($sessions::table);
                match sessions {
                    __hallpass::Removal::Ids(user, ids) => {
                        let delete = delete
                            .filter($sessions::user_id.eq(user))
                            .filter($sessions::id.eq_any(ids));
                        __hallpass::execute(connection, delete)
                    }
                    __hallpass::Removal::AllOf(user) => {
                        __hallpass::execute(connection, delete.filter($sessions::user_id.eq(user)))
                    }
                    __hallpass::Removal::Between(first, last) => {
                        let __hallpass::DeadSession { expires_at, user_id, id } = last;
                        let of_user = $sessions::user_id.eq(user_id).and($sessions::id.le(id));
                        let is_up_to = $sessions::expires_at
                            .lt(expires_at)
                            .or($sessions::user_id.lt(user_id))
                            .or(of_user);
                        // Bounded on both sides, so that the index is worth it to a planner who knows
                        // nothing of the table yet.
                        let delete = delete
                            .filter($sessions::expires_at.ge(first.expires_at))
                            .filter($sessions::expires_at.le(expires_at))
                            .filter(is_up_to);
                        __hallpass::execute(connection, delete)
                    }
                    __hallpass::Removal::Dead(span) => {
                        let is_dead = $crate::session_statements!(@is_dead_in $sessions span);
                        __hallpass::execute(connection, delete.filter(is_dead))
                    }
                }
            }
        }
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

    (@is_alive $sessions:ident) => {
        $sessions::ended_at.is_null().and($sessions::refresh_token_hash.is_not_null())
    };

    (@latest_first $sessions:ident) => {
        ($sessions::last_used_at.desc(), $sessions::created_at.desc(), $sessions::id)
    };

    (@is_dead_in $sessions:ident $span:ident) => {
        $sessions::expires_at.ge($span.start()).and($sessions::expires_at.le($span.end()))
    };
}
