//! The learner's classes on the first page, each with its lessons.

use leptos::prelude::*;

use crate::{
    model::{ClassState, Seat},
    state::led_to,
};

#[component]
pub(crate) fn MyClasses(seats: Vec<Seat>) -> impl IntoView {
    view! {
        <section class="home__lessons" aria-labelledby="classes-title">
            <h2 id="classes-title" class="home__heading">{if seats.len() == 1 { "Your class" } else { "Your classes" }}</h2>
            <ul class="home__cards" role="list">
                {seats.into_iter().map(|seat| view! { <li><ClassCard seat=seat /></li> }).collect_view()}
            </ul>
        </section>
    }
    .into_any()
}

#[component]
fn ClassCard(seat: Seat) -> impl IntoView {
    let standing = match seat.state {
        ClassState::Planned => "Not open yet",
        ClassState::Open => "Open",
        ClassState::Closed => "Over",
    };
    let led = led_to(&seat).map(|step| {
        view! { <a class="button button--primary" href=format!("/lessons/{}/{}", step.lesson, step.step)>"Go where the class is"</a> }
    });
    let Seat { class, name, instructor, lessons, .. } = seat;
    view! {
        <article class="class-card">
            <div class="class-card__head">
                <h3 class="class-card__title">{class}</h3>
                <span class="class-card__state">{standing}</span>
            </div>
            <p class="class-card__who">{format!("With {instructor} · you are {name}")}</p>
            <ol class="join__lessons" role="list">
                {lessons
                    .into_iter()
                    .map(|(slug, title)| view! { <li><a class="join__lesson" href=format!("/lessons/{slug}")>{title}</a></li> })
                    .collect_view()}
            </ol>
            {led}
        </article>
    }
    .into_any()
}
