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
    /// Terminals that are looked at or typed in, by whose they are: whoever looks, in whichever class, the learner
    /// sees it on every page of theirs.
    helped: Mutex<HashMap<LearnerId, Helped>>,
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
    /// Commands in a row that went wrong, and the last of them. Who looks at a list meanwhile is none the better for it.
    pub errors: u32,
    pub wrong: Option<LastDone>,
}

/// A `docker run` of what isn't there asks for a container, a pull and a container again. What goes wrong within so many
/// milliseconds of the last is taken for the same command's; nobody types as fast.
const ONE_COMMAND_MS: i64 = 700;

#[derive(Default)]
struct Helped {
    assist: Option<Assist>,
    /// One an open view: place and instructor's name.
    watchers: Vec<(String, String)>,
}

impl Helped {
    fn is_over(&self) -> bool {
        self.assist.is_none() && self.watchers.is_empty()
    }
}

/// Who asks to type in a learner's terminal, or does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assist {
    /// In which place of the learner's.
    pub place: String,
    /// The instructor's account.
    pub account: String,
    pub name: String,
    /// The learner has agreed.
    pub granted: bool,
    /// They have typed since.
    pub typed: bool,
}

impl Default for Hub {
    fn default() -> Self {
        let inner =
            Inner { news: broadcast::Sender::new(NEWS), people: Mutex::default(), helped: Mutex::default(), ended: watch::Sender::new(0) };
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

    /// Rights have changed, or until when they last.
    pub(super) fn rights_changed(&self) {
        self.inner.ended.send_modify(|count| *count += 1);
    }

    /// What that account asked or typed ends; who streams looks again whether they may.
    pub fn account_ended(&self, account: &str) {
        self.end_assists(|assist| assist.account == account);
        self.rights_changed();
    }

    /// What was asked or typed in those places ends; who streams looks again whether they may.
    pub(super) fn places_ended(&self, places: &[String]) {
        self.end_assists(|assist| places.contains(&assist.place));
        self.rights_changed();
    }

    fn end_assists(&self, is_meant: impl Fn(&Assist) -> bool) {
        let mut told = Vec::new();
        self.helped().retain(|learner, helped| {
            if helped.assist.take_if(|assist| is_meant(assist)).is_some() {
                told.push(learner.clone());
            }
            !helped.is_over()
        });
        told.into_iter().for_each(|learner| self.tell(Event::Seat(learner)));
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

    /// The learner did this on their host, oldest first: the newest `fresh` are news.
    pub fn did(&self, learner: &LearnerId, activities: &[Activity], fresh: usize) {
        let lines = did::lines(activities, fresh);
        if lines.is_empty() {
            return;
        }
        let helped = self.assist(learner).is_some_and(|assist| assist.typed);
        let mut people = self.people();
        if people.len() >= MAX_REMEMBERED {
            people.retain(|_, person| person.pages > 0);
        }
        let doing = &mut people.entry(learner.clone()).or_default().doing;
        for did::Line { done: line, kind } in lines {
            // A container that ends hides no command.
            if kind == did::Kind::Event && doing.last.is_some() {
                continue;
            }
            let line = LastDone { helped, ..line };
            if !line.error.is_empty() {
                let is_one_with_the_last = doing.wrong.as_ref().is_some_and(|last| line.at - last.at < ONE_COMMAND_MS);
                doing.errors = doing.errors.saturating_add(u32::from(!is_one_with_the_last));
                doing.wrong = Some(line.clone());
            } else if kind != did::Kind::Look {
                (doing.errors, doing.wrong) = (0, None);
            }
            doing.last = Some(line);
        }
        drop(people);
        self.tell(Event::Learner(learner.clone()));
    }

    /// The learner has a fresh host, or none.
    pub fn forget_doing(&self, learner: &LearnerId) {
        if let Some(person) = self.people().get_mut(learner) {
            person.doing = Doing::default();
        }
    }

    /// Asks the learner whether one may type. Whoever asked or typed before does no more.
    pub fn ask_assist(&self, learner: &LearnerId, assist: Assist) {
        self.helped().entry(learner.clone()).or_default().assist = Some(Assist { granted: false, typed: false, ..assist });
        self.tell(Event::Seat(learner.clone()));
    }

    /// Lets the instructor of that name type, and nobody who has asked since. `false`: they don't ask.
    pub fn grant_assist(&self, learner: &LearnerId, name: &str) -> bool {
        let is_granted = match self.helped().get_mut(learner).and_then(|helped| helped.assist.as_mut()) {
            Some(assist) if assist.name == name => {
                assist.granted = true;
                true
            }
            _ => false,
        };
        self.tell(Event::Seat(learner.clone()));
        is_granted
    }

    /// Ends what is asked or typed, where it is meant.
    pub fn end_assist(&self, learner: &LearnerId, is_meant: impl Fn(&Assist) -> bool) {
        let mut helped = self.helped();
        if let Some(at) = helped.get_mut(learner) {
            at.assist.take_if(|assist| is_meant(assist));
            if at.is_over() {
                helped.remove(learner);
            }
        }
        drop(helped);
        self.tell(Event::Seat(learner.clone()));
    }

    /// Who asks to type, or does, in whichever class.
    pub fn assist(&self, learner: &LearnerId) -> Option<Assist> {
        self.helped().get(learner)?.assist.clone()
    }

    /// Whether that account may type now, as an instructor of that place.
    pub fn may_type(&self, learner: &LearnerId, place: &str, account: &str) -> bool {
        self.assist(learner).is_some_and(|assist| assist.granted && assist.place == place && assist.account == account)
    }

    /// That account types, as it may: what the learner does from now on is done with help.
    pub fn typed(&self, learner: &LearnerId, place: &str, account: &str) {
        if let Some(assist) = self.helped().get_mut(learner).and_then(|helped| helped.assist.as_mut())
            && assist.place == place
            && assist.account == account
        {
            assist.typed = true;
        }
    }

    /// Names of those who look at the learner's terminal, in whichever class, each once.
    pub fn watched_by(&self, learner: &LearnerId) -> Vec<String> {
        let helped = self.helped();
        let watchers = helped.get(learner).map(|helped| helped.watchers.as_slice()).unwrap_or_default();
        let mut names: Vec<String> = watchers.iter().map(|(_, name)| name.clone()).collect();
        names.sort();
        names.dedup();
        names
    }

    /// Somebody looks at the learner's terminal, until what is returned goes; what they asked or typed ends
    /// with their last view.
    pub fn watches(&self, place: &str, learner: &LearnerId, account: &str, name: &str) -> Watching {
        let watcher = (place.to_owned(), name.to_owned());
        self.helped().entry(learner.clone()).or_default().watchers.push(watcher.clone());
        self.tell(Event::Seat(learner.clone()));
        Watching { hub: self.clone(), learner: learner.clone(), account: account.to_owned(), watcher }
    }

    fn people(&self) -> MutexGuard<'_, HashMap<LearnerId, Person>> {
        self.inner.people.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn helped(&self) -> MutexGuard<'_, HashMap<LearnerId, Helped>> {
        self.inner.helped.lock().unwrap_or_else(PoisonError::into_inner)
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
    learner: LearnerId,
    account: String,
    /// Place and instructor's name.
    watcher: (String, String),
}

impl Drop for Watching {
    fn drop(&mut self) {
        let mut all = self.hub.helped();
        if let Some(helped) = all.get_mut(&self.learner) {
            if let Some(index) = helped.watchers.iter().position(|watcher| *watcher == self.watcher) {
                helped.watchers.swap_remove(index);
            }
            if !helped.watchers.contains(&self.watcher) {
                helped.assist.take_if(|assist| assist.account == self.account && assist.place == self.watcher.0);
            }
            if helped.is_over() {
                all.remove(&self.learner);
            }
        }
        drop(all);
        self.hub.tell(Event::Seat(self.learner.clone()));
    }
}

#[cfg(test)]
mod tests;
