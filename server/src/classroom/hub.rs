//! What is so only while somebody is here: whose page is open, what they did last, who watches whose
//! terminal and who types in it; and the news of what has changed, for boards and learners' pages.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use app::model::LastDone;
use gateway::Activity;
use tokio::sync::{broadcast, watch};

use super::did;
use crate::learner::LearnerId;

/// News that wait for a slow reader; who misses some looks at everything again.
const NEWS: usize = 4096;
/// Learners of whom is remembered what they did last; beyond that those who are gone are forgotten.
const MAX_REMEMBERED: usize = 20_000;

/// Something has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// What a learner does: progress, activity, whether they are here.
    Learner(LearnerId),
    /// What a learner's page shows of the class: hand, notes, who watches or types.
    Seat(LearnerId),
    /// Who is in a class.
    People(String),
    /// What holds for a whole class: lessons, pace, times, notes to all.
    Class(String),
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Hub {
    inner: Arc<Inner>,
}

struct Inner {
    news: broadcast::Sender<Event>,
    people: Mutex<HashMap<LearnerId, Person>>,
    places: Mutex<HashMap<String, AtPlace>>,
    /// Accounts whose rights have changed: streams that are open look again.
    ended: watch::Sender<u64>,
}

/// What is remembered of a learner.
#[derive(Debug, Clone, Default)]
struct Person {
    /// Pages that are open.
    pages: u32,
    doing: Doing,
}

/// What a learner did on their host.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Doing {
    pub last: Option<LastDone>,
    /// Commands in a row that went wrong.
    pub errors: u32,
}

#[derive(Default)]
struct AtPlace {
    assist: Option<Assist>,
    /// One an open view.
    watchers: Vec<String>,
}

/// Who asks to type in a learner's terminal, or does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assist {
    /// The instructor's account.
    pub account: String,
    pub name: String,
    /// The learner has agreed.
    pub granted: bool,
}

impl Default for Hub {
    fn default() -> Self {
        let inner =
            Inner { news: broadcast::Sender::new(NEWS), people: Mutex::default(), places: Mutex::default(), ended: watch::Sender::new(0) };
        Self { inner: Arc::new(inner) }
    }
}

impl Hub {
    /// Hears of everything from now on.
    pub fn listen(&self) -> broadcast::Receiver<Event> {
        self.inner.news.subscribe()
    }

    /// Tells whoever listens.
    pub fn tell(&self, event: Event) {
        // Nobody may be listening.
        let _ = self.inner.news.send(event);
    }

    /// Changes when rights have: who streams looks again whether they may.
    pub fn rights(&self) -> watch::Receiver<u64> {
        self.inner.ended.subscribe()
    }

    pub(super) fn account_ended(&self, account: &str) {
        for place in self.places().values_mut() {
            place.assist.take_if(|assist| assist.account == account);
        }
        self.inner.ended.send_modify(|count| *count += 1);
    }

    /// A page of the learner's is open, until what is returned goes.
    pub fn came(&self, learner: &LearnerId) -> Present {
        self.people().entry(learner.clone()).or_default().pages += 1;
        self.tell(Event::Learner(learner.clone()));
        Present { hub: self.clone(), learner: learner.clone() }
    }

    /// Whether a page of the learner's is open.
    pub fn is_present(&self, learner: &LearnerId) -> bool {
        self.people().get(learner).is_some_and(|person| person.pages > 0)
    }

    /// What the learner did last, as far as it was seen.
    pub fn doing(&self, learner: &LearnerId) -> Doing {
        self.people().get(learner).map(|person| person.doing.clone()).unwrap_or_default()
    }

    /// The learner did this on their host, oldest first.
    pub fn did(&self, learner: &LearnerId, activities: &[Activity]) {
        let lines: Vec<LastDone> = activities.iter().filter_map(did::line).collect();
        if lines.is_empty() {
            return;
        }
        let mut people = self.people();
        if people.len() >= MAX_REMEMBERED {
            people.retain(|_, person| person.pages > 0);
        }
        let doing = &mut people.entry(learner.clone()).or_default().doing;
        for line in lines {
            doing.errors = if line.error.is_empty() { 0 } else { doing.errors.saturating_add(1) };
            doing.last = Some(line);
        }
        drop(people);
        self.tell(Event::Learner(learner.clone()));
    }

    /// The learner has a fresh host, or none.
    pub fn forget_doing(&self, learner: &LearnerId) {
        if let Some(person) = self.people().get_mut(learner) {
            person.doing = Doing { last: None, errors: 0 };
        }
    }

    /// Asks the learner at that place whether one may type. Whoever asked or typed before does no more.
    pub fn ask_assist(&self, place: &str, assist: Assist) {
        self.places().entry(place.to_owned()).or_default().assist = Some(Assist { granted: false, ..assist });
    }

    /// `false`: nobody asks.
    pub fn grant_assist(&self, place: &str) -> bool {
        match self.places().get_mut(place).and_then(|place| place.assist.as_mut()) {
            Some(assist) => {
                assist.granted = true;
                true
            }
            None => false,
        }
    }

    pub fn end_assist(&self, place: &str) {
        let mut places = self.places();
        if let Some(at) = places.get_mut(place) {
            at.assist = None;
            if at.watchers.is_empty() {
                places.remove(place);
            }
        }
    }

    pub fn assist(&self, place: &str) -> Option<Assist> {
        self.places().get(place)?.assist.clone()
    }

    /// Whether that account may type at that place now.
    pub fn may_type(&self, place: &str, account: &str) -> bool {
        self.assist(place).is_some_and(|assist| assist.granted && assist.account == account)
    }

    /// Names of those who look at the place's terminal, each once.
    pub fn watched_by(&self, place: &str) -> Vec<String> {
        let mut names = self.places().get(place).map(|place| place.watchers.clone()).unwrap_or_default();
        names.sort();
        names.dedup();
        names
    }

    /// Somebody looks at the place's terminal, until what is returned goes; what they asked or typed ends
    /// with their last view.
    pub fn watches(&self, place: &str, learner: &LearnerId, account: &str, name: &str) -> Watching {
        self.places().entry(place.to_owned()).or_default().watchers.push(name.to_owned());
        self.tell(Event::Seat(learner.clone()));
        Watching {
            hub: self.clone(),
            place: place.to_owned(),
            learner: learner.clone(),
            account: account.to_owned(),
            name: name.to_owned(),
        }
    }

    fn people(&self) -> MutexGuard<'_, HashMap<LearnerId, Person>> {
        self.inner.people.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn places(&self) -> MutexGuard<'_, HashMap<String, AtPlace>> {
        self.inner.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A learner's page is open.
pub struct Present {
    hub: Hub,
    learner: LearnerId,
}

impl Drop for Present {
    fn drop(&mut self) {
        if let Some(person) = self.hub.people().get_mut(&self.learner) {
            person.pages = person.pages.saturating_sub(1);
        }
        self.hub.tell(Event::Learner(self.learner.clone()));
    }
}

/// An instructor looks at a terminal.
pub struct Watching {
    hub: Hub,
    place: String,
    learner: LearnerId,
    account: String,
    name: String,
}

impl Drop for Watching {
    fn drop(&mut self) {
        let mut places = self.hub.places();
        if let Some(place) = places.get_mut(&self.place) {
            if let Some(index) = place.watchers.iter().position(|name| *name == self.name) {
                place.watchers.swap_remove(index);
            }
            if !place.watchers.contains(&self.name) {
                place.assist.take_if(|assist| assist.account == self.account);
            }
            if place.watchers.is_empty() && place.assist.is_none() {
                places.remove(&self.place);
            }
        }
        drop(places);
        self.hub.tell(Event::Seat(self.learner.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_learner_is_here_while_a_page_of_theirs_is_open() {
        let (hub, ada) = (Hub::default(), LearnerId::random());
        let (first, second) = (hub.came(&ada), hub.came(&ada));
        drop(first);
        assert!(hub.is_present(&ada));
        drop(second);
        assert!(!hub.is_present(&ada));
    }

    #[test]
    fn one_types_only_after_the_learner_agreed_and_until_either_ends_it() {
        let (hub, ada) = (Hub::default(), LearnerId::random());
        let grace = Assist { account: "g".to_owned(), name: "Grace".to_owned(), granted: true };
        assert!(!hub.grant_assist("p"), "nobody asks");
        let view = hub.watches("p", &ada, "g", "Grace");
        hub.ask_assist("p", grace.clone());
        assert!(!hub.may_type("p", "g"), "asking grants nothing, whatever it says");
        assert!(hub.grant_assist("p"));
        assert!(hub.may_type("p", "g") && !hub.may_type("p", "other") && !hub.may_type("q", "g"));
        hub.end_assist("p");
        assert!(!hub.may_type("p", "g"));

        hub.ask_assist("p", grace);
        hub.grant_assist("p");
        assert_eq!(hub.watched_by("p"), ["Grace"]);
        drop(view);
        assert!(!hub.may_type("p", "g"), "it ends with the view");
        assert!(hub.watched_by("p").is_empty());
    }

    #[test]
    fn who_is_signed_out_types_no_more() {
        let hub = Hub::default();
        hub.ask_assist("p", Assist { account: "g".to_owned(), name: "Grace".to_owned(), granted: false });
        hub.grant_assist("p");
        hub.account_ended("g");
        assert!(!hub.may_type("p", "g"));
    }
}
