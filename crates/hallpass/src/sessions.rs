//! How many sessions a user may have at once, and where they are kept.

/// Whether a user has one session or one for each device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sessions {
    /// One, in columns of the user's row: a login replaces it.
    #[default]
    OnePerUser,
    /// One for each login, in a table of their own.
    PerDevice {
        /// How many a user may have at once, 1 to 1000: the one that was used least recently goes when
        /// a login exceeds it.
        max: u32,
    },
}

impl Sessions {
    /// The highest `max`: more than anybody has devices, and few enough to be listed in one answer.
    pub const MAXIMUM: u32 = 1000;
}
