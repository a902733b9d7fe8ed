//! The filter `until`: a span before now, a time, or a day, as Docker reads them.

use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

use crate::{
    refusal::Refusal,
    request::query::{Filters, has_label},
};

/// The one moment that a filter names, in unix seconds.
pub(crate) fn until(filters: &Filters, key: &str) -> Result<Option<i64>, Refusal> {
    match filters.get(key).map(Vec::as_slice).unwrap_or_default() {
        [] => Ok(None),
        [one] => moment(one).map(Some),
        _ => Err(Refusal::invalid(format!("more than one {key} filter specified"))),
    }
}

/// `label` and `label!`: all of the first must be there, and not all of the second.
pub(crate) fn labels_fit(filters: &Filters, labels: &std::collections::BTreeMap<String, String>) -> bool {
    let all = |key: &str| filters.get(key).is_none_or(|wanted| wanted.iter().all(|label| has_label(labels, label)));
    all("label") && !(filters.get("label!").is_some_and(|unwanted| !unwanted.is_empty()) && all("label!"))
}

/// `24h`, `1h30m`, unix seconds, `2030-01-31`, or a time of that day (RFC 3339, whose end may be left out).
pub(crate) fn moment(text: &str) -> Result<i64, Refusal> {
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let found = span(text).map(|seconds| now.saturating_sub(seconds)).or_else(|| day(text)).or_else(|| unix_seconds(text));
    found.ok_or_else(|| Refusal::invalid(format!("failed to parse value as time or duration: {text:?}")))
}

/// Seconds, rounded down.
#[expect(clippy::cast_possible_truncation, reason = "a float becomes the nearest whole number that there is")]
fn span(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest.is_empty() {
        return None;
    }
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..end].parse().ok()?;
        rest = &rest[end..];
        let end = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let unit = match &rest[..end] {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        seconds += number * unit;
        rest = &rest[end..];
    }
    Some((sign * seconds) as i64)
}

fn unix_seconds(text: &str) -> Option<i64> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, "0"));
    fraction.bytes().all(|b| b.is_ascii_digit()).then(|| seconds.parse().ok())?
}

/// A day, a time of it, and where on earth (here: UTC).
fn day(text: &str) -> Option<i64> {
    let (text, offset) = split_offset(text)?;
    let (date, time) = text.split_once('T').unwrap_or((text, "00"));
    let mut parts = date.split('-');
    let (year, month, of_month) = (number(parts.next()?, 4)?, number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    let date = Date::from_calendar_date(i32::try_from(year).ok()?, month, u8::try_from(of_month).ok()?).ok()?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let mut clock = [0_u8; 3];
    let mut count = 0;
    for (place, part) in time.split(':').enumerate() {
        *clock.get_mut(place)? = u8::try_from(number(part, 2)?).ok()?;
        count += 1;
    }
    let fits = parts.next().is_none() && count > 0 && fraction.bytes().all(|b| b.is_ascii_digit());
    let time = Time::from_hms(clock[0], clock[1], clock[2]).ok()?;
    fits.then(|| PrimitiveDateTime::new(date, time).assume_offset(offset).unix_timestamp())
}

/// `Z`, `+02:00`, or none: UTC.
fn split_offset(text: &str) -> Option<(&str, UtcOffset)> {
    if let Some(text) = text.strip_suffix(['Z', 'z']) {
        return Some((text, UtcOffset::UTC));
    }
    let after_day = text.get(10..)?;
    let Some(at) = after_day.find(['+', '-']).map(|at| at + 10) else { return Some((text, UtcOffset::UTC)) };
    let (hours, minutes) = text[at + 1..].split_once(':')?;
    let (hours, minutes) = (i8::try_from(number(hours, 2)?).ok()?, i8::try_from(number(minutes, 2)?).ok()?);
    let sign = if text[at..].starts_with('-') { -1 } else { 1 };
    Some((&text[..at], UtcOffset::from_hms(sign * hours, sign * minutes, 0).ok()?))
}

/// So many digits and no more.
fn number(text: &str, digits: usize) -> Option<u32> {
    (text.len() == digits && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn a_moment_is_read_in_every_way_that_docker_reads_it() {
        for (text, seconds) in [
            ("0", 0),
            ("10", 10),
            ("1700000000", 1_700_000_000),
            ("1700000000.5", 1_700_000_000),
            ("2000-01-01", 946_684_800),
            ("2000-01-01Z", 946_684_800),
            ("2000-01-01T00", 946_684_800),
            ("2000-01-01T01:00", 946_688_400),
            ("2000-01-01T00:00:05", 946_684_805),
            ("2000-01-01T00:00:05.25Z", 946_684_805),
            ("2000-01-01T02:00:00+02:00", 946_684_800),
            ("1999-12-31T22:30:00-01:30", 946_684_800),
        ] {
            assert_eq!(moment(text).unwrap(), seconds, "{text}");
        }
        let ago = |text: &str| OffsetDateTime::now_utc().unix_timestamp() - moment(text).unwrap();
        for (text, seconds) in [("1h30m", 5400), ("90s", 90), ("1.5h", 5400), ("2500ms", 2), ("-1h", -3600), ("24h", 86_400)] {
            assert!((ago(text) - seconds).abs() <= 1, "{text}");
        }
        for text in [
            "",
            "yesterday",
            "5x",
            "1h30",
            "2000-13-01",
            "2000-1-1",
            "2000-01-01T",
            "2000-01-01T1:2:3:4",
            "-",
            "h",
            "é",
            "+",
            "2000-01-01+é",
        ] {
            assert_eq!(moment(text).unwrap_err().message, format!("failed to parse value as time or duration: {text:?}"));
        }
    }

    #[test]
    fn of_moments_there_is_one_and_of_labels_as_many_as_one_likes() {
        let of = |text: &str| serde_json::from_str::<Filters>(text).unwrap();
        assert_eq!(until(&of("{}"), "until").unwrap(), None);
        assert_eq!(until(&of(r#"{"until":["10"]}"#), "until").unwrap(), Some(10));
        assert!(until(&of(r#"{"until":["1h","2h"]}"#), "until").is_err());
        let labels = [("a".to_owned(), "1".to_owned())].into();
        for (text, fits) in [
            ("{}", true),
            (r#"{"label":["a"]}"#, true),
            (r#"{"label":["a=1","b"]}"#, false),
            (r#"{"label!":["a"]}"#, false),
            (r#"{"label!":["a=2"]}"#, true),
            (r#"{"label!":["a","b"]}"#, true),
            (r#"{"label":["a"],"label!":["a=1"]}"#, false),
        ] {
            assert_eq!(labels_fit(&of(text), &labels), fits, "{text}");
        }
    }
}
