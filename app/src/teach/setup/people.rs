//! Who is in the class: a list to upload, personal links, and places.

use js_sys::{Array, Function, Reflect};
use leptos::{ev, html, prelude::*};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::{
    api,
    components::{Shown, When},
    model::{ClassDetails, PersonalLink, Place, RosterResult},
    teach::{
        confirm::{self, Confirm},
        doing::Doing,
        links::Links,
        live::{click, live, part, submitted, typed},
        words::{count, removed},
    },
};

#[component]
pub(crate) fn People(class: RwSignal<ClassDetails>) -> impl IntoView {
    let doing = Doing::new();
    let text = RwSignal::new(String::new());
    let result = RwSignal::new(None::<RosterResult>);
    let links = RwSignal::new(Vec::<PersonalLink>::new());
    let id = StoredValue::new(class.with_untracked(|class| class.id.clone()));
    let reload = move || {
        doing.ask(api::teach::classes::class(id.get_value()), move |now| class.set(now));
    };
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        doing.ask(api::teach::classes::add_roster(id.get_value(), text.get_untracked()), move |made| {
            if made.left_out.is_empty() {
                text.set(String::new());
            }
            // Shown only now: those of the lists before stay.
            links.update(|links| links.extend(made.added.iter().cloned()));
            result.set(Some(made));
            reload();
        });
    };
    view! {
        <section class="panel" aria-labelledby="people-title">
            <h2 id="people-title">"Learners"</h2>
            <p class="soft">
                "You need no list: whoever has the code can join. With a list each learner gets a personal link, and the board says who is missing."
            </p>
            <form class="form" on:submit=submitted(submit)>
                <label class="form__label">
                    "Names, one a line, or CSV with a header line that has a column “name”"
                    <textarea
                        class="field"
                        rows="4"
                        required
                        placeholder="Ada Lovelace\nGrace Hopper"
                        prop:value=live(move || text.get())
                        on:input=typed(move |event| text.set(event_target_value(&event)))
                    ></textarea>
                </label>
                <div class="form__row">
                    <label class="button file-button">
                        "Take a file…"
                        <input type="file" class="unseen" accept=".csv,.txt,text/csv,text/plain" on:change=typed(move |event| read_file(&event, text)) />
                    </label>
                    <button type="submit" class="button button--primary" disabled=doing.pending>{doing.label("Add them", "Adding…")}</button>
                </div>
                {doing.alert()}
            </form>
            <div aria-live="polite">{part(move || result.get().map(outcome))}</div>
            <Places class=class links=links />
        </section>
    }
    .into_any()
}

/// What became of the list.
fn outcome(result: RosterResult) -> AnyView {
    let RosterResult { added, left_out } = result;
    let added_words = match added.len() {
        0 => "Nobody was added.".to_owned(),
        number => format!("{} added.", count(number, "learner")),
    };
    let left = (!left_out.is_empty()).then(|| {
        view! {
            <p>{format!("{} left out:", count(left_out.len(), "line"))}</p>
            <ul class="left-out">{left_out.into_iter().map(|line| view! { <li>{line}</li> }).collect_view()}</ul>
        }
    });
    view! { <div class="outcome"><p><strong>{added_words}</strong></p>{left}</div> }.into_any()
}

/// All links that were made since the page came.
fn shown(links: RwSignal<Vec<PersonalLink>>) -> Option<AnyView> {
    let links = links.get();
    (!links.is_empty()).then(|| view! { <Links links=links /> }.into_any())
}

/// Puts a chosen file's text where it can be looked at before it is sent.
fn read_file(event: &ev::Event, text: RwSignal<String>) {
    let input = event_target::<web_sys::HtmlInputElement>(event);
    let Some(file) = input.files().and_then(|files| files.get(0)) else { return };
    let file: &web_sys::Blob = file.unchecked_ref();
    let (reading, bytes) = (JsFuture::from(file.text()), JsFuture::from(file.array_buffer()));
    leptos::task::spawn_local(async move {
        let Ok(read) = reading.await else { return };
        let read = read.as_string().unwrap_or_default();
        let read = if read.contains(char::REPLACEMENT_CHARACTER) {
            bytes.await.ok().and_then(|bytes| as_windows_1252(&bytes)).unwrap_or(read)
        } else {
            read
        };
        text.try_set(read);
    });
    // So that the same file can be taken again after it was mended.
    input.set_value("");
}

/// What isn't UTF-8 is a table as Excel saves it in Western Europe.
fn as_windows_1252(bytes: &JsValue) -> Option<String> {
    let class: Function = Reflect::get(&js_sys::global(), &"TextDecoder".into()).ok()?.dyn_into().ok()?;
    let decoder = Reflect::construct(&class, &Array::of1(&"windows-1252".into())).ok()?;
    let decode: Function = Reflect::get(&decoder, &"decode".into()).ok()?.dyn_into().ok()?;
    decode.call1(&decoder, bytes).ok()?.as_string()
}

#[component]
fn Places(class: RwSignal<ClassDetails>, links: RwSignal<Vec<PersonalLink>>) -> impl IntoView {
    let doing = Doing::new();
    let told = RwSignal::new(String::new());
    let dialog = NodeRef::<html::Dialog>::new();
    let asked = RwSignal::new(None::<Place>);
    let title = move || {
        asked.with(|asked| format!("Remove {} from the class?", asked.as_ref().map(|place| place.name.clone()).unwrap_or_default()))
    };
    let remove = Callback::new(move |()| {
        let Some(gone) = asked.get_untracked() else { return };
        let (id, name) = (gone.id.clone(), gone.name);
        doing.ask(api::teach::classes::remove_place(gone.id), move |gone| {
            class.update(|class| class.places.retain(|place| place.id != id));
            told.set(removed(&name, &gone));
        });
    });
    let rows =
        move || {
            class
            .with(|class| class.places.clone())
            .into_iter()
            .map(|place| {
                let make = {
                    let id = place.id.clone();
                    move |_| doing.ask(api::teach::classes::new_link(id.clone()), move |made| {
                        // A new link ends the one before it.
                        links.update(|links| {
                            links.retain(|link| link.name != made.name);
                            links.push(made);
                        });
                    })
                };
                let ask = {
                    let place = place.clone();
                    move |_| {
                        asked.set(Some(place.clone()));
                        confirm::open(dialog);
                    }
                };
                let joined = match place.joined_at {
                    Some(at) => view! { "Joined "<When at=at shown=Shown::Short /> }.into_any(),
                    None => view! { <span class="soft">"Not here yet"</span> }.into_any(),
                };
                view! {
                    <tr>
                        <th scope="row">{place.name.clone()}</th>
                        <td>{joined}</td>
                        <td class="plain-table__buttons">
                            <button type="button" class="button" disabled=doing.pending on:click=click(make)>"New personal link"</button>
                            <button type="button" class="button" disabled=doing.pending on:click=click(ask)>"Remove…"</button>
                        </td>
                    </tr>
                }
            })
            .collect_view()
        };
    view! {
        <h3>{part(move || match class.with(|class| class.places.len()) {
            0 => "Nobody is in the class yet".to_owned(),
            number => format!("{} in the class", count(number, "learner")),
        })}</h3>
        {doing.alert()}
        <p role="status" class="told">{part(move || told.get())}</p>
        {part(move || shown(links))}
        <div class="scroll-x scroll-y" hidden=live(move || class.with(|class| class.places.is_empty()))>
            <table class="plain-table">
                <thead><tr><th scope="col">"Learner"</th><th scope="col">"Here"</th><th scope="col"><span class="unseen">"What to do"</span></th></tr></thead>
                <tbody>{part(rows)}</tbody>
            </table>
        </div>
        <Confirm
            dialog=dialog
            title=Signal::derive(title)
            text="Their place, their progress, answers, notes and timeline in this class are deleted, and their host is closed. This can't be undone."
            yes="Remove"
            on_yes=remove
        />
    }
    .into_any()
}
