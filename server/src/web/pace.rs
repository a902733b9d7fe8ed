//! How often one may ask, in memory. A server that starts anew forgets; that is no harm.
//!
//! A *learner* gets only so many fresh sandboxes in ten minutes. But learners cost nothing to make up,
//! so an *address* is paced too, with a whole class behind one address (NAT) in mind: a hundred
//! learners who sit down at once need 200 of the costly things (each is stored, each starts a
//! sandbox) and some 2500 requests (pages, scripts, streams, terminals).
//!
//! What a learner's page asks for, once they are known, is paced by *learner*: each is written to the database, and a check
//! looks into containers. Who calls them in a loop waits, and nobody else.

mod bucket;
pub mod passwords;

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use app::api::ApiError;
use axum::{
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use tower_sessions::session::Id;

use self::{
    bucket::{Buckets, Rate},
    passwords::{Guesser, Guesses},
};
use super::client::Client;
use crate::{app_state::AppState, learner::LearnerId};

/// Of an address: whatever costs the engine work or the database room.
const COSTLY: Rate = Rate { burst: 300.0, per_second: 2.0 };
/// Of an address: every request that isn't for a preview.
const REQUESTS: Rate = Rate { burst: 3000.0, per_second: 100.0 };
/// Of an address: join codes, personal codes and one-time links that are wrong. One that is right costs nothing, so that a
/// class behind one address comes in however large it is; what it mistypes is three in each of a hundred, at once.
///
/// A join code is one of 32^6, a thousand million. An address tries 300 at once and then 8,640 a day. Where a hundred classes
/// are there, that finds one in 1,240 days on the average (2^30 / 100 / 8,640), where a thousand are in 124; and what is found
/// is a place on a board, seen by its instructor, who makes a new code by a click. Of a hundred thousand personal codes (32^12)
/// one is found in 3.6 million years. Right codes that cost nothing help no guesser: each wrong one in between costs as
/// before, and where nothing is left a right one is refused like a wrong one. A right code with a name that is taken does
/// cost: else who has the code could ask a whole list of names whether they are in the class.
const CODES: Rate = Rate { burst: 300.0, per_second: 0.1 };
/// Of an address: certificates that are looked at. Nobody guesses one; each is a question to the database.
const CERTIFICATES: Rate = Rate { burst: 300.0, per_second: 5.0 };
/// Of a browser: people who join a class after somebody else did there, as at a shared computer.
const SOMEONE_ELSE: Rate = Rate { burst: 10.0, per_second: 10.0 / 3600.0 };
/// Of a learner: whatever is written for them (steps that they come to, answers, hints, hands, notes, places, certificates,
/// checks among them). Who is quick has one or two a second for some seconds; who works has one in ten.
const WRITES: Rate = Rate { burst: 120.0, per_second: 2.0 };
/// Of a learner: checks, each of which looks into their containers. A page has one on its way at a time.
const CHECKS: Rate = Rate { burst: 30.0, per_second: 0.5 };
/// Of a learner: starts and resets together.
const MAX_STARTS: usize = 20;
const WINDOW: Duration = Duration::from_secs(10 * 60);
/// Learners remembered before those who are long gone are forgotten, and before all are.
const SWEEP_AT: usize = 1000;
const MAX_LEARNERS: usize = 20_000;

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Pace {
    starts: Arc<Mutex<HashMap<LearnerId, VecDeque<Instant>>>>,
    costly: Arc<Mutex<Buckets<Client>>>,
    requests: Arc<Mutex<Buckets<Client>>>,
    codes: Arc<Mutex<Buckets<Client>>>,
    certificates: Arc<Mutex<Buckets<Client>>>,
    someone_else: Arc<Mutex<Buckets<Id>>>,
    writes: Arc<Mutex<Buckets<LearnerId>>>,
    checks: Arc<Mutex<Buckets<LearnerId>>>,
    passwords: Arc<Mutex<Guesses>>,
}

impl Default for Pace {
    fn default() -> Self {
        let buckets = |rate| Arc::new(Mutex::new(Buckets::new(rate)));
        Self {
            starts: Arc::default(),
            costly: buckets(COSTLY),
            requests: buckets(REQUESTS),
            codes: buckets(CODES),
            certificates: buckets(CERTIFICATES),
            someone_else: Arc::new(Mutex::new(Buckets::new(SOMEONE_ELSE))),
            writes: Arc::new(Mutex::new(Buckets::new(WRITES))),
            checks: Arc::new(Mutex::new(Buckets::new(CHECKS))),
            passwords: Arc::default(),
        }
    }
}

impl Pace {
    /// Counts a start. `Err`: so long until the next one is allowed.
    ///
    /// # Errors
    /// Where the learner has had too many.
    pub fn start(&self, learner: &LearnerId, now: Instant) -> Result<(), Duration> {
        let mut all = self.starts.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = |at: &Instant| now.saturating_duration_since(*at) < WINDOW;
        if all.len() >= SWEEP_AT {
            all.retain(|_, starts| starts.back().is_some_and(recent));
        }
        // Made-up ones, as the addresses' pace lets through; it still holds.
        if all.len() >= MAX_LEARNERS {
            all.clear();
        }
        let starts = all.entry(learner.clone()).or_default();
        while starts.front().is_some_and(|at| !recent(at)) {
            starts.pop_front();
        }
        if starts.len() >= MAX_STARTS
            && let Some(first) = starts.front()
        {
            return Err(WINDOW.saturating_sub(now.saturating_duration_since(*first)));
        }
        starts.push_back(now);
        Ok(())
    }

    /// Counts a code that is looked up. `Err`: so long until the next is allowed.
    ///
    /// # Errors
    /// Where the address has had too many.
    pub fn code(&self, client: Client, now: Instant) -> Result<(), Duration> {
        self.codes.lock().unwrap_or_else(PoisonError::into_inner).take(client, now)
    }

    /// The code was right: it does not count.
    pub fn code_was_right(&self, client: &Client) {
        self.codes.lock().unwrap_or_else(PoisonError::into_inner).give_back(client);
    }

    /// Counts a certificate that is looked at. `Err`: so long until the next is allowed.
    ///
    /// # Errors
    /// Where the address has had too many.
    pub fn certificate(&self, client: Client, now: Instant) -> Result<(), Duration> {
        self.certificates.lock().unwrap_or_else(PoisonError::into_inner).take(client, now)
    }

    /// Counts somebody who joins where another was before. `Err`: so long until the next is allowed.
    ///
    /// # Errors
    /// Where the browser has had too many.
    pub fn someone_else(&self, session: Id, now: Instant) -> Result<(), Duration> {
        self.someone_else.lock().unwrap_or_else(PoisonError::into_inner).take(session, now)
    }

    /// Nobody joined after all: it does not count.
    pub fn nobody_else(&self, session: Id) {
        self.someone_else.lock().unwrap_or_else(PoisonError::into_inner).give_back(&session);
    }

    /// The browser's session has another ID from now on, and no more people for that.
    pub fn same_browser(&self, before: &Id, session: Id) {
        self.someone_else.lock().unwrap_or_else(PoisonError::into_inner).carry(before, session);
    }

    /// Counts something that is written for a learner. `Err`: so long until the next is allowed.
    ///
    /// # Errors
    /// Where the learner has had too many.
    pub fn write(&self, learner: &LearnerId, now: Instant) -> Result<(), Duration> {
        self.writes.lock().unwrap_or_else(PoisonError::into_inner).take(learner.clone(), now)
    }

    /// Counts a check. `Err`: so long until the next is allowed.
    ///
    /// # Errors
    /// Where the learner has had too many.
    pub fn check(&self, learner: &LearnerId, now: Instant) -> Result<(), Duration> {
        self.checks.lock().unwrap_or_else(PoisonError::into_inner).take(learner.clone(), now)
    }

    /// Counts a password that is tried. `Err`: so long until the next is allowed.
    ///
    /// # Errors
    /// Where there were too many that were wrong.
    pub fn password(&self, guesser: &Guesser, now: Instant) -> Result<(), Duration> {
        self.passwords.lock().unwrap_or_else(PoisonError::into_inner).take(guesser, now)
    }

    /// The password was not wrong: it does not count.
    pub fn password_was_not_wrong(&self, guesser: &Guesser) {
        self.passwords.lock().unwrap_or_else(PoisonError::into_inner).give_back(guesser);
    }

    /// Counts something costly. `Err`: so long until the next is allowed.
    ///
    /// # Errors
    /// Where the address has had too many.
    pub fn costly(&self, client: Client, now: Instant) -> Result<(), Duration> {
        self.costly.lock().unwrap_or_else(PoisonError::into_inner).take(client, now)
    }

    /// Counts a request. `Err`: so long until the next is allowed.
    ///
    /// # Errors
    /// Where the address has had too many.
    pub fn request(&self, client: Client, now: Instant) -> Result<(), Duration> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).take(client, now)
    }
}

/// What is said where an address has had too much.
pub(super) fn too_much(wait: Duration) -> String {
    format!("Too much is asked from your network's address just now. Try again in {} s.", wait.as_secs().max(1))
}

/// What is said where a learner's page has asked for too much.
pub(super) fn too_quick(wait: Duration) -> String {
    format!(
        "Your page has asked for more in a short time than one can by hand, so this was not done. Try again in {} s.",
        wait.as_secs_f64().ceil().max(1.0)
    )
}

/// Inserts [`Client`], and refuses who asks too often.
pub async fn by_address(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let client = Client::who_asks(&request, &state.web.trusted_proxies);
    if let Err(wait) = state.pace.request(client, Instant::now()) {
        return refused(request.uri().path(), wait);
    }
    request.extensions_mut().insert(client);
    next.run(request).await
}

fn refused(path: &str, wait: Duration) -> Response {
    let status = StatusCode::TOO_MANY_REQUESTS;
    let message = too_much(wait);
    let mut response = if path.starts_with("/api/fn/") {
        // As the page reads every error.
        (status, axum::Json(ApiError { message, status: status.as_u16() })).into_response()
    } else {
        (status, message + "\n").into_response()
    };
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_starts_too_often_waits_and_nobody_else_does() {
        let (pace, alice, bob) = (Pace::default(), LearnerId::random(), LearnerId::random());
        let began = Instant::now();
        for _ in 0..MAX_STARTS {
            assert!(pace.start(&alice, began).is_ok());
        }
        assert_eq!(pace.start(&alice, began + Duration::from_secs(60)), Err(WINDOW - Duration::from_secs(60)));
        assert!(pace.start(&bob, began).is_ok());
        assert!(pace.start(&alice, began + WINDOW).is_ok());
    }

    #[test]
    fn who_calls_in_a_loop_waits_and_who_works_never_does() {
        let (pace, eve, bob) = (Pace::default(), LearnerId::random(), LearnerId::random());
        let began = Instant::now();
        let at = |millis: u64| began + Duration::from_millis(millis);
        // A hundred a second for a minute.
        let done = (0..6_000).filter(|number| pace.write(&eve, at(number * 10)).is_ok()).count();
        assert!((235..=240).contains(&done), "{done} written");
        let done = (0..6_000).filter(|number| pace.check(&eve, at(number * 10)).is_ok()).count();
        assert!((55..=60).contains(&done), "{done} checked");
        assert_eq!(pace.write(&eve, at(60_000)).map_err(|wait| too_quick(wait).ends_with("Try again in 1 s.")), Err(true));
        // Very quick: two clicks a second, every fourth a check, for an hour.
        for number in 0..7_200 {
            assert_eq!(pace.write(&bob, at(number * 500)), Ok(()));
            assert!(number % 4 > 0 || pace.check(&bob, at(number * 500)).is_ok());
        }
    }

    #[test]
    fn codes_that_are_right_cost_an_address_nothing_and_wrong_ones_all_there_is() {
        let (pace, school) = (Pace::default(), Client::of([203, 0, 113, 9].into()));
        let began = Instant::now();
        for _ in 0..10_000 {
            assert_eq!(pace.code(school, began), Ok(()));
            pace.code_was_right(&school);
        }
        let wrong = (0..10_000).filter(|_| pace.code(school, began).is_ok()).count();
        assert_eq!(wrong, 300);
        pace.code_was_right(&Client::of([203, 0, 113, 8].into()));
        assert!(pace.code(school, began).is_err(), "nobody else's is given back");
        let in_a_day = (0..=86_400).filter(|second| pace.code(school, began + Duration::from_secs(*second)).is_ok()).count();
        assert!((8_630..=8_640).contains(&in_a_day), "{in_a_day}");
    }

    #[test]
    fn a_class_of_a_hundred_behind_one_address_gets_in_at_once_and_a_flood_from_there_does_not() {
        let (pace, school) = (Pace::default(), Client::of([203, 0, 113, 9].into()));
        let began = Instant::now();
        for _ in 0..100 {
            let learner = LearnerId::random();
            assert_eq!(pace.costly(school, began), Ok(()), "they are stored");
            assert_eq!(pace.costly(school, began).map(|()| pace.start(&learner, began)), Ok(Ok(())), "their sandbox starts");
            for _ in 0..25 {
                assert_eq!(pace.request(school, began), Ok(()));
            }
        }
        let let_in = (0..1000).filter(|_| pace.costly(school, began).is_ok()).count();
        assert!(let_in <= 100, "{let_in} more of a flood");
        let let_in = (0..10_000).filter(|_| pace.request(school, began).is_ok()).count();
        assert!(let_in <= 500, "{let_in} more of a flood");
        assert_eq!(pace.costly(Client::of([203, 0, 113, 8].into()), began), Ok(()), "nobody else waits");
    }
}
