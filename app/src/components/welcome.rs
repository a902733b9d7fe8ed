//! The learner is in: their way back, shown once, and the way on.

use leptos::{html, prelude::*};

use super::way_back::WayBack;
use crate::{
    model::{Joined, Seat},
    state::entrance,
};

#[component]
pub(crate) fn Welcome(joined: Joined) -> impl IntoView {
    let Joined { seat, way_back } = joined;
    let title = NodeRef::<html::H1>::new();
    // It takes the place of what was pressed.
    Effect::new(move |_| {
        if let Some(title) = title.get() {
            // Only a detached element can't take the focus.
            let _ = title.focus();
        }
    });
    view! {
        <h1 class="join__title" tabindex="-1" node_ref=title>{format!("Welcome, {}", seat.name)}</h1>
        <p class="join__by">{format!("You are in {} with {}", seat.class, seat.instructor)}</p>
        {way_back.map(|way| view! { <WayBack way=way /> })}
        <Onward seat=seat />
    }
    .into_any()
}

/// To the lesson, or the lessons to choose from.
#[component]
fn Onward(seat: Seat) -> impl IntoView {
    match (entrance(&seat), seat.lessons.is_empty()) {
        (Some(path), _) => view! { <p class="join__buttons"><a class="button button--primary button--large" href=path>"Go to the lesson"</a></p> }.into_any(),
        (None, true) => {
            view! { <p class="join__text">"Your instructor has not chosen a lesson yet. Once there is one, you find it on " <a href="/">"the first page"</a>"."</p> }
                .into_any()
        }
        (None, false) => view! {
            <h2 class="join__heading">"The lessons of this class"</h2>
            <ol class="join__lessons" role="list">
                {seat
                    .lessons
                    .into_iter()
                    .map(|(slug, title)| view! { <li><a class="join__lesson" href=format!("/lessons/{slug}")>{title}</a></li> })
                    .collect_view()}
            </ol>
        }
        .into_any(),
    }
}
