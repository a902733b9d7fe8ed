//! `/teach/sign-in`.

use leptos::{ev, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::{
    api,
    model::SignedOut,
    teach::{
        doing::Doing,
        frame::{Bar, leave_for, next_page},
        live::{click, live, part, submitted, typed},
        load::{Ask, Loaded, resource, suspended},
    },
};

#[component]
pub(crate) fn SignInPage() -> impl IntoView {
    let query = use_query_map();
    let doing = Doing::new();
    let name = RwSignal::new(String::new());
    let password = RwSignal::new(String::new());
    let out = resource(Memo::new(|_| Ask::SignedOut));
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let next = next_page(query.with_untracked(|query| query.get("next")));
        doing.ask(api::teach::account::sign_in(name.get_untracked(), password.get_untracked()), move |_| leave_for(&next));
    };
    view! {
        <Title text="Sign in" />
        <Bar />
        <main class="plain-page narrow-page" id="main">
            <h1>"Sign in to teach"</h1>
            <Suspense>{part(move || suspended(out, why_out, |_| ().into_any()))}</Suspense>
            // Without scripts nothing is sent, least of all a password in an address.
            <form class="form" method="post" on:submit=submitted(submit)>
                <Field label="Name" name="name" kind="text" complete="username" value=name />
                <Field label="Password" name="password" kind="password" complete="current-password" value=password />
                {doing.alert()}
                <button type="submit" class="button button--primary button--large" disabled=doing.pending>{doing.label("Sign in", "Signing in…")}</button>
            </form>
            <p class="soft">
                "You have no account? An admin of this Lunchbox makes you a link. You want to learn? "<a href="/" rel="external">"The lessons are here"</a>", without an account."
            </p>
        </main>
    }
    .into_any()
}

/// Said to who was signed in in this browser and did not sign out in it. Fixed sentences: nothing of an address.
fn why_out(loaded: Loaded) -> AnyView {
    let Loaded::SignedOut(Some(why)) = loaded else { return ().into_any() };
    let text = match why {
        SignedOut::Everywhere => {
            "You are signed out: this account was signed out everywhere, or its password was changed. Sign in again to go on. If that was not you, tell an admin of this Lunchbox."
        }
        SignedOut::TooLong => "You are signed out, because your sign-in has come to its end. Sign in again to go on.",
        SignedOut::NoAccount => {
            "You are signed out, because your account is no longer here. An admin of this Lunchbox can make you a link to a new one."
        }
    };
    view! { <p class="notice" role="status">{text}</p> }.into_any()
}

/// A line of a form. A secret can be looked at, so that nobody has to type it twice.
#[component]
pub(crate) fn Field(
    label: &'static str,
    name: &'static str,
    kind: &'static str,
    complete: &'static str,
    value: RwSignal<String>,
    #[prop(optional)] note: &'static str,
    #[prop(optional)] least: Option<u32>,
) -> impl IntoView {
    let is_secret = kind == "password";
    let seen = RwSignal::new(false);
    let kind = live(move || if seen.get() { "text" } else { kind });
    let line = view! {
        <label class="form__label">
            {label}
            <input
                class="field"
                type=kind
                name=name
                autocomplete=complete
                required
                minlength=least
                prop:value=live(move || value.get())
                on:input=typed(move |event| value.set(event_target_value(&event)))
            />
            {(!note.is_empty()).then(|| view! { <span class="form__note">{note}</span> })}
        </label>
    }
    .into_any();
    if !is_secret {
        return line;
    }
    view! {
        <div class="secret">
            {line}
            <button
                type="button"
                class="secret__show"
                aria-pressed=live(move || seen.get().to_string())
                on:click=click(move |_| seen.update(|seen| *seen = !*seen))
            >
                // One name in both states: that it is pressed says the rest.
                "Show"<span class="unseen">" what is typed as: "{label}</span>
            </button>
        </div>
    }
    .into_any()
}
