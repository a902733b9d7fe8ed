//! How often a password may be wrong.
//!
//! Behind one address there may be a whole class, with its instructor: whoever guesses there must not keep the others
//! out, and strangers anywhere must keep nobody out of their own account. So what is strict holds for one account from
//! one address, and the wide bounds, which strangers can spend, don't hold for a browser that was in before.

use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};
use tower_sessions::{
    Session,
    session::{Error, Id},
};

use super::{
    super::client::Client,
    bucket::{Buckets, Rate},
};
use crate::classroom::typed_key;

/// Of one account from one address, from one browser that was in before, or of whoever is in and changes it: some 2900
/// a day.
const STRICT: Rate = Rate { burst: 5.0, per_second: 1.0 / 30.0 };
/// Of an address, whatever the names: some 8700 a day.
const OF_ADDRESS: Rate = Rate { burst: 60.0, per_second: 1.0 / 10.0 };
/// Of an account, from however many addresses: some 4600 a day. A password has ten characters at least; of the ten
/// thousand that people choose first, one that is among them is found in two days, as long as nobody looks at the log.
const OF_ACCOUNT: Rate = Rate { burst: 300.0, per_second: 1.0 / 20.0 };
/// In a session: the accounts that it was signed in to, by what [`mark`] makes of them.
const KEY: &str = "was in";
/// Of one browser; the latest.
const MAX_REMEMBERED: usize = 5;

/// Who tries a password, for which account: its name as sign-in compares it, whether or not there is one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Guesser {
    /// A browser that was never signed in to it.
    Stranger { client: Client, account: String },
    /// One that was, known by its session.
    WasIn { session: Id, account: String },
    /// Who is signed in; the account's ID.
    IsIn { account: String },
}

impl Guesser {
    /// # Errors
    /// Where the session can't be read.
    pub async fn of(session: Option<&Session>, client: Client, name: &str) -> Result<Self, Error> {
        let account = typed_key(name);
        if let Some(session) = session
            && let Some(id) = session.id()
            && session.get::<Vec<String>>(KEY).await?.is_some_and(|marks| marks.contains(&mark(&account)))
        {
            return Ok(Self::WasIn { session: id, account });
        }
        Ok(Self::Stranger { client, account })
    }
}

/// What is said where passwords were wrong too often.
pub fn too_many_wrong(wait: Duration) -> String {
    let seconds = wait.as_secs().max(1);
    format!("Too many passwords were wrong. Try again in {seconds} s, or ask an admin for a new password.")
}

/// The browser was signed in to the account of that name.
///
/// # Errors
/// Where the session can't be read.
pub async fn remember(session: &Session, name: &str) -> Result<(), Error> {
    let (mut marks, mark) = (session.get::<Vec<String>>(KEY).await?.unwrap_or_default(), mark(&typed_key(name)));
    marks.retain(|one| *one != mark);
    marks.push(mark);
    let surplus = marks.len().saturating_sub(MAX_REMEMBERED);
    session.insert(KEY, &marks[surplus..]).await
}

/// Names of instructors don't lie about in sessions.
fn mark(account: &str) -> String {
    crate::hex::hex(&Sha256::digest(account)[..16])
}

#[derive(Debug)]
pub(super) struct Guesses {
    strict: Buckets<Guesser>,
    of_address: Buckets<Client>,
    of_account: Buckets<String>,
}

impl Default for Guesses {
    fn default() -> Self {
        Self { strict: Buckets::new(STRICT), of_address: Buckets::new(OF_ADDRESS), of_account: Buckets::new(OF_ACCOUNT) }
    }
}

impl Guesses {
    /// What is refused counts nowhere.
    pub(super) fn take(&mut self, guesser: &Guesser, now: Instant) -> Result<(), Duration> {
        self.strict.take(guesser.clone(), now)?;
        let Guesser::Stranger { client, account } = guesser else { return Ok(()) };
        let taken = self
            .of_address
            .take(*client, now)
            .and_then(|()| self.of_account.take(account.clone(), now).inspect_err(|_| self.of_address.give_back(client)));
        taken.inspect_err(|_| self.strict.give_back(guesser))
    }

    pub(super) fn give_back(&mut self, guesser: &Guesser) {
        self.strict.give_back(guesser);
        if let Guesser::Stranger { client, account } = guesser {
            self.of_address.give_back(client);
            self.of_account.give_back(account);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stranger(address: u32, name: &str) -> Guesser {
        Guesser::Stranger { client: Client::of(std::net::Ipv4Addr::from_bits(address).into()), account: typed_key(name) }
    }

    #[test]
    fn who_guesses_one_name_waits_and_others_behind_their_address_do_not() {
        let (mut guesses, began) = (Guesses::default(), Instant::now());
        for name in ["Grace", " grace", "GRACE ", "Ｇrace", "grace\t"] {
            assert_eq!(guesses.take(&stranger(1, name), began), Ok(()));
        }
        assert!(guesses.take(&stranger(1, "Grace "), began).is_err(), "however it is written");
        assert_eq!(guesses.take(&stranger(1, "Grace"), began + Duration::from_secs(30)), Ok(()));
        assert_eq!(guesses.take(&stranger(1, "Colleague"), began), Ok(()));
        assert_eq!(guesses.take(&stranger(2, "Grace"), began), Ok(()));
    }

    #[test]
    fn guessing_at_large_is_bounded_and_keeps_nobody_out_of_a_browser_that_was_in_before() {
        let (mut guesses, began) = (Guesses::default(), Instant::now());
        let by_name = (0..1000).filter(|number| guesses.take(&stranger(1, &format!("name {number}")), began).is_ok()).count();
        assert_eq!(by_name, 60);
        let by_address = (2..1000).filter(|address| guesses.take(&stranger(*address, "Grace"), began).is_ok()).count();
        assert_eq!(by_address, 300);
        let was_in = Guesser::WasIn { session: Id(7), account: typed_key("Grace") };
        let is_in = Guesser::IsIn { account: "id".to_owned() };
        for guesser in [was_in, is_in] {
            let let_in = (0..100).filter(|_| guesses.take(&guesser, began).is_ok()).count();
            assert_eq!(let_in, 5, "{guesser:?}");
            guesses.give_back(&guesser);
            assert_eq!(guesses.take(&guesser, began), Ok(()), "what was right does not count");
        }
        assert!(guesses.take(&stranger(1001, "Grace"), began).is_err());
        assert!(guesses.take(&stranger(1, "Ada"), began).is_err());
        let from_there = (0..1000).filter(|number| guesses.take(&stranger(1001, &format!("name {number}")), began).is_ok()).count();
        assert_eq!(from_there, 60, "what was refused does not count");
    }
}
