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
    // What has ended without this page asking for it.
    let ended = RwSignal::new(AssistState::None);
    let is_ours = StoredValue::new(false);
    Effect::new(move |before: Option<AssistState>| {
        let now = assist.get();
        if let Some(before) = before.filter(|before| *before != now) {
            ended.set(if now == AssistState::None && !is_ours.get_value() { before } else { AssistState::None });
            is_ours.set_value(false);
        }
        now
    });
    let ask = move |_| doing.ask(api::teach::board::ask_assist(place.get_value()), move |()| assist.set(AssistState::Asked));
    let end = move |_| {
        is_ours.set_value(true);
        doing.ask(api::teach::board::end_assist(place.get_value()), move |()| assist.set(AssistState::None));
    };
    let words = move || match assist.get() {
        AssistState::None => looking_on(ended.get(), &name),
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

/// `ended`: what has ended by itself, or by the learner.
fn looking_on(ended: AssistState, name: &str) -> String {
    match ended {
        AssistState::None => "You look on; nothing you type is sent.".to_owned(),
        AssistState::Asked => format!("{name} did not agree, or somebody else has asked since. You look on; nothing you type is sent."),
        AssistState::Granted => format!("{name} has the keyboard back: nothing you type is sent any more. You may ask again."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_typed_is_told_that_the_learner_has_ended_it() {
        assert!(looking_on(AssistState::Granted, "Ada").starts_with("Ada has the keyboard back"));
        assert!(looking_on(AssistState::Asked, "Ada").starts_with("Ada did not agree"));
        assert!(looking_on(AssistState::None, "Ada").starts_with("You look on"));
    }

    #[test]
    fn only_a_clear_word_lets_one_type() {
        assert_eq!(AssistState::read("granted"), AssistState::Granted);
        assert_eq!(AssistState::read("asked"), AssistState::Asked);
        for odd in ["none", "", "Granted", "yes"] {
            assert_eq!(AssistState::read(odd), AssistState::None, "{odd}");
        }
    }
}
