//! The sign that the picture goes on beyond its edge.

use leptos::{html, prelude::*};

use super::measure::Measured;
use crate::{
    components::live::part,
    diagram::{Scene, Space},
};

/// What is hidden beyond an edge must be at least this much to be worth a sign, in pixels.
const WORTH_A_SIGN: i32 = 8;
/// One press of the sign moves the picture by so many hundredths of what is seen.
const STRIDE: i32 = 80;

/// How far the picture is scrolled.
pub(super) type Scrolled = RwSignal<(i32, i32)>;

/// What lies beyond each edge.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Hidden {
    left: bool,
    right: bool,
    below: bool,
}

fn hidden(scene: (f64, f64), space: Space, scrolled: (i32, i32)) -> Hidden {
    let beyond = |length: f64, seen: f64, at: i32| (length - seen).round() as i32 - at > WORTH_A_SIGN;
    Hidden {
        left: scrolled.0 > WORTH_A_SIGN,
        right: beyond(scene.0, space.width, scrolled.0),
        below: beyond(scene.1, space.height, scrolled.1),
    }
}

/// For eyes and pointers: the keyboard walks through the picture, which brings each piece into view.
#[component]
pub(super) fn More(scene: Memo<Scene>, measured: RwSignal<Measured>, scrolled: Scrolled, scroll: NodeRef<html::Div>) -> impl IntoView {
    let hidden = Memo::new(move |_| {
        let Measured { space, scale } = measured.get();
        let units = |pixels: i32| (f64::from(pixels) / scale).round() as i32;
        let (right, down) = scrolled.get();
        hidden(scene.with(|scene| (scene.width, scene.height)), space, (units(right), units(down)))
    });
    let sign = move |class: &'static str, text: &'static str, (right, down): (i32, i32)| {
        view! {
            <button type="button" class=class tabindex="-1" aria-hidden="true" on:click=move |_| by(scroll, right, down)>
                {text}
            </button>
        }
    };
    view! {
        {part(move || hidden.get().left.then(|| sign("more more--left", "‹ more", (-1, 0))))}
        {part(move || hidden.get().right.then(|| sign("more more--right", "more ›", (1, 0))))}
        {part(move || hidden.get().below.then(|| sign("more more--below", "more ⌄", (0, 1))))}
    }
    .into_any()
}

fn by(scroll: NodeRef<html::Div>, right: i32, down: i32) {
    let Some(scroll) = scroll.get_untracked() else { return };
    scroll.scroll_by_with_x_and_y(
        f64::from(right * scroll.client_width() * STRIDE / 100),
        f64::from(down * scroll.client_height() * STRIDE / 100),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPACE: Space = Space { width: 800.0, height: 240.0 };

    #[test]
    fn a_picture_that_fits_has_no_sign() {
        assert_eq!(hidden((800.0, 240.0), SPACE, (0, 0)), Hidden::default());
        assert_eq!(hidden((803.0, 240.0), SPACE, (0, 0)), Hidden::default());
    }

    #[test]
    fn a_wider_picture_goes_on_where_there_is_more_of_it() {
        assert_eq!(hidden((1200.0, 240.0), SPACE, (0, 0)), Hidden { right: true, ..Hidden::default() });
        assert_eq!(hidden((1200.0, 240.0), SPACE, (200, 0)), Hidden { left: true, right: true, ..Hidden::default() });
        assert_eq!(hidden((1200.0, 240.0), SPACE, (400, 0)), Hidden { left: true, ..Hidden::default() });
    }

    #[test]
    fn a_higher_picture_goes_on_below() {
        assert_eq!(hidden((800.0, 400.0), SPACE, (0, 0)), Hidden { below: true, ..Hidden::default() });
    }
}
