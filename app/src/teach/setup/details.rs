//! Name, lessons, pace and times.

use leptos::{ev, prelude::*};

use super::{LessonChoice, times::Moment};
use crate::{
    api,
    model::{ClassDetails, ClassDraft, LessonOutline, Pace},
    teach::{
        doing::Doing,
        live::{live, part, submitted, typed},
    },
};

#[component]
pub(crate) fn Details(class: RwSignal<ClassDetails>, lessons: Vec<LessonOutline>) -> impl IntoView {
    let doing = Doing::new();
    let saved = RwSignal::new(false);
    let ClassDraft { name, lessons: chosen, opens_at, closes_at, pace } = class.with_untracked(|class| class.draft.clone());
    let (name, chosen, pace) = (RwSignal::new(name), RwSignal::new(chosen), RwSignal::new(pace));
    let (opens_at, closes_at) = (RwSignal::new(opens_at), RwSignal::new(closes_at));
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        saved.set(false);
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
    };
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
                    {choice(Pace::Led, "Led", "You move the class from step to step, from the board.")}
                </fieldset>
                <div class="form__pair">
                    <Moment label="Opens" note="Empty: at once." at=opens_at />
                    <Moment label="Closes" note="Empty: never. What was done stays." at=closes_at />
                </div>
                {doing.alert()}
                <div class="form__row">
                    <button type="submit" class="button button--primary" disabled=doing.pending>{doing.label("Save", "Saving…")}</button>
                    <span role="status" class="soft">{part(move || if saved.get() { "Saved." } else { "" })}</span>
                </div>
            </form>
        </section>
    }
    .into_any()
}
