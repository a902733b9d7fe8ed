//! A learner's place in a class while they work: what is said about it, and where a class that is led
//! takes them.

use leptos::prelude::*;

use super::Live;
use crate::{
    api::{self, ApiError},
    model::{ClassState, Lesson, Note, Pace, PersonalLink, Seat, StepRef},
};

/// What one can do in one's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SeatAsk {
    Hand {
        up: bool,
    },
    /// By the note's ID.
    PutAway {
        note: String,
    },
    /// Lets who is named type, refuses it, or ends it.
    Assist {
        who: String,
        allow: bool,
    },
}

impl SeatAsk {
    async fn send(&self, seat: String) -> Result<(), ApiError> {
        match self.clone() {
            Self::Hand { up } => api::seats::raise_hand(seat, up).await,
            Self::PutAway { note } => api::seats::put_note_away(seat, note).await,
            Self::Assist { who, allow } => api::seats::allow_assist(seat, who, allow).await,
        }
    }

    /// How the place stands once it was done; the stream says the same a moment later.
    fn done(self, seat: &mut Seat) {
        match self {
            Self::Hand { up } => seat.hand = up,
            Self::PutAway { note } => seat.notes.retain(|there| there.id != note),
            Self::Assist { who, allow: true } => {
                if let Some(assist) = seat.assist.as_mut().filter(|assist| assist.who == who) {
                    assist.granted = true;
                }
            }
            Self::Assist { who, .. } => {
                seat.assist.take_if(|assist| assist.who == who);
            }
        }
    }
}

/// Acts in the learner's place.
#[derive(Clone, Copy)]
pub(crate) struct InClass {
    seat: RwSignal<Option<Seat>>,
    pub(crate) ask: Action<SeatAsk, ()>,
    /// Makes a new way back; the old one ends.
    pub(crate) new_way_back: Action<(), Result<PersonalLink, ApiError>>,
}

impl InClass {
    pub(crate) fn new(live: Live, problem: RwSignal<Option<String>>) -> Self {
        let seat = live.seat;
        let id = move || seat.with_untracked(|seat| seat.as_ref().map(|seat| seat.id.clone()).unwrap_or_default());
        Self {
            seat,
            ask: Action::new(move |ask: &SeatAsk| {
                let (id, ask) = (id(), ask.clone());
                async move {
                    match ask.send(id.clone()).await {
                        Ok(()) => seat.update(|seat| {
                            if let Some(seat) = seat.as_mut().filter(|seat| seat.id == id) {
                                ask.done(seat);
                            }
                        }),
                        Err(error) => problem.set(Some(error.message)),
                    }
                }
            }),
            new_way_back: Action::new(move |(): &()| api::seats::new_way_back(id())),
        }
    }

    /// Something of the place; its type's default where there is none.
    pub(crate) fn read<T: Default>(self, read: impl FnOnce(&Seat) -> T) -> T {
        // What is asked for on the way out of the page has nothing to say any more.
        self.seat.try_with(|seat| seat.as_ref().map(read)).flatten().unwrap_or_default()
    }
}

/// Where the class is, seen from where the learner is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Led {
    /// Each goes on for themselves.
    #[default]
    Free,
    Here,
    Elsewhere {
        path: String,
        /// "step 3: Run a container".
        place: String,
    },
}

/// Where the class is led to, if it is.
pub(crate) fn led_to(seat: &Seat) -> Option<StepRef> {
    seat.led.clone().filter(|_| seat.pace == Pace::Led && seat.state == ClassState::Open)
}

impl Led {
    /// `current`: the step that is looked at.
    pub(crate) fn of(seat: &Seat, lesson: &Lesson, current: Option<usize>) -> Self {
        let Some(StepRef { lesson: slug, step: id }) = led_to(seat) else { return Self::Free };
        let path = format!("/lessons/{slug}/{id}");
        if slug == lesson.slug {
            return match lesson.steps.iter().position(|step| step.id == id) {
                Some(index) if Some(index) == current => Self::Here,
                Some(index) => Self::Elsewhere { path, place: format!("step {}: {}", index + 1, lesson.steps[index].title) },
                None => Self::Free,
            };
        }
        match seat.lessons.iter().find(|(known, _)| *known == slug) {
            Some((_, title)) => Self::Elsewhere { path, place: format!("the lesson “{title}”") },
            None => Self::Free,
        }
    }
}

/// Where somebody goes who comes into the class; none where they have to choose.
pub(crate) fn entrance(seat: &Seat) -> Option<String> {
    if let Some(StepRef { lesson, step }) = led_to(seat) {
        return Some(format!("/lessons/{lesson}/{step}"));
    }
    match seat.lessons.as_slice() {
        [(slug, _)] => Some(format!("/lessons/{slug}")),
        _ => None,
    }
}

/// "Grace", "Grace and Alan", "Grace, Alan and Edsger".
pub(crate) fn names(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Who looks at the terminal now; empty where nobody does.
pub(crate) fn watching(seat: &Seat) -> String {
    match seat.watched_by.len() {
        0 => String::new(),
        1 => format!("{} is watching", names(&seat.watched_by)),
        _ => format!("{} are watching", names(&seat.watched_by)),
    }
}

/// Of whom a note is, and to whom.
pub(crate) fn from(note: &Note) -> String {
    if note.to_all { format!("{}, to the whole class", note.from) } else { format!("A hint for you from {}", note.from) }
}

/// What one reads from the moment on at which the class is over.
pub(crate) const OVER: &str = "The class is over. Host, lessons and progress stay yours.";

/// What has come about, in sentences to be read aloud. Not where the class is: see [`Led`].
pub(crate) fn news(before: &Seat, now: &Seat) -> String {
    let mut said = Vec::new();
    for note in now.notes.iter().filter(|note| before.notes.iter().all(|known| known.id != note.id)) {
        said.push(format!("{}: {}", from(note), note.text));
    }
    let assist = |seat: &Seat| seat.assist.as_ref().map(|assist| (assist.who.clone(), assist.granted));
    match (assist(before), assist(now)) {
        (before, now) if before == now => {}
        (_, Some((who, false))) => {
            said.push(format!("{who} asks to type in your terminal. The answer is yours, in the bar of your class."))
        }
        (_, Some((who, true))) => said.push(format!("{who} can type in your terminal now.")),
        (Some((who, true)), None) => said.push(format!("{who} can no longer type in your terminal.")),
        (_, None) => {}
    }
    let new = now.watched_by.iter().filter(|name| !before.watched_by.contains(name)).cloned().collect::<Vec<_>>();
    if !new.is_empty() {
        said.push(format!("{} can see your terminal now.", names(&new)));
    }
    if before.hand && !now.hand {
        said.push("Your hand is down.".to_owned());
    }
    if before.state != ClassState::Closed && now.state == ClassState::Closed {
        said.push(OVER.to_owned());
    }
    said.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Assist, Step, StepKind};

    fn seat() -> Seat {
        Seat {
            id: "p1".to_owned(),
            class: "Docker 101".to_owned(),
            name: "Ada".to_owned(),
            instructor: "Grace".to_owned(),
            state: ClassState::Open,
            lessons: vec![("images".to_owned(), "Images".to_owned()), ("volumes".to_owned(), "Volumes".to_owned())],
            pace: Pace::Led,
            led: Some(StepRef { lesson: "images".to_owned(), step: "run".to_owned() }),
            hand: false,
            notes: Vec::new(),
            assist: None,
            watched_by: Vec::new(),
        }
    }

    fn lesson() -> Lesson {
        let step = |(id, title): (&str, &str)| Step {
            id: id.to_owned(),
            kind: StepKind::Lab,
            title: title.to_owned(),
            html: String::new(),
            checks: Vec::new(),
            questions: Vec::new(),
            hints: 0,
            has_solution: false,
        };
        let steps = [("pull", "Pull an image"), ("run", "Run a container")].map(step).to_vec();
        Lesson { slug: "images".to_owned(), title: "Images".to_owned(), summary: String::new(), steps }
    }

    fn note(id: &str, to_all: bool) -> Note {
        Note { id: id.to_owned(), from: "Grace".to_owned(), text: "Look at the port.".to_owned(), at: 0, to_all }
    }

    #[test]
    fn a_led_class_says_at_which_step_it_is() {
        let there = Led::Elsewhere { path: "/lessons/images/run".to_owned(), place: "step 2: Run a container".to_owned() };
        assert_eq!(Led::of(&seat(), &lesson(), Some(0)), there);
        assert_eq!(Led::of(&seat(), &lesson(), Some(1)), Led::Here);
    }

    #[test]
    fn a_led_class_that_is_in_another_lesson_says_in_which() {
        let away = Seat { led: Some(StepRef { lesson: "volumes".to_owned(), step: "one".to_owned() }), ..seat() };
        let there = Led::Elsewhere { path: "/lessons/volumes/one".to_owned(), place: "the lesson “Volumes”".to_owned() };
        assert_eq!(Led::of(&away, &lesson(), Some(0)), there);
    }

    #[test]
    fn nobody_is_led_in_free_pace_or_when_the_class_is_over_or_to_a_step_that_is_gone() {
        let gone = Seat { led: Some(StepRef { lesson: "images".to_owned(), step: "gone".to_owned() }), ..seat() };
        for seat in [Seat { pace: Pace::Free, ..seat() }, Seat { state: ClassState::Closed, ..seat() }, Seat { led: None, ..seat() }, gone]
        {
            assert_eq!(Led::of(&seat, &lesson(), Some(0)), Led::Free, "{seat:?}");
        }
    }

    #[test]
    fn who_comes_in_goes_where_the_class_is_or_to_its_one_lesson_or_chooses() {
        assert_eq!(entrance(&seat()).as_deref(), Some("/lessons/images/run"));
        let free = Seat { pace: Pace::Free, ..seat() };
        assert_eq!(entrance(&free), None);
        let one = Seat { lessons: vec![("images".to_owned(), "Images".to_owned())], ..free };
        assert_eq!(entrance(&one).as_deref(), Some("/lessons/images"));
    }

    #[test]
    fn who_watches_is_named() {
        let watched = |names: &[&str]| watching(&Seat { watched_by: names.iter().map(|name| (*name).to_owned()).collect(), ..seat() });
        assert_eq!(watched(&[]), "");
        assert_eq!(watched(&["Grace"]), "Grace is watching");
        assert_eq!(watched(&["Grace", "Alan", "Edsger"]), "Grace, Alan and Edsger are watching");
    }

    #[test]
    fn a_note_is_read_aloud_once_with_whom_it_is_for() {
        let one = Seat { notes: vec![note("1", true)], ..seat() };
        let two = Seat { notes: vec![note("1", true), note("2", false)], ..seat() };
        assert_eq!(news(&seat(), &one), "Grace, to the whole class: Look at the port.");
        assert_eq!(news(&one, &two), "A hint for you from Grace: Look at the port.");
        assert_eq!(news(&two, &one), "", "one that is put away is no news");
    }

    #[test]
    fn who_asks_to_type_is_said_and_when_they_can_and_when_no_longer() {
        let assist = |granted| Seat { assist: Some(Assist { who: "Grace".to_owned(), granted }), ..seat() };
        assert!(news(&seat(), &assist(false)).starts_with("Grace asks to type in your terminal."));
        assert_eq!(news(&assist(false), &assist(true)), "Grace can type in your terminal now.");
        assert_eq!(news(&assist(true), &seat()), "Grace can no longer type in your terminal.");
        assert_eq!(news(&assist(false), &seat()), "", "who has just said no knows it");
    }

    #[test]
    fn a_hand_that_was_lowered_and_the_end_of_the_class_are_said() {
        assert_eq!(news(&Seat { hand: true, ..seat() }, &seat()), "Your hand is down.");
        assert_eq!(news(&seat(), &Seat { state: ClassState::Closed, ..seat() }), OVER);
    }

    #[test]
    fn what_was_done_shows_at_once() {
        let mut now = Seat { notes: vec![note("1", true), note("2", false)], ..seat() };
        now.assist = Some(Assist { who: "Grace".to_owned(), granted: false });
        SeatAsk::Hand { up: true }.done(&mut now);
        SeatAsk::PutAway { note: "1".to_owned() }.done(&mut now);
        let answer = |who: &str, allow| SeatAsk::Assist { who: who.to_owned(), allow };
        answer("Edsger", true).done(&mut now);
        assert!(now.assist.as_ref().is_some_and(|assist| !assist.granted), "Grace has asked since");
        answer("Grace", true).done(&mut now);
        assert!(now.hand);
        assert_eq!(now.notes, [note("2", false)]);
        assert!(now.assist.as_ref().is_some_and(|assist| assist.granted));
        answer("Grace", false).done(&mut now);
        assert_eq!(now.assist, None);
    }
}
