//! The sign of the house: a lunchbox with three compartments.

use leptos::prelude::*;

/// On a grid of 32 × 32, as it is also without a style sheet: in a browser's tab. In a page the box takes the theme's colour.
pub(crate) const SHAPES: &str = "<rect class='logo__box' x='2' y='5' width='28' height='22' rx='6' fill='#1d6b58'/>\
<rect x='6' y='9' width='11' height='14' rx='3' fill='#fff6e6'/>\
<rect x='19' y='9' width='7' height='6' rx='2' fill='#f2b544'/>\
<rect x='19' y='17' width='7' height='6' rx='2' fill='#e4664d'/>";

pub(crate) fn logo(class: &'static str) -> impl IntoView {
    // As one text: shapes that are views are code in every bundle.
    view! { <svg class=class viewBox="0 0 32 32" aria-hidden="true" focusable="false" inner_html=SHAPES></svg> }
}
