//! `/join/back` and `/join/back/:code`: back into one's own work, with a personal code. Opening the page
//! changes nothing; its button does.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::{
    join::join_frame,
    load::{Loaded, Wanted, load, shown},
};
use crate::{
    api::{self, ApiError},
    components::{Alert, CodeEntry, Come, part},
    model::{Joined, PlaceCard},
};

#[component]
pub(crate) fn ComeBackPage() -> impl IntoView {
    let params = use_params_map();
    let code = Memo::new(move |_| params.read().get("code").unwrap_or_default());
    let found = load(Memo::new(move |_| match code.get() {
        code if code.is_empty() => Wanted::Nothing,
        code => Wanted::Place { code },
    }));
    // The place has its name; of another browser's learner it knows itself.
    let come = Action::new(move |_: &Come| api::seats::come_back(code.get_untracked()));
    let show = move |answer| match answer {
        Ok(Loaded::Place(place)) => welcome_back(place, come),
        Ok(_) => ask_for_code(None, String::new()),
        Err(error) => ask_for_code(Some(error), code.get_untracked()),
    };
    join_frame("Come back", come, move || shown(found, || view! { <p role="status">"Looking for your place…"</p> }.into_any(), show))
}

fn welcome_back(PlaceCard { class, name }: PlaceCard, come: Action<Come, Result<Joined, ApiError>>) -> AnyView {
    view! {
        <h1 class="join__title">"Welcome"</h1>
        <p class="join__text">
            "What you do here stays yours: this link or code brings you back to it. From now on, this browser is yours, too; whoever used it before comes back by a link or code of their own."
        </p>
        <p class="join__buttons">
            <button
                type="button"
                class="button button--primary button--large"
                disabled=come.pending()
                on:click=move |_| {
                    come.dispatch(Come::default());
                }
            >
                {format!("Continue as {name} in {class}")}
            </button>
        </p>
        <p class="join__text join__else">{format!("You are not {name}? ")}<a href="/join">"Join with your class’s code"</a></p>
        {part(move || match come.value().get() {
            Some(Err(error)) => Some(view! { <Alert text=error.message /> }),
            _ => None,
        })}
    }
    .into_any()
}

fn ask_for_code(error: Option<ApiError>, typed: String) -> AnyView {
    let said = error.map(|error| {
        let text = if error.is_not_found() {
            "Nobody has this code; a newer one may have taken its place. Your instructor can give you another way back.".to_owned()
        } else {
            error.message
        };
        view! { <Alert text=text /> }
    });
    view! {
        <h1 class="join__title">"Come back"</h1>
        <p class="join__text">"When you joined, you were shown a code of your own, twelve characters long. Or ask your instructor: they can give you another."</p>
        {said}
        <CodeEntry label="Your own code" button="Go on" typed=typed large=true />
        <p class="join__text join__else"><a href="/join">"Join a class for the first time"</a></p>
    }
    .into_any()
}
