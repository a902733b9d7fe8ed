//! `/teach`: one's classes, and how to make one.

use leptos::{ev, prelude::*};
use leptos_meta::Title;

use crate::{
    api,
    components::{Icon, Shown, When},
    model::{ClassDraft, ClassState, ClassSummary, LessonOutline},
    teach::{
        doing::Doing,
        frame::{Bar, leave_for},
        live::{live, part, submitted, typed},
        load::{self, Ask, Loaded},
        setup::LessonChoice,
        words::{count, state},
    },
};

#[component]
pub(crate) fn ClassesPage() -> impl IntoView {
    let ask = Memo::new(|_| Ask::Classes);
    view! {
        <Title text="Your classes" />
        {load::page(ask, |loaded| match loaded {
            Loaded::Classes(classes, lessons) => page(classes, lessons),
            _ => ().into_any(),
        })}
    }
    .into_any()
}

fn page(classes: Vec<ClassSummary>, lessons: Vec<LessonOutline>) -> AnyView {
    let is_first = classes.is_empty();
    let (mine, others): (Vec<_>, Vec<_>) = classes.into_iter().partition(|class| class.is_mine);
    let list = |classes: Vec<ClassSummary>| {
        let cards = classes.into_iter().map(|class| view! { <li>{card(class)}</li> }).collect_view();
        view! { <ul class="class-cards" role="list">{cards}</ul> }
    };
    view! {
        <Bar />
        <main class="teach-page" id="main">
            {if is_first {
                view! {
                    <section class="teach-hero">
                        <h1>"Make your first class"</h1>
                        <ol>
                            <li>"Give it a name and choose its lessons."</li>
                            <li>"Show the code: learners type it and their name, and are in. Nothing to install, nothing to sign up for."</li>
                            <li>"Watch the board: who is stuck comes first, and it says why."</li>
                        </ol>
                    </section>
                }
                    .into_any()
            } else {
                view! { <h1>"Your classes"</h1> }.into_any()
            }}
            {(!mine.is_empty()).then(|| list(mine))}
            {(!others.is_empty()).then(|| view! { <h2>"Others' classes that you see"</h2> {list(others)} })}
            <NewClass lessons=lessons is_open=is_first />
        </main>
    }
    .into_any()
}

fn card(class: ClassSummary) -> AnyView {
    let ClassSummary { id, name, state: now, lessons, learners, online, hands, made_at, owner, is_mine } = class;
    let hands = (hands > 0).then(|| view! { <strong class="class-card__hands">{Icon::Hand.view()}{hands}</strong> });
    view! {
        <article class="card class-card">
            <h3 class="card__title"><a class="card__link" href=format!("/teach/classes/{id}") rel="external">{name}</a></h3>
            <p class="card__summary">{lessons.join(", ")}</p>
            <p class="card__facts">
                <span class="state-word" data-state=format!("{now:?}")>{state(now)}</span>
                {format!(" · {} · {online} online", count(learners as usize, "learner"))}
                {hands}
            </p>
            <p class="card__facts">
                {(!is_mine).then(|| format!("{owner}'s · "))}
                "Made "
                <When at=made_at shown=Shown::Day />
                ", "
                <When at=made_at shown=Shown::Clock />
                {(now == ClassState::Closed).then_some(" · its report stays")}
            </p>
        </article>
    }
    .into_any()
}

/// A name and lessons are enough; the rest can be set later.
#[component]
fn NewClass(lessons: Vec<LessonOutline>, is_open: bool) -> impl IntoView {
    let doing = Doing::new();
    let name = RwSignal::new(String::new());
    let chosen = RwSignal::new(match &lessons[..] {
        [only] => vec![only.slug.clone()],
        _ => Vec::new(),
    });
    let missing = RwSignal::new(false);
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        missing.set(chosen.with_untracked(Vec::is_empty));
        if missing.get_untracked() {
            return;
        }
        let draft = ClassDraft { name: name.get_untracked(), lessons: chosen.get_untracked(), ..ClassDraft::default() };
        doing.ask(api::teach::classes::make_class(draft), |id| leave_for(&format!("/teach/classes/{id}/setup?new=1")));
    };
    let form = view! {
            <form class="form new-class__form" on:submit=submitted(submit)>
                <label class="form__label">
                    "Name"
                    <input
                        class="field"
                        type="text"
                        maxlength="100"
                        required
                        placeholder="Docker basics, Friday"
                        prop:value=live(move || name.get())
                        on:input=typed(move |event| name.set(event_target_value(&event)))
                    />
                </label>
                <LessonChoice lessons=lessons chosen=chosen />
                {part(move || missing.get().then(|| view! { <p class="alert" role="alert">"A class needs a lesson. Choose at least one."</p> }))}
                {doing.alert()}
                <button type="submit" class="button button--primary button--large" disabled=doing.pending>{doing.label("Make the class", "Making it…")}</button>
            </form>
    };
    if is_open {
        return view! { <section class="new-class" aria-label="Make a class">{form}</section> }.into_any();
    }
    view! {
        <details class="new-class">
            <summary class="button button--primary">"Make a class"</summary>
            {form}
        </details>
    }
    .into_any()
}
