//! A moment, in the reader's own time zone. The server, which doesn't know that, writes it in UTC.

use leptos::prelude::*;
use wasm_bindgen::JsValue;

const DAY_MS: i64 = 86_400_000;
const MINUTE_MS: i64 = 60_000;
/// The pages are in English; the clock goes by 24 hours.
const LOCALE: &str = "en-GB";
const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

/// How much of it is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Friday, 27 November at 09:00 CET
    Minute,
    /// 27 Nov, 09:00
    #[cfg(any(feature = "ssr", feature = "desk", feature = "teach"))]
    Short,
    /// 27 November 2026
    Day,
    /// 09:00
    Clock,
}

impl Shown {
    /// For `Date.toLocaleString`.
    const fn options(self) -> &'static str {
        match self {
            Self::Minute => {
                r#"{"weekday":"long","day":"numeric","month":"long","hour":"2-digit","minute":"2-digit","timeZoneName":"short"}"#
            }
            #[cfg(any(feature = "ssr", feature = "desk", feature = "teach"))]
            Self::Short => r#"{"day":"numeric","month":"short","hour":"2-digit","minute":"2-digit"}"#,
            Self::Day => r#"{"dateStyle":"long"}"#,
            Self::Clock => r#"{"timeStyle":"short"}"#,
        }
    }

    fn in_utc(self, at: i64) -> String {
        let (year, month, day) = date(at);
        let minutes = at.rem_euclid(DAY_MS) / MINUTE_MS;
        let clock = format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let month = MONTHS[month - 1];
        match self {
            Self::Minute => format!("{day} {month} at {clock} UTC"),
            #[cfg(any(feature = "ssr", feature = "desk", feature = "teach"))]
            Self::Short => format!("{day} {}, {clock}", &month[..3]),
            Self::Day => format!("{day} {month} {year}"),
            Self::Clock => clock,
        }
    }

    /// In the browser only.
    fn local(self, at: i64) -> String {
        let date = js_sys::Date::new(&JsValue::from_f64(at as f64));
        let options = js_sys::JSON::parse(self.options()).unwrap_or(JsValue::UNDEFINED);
        date.to_locale_string(LOCALE, &options).into()
    }
}

/// Year, month (1 to 12) and day of unix milliseconds, by the Gregorian calendar.
fn date(at: i64) -> (i64, usize, i64) {
    let mut left = at.div_euclid(DAY_MS);
    let mut year = 1970;
    let leap = |year: i64| (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let days = |year: i64| if leap(year) { 366 } else { 365 };
    while left < 0 {
        year -= 1;
        left += days(year);
    }
    while left >= days(year) {
        left -= days(year);
        year += 1;
    }
    let february = if leap(year) { 29 } else { 28 };
    let mut month = 0;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if left < length {
            break;
        }
        left -= length;
        month += 1;
    }
    (year, month + 1, left + 1)
}

#[component]
pub(crate) fn When(
    /// Unix milliseconds.
    at: i64,
    shown: Shown,
) -> impl IntoView {
    let text = RwSignal::new(shown.in_utc(at));
    Effect::new(move |_| text.set(shown.local(at)));
    let (year, month, day) = date(at);
    let minutes = at.rem_euclid(DAY_MS) / MINUTE_MS;
    let stamp = format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}Z", minutes / 60, minutes % 60);
    view! { <time datetime=stamp>{text}</time> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar_knows_leap_years_and_the_ends_of_months() {
        for (at, expected) in [
            (0, (1970, 1, 1)),
            (951_782_400_000, (2000, 2, 29)),
            (951_868_800_000, (2000, 3, 1)),
            (1_798_761_599_999, (2026, 12, 31)),
            (1_798_761_600_000, (2027, 1, 1)),
            (-1, (1969, 12, 31)),
        ] {
            assert_eq!(date(at), expected, "{at}");
        }
    }

    #[test]
    fn the_server_writes_in_utc_and_says_so() {
        let at = 1_795_769_580_000;
        assert_eq!(Shown::Minute.in_utc(at), "27 November at 08:53 UTC");
        assert_eq!(Shown::Day.in_utc(at), "27 November 2026");
        assert_eq!(Shown::Clock.in_utc(at), "08:53");
    }
}
