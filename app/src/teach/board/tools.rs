//! Above the board: lessons, what is counted, a note to all, and where a led class is.

use leptos::{html, prelude::*};

use super::{
    order::Sorting,
    state::{BoardState, Open},
};
use crate::{
    api,
    components::Icon,
    model::{ClassState, Pace, StepRef},
    teach::{
        confirm,
        doing::Doing,
        live::{click, live, part, typed},
        watch::{NoteForm, Sent},
        words::{count, step_name},
    },
};

/// The class's lessons; the board shows one of them.
#[component]
pub(crate) fn LessonTabs(class: String, lessons: Vec<(String, String)>, here: String) -> impl IntoView {
    if lessons.len() < 2 {
        return ().into_any();
    }
    let tabs = lessons
        .into_iter()
        .map(|(slug, title)| {
            let current = (slug == here).then_some("page");
            view! { <a class="tab" href=format!("/teach/classes/{class}?lesson={slug}") aria-current=current>{title}</a> }
        })
        .collect_view();
    view! { <nav class="tabs" aria-label="Lessons">{tabs}</nav> }.into_any()
}

#[component]
pub(crate) fn Tools(state: BoardState, open: RwSignal<Open>, all_at_once: RwSignal<bool>) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let sent = RwSignal::new(0);
    let open_notes = move |_| {
        sent.update(|sent| *sent += 1);
        confirm::open(dialog);
    };
    let is_over = Memo::new(move |_| state.class_state.get() == ClassState::Closed);
    let tally = Memo::new(move |_| state.tally());
    let awaited = move || {
        let awaited = state.awaited.get();
        let setup = format!("/teach/classes/{}/setup#people-title", state.class.get_value());
        (awaited > 0).then(|| view! { <a class="fact" href=setup rel="external" title="Who is on your list and not here yet">{format!("{awaited} awaited")}</a> })
    };
    let next_hand = move |_| {
        let up = state.order.with_untracked(|order| {
            let hands = order
                .iter()
                .filter_map(|id| state.row(id))
                .filter_map(|row| row.with_untracked(|row| (row.hand_at > 0).then(|| (row.hand_at, row.id.clone()))));
            hands.min()
        });
        if let Some((_, place)) = up {
            open.set(Open::Learner(place));
        }
    };
    view! {
        <div class="tools">
            <p class="tools__facts">
                <span class="fact">{part(move || count(tally.get().learners, "learner"))}</span>
                <span class="fact"><span class="dot dot--on" aria-hidden="true"></span>{part(move || format!("{} online", tally.get().online))}</span>
                {part(awaited)}
                <span class="fact" class:fact--stuck=live(move || { tally.get().stuck > 0 })>{part(move || format!("{} stuck", tally.get().stuck))}</span>
                <button type="button" class="button" disabled=live(move || tally.get().hands == 0) on:click=click(next_hand) title="Open the learner whose hand has been up for longest">
                    {Icon::Hand.view()} {part(move || count(tally.get().hands, "hand"))}
                </button>
            </p>
            {(state.pace == Pace::Led).then(|| view! { <LeadSelect state=state /> })}
            <span class="tools__wait" role="status">{part(move || if state.waits.get() { "Rows keep still while you are in them." } else { "" })}</span>
            <div class="tools__right">
                <button
                    type="button"
                    class="button button--quiet"
                    aria-pressed=live(move || (state.sorting.get() == Sorting::Name).to_string())
                    on:click=click(move |_| state.sorting.update(|sorting| *sorting = if *sorting == Sorting::Name { Sorting::Need } else { Sorting::Name }))
                >
                    "By name"
                </button>
                <button
                    type="button"
                    class="button button--quiet"
                    aria-pressed=live(move || all_at_once.get().to_string())
                    title="The whole class on one screen, in columns"
                    on:click=click(move |_| all_at_once.update(|all| *all = !*all))
                >
                    "Everybody at once"
                </button>
                <span class="soft" hidden=live(move || !is_over.get())>"Closed: notes have ended"</span>
                <button type="button" class="button" on:click=click(open_notes)>
                    {part(move || if is_over.get() { "Notes sent…" } else { "Note to all…" })}
                </button>
            </div>
            <dialog class="dialog" node_ref=dialog aria-labelledby="note-all-title">
                <h2 class="dialog__title" id="note-all-title">{part(move || if is_over.get() { "Notes of this class" } else { "A note to the whole class" })}</h2>
                <div hidden=live(move || is_over.get())>
                    <p class="soft">"It stands above each learner's lesson until they put it away."</p>
                    <NoteForm class=state.class.get_value() place=String::new() sent=Callback::new(move |()| {
                        confirm::close(dialog);
                        state.told.set(Some("Your note is sent to everybody.".to_owned()));
                    }) />
                </div>
                <Sent class=state.class.get_value() place=String::new() wanted=sent />
                <div class="dialog__buttons">
                    <button type="button" class="button" on:click=click(move |_| confirm::close(dialog))>"Close"</button>
                </div>
            </dialog>
            {part(move || {
                state.told.get().map(|told| {
                    view! {
                        <div class="notice notice--good tools__told">
                            <p role="status">{told}</p>
                            <button type="button" class="button button--quiet" aria-label="Put away" title="Put away" on:click=click(move |_| state.told.set(None))>"✕"</button>
                        </div>
                    }
                })
            })}
        </div>
    }
    .into_any()
}

/// Where a led class is; choosing another step moves it there.
#[component]
fn LeadSelect(state: BoardState) -> impl IntoView {
    let doing = Doing::new();
    let at = move || {
        state.led.with(|led| {
            let led = led.as_ref()?;
            state.lesson.with_value(|lesson| *lesson == led.lesson).then(|| state.step_index(&led.step)).flatten()
        })
    };
    let lead = move |event| {
        let Some(step) = event_target_value(&event)
            .parse::<usize>()
            .ok()
            .and_then(|index| state.steps.with_value(|steps| steps.get(index).map(|step| step.id.clone())))
        else {
            return;
        };
        let to = StepRef { lesson: state.lesson.get_value(), step };
        let led = to.clone();
        doing.ask(api::teach::board::lead(state.class.get_value(), to), move |()| state.led.set(Some(led)));
    };
    let options = state.steps.with_value(|steps| {
        steps
            .iter()
            .enumerate()
            .map(|(index, step)| view! { <option value=index.to_string() selected=live(move || at() == Some(index))>{step_name(index, step)}</option> })
            .collect_view()
    });
    view! {
        <label class="lead">
            "The class is at "
            <select class="field" disabled=doing.pending on:change=typed(lead)>
                <option value="" selected=live(move || at().is_none()) disabled>"(not chosen yet)"</option>
                {options}
            </select>
            {doing.alert()}
        </label>
    }
    .into_any()
}
