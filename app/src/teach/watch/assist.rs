//! Typing in a learner's terminal: asked for, agreed to by them, ended by either.

use leptos::prelude::*;

use crate::{
    api,
    teach::doing::Doing,
    teach::live::{click, live, part},
};

/// How it stands, as the terminal's line says it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum AssistState {
    #[default]
    None,
    Asked,
    Granted,
}

impl AssistState {
    /// What is not understood is nothing: nobody types by mistake.
    pub(super) fn read(word: &str) -> Self {
        match word {
            "asked" => Self::Asked,
            "granted" => Self::Granted,
            _ => Self::None,
        }
    }
}

#[component]
pub(super) fn Assist(place: String, name: String, assist: RwSignal<AssistState>, is_ready: Memo<bool>) -> impl IntoView {
    let doing = Doing::new();
    let place = StoredValue::new(place);
    let ask = move |_| doing.ask(api::teach::board::ask_assist(place.get_value()), move |()| assist.set(AssistState::Asked));
    let end = move |_| doing.ask(api::teach::board::end_assist(place.get_value()), move |()| assist.set(AssistState::None));
    let words = move || match assist.get() {
        AssistState::None => "You look on; nothing you type is sent.".to_owned(),
        AssistState::Asked => format!("Waiting for {name} to agree on their page…"),
        AssistState::Granted => format!("You type in {name}'s terminal, and they see it. F6 leaves it; either of you can end it."),
    };
    let button = move || {
        match assist.get() {
        AssistState::None => view! {
            <button type="button" class="button" disabled=live(move || doing.pending.get() || !is_ready.get()) on:click=click(ask)>"Ask to type"</button>
        }
        .into_any(),
        AssistState::Asked => view! { <button type="button" class="button" disabled=doing.pending on:click=click(end)>"Take it back"</button> }.into_any(),
        AssistState::Granted => view! { <button type="button" class="button button--primary" disabled=doing.pending on:click=click(end)>"Stop typing"</button> }.into_any(),
    }
    };
    view! {
        <div class="assist" class:assist--on=live(move || assist.get() == AssistState::Granted)>
            <span role="status">{live(words)}</span>
            {part(button)}
        </div>
        {doing.alert()}
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_word_lets_one_type() {
        assert_eq!(AssistState::read("granted"), AssistState::Granted);
        assert_eq!(AssistState::read("asked"), AssistState::Asked);
        for odd in ["none", "", "Granted", "yes"] {
            assert_eq!(AssistState::read(odd), AssistState::None, "{odd}");
        }
    }
}
