//! Name, lessons, pace and times.

use leptos::{ev, html, prelude::*};

use super::{LessonChoice, times::Moment};
use crate::{
    api,
    model::{ClassDetails, ClassDraft, ClassState, LessonOutline, Pace},
    teach::{
        confirm::{self, Confirm},
        doing::Doing,
        live::{live, part, submitted, typed},
        words::count,
    },
};

#[component]
pub(crate) fn Details(class: RwSignal<ClassDetails>, lessons: Vec<LessonOutline>) -> impl IntoView {
    let doing = Doing::new();
    let saved = RwSignal::new(false);
    let ClassDraft { name, lessons: chosen, opens_at, closes_at, pace } = class.with_untracked(|class| class.draft.clone());
    let (name, chosen, pace) = (RwSignal::new(name), RwSignal::new(chosen), RwSignal::new(pace));
    let (opens_at, closes_at) = (RwSignal::new(opens_at), RwSignal::new(closes_at));
    let dialog = NodeRef::<html::Dialog>::new();
    let save = Callback::new(move |()| {
        let draft = ClassDraft {
            name: name.get_untracked(),
            lessons: chosen.get_untracked(),
            opens_at: opens_at.get_untracked(),
            closes_at: closes_at.get_untracked(),
            pace: pace.get_untracked(),
        };
        let id = class.with_untracked(|class| class.id.clone());
        doing.ask(api::teach::classes::change_class(id, draft), move |changed| {
            class.set(changed);
            saved.set(true);
        });
    });
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        saved.set(false);
        let state = class.with_untracked(|class| class.state);
        if closes_at_once(closes_at.get_untracked(), js_sys::Date::now() as i64, state) {
            confirm::open(dialog);
        } else {
            save.run(());
        }
    };
    let what_ends = move || class.with(|class| what_ends(class.places.iter().filter(|place| place.joined_at.is_some()).count()));
    let choice = move |this: Pace, words: &'static str, note: &'static str| {
        view! {
            <label class="choice">
                <input type="radio" name="pace" prop:checked=live(move || pace.get() == this) checked=live(move || pace.get() == this) on:change=typed(move |_| pace.set(this)) />
                <span class="choice__text"><strong>{words}</strong><span class="soft">{note}</span></span>
            </label>
        }
    };
    view! {
        <section class="panel" aria-labelledby="details-title">
            <h2 id="details-title">"The class"</h2>
            <form class="form" on:submit=submitted(submit)>
                <label class="form__label">
                    "Name"
                    <input class="field" type="text" maxlength="100" required prop:value=live(move || name.get()) value=name.get_untracked() on:input=typed(move |event| name.set(event_target_value(&event))) />
                </label>
                <LessonChoice lessons=lessons chosen=chosen />
                <fieldset class="choices">
                    <legend class="form__legend">"Pace"</legend>
                    {choice(Pace::Free, "Free", "Each learner goes on when they are ready.")}
                    {choice(Pace::Led, "Led", "You move the class from step to step, from the board. Learners are taken along unless they are typing; they can still look at any step, and a bar says where the class is.")}
                </fieldset>
                <div class="form__pair">
                    <Moment label="Opens" note="By the clock of this computer. Empty: at once." at=opens_at />
                    <Moment label="Closes" note="By the same clock. Empty: never. What was done stays." at=closes_at />
                </div>
                {doing.alert()}
                <div class="form__row">
                    <button type="submit" class="button button--primary" disabled=doing.pending>{doing.label("Save", "Saving…")}</button>
                    <span role="status" class="soft">{part(move || if saved.get() { "Saved." } else { "" })}</span>
                </div>
            </form>
            <Confirm
                dialog=dialog
                title="Close the class now?"
                text=Signal::derive(what_ends)
                yes="Close the class"
                no="Keep it open"
                on_yes=save
            />
        </section>
    }
    .into_any()
}

/// Whether a class that is not over yet is over as soon as this is saved. Both times in unix milliseconds; 0: never.
fn closes_at_once(closes_at: i64, now: i64, state: ClassState) -> bool {
    state != ClassState::Closed && (1..=now).contains(&closes_at)
}

/// Said before a class is closed; `learners`: who have joined it.
fn what_ends(learners: usize) -> String {
    let ends = match learners {
        0 => "Nobody has joined it, and nobody can any more.".to_owned(),
        _ => format!(
            "{} in it can raise no hand and get no notes any more, nobody else can join, and you no longer see terminals. Hosts, lessons, progress and the report stay.",
            count(learners, "learner")
        ),
    };
    format!("The closing time is in the past: the class closes as soon as you save it. {ends} A later time, or none, opens it again.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_in_the_past_closes_a_class_at_once_and_no_other_time_does() {
        for (closes_at, state, at_once) in [
            (999, ClassState::Open, true),
            (1_000, ClassState::Open, true),
            (999, ClassState::Planned, true),
            (1_001, ClassState::Open, false),
            (0, ClassState::Open, false),
            (999, ClassState::Closed, false),
        ] {
            assert_eq!(closes_at_once(closes_at, 1_000, state), at_once, "{closes_at} {state:?}");
        }
    }

    #[test]
    fn before_a_class_is_closed_it_is_said_for_how_many() {
        assert!(what_ends(2).contains(" 2 learners in it can raise no hand"), "{}", what_ends(2));
        assert!(what_ends(0).contains("Nobody has joined it"), "{}", what_ends(0));
    }
}
