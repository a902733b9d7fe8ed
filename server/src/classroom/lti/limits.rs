//! How much of everything about platforms there may be.

use std::time::Duration;

/// Platforms on one server.
pub(super) const MAX_PLATFORMS: i64 = 50;
/// Deployments of one platform.
pub(super) const MAX_DEPLOYMENTS: usize = 200;
/// Characters of an address.
pub(super) const MAX_URL: usize = 1000;
/// Characters of what a platform calls things by: client, deployment, person (of whom the standard allows 255),
/// course, link.
pub(super) const MAX_ID: usize = 255;
/// Characters of a platform's name.
pub(super) const MAX_PLATFORM_NAME: usize = 100;
/// Bytes of what a browser brings from a platform: a signed launch with all its claims. Moodle's have some 5 KiB.
pub(crate) const MAX_LAUNCH_BYTES: usize = 64 * 1024;

/// How long a platform may take for one answer, from the first byte sent to the last that came.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Bytes of one answer.
pub(super) const MAX_ANSWER: usize = 512 * 1024;
/// Keys that are looked at in a platform's key set.
pub(super) const MAX_KEYS: usize = 50;
/// How long a platform's keys are believed before they are asked for again: one that it has given up is no good then.
pub(super) const KEYS_HOLD: Duration = Duration::from_secs(60 * 60);
/// Between two looks at the key set for keys that were not in it: who makes key names up has nobody asked.
pub(super) const KEYS_AGAIN: Duration = Duration::from_secs(60);

/// From the click in the course until the platform has said who it was.
pub(super) const LOGIN_HOLDS: Duration = Duration::from_secs(10 * 60);
/// From then until whoever came is in the class; a teacher chooses one meanwhile.
pub(super) const ARRIVAL_HOLDS: Duration = Duration::from_secs(30 * 60);
/// Launches that are waited for at once, of which the oldest make room. A hundred classes come at once without it.
pub(super) const MAX_LOGINS: i64 = 20_000;
/// Characters of what a platform begins a launch with and wants back.
pub(super) const MAX_HINT: usize = 4000;
/// By how many seconds a platform's clock may differ from ours.
pub(super) const LEEWAY_SECONDS: u64 = 60;
/// Seconds since a platform has signed what a browser brings.
pub(super) const MAX_AGE_SECONDS: u64 = 60 * 60;
/// Characters that are kept of a course's or link's title.
pub(super) const MAX_TITLE: usize = 100;
/// Characters that are kept of what a platform calls somebody.
pub(super) const MAX_PERSON: usize = 200;
/// Accounts of one name: the second is "Ada (2)".
pub(super) const MAX_SAME_NAME: usize = 100;

/// For how long our claim to be Lunchbox is good.
pub(super) const ASSERTION_HOLDS: Duration = Duration::from_secs(5 * 60);
/// How long a token is kept whose platform doesn't say, and how long before its end another is asked for.
pub(super) const TOKEN_HOLDS: Duration = Duration::from_secs(5 * 60);
pub(super) const TOKEN_SPARE: Duration = Duration::from_secs(30);
/// News are gathered for so long before grades are noted: a class passes steps all at once.
pub(super) const SCORE_GATHER: Duration = Duration::from_secs(2);
/// Grades that wait are looked at so often.
pub(super) const SCORE_LOOK: Duration = Duration::from_secs(30);
/// After the first try that went wrong, then twice as long each time, up to the most.
pub(super) const SCORE_PAUSE: Duration = Duration::from_secs(30);
pub(super) const SCORE_PAUSE_AT_MOST: Duration = Duration::from_secs(6 * 60 * 60);
/// After so many, three days or so, a grade waits until it changes.
pub(super) const MAX_SCORE_TRIES: i64 = 21;
/// Grades that are read at once to be sent to one platform.
pub(super) const SCORES_AT_ONCE: i64 = 500;
/// Pages of a list of members, and people on them.
pub(super) const MAX_PAGES: usize = 50;
pub(super) const MAX_MEMBERS: usize = 5000;
