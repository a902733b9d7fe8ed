//! `/teach/account`: one's own password and sessions.

use leptos::{ev, prelude::*};
use leptos_meta::Title;

use super::sign_in::Field;
use crate::{
    api::{self, ApiError},
    teach::{
        doing::Doing,
        frame::{Bar, SIGN_IN, failed, leave_for},
        live::{click, part, submitted},
        load::{Ask, Loaded, page},
    },
};

#[component]
pub(crate) fn AccountPage() -> impl IntoView {
    let ask = Memo::new(|_| Ask::Me);
    view! {
        <Title text="Your account" />
        {page(ask, |loaded| match loaded {
            Loaded::Me(Some(me)) => view! { <Account name=me.name /> }.into_any(),
            _ => failed(ApiError { message: String::new(), status: 401 }),
        })}
    }
    .into_any()
}

#[component]
fn Account(name: String) -> impl IntoView {
    let (changing, leaving) = (Doing::new(), Doing::new());
    let (old, new) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let changed = RwSignal::new(false);
    let change = move |event: ev::SubmitEvent| {
        event.prevent_default();
        changed.set(false);
        changing.ask(api::teach::account::change_password(old.get_untracked(), new.get_untracked()), move |()| {
            old.set(String::new());
            new.set(String::new());
            changed.set(true);
        });
    };
    let leave = move |_| leaving.ask(api::teach::account::sign_out_everywhere(), |()| leave_for(SIGN_IN));
    view! {
        <Bar />
        <main class="plain-page narrow-page" id="main">
            <h1>{name}</h1>
            <h2>"Change your password"</h2>
            <p class="soft">"Who came from a learning platform has none at first: the link in the course signs them in, and an admin can make a link to set one."</p>
            <form class="form" method="post" on:submit=submitted(change)>
                <Field label="The password now" name="old" kind="password" complete="current-password" value=old />
                <Field label="The new one" name="new" kind="password" complete="new-password" value=new least=10 note="At least 10 characters. Your other sessions end." />
                {changing.alert()}
                <div class="form__row">
                    <button type="submit" class="button button--primary" disabled=changing.pending>{changing.label("Change it", "Changing…")}</button>
                    <span role="status" class="soft">{part(move || if changed.get() { "Changed. Everywhere else you are signed out." } else { "" })}</span>
                </div>
            </form>
            <h2>"Sign out everywhere"</h2>
            <p class="soft">"Ends your sessions on all computers, this one too. For when you left yourself signed in somewhere."</p>
            {leaving.alert()}
            <p><button type="button" class="button" disabled=leaving.pending on:click=click(leave)>"Sign out everywhere"</button></p>
        </main>
    }
    .into_any()
}
