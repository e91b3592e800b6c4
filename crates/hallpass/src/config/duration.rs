//! Durations in settings: a number with a unit.

use std::time::Duration;

/// Reads a duration with units: `900s`, `15m`, `1h 30m`, `14d`, `1y` (365.25 days).
///
/// A bare number is refused: is it seconds or milliseconds? What was read is not shown: people put
/// secrets into the wrong variable.
pub(crate) fn parse(text: impl AsRef<str>) -> Result<Duration, &'static str> {
    let text = text.as_ref();
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("it has no unit; write `900s` for seconds, or ms, m, h, d");
    }
    humantime::parse_duration(text).or(Err("it is no duration such as `15m` or `1h 30m`"))
}

/// Returns the duration as settings write it.
pub(crate) fn show(duration: Duration) -> String {
    humantime::format_duration(duration).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_a_unit() {
        for (text, seconds) in [
            ("900s", Some(900)),
            ("15m", Some(900)),
            ("1h 30m", Some(5400)),
            ("14d", Some(1_209_600)),
            ("1y", Some(31_557_600)),
            ("0s", Some(0)),
            ("900", None),
            ("0", None),
            ("-1s", None),
            ("soon", None),
            ("15 parsecs", None),
        ] {
            assert_eq!(parse(text).ok(), seconds.map(Duration::from_secs), "{text}");
        }
    }
}
