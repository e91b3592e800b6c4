//! Whether attempts to log in are counted, and where.

/// Whether attempts to log in are slowed down, and where they are counted. How many there may be is in
/// [`LoginLimits`](crate::LoginLimits).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LoginThrottle {
    /// Counted by this process. Several servers allow as many times more, and a restart forgets.
    #[default]
    Memory,
    /// Counted in the database, for all servers together.
    Database,
    /// Not at all: for whoever does it elsewhere.
    Off,
}

impl LoginThrottle {
    /// Reads `LOGIN_THROTTLE`. What was read is not shown: people put secrets into the wrong variable.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        match text {
            "on" => Ok(Self::Memory),
            "database" => Ok(Self::Database),
            "off" => Ok(Self::Off),
            _ => Err("it is neither `on` nor `database` nor `off`"),
        }
    }
}
