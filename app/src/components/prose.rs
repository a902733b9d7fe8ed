//! A step's text, as the server rendered it, with the live pieces set in and its commands clickable.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;

use super::{pieces::Piece, start, terminal};
use crate::state::Work;

/// HTML from the server, and the pieces between.
#[component]
pub(super) fn Prose(work: Work, html: String) -> impl IntoView {
    let parts = split(&html)
        .into_iter()
        .map(|part| match part {
            Part::Html(html) => view! { <div class="prose" inner_html=html></div> }.into_any(),
            Part::Piece { name, names } => view! { <Piece work=work name=name names=names /> }.into_any(),
        })
        .collect_view();
    view! { <div class="step__text" on:click=move |event| run_clicked(work, &event)>{parts}</div> }.into_any()
}

/// A click on a command anywhere in the HTML types it into the terminal.
pub(super) fn run_clicked(work: Work, event: &ev::MouseEvent) {
    let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let Some(command) =
        target.and_then(|target| target.closest("[data-run]").ok().flatten()).and_then(|button| button.get_attribute("data-run"))
    else {
        return;
    };
    if !work.is_ready() {
        work.wait_with(command);
        start::show();
    } else if !terminal::run(&command) {
        work.problem.set(Some("The terminal isn't there yet. Wait a moment and click again.".to_owned()));
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Html(String),
    Piece { name: String, names: Vec<String> },
}

/// How the server writes a piece; see "Lesson files" in ARCHITECTURE.md.
const PIECE: &str = "<div data-piece=\"";
const NAMES: &str = "\" data-names=\"";
const END: &str = "\"></div>";

/// What isn't exactly a piece stays HTML, so that nothing of a lesson can get lost.
fn split(html: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = html;
    let mut text_end = 0;
    while let Some(at) = rest[text_end..].find(PIECE).map(|at| at + text_end) {
        let Some((name, names, length)) = piece(&rest[at..]) else {
            text_end = at + PIECE.len();
            continue;
        };
        push_html(&mut parts, &rest[..at]);
        parts.push(Part::Piece { name: name.to_owned(), names: names.split_whitespace().map(str::to_owned).collect() });
        rest = &rest[at + length..];
        text_end = 0;
    }
    push_html(&mut parts, rest);
    parts
}

fn push_html(parts: &mut Vec<Part>, html: &str) {
    if !html.trim().is_empty() {
        parts.push(Part::Html(html.to_owned()));
    }
}

/// Name, names and length in bytes of the piece that this begins with.
fn piece(html: &str) -> Option<(&str, &str, usize)> {
    let inner = html.strip_prefix(PIECE)?;
    let (name, after) = inner.split_once(NAMES)?;
    let (names, _) = after.split_once(END)?;
    let plain = |text: &str| !text.contains(['"', '<', '>']);
    (plain(name) && plain(names)).then_some((name, names, PIECE.len() + name.len() + NAMES.len() + names.len() + END.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(text: &str) -> Part {
        Part::Html(text.to_owned())
    }

    fn piece(name: &str, names: &[&str]) -> Part {
        Part::Piece { name: name.to_owned(), names: names.iter().map(|name| (*name).to_owned()).collect() }
    }

    #[test]
    fn text_without_pieces_is_one_part() {
        assert_eq!(split("<p>Hello</p>"), [html("<p>Hello</p>")]);
    }

    #[test]
    fn pieces_are_taken_out_in_order() {
        let source =
            r#"<p>a</p><div data-piece="sizes" data-names="ubuntu alpine"></div><p>b</p><div data-piece="diagram" data-names=""></div>"#;
        assert_eq!(split(source), [html("<p>a</p>"), piece("sizes", &["ubuntu", "alpine"]), html("<p>b</p>"), piece("diagram", &[])]);
    }

    #[test]
    fn a_broken_piece_stays_html() {
        let source = r#"<div data-piece="sizes"></div><p>b</p>"#;
        assert_eq!(split(source), [html(source)]);
    }

    #[test]
    fn a_good_piece_after_a_broken_one_is_found() {
        let source = r#"<div data-piece="x"></div><div data-piece="layers" data-names="a"></div>"#;
        assert_eq!(split(source), [html(r#"<div data-piece="x"></div>"#), piece("layers", &["a"])]);
    }
}
