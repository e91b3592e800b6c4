//! The settings: their names, rules and defaults, and the configuration that they make.
//!
//! - `settings`: the table with a row for each setting. Its name, parser, default and rule are there
//!   and nowhere else.
//! - `table`: the macro that reads the table.
//! - `rules`, `duration`, `text`: what rows use.
//! - `setting`: one value that is not checked yet. `problem`: what is wrong with it.
//! - `config`: the values when all of them are good.
//!
//! Reads no environment: the setup of an application hands in texts and values.

pub(crate) mod config;
pub(crate) mod duration;
pub(crate) mod problem;
pub(crate) mod rules;
pub(crate) mod setting;
pub(crate) mod settings;
pub(crate) mod table;
pub(crate) mod text;

pub use problem::{ConfigError, ConfigProblem};
pub use setting::Setting;
pub use settings::{Config, Settings};
pub use table::Variable;
pub use text::{SettingTextError, check_setting_text};
