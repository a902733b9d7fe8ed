//! The lesson page: lesson left; diagram and terminal right, in one picture.

use leptos::prelude::*;
use leptos_meta::Title;

use super::{
    class_bar::ClassBar,
    diagram::DiagramPanel,
    header::Header,
    live::{live, part},
    splitter::{Axis, Splitter},
    step_nav::{StepFooter, StepNav},
    step_view::StepView,
    terminal_panel::TerminalPanel,
};
use crate::{
    api::lessons::OpenedLesson,
    model::Lesson,
    state::{Line, Work},
};

/// The least and the most one can drag the lesson's width and the diagram's height to, in pixels.
const LESSON_WIDTH: (i32, i32) = (320, 760);
const DIAGRAM_HEIGHT: (i32, i32) = (150, 620);

#[component]
pub(crate) fn Workbench(opened: OpenedLesson, step_id: Memo<String>) -> impl IntoView {
    let slug = opened.lesson.slug.clone();
    let work = Work::new(opened);
    work.live.follow(&slug);

    let index = Memo::new(move |_| {
        step_id.with(|id| work.lesson.try_with_value(|lesson| lesson.steps.iter().position(|step| step.id == *id)).flatten())
    });
    Effect::new(move |_| {
        if index.get().is_some() {
            work.visit(step_id.get());
        }
    });
    let title = move || work.lesson.try_with_value(|lesson| page_title(lesson, index.get())).unwrap_or_default();
    let lesson_width = RwSignal::new(None::<i32>);
    let diagram_height = RwSignal::new(None::<i32>);
    view! {
        <Title text=title />
        <div class="bench">
            <Header>
                <LessonStanding work=work />
            </Header>
            <ClassBar work=work current=index />
            <main
                class="bench__main"
                id="main"
                style=("--lesson-width", move || lesson_width.get().map(pixels))
                style=("--diagram-height", move || diagram_height.get().map(pixels))
            >
                <section class="pane lesson" aria-label="Lesson">
                    <StepNav work=work current=index />
                    {part(move || match index.get() {
                        Some(index) => {
                            let step = work.lesson.with_value(|lesson| lesson.steps[index].clone());
                            view! { <StepView work=work step=step /> }.into_any()
                        }
                        None => view! { <NoSuchStep work=work /> }.into_any(),
                    })}
                    <StepFooter work=work current=index />
                </section>
                <Splitter axis=Axis::Columns label="Width of the lesson" key="lunchbox.lesson-width" range=LESSON_WIDTH value=lesson_width />
                <div class="bench__side">
                    <DiagramPanel work=work />
                    <Splitter axis=Axis::Rows label="Height of the picture" key="lunchbox.diagram-height" range=DIAGRAM_HEIGHT value=diagram_height />
                    <TerminalPanel work=work />
                </div>
            </main>
            <LineNotice work=work />
        </div>
    }
    .into_any()
}

fn pixels(length: i32) -> String {
    format!("{length}px")
}

fn page_title(lesson: &Lesson, index: Option<usize>) -> String {
    match index.and_then(|index| lesson.steps.get(index)) {
        Some(step) => format!("{} · {}", step.title, lesson.title),
        None => lesson.title.clone(),
    }
}

/// The lesson's name and how much of it is done.
#[component]
fn LessonStanding(work: Work) -> impl IntoView {
    let (title, checked, last) = work.lesson.with_value(|lesson| {
        let checked: Vec<String> = lesson.steps.iter().filter(|step| step.is_checked()).map(|step| step.id.clone()).collect();
        let last = lesson.steps.last().map(|step| format!("/lessons/{}/{}#certificate-name", lesson.slug, step.id));
        (lesson.title.clone(), checked, last)
    });
    let all = checked.len();
    let done = Memo::new(move |_| checked.iter().filter(|id| work.has_passed(id)).count());
    let is_all = move || all > 0 && done.get() == all;
    view! {
        <span class="header__lesson">{title}</span>
        <span class="header__done">
            <progress class="meter" max=all.max(1) prop:value=move || done.get() as f64
                value=move || done.get() aria-hidden="true"></progress>
            // Wherever the last one was passed: the certificate is asked for at the end.
            <a href=live(move || last.clone().filter(|_| is_all()))>
                {live(move || format!("{} of {all} done{}", done.get(), if is_all() { ": certificate" } else { "" }))}
            </a>
        </span>
    }
    .into_any()
}

#[component]
fn NoSuchStep(work: Work) -> impl IntoView {
    let first = work.lesson.with_value(|lesson| {
        let step = lesson.steps.first().map(|step| step.id.as_str()).unwrap_or_default();
        format!("/lessons/{}/{step}", lesson.slug)
    });
    view! {
        <div class="lesson__scroll">
            <h1 class="lesson__title">"This lesson has no such step"</h1>
            <p>"It may have been renamed. Your progress is kept."</p>
            <p><a class="button button--primary" href=first>"Go to the first step"</a></p>
        </div>
    }
    .into_any()
}

/// Said while the line to the server is lost: what is shown may be old.
#[component]
fn LineNotice(work: Work) -> impl IntoView {
    view! {
        <div class="line-notice" role="status">
            {part(move || {
                (work.live.line.get() == Line::Lost)
                    .then(|| view! { <p class="line-notice__text">"The line to Lunchbox is lost. Trying again; nothing you did is lost."</p> })
            })}
        </div>
    }
    .into_any()
}
