//! Rows that change places glide there, so that the eye keeps hold of them.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// What moves.
const ROWS: &str = "[data-place]";

/// Sets the order, and lets each row that was seen before glide from where it was.
pub(super) fn reorder(order: RwSignal<Vec<String>>, wanted: Vec<String>) {
    let before = tops();
    order.set(wanted);
    // By then the rows stand in their new order, and nothing has been painted yet.
    request_animation_frame(move || {
        let mut moved = Vec::new();
        for (element, id, top) in tops() {
            let Some((_, _, was)) = before.iter().find(|(_, before, _)| *before == id) else { continue };
            if *was == top {
                continue;
            }
            let style = element.style();
            // Neither property can be refused.
            let _ = style.set_property("transition", "none");
            let _ = style.set_property("transform", &format!("translateY({}px)", was - top));
            moved.push(element);
        }
        request_animation_frame(move || {
            for element in moved {
                let style = element.style();
                let _ = style.remove_property("transition");
                let _ = style.remove_property("transform");
            }
        });
    });
}

/// Every row with its place's ID and how far down it is, in pixels.
fn tops() -> Vec<(HtmlElement, String, i32)> {
    let Ok(found) = document().query_selector_all(ROWS) else { return Vec::new() };
    (0..found.length())
        .filter_map(|index| found.item(index)?.dyn_into::<HtmlElement>().ok())
        .map(|element| {
            let (id, top) = (element.get_attribute("data-place").unwrap_or_default(), element.offset_top());
            (element, id, top)
        })
        .collect()
}
