//! What may happen in a sequence: each names users, sessions and tokens by number, in the order in which
//! they came to be, and passwords by any number, which stands for a text.

use crate::service::OwnSessions;

/// One event of a sequence.
#[derive(Debug)]
pub(super) enum Action {
    /// What is answered in one go.
    Simple(Simple),
    /// The server starts again, with passwords that cost more.
    RaiseCost,
    /// A request that has begun when `meanwhile` happens, and goes on afterwards: a lost race.
    Race { held: Request, pause: Pause, meanwhile: Vec<Simple> },
}

/// What happens without anything in between.
#[derive(Debug)]
pub(super) enum Simple {
    Send(Request),
    LogOut {
        refresh_token: usize,
    },
    LogOutByAccessToken {
        access_token: usize,
    },
    EndSession {
        access_token: usize,
        session: usize,
    },
    EndSessions {
        access_token: usize,
        ending: OwnSessions,
    },
    Disable {
        user: usize,
    },
    Enable {
        user: usize,
    },
    DisableBySql {
        user: usize,
    },
    /// Another hash, be it of the same password; a cheap one is upgraded at the next login.
    PasswordBySql {
        user: usize,
        new: usize,
        is_cheap: bool,
    },
    /// The same hash that the row once had.
    FormerPasswordBySql {
        user: usize,
        hash: usize,
    },
    /// Notes the session that was used last.
    BackUp {
        user: usize,
    },
    /// Puts it back, if that very session is still the one that was used last.
    Restore {
        user: usize,
    },
    RemoveDeadSessions {
        kept_seconds: u64,
    },
    Wait {
        seconds: u64,
    },
    TurnBack {
        seconds: u64,
    },
}

/// What writes on a condition, and can therefore lose a race.
#[derive(Clone, Copy, Debug)]
pub(super) enum Request {
    LogIn { user: usize, password: usize },
    Refresh { token: usize },
    ChangePassword { access_token: usize, current: usize, new: usize, ending: OwnSessions },
    SetPassword { user: usize, new: usize },
}

/// Where a request stands still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pause {
    /// It has come, and has not looked at the row.
    BeforeTheLook,
    /// It has looked at the row, and waits for its permit to hash.
    BeforeTheHash,
}
