//! Where a code is typed: a class's, or a learner's own.

use leptos::{ev, html, prelude::*};
use leptos_router::hooks::use_navigate;

use super::live::live;
use crate::state::codes;

/// Said of a code that is too short or too long.
const NOT_WHOLE: &str = "A class’s code has six characters, like K7Q-F2M; your own has twelve. Look at it again.";

/// A form of one field. Without scripts it asks `/join` for the code just the same.
#[component]
pub(crate) fn CodeEntry(
    /// What is asked for.
    label: &'static str,
    button: &'static str,
    /// What stands in the field at first.
    #[prop(optional, into)]
    typed: String,
    /// Set where the page is there for this: large, and ready to be typed into.
    #[prop(optional)]
    large: bool,
) -> impl IntoView {
    let field = NodeRef::<html::Input>::new();
    let code = RwSignal::new(codes::shown(&typed));
    let problem = RwSignal::new("");
    let navigate = use_navigate();
    let input = move |event: ev::Event| {
        let typed = event_target_value(&event);
        // In the middle of it nothing is put right: the cursor would jump away.
        let at_end =
            field.get_untracked().and_then(|field| field.selection_start().ok().flatten()).is_none_or(|at| at as usize >= typed.len());
        problem.set("");
        code.set(if at_end { codes::shown(&typed) } else { typed });
    };
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        match code.with_untracked(|code| codes::page(code)) {
            Some(path) => navigate(&path, Default::default()),
            None => problem.set(NOT_WHOLE),
        }
    };
    let example = if large { "K7Q-F2M" } else { "Code" };
    view! {
        <form class="code-entry" class:code-entry--large=large method="get" action="/join" on:submit=submit>
            <label class="code-entry__label" for="class-code">{label}</label>
            <div class="code-entry__row">
                <input
                    class="field code-entry__field"
                    id="class-code"
                    name="code"
                    type="text"
                    autocomplete="off"
                    autocapitalize="characters"
                    spellcheck="false"
                    required
                    autofocus=large
                    placeholder=example
                    aria-describedby="class-code-problem"
                    node_ref=field
                    prop:value=live(move || code.get())
                    value=code.get_untracked()
                    on:input=input
                />
                <button type="submit" class="button" class:button--primary=large class:button--large=large>{button}</button>
            </div>
            <p class="code-entry__problem" id="class-code-problem" role="alert" hidden=live(move || problem.get().is_empty())>{problem}</p>
        </form>
    }
    .into_any()
}
