//! `/join` and `/join/:code`: into a class, with a code and a name.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_params_map, use_query_map},
};

use super::load::{Answer, Loaded, Wanted, load, shown};
use crate::{
    api::{self, ApiError},
    components::{Alert, CodeEntry, Come, Header, WayIn, Welcome, part},
    model::{ClassState, Joined},
    state::entrance,
};

/// Once a class should be open, so many milliseconds are left to the server's clock.
const GRACE_MS: f64 = 1_500.0;
/// It may be opened sooner than it was said: how long until that is noticed, in milliseconds.
const LONGEST_WAIT_MS: f64 = 120_000.0;

#[component]
pub(crate) fn JoinPage() -> impl IntoView {
    let params = use_params_map();
    let query = use_query_map();
    let code = Memo::new(move |_| params.read().get("code").or_else(|| query.read().get("code")).unwrap_or_default());
    let found = load(Memo::new(move |_| match code.get() {
        code if code.is_empty() => Wanted::Nothing,
        code => Wanted::Class { code },
    }));
    let come = Action::new(move |(name, someone_else): &Come| api::seats::join_class(code.get_untracked(), name.clone(), *someone_else));
    look_again_when_it_opens(found);
    let show = move |answer| match answer {
        Ok(Loaded::Class(card, known)) => view! { <WayIn card=card known=known come=come /> }.into_any(),
        Ok(_) => ask_for_code(None, String::new()),
        Err(error) => ask_for_code(Some(error), code.get_untracked()),
    };
    join_frame("Join a class", come, move || shown(found, || view! { <p role="status">"Looking for the class…"</p> }.into_any(), show))
}

/// Who waits at the door is let in without having to knock again.
fn look_again_when_it_opens(found: Resource<Answer>) {
    Effect::new(move |waiting: Option<Option<TimeoutHandle>>| {
        if let Some(Some(waiting)) = waiting {
            waiting.clear();
        }
        let opens_at = found.with(|found| match found {
            Some(Ok(Loaded::Class(card, _))) if card.state == ClassState::Planned => Some(card.opens_at),
            _ => None,
        });
        let wait = opens_at.map(|at| ((at as f64 - js_sys::Date::now()).max(0.0) + GRACE_MS).min(LONGEST_WAIT_MS))?;
        set_timeout_with_handle(move || found.refetch(), std::time::Duration::from_millis(wait as u64)).ok()
    });
}

fn ask_for_code(error: Option<ApiError>, typed: String) -> AnyView {
    let said = error.map(|error| {
        let text = if error.is_not_found() {
            "No class has this code. Look at it again; your instructor can show it to you.".to_owned()
        } else {
            error.message
        };
        view! { <Alert text=text /> }
    });
    view! {
        <h1 class="join__title">"Join a class"</h1>
        <p class="join__text">"Your instructor shows you a code of six characters. There is nothing to install, and nothing to sign up for."</p>
        {said}
        <CodeEntry label="Code of the class" button="Go on" typed=typed large=true />
        <p class="join__text join__else">
            "You were in a class before, and lost the page? " <a href="/join/back">"Come back with your own code"</a>
        </p>
    }
    .into_any()
}

/// What the ways into a class have in common: the card they are on, and what follows once one is in.
pub(super) fn join_frame(
    title: &'static str,
    come: Action<Come, Result<Joined, ApiError>>,
    way: impl Fn() -> AnyView + Send + 'static,
) -> AnyView {
    let joined = come.value();
    let navigate = use_navigate();
    let welcome = Memo::new(move |_| joined.get().and_then(Result::ok));
    // Who has nothing to be shown and nothing to choose goes straight on. A way back stays in no history.
    let onward = move || welcome.get().filter(|joined| joined.way_back.is_none()).and_then(|joined| entrance(&joined.seat));
    Effect::new(move |_| {
        if let Some(path) = onward() {
            navigate(&path, NavigateOptions { replace: true, ..NavigateOptions::default() });
        }
    });
    view! {
        <Title text=title />
        <Header />
        <main class="join" id="main">
            <div class="join__card">
                {part(move || match welcome.get() {
                    Some(joined) => view! { <Welcome joined=joined /> }.into_any(),
                    None => way(),
                })}
            </div>
        </main>
    }
    .into_any()
}
