//! What becomes of a row of the table in `settings.rs`: a field before and after the check, the
//! variable that is read, the check, and a line of documentation.

use crate::config::problem::ConfigProblem;
use crate::config::setting::Setting;

/// A setting's environment variable, as the documentation lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Variable {
    /// The name, such as `ACCESS_TOKEN_EXPIRATION`.
    pub name: &'static str,
    /// The default, in Markdown.
    pub default: &'static str,
    /// What it is for and which values are accepted, in Markdown.
    pub rule: &'static str,
}

/// What a setting is that nobody set.
pub(crate) enum Default<T> {
    /// This value.
    Is(T),
    /// A value that depends on another setting; `None` if that one is wrong.
    Follows(Option<T>),
    /// There is none; the text says where to get a value.
    Needed(&'static str),
}

/// Returns the value of a setting or its default, if it keeps to `rule`; else `None`, and what is
/// wrong is among `problems`.
pub(crate) fn check<T>(
    variable: &'static str,
    setting: Setting<T>,
    default: Default<T>,
    rule: impl FnOnce(T) -> Result<T, String>,
    problems: &mut Vec<ConfigProblem>,
) -> Option<T> {
    let checked = match (setting, default) {
        (Setting::Value(value), _) => rule(value),
        (Setting::Unreadable(problem), _) => Err(problem),
        (Setting::Unset, Default::Is(value) | Default::Follows(Some(value))) => rule(value),
        (Setting::Unset, Default::Needed(hint)) => Err(format!("it is not set; {hint}")),
        (Setting::Unset, Default::Follows(None)) => return None,
    };
    match checked {
        Ok(value) => Some(value),
        Err(problem) => {
            problems.push(ConfigProblem { variable, problem });
            None
        }
    }
}

/// Makes `Settings` and `Config` of a table, with a row for each setting:
///
/// ```text
/// /// What it is for.
/// name: Type {
///     variable: "NAME", read by PARSER;    // left out if only code can set it
///     default: DEFAULT, "in words";
///     rule: RULE, "in words";
/// }
/// ```
///
/// `PARSER` takes the text of the variable and returns a value or an error. `DEFAULT` is a
/// [`Default`]. `RULE` takes a value, the default too, and returns it or what is wrong with it.
/// Both may use the settings above by their names: `None` for one that is wrong.
macro_rules! settings_table {
    (
        $(#[$settings_doc:meta])*
        pub struct Settings;
        $(
            $(#[doc = $doc:literal])*
            $field:ident: $type:ty {
                $(variable: $variable:literal, read by $parse:expr;)?
                default: $default:expr, $default_text:literal;
                rule: $rule:expr, $rule_text:literal;
            }
        )*
    ) => {
        $(#[$settings_doc])*
        #[derive(Debug, Default)]
        #[non_exhaustive]
        #[must_use = "settings do nothing until they are checked"]
        pub struct Settings {
            $(
                $(#[doc = $doc])*
                ///
                $(#[doc = concat!("Variable: `", $variable, "`.")])?
                #[doc = concat!("Default: ", $default_text, ". Rule: ", $rule_text, ".")]
                pub $field: $crate::config::setting::Setting<$type>,
            )*
        }

        /// Everything hallpass is told, each value within its rule and all of them consistent.
        #[derive(Debug)]
        pub struct Config {
            $(pub(crate) $field: $type,)*
        }

        impl Settings {
            /// The variables that [`Settings::read`] takes, as the documentation lists them.
            pub const VARIABLES: &'static [$crate::config::table::Variable] = &[$($(
                $crate::config::table::Variable {
                    name: $variable,
                    default: $default_text,
                    rule: $rule_text,
                },
            )?)*];

            /// Takes every variable that `lookup` knows, by its text as [`Setting::from_variable`]
            /// reads it; the others stay as they are.
            ///
            /// [`Setting::from_variable`]: crate::Setting::from_variable
            pub fn read(&mut self, lookup: impl Fn(&str) -> $crate::config::setting::Setting<String>) {
                $($(self.$field.read(lookup($variable), |text| $parse(text).into());)?)*
            }

            /// Checks every setting by its rule, so that all problems come at once.
            ///
            /// # Errors
            /// [`ConfigError`](crate::ConfigError) with every problem, after those that the caller
            /// found itself.
            pub fn check(
                self,
                found: Vec<$crate::config::problem::ConfigProblem>,
            ) -> Result<Config, $crate::config::problem::ConfigError> {
                let mut problems = found;
                $(
                    let $field = $crate::config::table::check(
                        $crate::config::table::name_in_problems!($field $($variable)?),
                        self.$field,
                        $default,
                        $rule,
                        &mut problems,
                    );
                )*
                if !problems.is_empty() {
                    return Err($crate::config::problem::ConfigError::new(problems));
                }
                Ok(Config {
                    $($field: $field.expect("a value that is not there is a problem, and none is left"),)*
                })
            }
        }
    };
}

/// The name of the variable, or of the field of a setting without one.
macro_rules! name_in_problems {
    ($field:ident $variable:literal) => {
        $variable
    };
    ($field:ident) => {
        stringify!($field)
    };
}

pub(crate) use {name_in_problems, settings_table};
