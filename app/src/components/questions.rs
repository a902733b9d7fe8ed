//! Questions that are answered from what was seen.

use leptos::{ev, prelude::*};

use super::{
    ending::into_view,
    icon::Icon,
    live::{live, part},
};
use crate::{
    model::{AnswerKind, Answered, Question},
    state::{Ask, Work},
};

#[component]
pub(super) fn Questions(work: Work, step: String, questions: Vec<Question>) -> impl IntoView {
    let step = StoredValue::new(step);
    let questions = questions.into_iter().map(|question| view! { <QuestionForm work=work step=step question=question /> }).collect_view();
    view! {
        <section class="questions" aria-labelledby="questions-title">
            <h2 class="questions__title" id="questions-title" tabindex="-1">"Questions"</h2>
            {questions}
        </section>
    }
    .into_any()
}

#[component]
fn QuestionForm(work: Work, step: StoredValue<String>, question: Question) -> impl IntoView {
    let Question { id, prompt, answer } = question;
    let key = id.clone();
    let answered = Memo::new(move |_| {
        step.with_value(|step| {
            work.live.progress.with(|progress| progress.steps.get(step).and_then(|step| step.questions.get(&key)).cloned())
        })
    });
    let given =
        RwSignal::new(answered.with_untracked(|answered| answered.as_ref().map(|answered| answered.answer.clone()).unwrap_or_default()));
    let right = Memo::new(move |_| answered.with(|answered| answered.as_ref().is_some_and(|answered| answered.right)));
    let said = NodeRef::new();
    into_view(said, live(move || answered.get().map(|answered| answered.answer + &answered.feedback).unwrap_or_default()));
    let group = format!("question-{id}");
    let submit = {
        let id = id.clone();
        move |event: ev::SubmitEvent| {
            event.prevent_default();
            let answer = given.get_untracked().trim().to_owned();
            if !answer.is_empty() {
                work.ask(Ask::Answer { step: step.get_value(), question: id.clone(), answer });
            }
        }
    };
    let inputs = match answer {
        AnswerKind::Choice { options } => view! { <Choices options=options group=group.clone() given=given right=right /> }.into_any(),
        AnswerKind::Text { placeholder } => view! {
            <input
                class="field question__field"
                type="text"
                name=group.clone()
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                placeholder=placeholder
                aria-labelledby=format!("{group}-prompt")
                prop:value=live(move || given.get())
                readonly=right
                on:input=move |event| given.set(event_target_value(&event))
            />
        }
        .into_any(),
    };
    view! {
        <form class="question" class:question--right=right data-question=id on:submit=submit>
            <fieldset class="question__set">
                <legend class="question__prompt" id=format!("{group}-prompt") inner_html=prompt></legend>
                <div class="question__inputs">
                    {inputs}
                    {part(move || {
                        (!right.get())
                            .then(|| view! { <button type="submit" class="button" disabled=live(move || given.with(|given| given.trim().is_empty()))>"Answer"</button> })
                    })}
                </div>
            </fieldset>
            <div class="question__said" aria-live="polite" node_ref=said>
                {part(move || answered.get().filter(|answered| !answered.feedback.is_empty() || answered.right).map(feedback))}
            </div>
        </form>
    }
    .into_any()
}

fn feedback(answered: Answered) -> impl IntoView {
    let class = if answered.right { "feedback feedback--right" } else { "feedback feedback--wrong" };
    view! {
        <p class=class>
            {if answered.right { Icon::Check } else { Icon::Undone }.view()}
            <span>
                <strong>{if answered.right { "Right. " } else { "Not quite. " }}</strong>
                {answered.feedback}
            </span>
        </p>
    }
}

/// Options by number: what is sent is the place in the list, from 0.
#[component]
fn Choices(options: Vec<String>, group: String, given: RwSignal<String>, right: Memo<bool>) -> impl IntoView {
    let options = options
        .into_iter()
        .enumerate()
        .map(|(index, option)| {
            let value = index.to_string();
            let chosen = {
                let value = value.clone();
                move || given.with(|given| *given == value)
            };
            let choose = {
                let value = value.clone();
                move |_| given.set(value.clone())
            };
            view! {
                <label class="choice">
                    <input type="radio" name=group.clone() value=value prop:checked=live(chosen) disabled=right on:change=choose />
                    <span inner_html=option></span>
                </label>
            }
        })
        .collect_view();
    view! { <div class="choices">{options}</div> }.into_any()
}
