//! Who else teaches the class, what can be taken away from it, and its end.

use leptos::{ev, html, prelude::*};

use crate::{
    api,
    model::{ClassDetails, Deleted},
    teach::{
        confirm::{self, Confirm},
        doing::Doing,
        frame::HOME,
        live::{click, live, part, submitted, typed},
        words::{self, count},
    },
};

#[component]
pub(crate) fn Sharing(class: RwSignal<ClassDetails>) -> impl IntoView {
    let doing = Doing::new();
    let with = RwSignal::new(String::new());
    let id = StoredValue::new(class.with_untracked(|class| class.id.clone()));
    let is_owner = class.with_untracked(|class| class.is_owner);
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        doing.ask(api::teach::classes::share_class(id.get_value(), with.get_untracked()), move |changed| {
            class.set(changed);
            with.set(String::new());
        });
    };
    let names = move || {
        let names = class.with(|class| class.shared_with.clone());
        if names.is_empty() {
            return view! { <li class="soft">"Nobody else."</li> }.into_any();
        }
        names
            .into_iter()
            .map(|name| {
                let end = {
                    let name = name.clone();
                    move |_| doing.ask(api::teach::classes::unshare_class(id.get_value(), name.clone()), move |changed| class.set(changed))
                };
                view! {
                    <li>
                        {name}" "
                        {is_owner.then(|| view! { <button type="button" class="button" disabled=doing.pending on:click=click(end)>"End sharing"</button> })}
                    </li>
                }
            })
            .collect_view()
            .into_any()
    };
    view! {
        <section class="panel" aria-labelledby="sharing-title">
            <h2 id="sharing-title">"Who else teaches it"</h2>
            <p class="soft">{part(move || format!("It is {}'s class. Whoever it is shared with sees the board, helps, and takes results away.", class.with(|class| class.owner.clone())))}</p>
            <ul class="shared" role="list">{part(names)}</ul>
            {is_owner.then(|| view! {
                <form class="form__row" on:submit=submitted(submit)>
                    <label class="form__label">
                        "Name of another instructor"
                        <input class="field" type="text" required prop:value=live(move || with.get()) on:input=typed(move |event| with.set(event_target_value(&event))) />
                    </label>
                    <button type="submit" class="button" disabled=doing.pending>{doing.label("Share", "Sharing…")}</button>
                </form>
            })}
            {doing.alert()}
        </section>
    }
    .into_any()
}

#[component]
pub(crate) fn TakeAway(id: String) -> impl IntoView {
    let path = |file: &str| format!("/teach/classes/{id}/{file}");
    view! {
        <section class="panel" aria-labelledby="away-title">
            <h2 id="away-title">"Take the results away"</h2>
            <p class="form__row">
                <a class="button" href=path("report") rel="external">"Report, to print"</a>
                <a class="button" href=path("progress.csv") download rel="external">"Progress as CSV"</a>
                <a class="button" href=path("progress.json") download rel="external">"Progress as JSON"</a>
                <a class="button" href=path("xapi.json") download rel="external">"xAPI statements"</a>
            </p>
        </section>
    }
    .into_any()
}

#[component]
pub(crate) fn Delete(class: RwSignal<ClassDetails>, deleted: RwSignal<Option<Deleted>>) -> impl IntoView {
    let doing = Doing::new();
    let dialog = NodeRef::<html::Dialog>::new();
    let (id, is_owner) = class.with_untracked(|class| (class.id.clone(), class.is_owner));
    if !is_owner {
        return ().into_any();
    }
    let delete = Callback::new(move |()| doing.ask(api::teach::classes::delete_class(id.clone()), move |gone| deleted.set(Some(gone))));
    let title = move || class.with(|class| format!("Delete “{}”?", class.draft.name));
    let text = move || {
        let learners = count(class.with(|class| class.places.len()), "learner");
        format!(
            "The class goes, with {learners} and all that they did in it: progress, answers, notes, timelines, certificates (whose links then lead nowhere) and hosts. Its code and personal links let nobody in any more. Take the results away first; this can't be undone."
        )
    };
    view! {
        <section class="panel panel--danger" aria-labelledby="delete-title">
            <h2 id="delete-title">"Delete the class"</h2>
            <p class="soft">"With all learners and what they did in it."</p>
            {doing.alert()}
            <p><button type="button" class="button" disabled=doing.pending on:click=click(move |_| confirm::open(dialog))>{doing.label("Delete…", "Deleting…")}</button></p>
            <Confirm dialog=dialog title=Signal::derive(title) text=Signal::derive(text) yes="Delete the class" on_yes=delete />
        </section>
    }
    .into_any()
}

/// All that is left of a class that was deleted: what went with it.
#[component]
pub(crate) fn Gone(deleted: RwSignal<Option<Deleted>>) -> impl IntoView {
    Effect::new(move |_| {
        if deleted.with(Option::is_some) {
            request_animation_frame(|| crate::teach::frame::focus("deleted-title"));
        }
    });
    part(move || {
        let mut gone = deleted.get()?;
        gone.counts.retain(|(what, _)| what != "classes");
        let gone = words::deleted(&gone);
        Some(view! {
            <section class="panel">
                <h2 id="deleted-title" tabindex="-1">"The class is deleted, and with it:"</h2>
                <ul class="left-out">{gone.into_iter().map(|what| view! { <li>{what}</li> }).collect_view()}</ul>
                <p><a class="button button--primary" href=HOME>"Go to your classes"</a></p>
            </section>
        })
    })
    .into_any()
}
