//! Which lessons a class has, and in which order.

use leptos::prelude::*;

use crate::{
    model::LessonOutline,
    teach::live::{live, part, typed},
    teach::words::count,
};

#[component]
pub(crate) fn LessonChoice(lessons: Vec<LessonOutline>, chosen: RwSignal<Vec<String>>) -> impl IntoView {
    if lessons.is_empty() {
        return view! { <p class="soft">"There is no lesson on this Lunchbox yet. Put one under lessons/ and start the server again."</p> }
            .into_any();
    }
    // Of one there is no order.
    let legend = if lessons.len() > 1 { "Lessons, in the order in which you choose them" } else { "Lesson" };
    let choices = lessons
        .into_iter()
        .map(|lesson| {
            let LessonOutline { slug, title, minutes, steps } = lesson;
            let (asked, toggled) = (slug.clone(), slug);
            let place = Memo::new(move |_| chosen.with(|chosen| chosen.iter().position(|one| *one == asked)));
            let number = move || if chosen.with(Vec::len) > 1 { place.get().map(|place| (place + 1).to_string()) } else { None };
            view! {
                <label class="choice">
                    <input
                        type="checkbox"
                        prop:checked=live(move || place.get().is_some())
                        checked=live(move || place.get().is_some())
                        on:change=typed(move |_| chosen.update(|chosen| toggle(chosen, &toggled)))
                    />
                    <span class="choice__text">
                        <strong>{title}</strong>
                        <span class="soft">{format!("{}, about {minutes} min", count(steps.len(), "step"))}</span>
                    </span>
                    <span class="choice__number" title="In this order">{part(number)}</span>
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset class="choices">
            <legend class="form__legend">{legend}</legend>
            {choices}
        </fieldset>
    }
    .into_any()
}

/// Chosen ones go, others come last.
fn toggle(chosen: &mut Vec<String>, slug: &str) {
    match chosen.iter().position(|one| one == slug) {
        Some(place) => {
            chosen.remove(place);
        }
        None => chosen.push(slug.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lessons_stand_in_the_order_in_which_they_were_chosen() {
        let mut chosen = Vec::new();
        for slug in ["images", "ports", "images", "images"] {
            toggle(&mut chosen, slug);
        }
        assert_eq!(chosen, ["ports", "images"]);
    }
}
