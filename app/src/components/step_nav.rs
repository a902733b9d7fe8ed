//! Where in the lesson one is, and the way to every other step.

use leptos::{ev, html, prelude::*};
use wasm_bindgen::JsCast;

use super::{
    icon::Icon,
    live::{live, part},
    standing::{GoalSummary, Standing, StepStanding},
};
use crate::{
    model::{Lesson, StepKind},
    state::Work,
};

fn kind_name(kind: StepKind) -> &'static str {
    match kind {
        StepKind::Foundation => "Foundations",
        StepKind::Lab => "Hands-on lab",
        StepKind::Practice => "Practice",
        StepKind::Recap => "Things to remember",
    }
}

/// Neighbouring steps of one kind, as indices.
fn groups(lesson: &Lesson) -> Vec<(StepKind, Vec<usize>)> {
    let mut groups: Vec<(StepKind, Vec<usize>)> = Vec::new();
    for (index, step) in lesson.steps.iter().enumerate() {
        match groups.last_mut() {
            Some((kind, steps)) if *kind == step.kind => steps.push(index),
            _ => groups.push((step.kind, vec![index])),
        }
    }
    groups
}

/// Every step as a pip, in groups by kind; the list with the titles opens on demand.
#[component]
pub(super) fn StepNav(work: Work, current: Memo<Option<usize>>) -> impl IntoView {
    let open = RwSignal::new(false);
    let nav = NodeRef::<html::Nav>::new();
    let toggle = NodeRef::<html::Button>::new();
    close_when_left(open, nav, toggle);
    // Wherever another step was chosen: in the list, by Next or Back, by the browser's own buttons.
    Effect::new(move |_| {
        current.track();
        open.set(false);
    });
    let path = move |index: usize| work.lesson.with_value(|lesson| format!("/lessons/{}/{}", lesson.slug, lesson.steps[index].id));
    let groups = work.lesson.with_value(groups);
    let pips = groups
        .iter()
        .map(|(kind, steps)| {
            let pips = steps.iter().map(|index| view! { <Pip work=work index=*index current=current href=path(*index) /> }).collect_view();
            view! { <span class="pips__group" data-kind=kind_class(*kind)>{pips}</span> }
        })
        .collect_view();
    let list = groups
        .into_iter()
        .map(|(kind, steps)| {
            let steps = steps
                .into_iter()
                .map(|index| view! { <ListedStep work=work index=index current=current href=path(index) open=open /> })
                .collect_view();
            view! {
                <li class="steps__group">
                    <span class="steps__kind" data-kind=kind_class(kind)>{kind_name(kind)}</span>
                    <ol class="steps__list" role="list">{steps}</ol>
                </li>
            }
        })
        .collect_view();
    view! {
        <nav class="steps" aria-label="Steps of the lesson" node_ref=nav>
            <div class="steps__bar">
                <div class="pips">{pips}</div>
                <button
                    type="button"
                    class="button button--quiet button--icon steps__toggle"
                    aria-label="All steps"
                    title="All steps"
                    aria-expanded=live(move || open.get().to_string())
                    aria-controls="steps-list"
                    node_ref=toggle
                    on:click=move |_| open.update(|open| *open = !*open)
                >
                    {Icon::List.view()}
                </button>
            </div>
            <ol id="steps-list" class="steps__all" role="list" hidden=live(move || !open.get())>{list}</ol>
        </nav>
    }
    .into_any()
}

/// The list lies over the lesson: it goes on Escape, which leads back to its button, on a click
/// beside it, and when the focus moves on.
fn close_when_left(open: RwSignal<bool>, nav: NodeRef<html::Nav>, toggle: NodeRef<html::Button>) {
    let is_outside = move |target: Option<web_sys::EventTarget>| {
        let target = target.and_then(|target| target.dyn_into::<web_sys::Node>().ok());
        target.is_some_and(|target| nav.get_untracked().is_some_and(|nav| !nav.contains(Some(&target))))
    };
    let pressed = window_event_listener(ev::pointerdown, move |event| {
        if open.get_untracked() && is_outside(event.target()) {
            open.set(false);
        }
    });
    let moved = window_event_listener(ev::focusin, move |event| {
        if open.get_untracked() && is_outside(event.target()) {
            open.set(false);
        }
    });
    let escaped = window_event_listener(ev::keydown, move |event| {
        if open.get_untracked() && event.key() == "Escape" {
            open.set(false);
            if let Some(toggle) = toggle.get_untracked() {
                // Only a detached element can't take the focus.
                let _ = toggle.focus();
            }
        }
    });
    on_cleanup(move || {
        pressed.remove();
        moved.remove();
        escaped.remove();
    });
}

pub(super) fn kind_class(kind: StepKind) -> &'static str {
    match kind {
        StepKind::Foundation => "foundation",
        StepKind::Lab => "lab",
        StepKind::Practice => "practice",
        StepKind::Recap => "recap",
    }
}

#[component]
fn Pip(work: Work, index: usize, current: Memo<Option<usize>>, href: String) -> impl IntoView {
    let (id, title) = work.lesson.with_value(|lesson| (lesson.steps[index].id.clone(), lesson.steps[index].title.clone()));
    let passed = Memo::new(move |_| work.has_passed(&id));
    let label = {
        let title = title.clone();
        move || format!("Step {}: {title}{}", index + 1, if passed.get() { ", done" } else { "" })
    };
    view! {
        <a
            class="pip"
            class:pip--passed=passed
            href=href
            aria-label=live(label)
            title=title
            aria-current=live(move || (current.get() == Some(index)).then_some("step"))
        >
            {part(move || if passed.get() { Icon::Check.view().into_any() } else { (index + 1).into_any() })}
        </a>
    }
    .into_any()
}

#[component]
fn ListedStep(work: Work, index: usize, current: Memo<Option<usize>>, href: String, open: RwSignal<bool>) -> impl IntoView {
    let (id, title) = work.lesson.with_value(|lesson| (lesson.steps[index].id.clone(), lesson.steps[index].title.clone()));
    let passed = Memo::new(move |_| work.has_passed(&id));
    view! {
        <li>
            <a
                class="steps__link"
                href=href
                aria-current=live(move || (current.get() == Some(index)).then_some("step"))
                on:click=move |_| open.set(false)
            >
                <span class="steps__number">{index + 1}</span>
                <span class="steps__title">{title}</span>
                {part(move || passed.get().then(|| view! { <span class="steps__done">{Icon::Check.view()}"done"</span> }))}
            </a>
        </li>
    }
    .into_any()
}

/// What is still to do; and below it back and on, and between them how the step stands.
#[component]
pub(super) fn StepFooter(work: Work, current: Memo<Option<usize>>) -> impl IntoView {
    let count = work.lesson.with_value(|lesson| lesson.steps.len());
    let link = move |index: usize| {
        work.lesson.with_value(|lesson| (format!("/lessons/{}/{}", lesson.slug, lesson.steps[index].id), lesson.steps[index].title.clone()))
    };
    let previous = move || {
        current.get().and_then(|index| index.checked_sub(1)).map(|index| {
            let (href, title) = link(index);
            view! {
                <a class="button button--quiet" href=href title=title rel="prev">
                    {Icon::Left.view()}
                    "Back"
                </a>
            }
        })
    };
    let next = move || {
        current.get().map(|index| index + 1).filter(|index| *index < count).map(|index| {
            let (href, title) = link(index);
            view! {
                <a class="button" class:button--primary=live(move || Standing::now(work, current).leads_on()) href=href title=title rel="next">
                    "Next"
                    {Icon::Right.view()}
                </a>
            }
        })
    };
    view! {
        <footer class="lesson__foot">
            <GoalSummary work=work current=current />
            <span class="lesson__back">{part(previous)}</span>
            <StepStanding work=work current=current />
            <span class="lesson__on">
                {part(next)}
                {part(move || {
                    current
                        .get()
                        .is_some_and(|index| index + 1 == count)
                        .then(|| view! { <a class="button" class:button--primary=live(move || Standing::now(work, current).leads_on()) href="/">"All lessons"</a> })
                })}
            </span>
        </footer>
    }
    .into_any()
}
