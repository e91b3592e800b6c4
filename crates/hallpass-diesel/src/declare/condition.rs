//! Three conditions that Diesel has no words for.
//!
//! Equality to the byte, whatever the collation of a column says: a hash is a version stamp, and a row
//! whose hash differs in case alone must not satisfy a swap. MySQL's usual collations ignore case, and
//! even its binary ones ignore blanks at the end.
//!
//! And parentheses: `filter` puts an `AND` before a condition as it is, so an application's SQL with an
//! `OR` in it would stand beside the id and the hash instead of below them, and a swap would write to
//! other users' rows.
//!
//! And the existence of a row in another table: Diesel's `exists` wants both tables to be declared to
//! appear in one query, once, which an application may have done or not.

use diesel::backend::Backend;
use diesel::dsl::AsExprOf;
use diesel::expression::{AppearsOnTable, AsExpression, Expression, ValidGrouping};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Bool, Text};

/// `column = value`, byte for byte.
#[derive(Clone, Copy, Debug, QueryId, ValidGrouping)]
pub struct SameBytes<C, V> {
    column: C,
    value: V,
}

/// Returns the condition that `column` holds `value`, byte for byte. For text columns, and for
/// conditions beside one that an index serves: on MySQL, none serves this one.
pub fn same_bytes<C: Expression>(column: C, value: &str) -> SameBytes<C, AsExprOf<&str, Text>> {
    SameBytes { column, value: AsExpression::<Text>::as_expression(value) }
}

impl<C: Expression, V: Expression> Expression for SameBytes<C, V> {
    type SqlType = Bool;
}

impl<C, V, Source> AppearsOnTable<Source> for SameBytes<C, V>
where
    C: AppearsOnTable<Source>,
    V: AppearsOnTable<Source>,
{
}

/// `(condition)`.
#[derive(Clone, Copy, Debug, QueryId, ValidGrouping)]
pub struct InParentheses<E>(E);

/// The SQL type of a condition.
#[diagnostic::on_unimplemented(
    message = "`is_enabled` has to be a condition of type `Bool`, and not `{Self}`",
    label = "the condition that is declared as `is_enabled` is of another type",
    note = "for a column `locked`: `accounts::locked.eq(false)`; if it may be NULL, \
            `accounts::locked.is_distinct_from(true)`"
)]
pub trait IsCondition {}

impl IsCondition for Bool {}

/// Returns the condition in parentheses.
pub fn in_parentheses<E>(condition: E) -> InParentheses<E>
where
    E: Expression<SqlType: IsCondition>,
{
    InParentheses(condition)
}

impl<E: Expression> Expression for InParentheses<E> {
    // Not `E`'s, so that a condition of another type is told once, by `IsCondition`.
    type SqlType = Bool;
}

impl<E: AppearsOnTable<Source>, Source> AppearsOnTable<Source> for InParentheses<E> {}

impl<E: SelectableExpression<Source>, Source> SelectableExpression<Source> for InParentheses<E> {}

impl<E: QueryFragment<DB>, DB: Backend> QueryFragment<DB> for InParentheses<E> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        pass.push_sql("(");
        self.0.walk_ast(pass.reborrow())?;
        pass.push_sql(")");
        Ok(())
    }
}

/// `EXISTS (query)`.
#[derive(Clone, Copy, Debug, QueryId)]
pub struct ThereIs<Q>(Q);

/// Returns the condition that `query`, which names no table from outside of it, has a row.
pub fn there_is<Q>(query: Q) -> ThereIs<Q> {
    ThereIs(query)
}

impl<Q> Expression for ThereIs<Q> {
    type SqlType = Bool;
}

impl<Q, Source> AppearsOnTable<Source> for ThereIs<Q> {}

impl<Q, GroupBy> ValidGrouping<GroupBy> for ThereIs<Q> {
    type IsAggregate = diesel::expression::is_aggregate::Never;
}

impl<Q: QueryFragment<DB>, DB: Backend> QueryFragment<DB> for ThereIs<Q> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        pass.push_sql("EXISTS (");
        self.0.walk_ast(pass.reborrow())?;
        pass.push_sql(")");
        Ok(())
    }
}

#[cfg(feature = "sqlite")]
impl<C, V> QueryFragment<diesel::sqlite::Sqlite> for SameBytes<C, V>
where
    C: QueryFragment<diesel::sqlite::Sqlite>,
    V: QueryFragment<diesel::sqlite::Sqlite>,
{
    fn walk_ast<'b>(
        &'b self,
        mut pass: AstPass<'_, 'b, diesel::sqlite::Sqlite>,
    ) -> QueryResult<()> {
        self.column.walk_ast(pass.reborrow())?;
        pass.push_sql(" = ");
        self.value.walk_ast(pass.reborrow())?;
        pass.push_sql(" COLLATE BINARY");
        Ok(())
    }
}

#[cfg(feature = "postgres")]
impl<C, V> QueryFragment<diesel::pg::Pg> for SameBytes<C, V>
where
    C: QueryFragment<diesel::pg::Pg>,
    V: QueryFragment<diesel::pg::Pg>,
{
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, diesel::pg::Pg>) -> QueryResult<()> {
        self.column.walk_ast(pass.reborrow())?;
        pass.push_sql(" = ");
        self.value.walk_ast(pass.reborrow())?;
        pass.push_sql(" COLLATE \"C\"");
        Ok(())
    }
}

#[cfg(feature = "mysql")]
impl<C, V> QueryFragment<diesel::mysql::Mysql> for SameBytes<C, V>
where
    C: QueryFragment<diesel::mysql::Mysql>,
    V: QueryFragment<diesel::mysql::Mysql>,
{
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, diesel::mysql::Mysql>) -> QueryResult<()> {
        pass.push_sql("CAST(");
        self.column.walk_ast(pass.reborrow())?;
        pass.push_sql(" AS BINARY) = CAST(");
        self.value.walk_ast(pass.reborrow())?;
        pass.push_sql(" AS BINARY)");
        Ok(())
    }
}
