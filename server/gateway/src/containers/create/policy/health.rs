//! Health checks, slowed down to what the machine bears.

use super::{Cuts, cuts::nanoseconds};
use crate::images::catalogue::Healthcheck;

const NANOSECONDS: i64 = 1_000_000_000;
/// Each probe of a health check is a process started outside the container's limits.
const MIN_HEALTH_INTERVAL: i64 = 5 * NANOSECONDS;
const MAX_HEALTH_TIMEOUT: i64 = 30 * NANOSECONDS;
const DEFAULT_HEALTH_INTERVAL: i64 = 30 * NANOSECONDS;
const MAX_HEALTH_RETRIES: i64 = 10;

/// The container's own check, filled up from the image's, within limits. Always sent, since the engine
/// would take an image's as it is. What was asked for the container itself is told where it is cut.
pub(crate) fn healthcheck(asked: Option<&Healthcheck>, of_image: Option<&Healthcheck>, cuts: &mut Cuts) -> Option<Healthcheck> {
    if let Some(asked) = asked {
        tell(asked, cuts);
    }
    let mut check = match (asked, of_image) {
        (None, None) => return None,
        (Some(asked), None) => asked.clone(),
        (None, Some(image)) => image.clone(),
        (Some(asked), Some(image)) => {
            let or = |asked: i64, image: i64| if asked == 0 { image } else { asked };
            Healthcheck {
                test: asked.test.clone().filter(|test| !test.is_empty()).or_else(|| image.test.clone()),
                interval: or(asked.interval, image.interval),
                timeout: or(asked.timeout, image.timeout),
                start_period: or(asked.start_period, image.start_period),
                start_interval: or(asked.start_interval, image.start_interval),
                retries: or(asked.retries, image.retries),
            }
        }
    };
    if check.test.as_ref().is_some_and(|test| test.first().is_some_and(|word| word == "NONE")) {
        return Some(Healthcheck { test: check.test, ..Healthcheck::default() });
    }
    let at_least = |value: i64, least: i64, default: i64| if value <= 0 { default } else { value.max(least) };
    check.interval = at_least(check.interval, MIN_HEALTH_INTERVAL, DEFAULT_HEALTH_INTERVAL);
    check.start_interval = at_least(check.start_interval, MIN_HEALTH_INTERVAL, MIN_HEALTH_INTERVAL);
    check.timeout = if check.timeout <= 0 { MAX_HEALTH_TIMEOUT } else { check.timeout.clamp(1_000_000, MAX_HEALTH_TIMEOUT) };
    check.start_period = check.start_period.max(0);
    check.retries = check.retries.clamp(0, MAX_HEALTH_RETRIES);
    Some(check)
}

/// 0 is what isn't asked for.
fn tell(asked: &Healthcheck, cuts: &mut Cuts) {
    for (option, value) in [("--health-interval", asked.interval), ("--health-start-interval", asked.start_interval)] {
        if value > 0 {
            cuts.at_least(option, value, MIN_HEALTH_INTERVAL, nanoseconds);
        }
    }
    cuts.at_most("--health-timeout", asked.timeout, MAX_HEALTH_TIMEOUT, nanoseconds);
    cuts.at_most("--health-retries", asked.retries, MAX_HEALTH_RETRIES, |times| times.to_string());
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn a_health_check_of_the_images_is_slowed_down_too() {
        let image = Healthcheck {
            test: Some(vec!["CMD".into(), "true".into()]),
            interval: 1,
            timeout: i64::MAX,
            retries: 9999,
            ..Healthcheck::default()
        };
        let mut cuts = Cuts::default();
        let check = healthcheck(None, Some(&image), &mut cuts).unwrap();
        assert_eq!((check.interval, check.timeout, check.retries), (MIN_HEALTH_INTERVAL, MAX_HEALTH_TIMEOUT, MAX_HEALTH_RETRIES));
        let own = Healthcheck { retries: 2, ..Healthcheck::default() };
        let check = healthcheck(Some(&own), Some(&image), &mut cuts).unwrap();
        assert_eq!((check.test, check.retries), (image.test.clone(), 2));
        let none = Healthcheck { test: Some(vec!["NONE".into()]), ..Healthcheck::default() };
        assert_eq!(healthcheck(Some(&none), Some(&image), &mut cuts).unwrap(), none);
        assert_eq!(healthcheck(None, None, &mut cuts), None);
        assert!(cuts.told().is_empty());
        let mut cuts = Cuts::default();
        assert_eq!(healthcheck(Some(&image), None, &mut cuts).unwrap().interval, MIN_HEALTH_INTERVAL);
        assert_eq!(cuts.told().len(), 3);
    }
}
