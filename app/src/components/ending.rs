//! The closing word, below the last step's last question.

use leptos::{html, prelude::*};

use super::{
    certificate_form::CertificateForm,
    live::{Live, live, part},
    prose::Prose,
};
use crate::state::Work;

/// In the last step's text, what stands after the last line across (`---`) is the closing word.
const LINE: &str = "<hr />";

/// The text without its closing word, and the closing word.
pub(super) fn split(html: &str) -> (String, String) {
    html.rsplit_once(LINE).map_or_else(|| (html.to_owned(), String::new()), |(text, closing)| (text.to_owned(), closing.to_owned()))
}

/// Said once the step is done; when that happens under the learner's eyes, it comes into view.
#[component]
pub(super) fn Ending(
    work: Work,
    /// The last step's ID.
    step: String,
    /// HTML.
    closing: String,
) -> impl IntoView {
    let done = Memo::new(move |_| work.has_passed(&step));
    let place = NodeRef::<html::Div>::new();
    let words = live(move || if done.get() { heading(work) } else { String::new() });
    into_view(place, words.clone());
    view! {
        <div class="ending-place" node_ref=place>
            // Said aloud is that it is so; all the rest can be read then.
            <p class="unseen" role="status">{words}</p>
            {move || done.get().then(|| view! { <Said work=work closing=closing.clone() /> })}
        </div>
    }
    .into_any()
}

/// What is said under the learner's eyes comes into view with each new word; not what was there when the page came.
pub(super) fn into_view(place: NodeRef<html::Div>, words: Live<String>) {
    Effect::new(move |before: Option<String>| {
        let now = words.lock().map(|mut words| words()).unwrap_or_default();
        if !now.is_empty() && before.is_some_and(|before| before != now) {
            request_animation_frame(move || {
                if let Some(place) = place.get_untracked() {
                    let nearest = web_sys::ScrollIntoViewOptions::new();
                    nearest.set_block(web_sys::ScrollLogicalPosition::Nearest);
                    place.scroll_into_view_with_scroll_into_view_options(&nearest);
                }
            });
        }
        now
    });
}

#[component]
fn Said(work: Work, closing: String) -> impl IntoView {
    let (slug, title) = work.lesson.with_value(|lesson| (lesson.slug.clone(), lesson.title.clone()));
    let name = work.live.seat.with_untracked(|seat| seat.as_ref().map(|seat| seat.name.clone()).unwrap_or_default());
    let open = Memo::new(move |_| open_steps(work));
    view! {
        <section class="ending" aria-labelledby="ending-title">
            <h2 class="ending__title" id="ending-title">{live(move || heading(work))}</h2>
            {move || match open.get() {
                open if open.is_empty() => view! { <p>"You have done every step of “"{title.clone()}"”."</p> }.into_any(),
                open => {
                    let links = open.into_iter().map(|(path, title)| view! { <li><a href=path>{title}</a></li> }).collect_view();
                    view! {
                        <p>"Some steps still have something to do:"</p>
                        <ul class="ending__open">{links}</ul>
                    }
                        .into_any()
                }
            }}
            {part(move || open.with(Vec::is_empty).then(|| view! { <CertificateForm lesson=slug.clone() name=name.clone() rename=false /> }))}
            <Prose work=work html=closing />
            <p class="ending__on"><a class="button" href="/">"To the lessons"</a></p>
        </section>
    }
    .into_any()
}

fn heading(work: Work) -> String {
    String::from(if open_steps(work).is_empty() { "That was all of it: well done" } else { "That was the last step" })
}

/// Path and title of every step that is not yet done.
fn open_steps(work: Work) -> Vec<(String, String)> {
    work.lesson.with_value(|lesson| {
        let open = lesson.steps.iter().filter(|step| step.is_checked() && !work.has_passed(&step.id));
        open.map(|step| (format!("/lessons/{}/{}", lesson.slug, step.id), step.title.clone())).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_word_stands_after_the_last_line_across() {
        let html = "<p>a</p><hr /><p>b</p><hr /><p>c</p>";
        assert_eq!(split(html), ("<p>a</p><hr /><p>b</p>".to_owned(), "<p>c</p>".to_owned()));
    }

    #[test]
    fn a_text_without_a_line_has_no_closing_word() {
        assert_eq!(split("<p>a</p>"), ("<p>a</p>".to_owned(), String::new()));
    }
}
