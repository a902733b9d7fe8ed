//! `/teach/classes/:id`: the board.

use leptos::{ev, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::{
    model::{Board, ClassState},
    teach::{
        board::{BoardState, LessonTabs, LineNotice, Open, SidePanel, Table, Tools, escape},
        frame::{Bar, ClassNav, ClassPage},
        live::{live, part},
        load::{Ask, Loaded, page},
        stream::Line,
    },
};

#[component]
pub(crate) fn BoardPage() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let ask = Memo::new(move |_| {
        let (class, lesson) = (params.read().get("id"), query.read().get("lesson"));
        Ask::Board { class: class.unwrap_or_default(), lesson: lesson.unwrap_or_default() }
    });
    page(ask, |loaded| match loaded {
        Loaded::Board(board) => view! { <BoardView board=*board /> }.into_any(),
        _ => ().into_any(),
    })
}

#[component]
fn BoardView(board: Board) -> impl IntoView {
    let (class, name, lesson, lessons) = (board.class.clone(), board.name.clone(), board.lesson.clone(), board.lessons.clone());
    let title = format!("{name} · Board");
    let (nav_class, nav_lesson) = (class.clone(), lesson.clone());
    let state = BoardState::new(board, false);
    state.follow();
    let open = RwSignal::new(Open::Nothing);
    let all_at_once = RwSignal::new(false);
    Effect::new(move |_| {
        if state.line.get() == Line::Gone {
            open.set(Open::Nothing);
        }
    });
    Effect::new(move |_| {
        if open.with(|open| *open != Open::Nothing) {
            state.told.set(None);
        }
    });
    // Where nothing has the focus. (What is on the page hears it first: a terminal would take it.)
    Effect::new(move |_| {
        let pressed = window_event_listener(ev::keydown, move |event| escape(&event, open));
        on_cleanup(move || pressed.remove());
    });
    view! {
        <Title text=title />
        <div
            class="teach-bench"
            class:teach-bench--all=live(move || all_at_once.get())
            class:teach-bench--side=live(move || open.with(|open| *open != Open::Nothing))
            on:keydown:capture=move |event| escape(&event, open)
        >
            <Bar><ClassNav class=nav_class name=name here=ClassPage::Board lesson=nav_lesson /></Bar>
            <main class="teach-bench__main" id="main">
                <h1 class="unseen">"Board"</h1>
                <div class="teach-bench__top">
                    {part(move || state_notice(state.class_state.get()))}
                    <LessonTabs class=class lessons=lessons here=lesson />
                    <Tools state=state open=open all_at_once=all_at_once />
                </div>
                <div class="teach-bench__panes">
                    <section class="pane board-pane" aria-label="The board"><Table state=state open=open /></section>
                    <SidePanel state=state open=open />
                </div>
            </main>
            <LineNotice line=state.line />
        </div>
    }
    .into_any()
}

/// Said where the class isn't open.
fn state_notice(state: ClassState) -> Option<AnyView> {
    let text = match state {
        ClassState::Open => return None,
        ClassState::Planned => "This class opens later; nobody can join it yet. Its times are under “Set up”.",
        ClassState::Closed => {
            "This class is closed: nobody joins, and hands and notes have ended. What was done stays here, and in its report."
        }
    };
    Some(view! { <p class="notice">{text}</p> }.into_any())
}
