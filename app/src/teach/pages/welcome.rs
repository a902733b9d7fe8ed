//! `/teach/welcome/:token`: a one-time link makes an account, or sets a password anew.

use leptos::{ev, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use super::sign_in::Field;
use crate::{
    api::{self, ApiError},
    components::{Alert, Shown, When},
    model::{Invitation, InvitationKind},
    teach::{
        doing::Doing,
        frame::{Bar, HOME, SIGN_IN, leave_for},
        live::submitted,
        load::{Ask, Loaded, page_or},
    },
};

/// The shortest password, in characters. The server's limit, too.
const SHORTEST_PASSWORD: u32 = 10;

#[component]
pub(crate) fn WelcomePage() -> impl IntoView {
    let params = use_params_map();
    let ask = Memo::new(move |_| Ask::Invitation { token: params.read().get("token").unwrap_or_default() });
    let accept = |loaded| match loaded {
        Loaded::Invitation(invitation) => {
            let token = use_params_map().read_untracked().get("token").unwrap_or_default();
            sheet(view! { <Accept token=token invitation=invitation /> }.into_any())
        }
        _ => ().into_any(),
    };
    view! {
        <Title text="Welcome" />
        {page_or(ask, accept, no_good)}
    }
    .into_any()
}

fn sheet(inner: AnyView) -> AnyView {
    view! {
        <Bar />
        <main class="plain-page narrow-page" id="main">{inner}</main>
    }
    .into_any()
}

fn no_good(error: ApiError) -> AnyView {
    let text = if error.is_not_found() {
        "It was used already, or its time is over. An admin of this Lunchbox can make a new one.".to_owned()
    } else {
        error.message
    };
    let words = view! {
        <h1>"This link is no longer good"</h1>
        <Alert text=text />
        <p><a href=SIGN_IN>"Sign in"</a>" if you have an account."</p>
    };
    sheet(words.into_any())
}

#[component]
fn Accept(token: String, invitation: Invitation) -> impl IntoView {
    let doing = Doing::new();
    let is_new = invitation.kind != InvitationKind::Password;
    let name = RwSignal::new(invitation.name.clone());
    let password = RwSignal::new(String::new());
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let asked = api::teach::account::accept_invitation(token.clone(), name.get_untracked(), password.get_untracked());
        doing.ask(asked, |_| leave_for(HOME));
    };
    let (title, text) = match invitation.kind {
        InvitationKind::First => (
            "Welcome to your Lunchbox".to_owned(),
            "Make the first account. It is an admin's: it teaches, invites other instructors and looks after this machine.",
        ),
        InvitationKind::Instructor => ("Welcome to Lunchbox".to_owned(), "Make your account, and your first class in a minute."),
        InvitationKind::Password => (format!("A new password for {}", invitation.name), "All other sessions of the account end."),
    };
    view! {
        <h1>{title}</h1>
        <p>{text}</p>
        <form class="form" method="post" on:submit=submitted(submit)>
            {is_new.then(|| view! { <Field label="Your name" name="name" kind="text" complete="username" value=name note="You sign in with it, and learners see it." /> })}
            <Field
                label="Password"
                name="password"
                kind="password"
                complete="new-password"
                value=password
                least=SHORTEST_PASSWORD
                note="At least 10 characters. Four words that have nothing to do with each other are a good one."
            />
            {doing.alert()}
            <button type="submit" class="button button--primary button--large" disabled=doing.pending>
                {if is_new { "Make the account" } else { "Set the password" }}
            </button>
        </form>
        <p class="soft">"This link works once, until "<When at=invitation.expires_at shown=Shown::Minute />"."</p>
    }
    .into_any()
}
