//! A class that was found: whether it is open, and under which name one comes in.

use leptos::{ev, prelude::*};

use super::{
    alert::Alert,
    live::{live, part},
    when::{Shown, When},
};
use crate::{
    api::ApiError,
    model::{ClassCard, ClassState, Joined},
};

/// Characters a name has at most.
pub(super) const NAME_LENGTH: u32 = 60;

/// Name, and whether the browser has been somebody else's so far.
pub(crate) type Come = (String, bool);

#[component]
pub(crate) fn WayIn(
    card: ClassCard,
    /// A name that this browser's learner has in another class.
    known: Option<String>,
    come: Action<Come, Result<Joined, ApiError>>,
) -> impl IntoView {
    let ClassCard { name: class, instructor, state, opens_at, closes_at, mine, .. } = card;
    let body = match (state, mine) {
        (ClassState::Planned, _) => view! {
            <p class="join__text">
                "This class is not open yet. It opens on " <strong><When at=opens_at shown=Shown::Minute /></strong>
                ". You can leave this page open: it lets you in then."
            </p>
        }
        .into_any(),
        (ClassState::Closed, None) => view! {
            <p class="join__text">
                "This class ended on " <strong><When at=closes_at shown=Shown::Minute /></strong>
                ", and nobody can join it any more. The lessons are there for everybody, with or without a class."
            </p>
            <p><a class="button" href="/">"Go to the lessons"</a></p>
        }
        .into_any(),
        (ClassState::Closed, Some(name)) => view! {
            <p class="join__text">
                "This class ended on " <strong><When at=closes_at shown=Shown::Minute /></strong> ". You were in it as " <strong>{name}</strong>
                "; what you did is kept, and you can go on by yourself."
            </p>
            <p><a class="button button--primary" href="/">"Go to your lessons"</a></p>
        }
        .into_any(),
        (ClassState::Open, Some(name)) => view! { <Known name=name come=come /> }.into_any(),
        (ClassState::Open, None) => view! { <NameForm known=known.unwrap_or_default() come=come /> }.into_any(),
    };
    view! {
        <h1 class="join__title">{class}</h1>
        <p class="join__by">"A class with "{instructor}</p>
        {body}
        {part(move || match come.value().get() {
            Some(Err(error)) => Some(view! { <Alert text=error.message /> }),
            _ => None,
        })}
    }
    .into_any()
}

/// Who is in already goes on with one click.
#[component]
fn Known(name: String, come: Action<Come, Result<Joined, ApiError>>) -> impl IntoView {
    let another = RwSignal::new(false);
    let name = StoredValue::new(name);
    part(move || {
        if another.get() {
            return view! {
                <p class="join__text">"This browser is yours from now on. "{name.get_value()}" comes back to their own work with their personal link or code."</p>
                <NameForm known=String::new() come=come someone_else=true />
            }
            .into_any();
        }
        view! {
            <p class="join__text">"In this browser you are in it already."</p>
            <div class="join__buttons">
                <button
                    type="button"
                    class="button button--primary button--large"
                    disabled=come.pending()
                    on:click=move |_| {
                        come.dispatch((name.get_value(), false));
                    }
                >
                    {format!("Continue as {}", name.get_value())}
                </button>
                <button type="button" class="button" on:click=move |_| another.set(true)>"Somebody else uses this browser now"</button>
            </div>
        }
        .into_any()
    })
}

#[component]
fn NameForm(
    /// Who has used this browser before; empty where nobody is known.
    known: String,
    come: Action<Come, Result<Joined, ApiError>>,
    #[prop(optional)] someone_else: bool,
) -> impl IntoView {
    let name = RwSignal::new(known.clone());
    let somebody_else = RwSignal::new(someone_else);
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let name = name.with_untracked(|name| name.trim().to_owned());
        if !name.is_empty() && !come.pending().get_untracked() {
            come.dispatch((name, somebody_else.get_untracked()));
        }
    };
    let shared = (!known.is_empty()).then(|| {
        let was = known.clone();
        view! {
            <label class="join__shared">
                <input
                    type="checkbox"
                    prop:checked=somebody_else
                    on:change=move |event| {
                        let now = event_target_checked(&event);
                        somebody_else.set(now);
                        name.set(if now { String::new() } else { was.clone() });
                    }
                />
                <span>{format!("I am not {known}: somebody else used this browser before me")}</span>
            </label>
        }
    });
    view! {
        <form class="join__form" on:submit=submit>
            <label class="join__label" for="learner-name">"Your name"</label>
            <input
                class="field join__field"
                id="learner-name"
                type="text"
                autocomplete="name"
                required
                pattern=r".*\S.*"
                title="A name"
                autofocus
                maxlength=NAME_LENGTH
                aria-describedby="learner-name-use"
                prop:value=live(move || name.get())
                value=name.get_untracked()
                on:input=move |event| name.set(event_target_value(&event))
            />
            <p class="join__hint" id="learner-name-use">"Your instructor sees it beside what you do in the lessons of this class. Nothing to sign up for."</p>
            {shared}
            <button type="submit" class="button button--primary button--large" disabled=come.pending()>"Join the class"</button>
        </form>
    }
    .into_any()
}
