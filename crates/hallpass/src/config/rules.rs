//! What rows of the table of settings use: parsers, and rules that return a value or what is wrong
//! with it. No problem shows what a variable was set to: people put secrets into the wrong one.

use std::convert::Infallible;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use crate::config::duration;
use crate::config::text::check_setting_text;
use crate::keys::TokenSecret;
use crate::limit::LoginLimits;
use crate::session::Sessions;
use crate::token::refresh::REFRESH_SUFFIX;

/// The longest issuer, audience or key id: all go into every token, and tokens have 4 KiB at most.
const MAXIMUM_NAME_BYTES: usize = 255;

/// Reads a text as it is.
pub(crate) fn text(text: String) -> Result<String, Infallible> {
    Ok(text)
}

/// Reads a whole number, which should be within `bounds`.
pub(crate) fn whole_number<T: FromStr + Display>(
    bounds: RangeInclusive<T>,
) -> impl Fn(String) -> Result<T, String> {
    move |text| {
        let (low, high) = (bounds.start(), bounds.end());
        match text.parse() {
            Ok(number) => Ok(number),
            Err(_) => Err(format!("it is not a whole number from {low} to {high}")),
        }
    }
}

pub(crate) fn within<T: PartialOrd + Display>(
    number: T,
    bounds: RangeInclusive<T>,
) -> Result<T, String> {
    if bounds.contains(&number) {
        return Ok(number);
    }
    Err(format!("{number} is not from {} to {}", bounds.start(), bounds.end()))
}

/// Tokens carry whole seconds, so a part of one would be lost.
pub(crate) fn whole_seconds(
    value: Duration,
    bounds: RangeInclusive<Duration>,
) -> Result<Duration, String> {
    if value.subsec_nanos() != 0 {
        return Err(format!("{} is not a whole number of seconds", duration::show(value)));
    }
    lasts(value, bounds)
}

/// Is within `bounds`, of which the upper one may be `Duration::MAX` for none.
pub(crate) fn lasts(value: Duration, bounds: RangeInclusive<Duration>) -> Result<Duration, String> {
    if bounds.contains(&value) {
        return Ok(value);
    }
    let [shown, low] = [value, *bounds.start()].map(duration::show);
    if *bounds.end() == Duration::MAX {
        return Err(format!("{shown} is shorter than {low}"));
    }
    Err(format!("{shown} is not from {low} to {}", duration::show(*bounds.end())))
}

pub(crate) fn longer_than(
    idle_limit: Duration,
    access_lifetime: Option<Duration>,
) -> Result<Duration, String> {
    match access_lifetime {
        Some(access) if idle_limit <= access => {
            Err(format!("it must be longer than the access token's {}", duration::show(access)))
        }
        _ => Ok(idle_limit),
    }
}

pub(crate) fn not_below(
    value: Duration,
    variable: &str,
    limit: Option<Duration>,
) -> Result<Duration, String> {
    match limit {
        Some(limit) if value < limit => {
            Err(format!("it must not be below {variable} ({})", duration::show(limit)))
        }
        _ => Ok(value),
    }
}

pub(crate) fn differs(
    refresh: TokenSecret,
    access: Option<&TokenSecret>,
) -> Result<TokenSecret, String> {
    if access == Some(&refresh) {
        return Err("it is the same as ACCESS_TOKEN_SECRET; make another".to_owned());
    }
    Ok(refresh)
}

pub(crate) fn is_name(name: String) -> Result<String, String> {
    if name.is_empty() {
        return Err("it is empty".to_owned());
    }
    check_setting_text(&name).map_err(|error| error.to_string())?;
    if name.len() > MAXIMUM_NAME_BYTES {
        return Err(format!("{} bytes are more than {MAXIMUM_NAME_BYTES}", name.len()));
    }
    Ok(name)
}

/// Refresh tokens are for an audience + `#refresh`, here or at another `Auth` with the same secrets:
/// no access token must be.
pub(crate) fn is_audience(audience: String) -> Result<String, String> {
    let audience = is_name(audience)?;
    if audience.ends_with(REFRESH_SUFFIX) {
        return Err(format!(
            "{audience:?} ends in {REFRESH_SUFFIX:?}, like those of refresh tokens; set another"
        ));
    }
    Ok(audience)
}

pub(crate) fn is_key_id(key_id: String) -> Result<String, String> {
    check_setting_text(&key_id).map_err(|error| error.to_string())?;
    if key_id.len() > MAXIMUM_NAME_BYTES {
        return Err(format!("it has more than {MAXIMUM_NAME_BYTES} bytes"));
    }
    Ok(key_id)
}

pub(crate) fn per_user(
    sessions: Sessions,
    bounds: RangeInclusive<u32>,
) -> Result<Sessions, String> {
    if let Sessions::PerDevice { max } = sessions {
        within(max, bounds)?;
    }
    Ok(sessions)
}

/// Checks all limits, so that the problems of all of them come at once.
pub(crate) fn limits(
    limits: LoginLimits,
    bursts: RangeInclusive<u32>,
    intervals: RangeInclusive<Duration>,
) -> Result<LoginLimits, String> {
    let mut problems = Vec::new();
    for policy in [limits.address, limits.account_at_address, limits.account] {
        let burst = within(policy.burst, bursts.clone()).map(drop);
        problems.extend(burst.err().map(|problem| format!("a burst of {problem}")));
        problems.extend(whole_seconds(policy.interval, intervals.clone()).err());
    }
    if problems.is_empty() { Ok(limits) } else { Err(problems.join("; ")) }
}
