//! `/teach/classes/:id/join`: the way in, to be read from the back row.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use super::moment;
use crate::{
    api,
    model::{ClassDetails, ClassState},
    teach::{frame::failed, links::for_this_machine_alone, setup::qr},
};

/// How often it is looked whether the code still holds, in milliseconds. It is looked at once, too, when the page is
/// looked at again.
const FOLLOW_EVERY_MS: u32 = 5_000;
/// Said when another code stands there.
const NEW_CODE: &str = "This code is new. The one before lets nobody in any more.";

#[component]
pub(super) fn JoinPaper() -> impl IntoView {
    let params = use_params_map();
    let class = Resource::new(move || params.read().get("id").unwrap_or_default(), api::teach::classes::class);
    view! {
        <Suspense>
            {move || Suspend::new(async move {
                match class.await {
                    Ok(class) => sheet(class),
                    Err(error) => failed(error),
                }
            })}
        </Suspense>
    }
    .into_any()
}

fn sheet(class: ClassDetails) -> AnyView {
    let ClassDetails { id, draft, state, way_in, .. } = class;
    let (short, _) = address(&way_in.link);
    let warning = for_this_machine_alone(&way_in.link);
    let said = match state {
        ClassState::Open => ().into_any(),
        ClassState::Planned => view! { <p class="join-sheet__state">"Opens "{moment(draft.opens_at)}</p> }.into_any(),
        ClassState::Closed => view! { <p class="join-sheet__state">"This class is closed."</p> }.into_any(),
    };
    // Two parts, for they stand apart: the words, of which what has changed is said, and the square.
    view! {
        <Title text=format!("{} · Join", draft.name) />
        <main class="join-sheet" id="main">
            <div class="join-sheet__words">
                <div class="join-sheet__part" data-follow="">
                    <h1 class="join-sheet__name">{draft.name}</h1>
                    {said}
                    <p class="join-sheet__how">"Open "<strong>{short}</strong>" and type"</p>
                </div>
                <div class="join-sheet__part" data-follow=NEW_CODE>
                    <p class="join-sheet__code">{way_in.code}</p>
                    <p class="join-sheet__how">"or scan the square, or follow"</p>
                    <p class="join-sheet__link">{way_in.link}</p>
                </div>
                <p
                    class="join-sheet__said"
                    role="status"
                    data-said=""
                    data-every-ms=FOLLOW_EVERY_MS
                    data-gone="This class is no more: nobody can join by this code."
                    data-out="You are signed out, so this may be old. Sign in again, and open it anew."
                    data-lost="Lunchbox does not answer, so this may be old. Trying again…"
                ></p>
            </div>
            <div class="join-sheet__qr" data-follow="">{qr(&way_in.qr)}</div>
            <div class="join-sheet__foot no-print">
                <a class="button" href=format!("/teach/classes/{id}")>"To the board"</a>
                <button type="button" class="button" data-do="full">"Full screen"</button>
                <button type="button" class="button" data-do="print">"Print"</button>
                {warning}
            </div>
        </main>
    }
    .into_any()
}

/// The host of a link, and the rest.
fn address(link: &str) -> (String, String) {
    let bare = link.split_once("://").map_or(link, |(_, bare)| bare);
    let (host, rest) = bare.split_once('/').unwrap_or((bare, ""));
    (host.to_owned(), rest.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn learners_read_the_address_without_what_browsers_add() {
        assert_eq!(address("https://box.example:3000/join/K7QF2M").0, "box.example:3000");
        assert_eq!(address("box.example").0, "box.example");
    }
}
