//! The settings: their names, rules and defaults, and the configuration that they make.
//!
//! Reads no environment: the setup of an application hands in texts and values.

pub(crate) mod config;
pub(crate) mod duration;
pub(crate) mod rules;
pub(crate) mod settings;
pub(crate) mod text;

pub use config::{Config, ConfigError, ConfigProblem};
pub use settings::{Setting, Settings};
pub use text::{SettingTextError, check_setting_text};
