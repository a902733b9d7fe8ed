//! `/`: what this is, and the lessons.

use leptos::prelude::*;
use leptos_meta::Title;

use super::load::{Loaded, Wanted, load, shown};
use crate::{
    components::{Alert, CodeEntry, Header, LessonCard, MyClasses},
    model::LessonSummary,
};

const POINTS: [(&str, &str); 3] = [
    (
        "Type it",
        "A shell and the docker command as you will find them at work, on a host that only you use. Click a command, or write your own.",
    ),
    ("See it", "A picture of registry, images and containers follows every command, layer by layer."),
    ("Know it", "Each step checks itself by looking at what is really on your host. Hints are there when you are stuck."),
];

#[component]
pub(crate) fn HomePage() -> impl IntoView {
    let loaded = load(Memo::new(|_| Wanted::Home));
    view! {
        <Title text="" />
        <Header />
        <main class="home" id="main">
            <section class="hero">
                <div class="hero__words">
                    <h1 class="hero__title">"Learn Docker on a real Docker host of your own"</h1>
                    <p class="hero__text">
                        "Lunchbox gives you a private host with a real shell in your browser, shows you what every command does, and checks each step as you go."
                    </p>
                </div>
                <Box />
            </section>
            {shown(loaded, waiting, |answer| match answer {
                Ok(Loaded::Home(lessons, seats)) => {
                    view! {
                        // Who learns alone has none, and is told nothing of classes.
                        {(!seats.is_empty()).then(|| view! { <MyClasses seats=seats /> })}
                        {lessons_section(lesson_cards(lessons))}
                    }
                        .into_any()
                }
                Ok(_) => ().into_any(),
                Err(error) => lessons_section(view! { <Alert text=error.message /> }.into_any()),
            })}
            <section class="home__lessons" aria-labelledby="what-title">
                <h2 id="what-title" class="home__heading">"How it works"</h2>
                <ul class="home__points" role="list">
                    {POINTS
                        .map(|(title, text)| {
                            view! {
                                <li class="point">
                                    <h3 class="point__title">{title}</h3>
                                    <p class="point__text">{text}</p>
                                </li>
                            }
                        })
                        .collect_view()}
                </ul>
            </section>
            // Another bundle's page.
            <a class="home__teach" href="/teach" rel="external">"For instructors"</a>
        </main>
    }
    .into_any()
}

fn lessons_section(lessons: AnyView) -> AnyView {
    view! {
        <section class="home__lessons" aria-labelledby="lessons-title">
            <div class="home__bar">
                <h2 id="lessons-title" class="home__heading">"Lessons"</h2>
                <CodeEntry label="In a class?" button="Join a class" />
            </div>
            {lessons}
        </section>
    }
    .into_any()
}

fn waiting() -> AnyView {
    view! { <p class="home__wait" role="status">"Loading the lessons…"</p> }.into_any()
}

fn lesson_cards(lessons: Vec<LessonSummary>) -> AnyView {
    if lessons.is_empty() {
        return view! { <p class="home__wait">"There is no lesson yet. Put one under lessons/ and start the server again."</p> }.into_any();
    }
    view! {
        <ul class="home__cards" role="list">
            {lessons.into_iter().map(|lesson| view! { <li><LessonCard lesson=lesson /></li> }).collect_view()}
        </ul>
    }
    .into_any()
}

/// On a grid of 264 × 200. As one text: shapes that are views are code in the bundle.
const BOX: &str = "<rect class='hero__tray' width='264' height='200' rx='36'/>\
<rect class='hero__rice' x='18' y='18' width='112' height='164' rx='22'/>\
<rect class='hero__egg' x='142' y='18' width='104' height='48' rx='16'/>\
<rect class='hero__tomato' x='142' y='76' width='48' height='48' rx='16'/>\
<rect class='hero__leaf' x='198' y='76' width='48' height='48' rx='16'/>\
<rect class='hero__plum' x='142' y='134' width='104' height='48' rx='16'/>\
<circle class='hero__tomato' cx='74' cy='100' r='17'/>\
<rect class='hero__seed' x='40' y='52' width='10' height='4' rx='2'/>\
<rect class='hero__seed' x='96' y='60' width='10' height='4' rx='2'/>\
<rect class='hero__seed' x='48' y='146' width='10' height='4' rx='2'/>\
<rect class='hero__seed' x='92' y='140' width='10' height='4' rx='2'/>";

/// A lunchbox, packed.
#[component]
fn Box() -> impl IntoView {
    view! {
        <svg class="hero__box" viewBox="0 0 264 200" aria-hidden="true" focusable="false" inner_html=BOX></svg>
    }
}
