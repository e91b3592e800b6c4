//! The table of settings: the name, parser, default and rule of each, in the order in which problems
//! are reported.
//!
//! To add a setting: a row here, a method of `AuthBuilder`
//! (`actix-hallpass/src/setup/builder/settings.rs`), and, if it has a variable, a line in the README,
//! which a test compares with the row.

use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::config::duration;
use crate::config::rules::{
    differs, is_audience, is_key_id, is_name, lasts, limits, longer_than, not_below, per_user,
    text, whole_number, whole_seconds, within,
};
use crate::config::setting::Setting;
use crate::config::table::Default::{Follows, Is, Needed};
use crate::config::table::settings_table;
use crate::keys::TokenSecret;
use crate::limit::{LoginLimits, LoginThrottle};
use crate::password::password::MAXIMUM_BYTES as MAXIMUM_PASSWORD_BYTES;
use crate::session::Sessions;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

const HOW_TO_MAKE_A_SECRET: &str = "make one with `openssl rand -base64 48`";

/// A thief who gets a retry's answer keeps a stolen session for grace at most; past this, nobody
/// would call it a moment.
const GRACE_CEILING: Duration = Duration::from_secs(300);

/// As many hashes as actix-web has blocking threads: more can't run at once.
const HASH_PERMITS: RangeInclusive<NonZeroUsize> =
    NonZeroUsize::MIN..=NonZeroUsize::new(512).expect("it is not zero");

settings_table! {
    /// Settings that are not checked yet: unset, good, or with what is wrong about them.
    ///
    /// ```
    /// use hallpass::{Setting, Settings};
    ///
    /// let mut settings = Settings::default();
    /// settings.read(|variable| match variable {
    ///     "ACCESS_TOKEN_EXPIRATION" => Setting::from_variable("900"),
    ///     _ => Setting::Unset,
    /// });
    /// let error = settings.check(Vec::new()).unwrap_err();
    /// let variables: Vec<_> = error.problems().iter().map(|problem| problem.variable).collect();
    /// assert_eq!(
    ///     variables,
    ///     ["ACCESS_TOKEN_SECRET", "REFRESH_TOKEN_SECRET", "ACCESS_TOKEN_EXPIRATION"]
    /// );
    /// ```
    pub struct Settings;

    /// Signs access tokens.
    access_token_secret: TokenSecret {
        variable: "ACCESS_TOKEN_SECRET", read by TokenSecret::new;
        default: Needed(HOW_TO_MAKE_A_SECRET), "none, needed";
        rule: Ok, "at least 32 bytes, 8 different ones among them, and no placeholder such as `changeme`";
    }

    /// Signs refresh tokens.
    refresh_token_secret: TokenSecret {
        variable: "REFRESH_TOKEN_SECRET", read by TokenSecret::new;
        default: Needed(HOW_TO_MAKE_A_SECRET), "none, needed";
        rule: |secret| differs(secret, access_token_secret.as_ref()),
            "the same rules; not equal to the other one";
    }

    /// How long an access token lives.
    access_token_expiration: Duration {
        variable: "ACCESS_TOKEN_EXPIRATION", read by duration::parse;
        default: Is(15 * MINUTE), "`15m`";
        rule: |lifetime| whole_seconds(lifetime, 10 * SECOND..=24 * HOUR), "10 s to 24 h";
    }

    /// The idle limit of a session.
    refresh_token_expiration: Duration {
        variable: "REFRESH_TOKEN_EXPIRATION", read by duration::parse;
        default: Is(14 * DAY), "`14d`";
        rule: |idle_limit| {
            whole_seconds(idle_limit, SECOND..=Duration::MAX)?;
            longer_than(idle_limit, access_token_expiration)
        }, "how long a session may be idle; longer than the access token lives";
    }

    /// The absolute limit of a session.
    session_expiration: Duration {
        variable: "SESSION_EXPIRATION", read by duration::parse;
        default: Follows(refresh_token_expiration.map(|idle_limit| idle_limit.max(90 * DAY))),
            "the larger of `90d` and the idle limit";
        rule: |absolute_limit| {
            whole_seconds(absolute_limit, SECOND..=Duration::MAX)?;
            not_below(absolute_limit, "REFRESH_TOKEN_EXPIRATION", refresh_token_expiration)
        }, "how long a session may last from its login; not below the idle limit";
    }

    /// How long a replaced refresh token still counts as a retry.
    refresh_token_grace: Duration {
        variable: "REFRESH_TOKEN_GRACE", read by duration::parse;
        default: Is(grace_ceiling(access_token_expiration).min(30 * SECOND)),
            "the smaller of `30s` and a quarter of the access token's lifetime";
        rule: |grace| {
            whole_seconds(grace, Duration::ZERO..=grace_ceiling(access_token_expiration))
        }, "at most 300 s and at most that quarter; `0s` turns retries off";
    }

    /// The `iss` of all tokens.
    issuer: String {
        variable: "TOKEN_ISSUER", read by text;
        default: Is("hallpass".to_owned()), "`hallpass`";
        rule: is_name, "the `iss` of all tokens; not empty, at most 255 bytes";
    }

    /// The `aud` of access tokens.
    audience: String {
        variable: "TOKEN_AUDIENCE", read by text;
        default: Follows(issuer.clone()), "the issuer";
        rule: is_audience,
            "the `aud` of access tokens, and with `#refresh` behind it of refresh tokens; not \
             empty, at most 255 bytes, not ending in `#refresh`";
    }

    /// The `kid` in the header of access tokens.
    access_token_key_id: Option<String> {
        default: Is(None), "none";
        rule: |key_id| key_id.map(is_key_id).transpose(), "at most 255 bytes";
    }

    /// How far the clocks of issuer and verifier may differ.
    leeway: Duration {
        variable: "TOKEN_LEEWAY", read by duration::parse;
        default: Is(Duration::ZERO), "`0s`";
        rule: |leeway| whole_seconds(leeway, Duration::ZERO..=MINUTE),
            "how far clocks may differ when an access token is verified; at most 60 s";
    }

    /// The cost of the bcrypt hashes of passwords.
    password_hash_cost: u32 {
        variable: "PASSWORD_HASH_COST", read by whole_number(4..=31);
        default: Is(12), "`12`";
        rule: |cost| within(cost, 4..=31), "bcrypt cost, 4 to 31. Above 15 a login takes seconds";
    }

    /// The cost of the bcrypt hashes of refresh tokens.
    refresh_hash_cost: u32 {
        variable: "REFRESH_HASH_COST", read by whole_number(4..=14);
        default: Is(6), "`6`";
        rule: |cost| within(cost, 4..=14), "bcrypt cost, 4 to 14";
    }

    /// The shortest password that may be set, in characters. NIST SP 800-63B §3.1.1.2 asks for eight.
    password_minimum_characters: usize {
        default: Is(8), "8";
        // With more characters than a password has bytes, no password could be set.
        rule: |minimum| within(minimum, 1..=MAXIMUM_PASSWORD_BYTES), "1 to 1024";
    }

    /// How many hashes run at once in each lane; `None` leaves it to the machine.
    hash_concurrency: Option<NonZeroUsize> {
        variable: "HASH_CONCURRENCY", read by |text| whole_number(HASH_PERMITS)(text).map(Some);
        default: Is(None), "one less than the cores, at least 1";
        rule: |permits| permits.map(|it| within(it, HASH_PERMITS)).transpose(),
            "how many hashes run at once in each of the two lanes (passwords, refresh tokens); 1 to 512";
    }

    /// How long a request waits for its turns to hash.
    hash_wait: Duration {
        variable: "HASH_WAIT", read by duration::parse;
        default: Is(2 * SECOND), "`2s`";
        rule: |wait| lasts(wait, SECOND / 10..=30 * SECOND),
            "how long a request waits for its turns to hash before it is refused with `busy`; \
             100 ms to 30 s";
    }

    /// How many sessions a user may have, and where they are kept.
    sessions: Sessions {
        variable: "SESSIONS_PER_USER", read by |text| {
            whole_number(1..=Sessions::MAXIMUM)(text).map(|max| Sessions::PerDevice { max })
        };
        default: Is(Sessions::OnePerUser), "unset: one, in the user's row";
        rule: |sessions| per_user(sessions, 1..=Sessions::MAXIMUM),
            "1 to 1000: so many at once, one for each login, in a table `sessions`";
    }

    /// Whether attempts to log in are counted, and where.
    login_throttle: LoginThrottle {
        variable: "LOGIN_THROTTLE", read by |text: String| LoginThrottle::parse(&text);
        default: Is(LoginThrottle::Memory), "`on`";
        rule: Ok,
            "whether wrong passwords are counted: `on`, by each process; `database`, by all \
             servers together; `off`";
    }

    /// How many attempts there may be.
    login_limits: LoginLimits {
        default: Is(LoginLimits::default()), "those of [`LoginLimits`]";
        // More than the highest burst are as many as there are requests.
        rule: |it| limits(it, 1..=100_000, SECOND..=HOUR),
            "bursts of 1 to 100,000, intervals of 1 s to 1 h";
    }
}

impl Settings {
    /// Returns whether a secret is not set, which has no default.
    #[must_use]
    pub fn lacks_secret(&self) -> bool {
        let secrets = [&self.access_token_secret, &self.refresh_token_secret];
        secrets.into_iter().any(|secret| matches!(secret, Setting::Unset))
    }
}

/// `grace <= access lifetime / 4`: thief and owner each refresh about once in an access token's life,
/// and stay unnoticed only for as long as both do so within one window. The shorter the window is
/// beside that life, the sooner one of them comes too late.
fn grace_ceiling(access_lifetime: Option<Duration>) -> Duration {
    let quarter = access_lifetime.map(|access| Duration::from_secs(access.as_secs() / 4));
    quarter.unwrap_or(GRACE_CEILING).min(GRACE_CEILING)
}

#[cfg(test)]
mod tests;
