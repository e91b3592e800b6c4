//! What the code that [`users_table!`](crate::users_table) makes is written with: types of columns,
//! conditions, values.
//!
//! Not for use by hand. It is public because that code is compiled in an application's crate.

pub mod column;
pub(crate) mod condition;
pub mod prelude;
pub(crate) mod value;
