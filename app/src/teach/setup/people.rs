//! Who is in the class: a list to upload, personal links, and places.

use js_sys::{Array, Function, Reflect};
use leptos::{ev, prelude::*};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::{
    api,
    components::{Shown, When},
    model::{ClassDetails, PersonalLink, Place, RosterPreview, RosterResult},
    teach::{
        doing::Doing,
        frame::focus,
        links::Links,
        live::{click, live, part, submitted, typed},
        table::{Question, table},
        words::{REMOVES, count, removed},
    },
};

#[component]
pub(crate) fn People(class: RwSignal<ClassDetails>) -> impl IntoView {
    let doing = Doing::new();
    let text = RwSignal::new(String::new());
    let preview = RwSignal::new(None::<RosterPreview>);
    let result = RwSignal::new(None::<RosterResult>);
    let links = MadeLinks { links: RwSignal::new(Vec::new()), taken: RwSignal::new(false) };
    let id = StoredValue::new(class.with_untracked(|class| class.id.clone()));
    let reload = move || {
        doing.ask(api::teach::classes::class(id.get_value()), move |now| class.set(now));
    };
    // What was looked at is what is added: another text is looked at anew.
    Effect::new(move |_| {
        text.track();
        preview.set(None);
    });
    let look = move |event: ev::SubmitEvent| {
        event.prevent_default();
        result.set(None);
        doing.ask(api::teach::classes::look_at_roster(id.get_value(), text.get_untracked()), move |seen| {
            preview.set(Some(seen));
            request_animation_frame(|| focus("preview-title"));
        });
    };
    let add = move |_| {
        doing.ask(api::teach::classes::add_roster(id.get_value(), text.get_untracked()), move |made| {
            preview.set(None);
            if made.left_out.is_empty() {
                text.set(String::new());
            }
            // Shown only now: those of the lists before stay.
            links.add(made.added.clone());
            result.set(Some(made));
            request_animation_frame(|| focus("outcome-title"));
            reload();
        });
    };
    view! {
        <section class="panel" aria-labelledby="people-title">
            <h2 id="people-title">"Learners"</h2>
            <p class="soft">
                "You need no list: whoever has the code can join. With a list each learner gets a personal link, and the board says who is missing."
            </p>
            <form class="form" on:submit=submitted(look)>
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
                    <button type="submit" class="button button--primary" disabled=doing.pending>"Look at the names"</button>
                </div>
                {doing.alert()}
            </form>
            {part(move || preview.get().map(|seen| {
                let number = seen.names.len();
                let yes = (number > 0).then(|| view! {
                    <button type="button" class="button button--primary" disabled=doing.pending on:click=click(add)>
                        {doing.label(if number == 1 { "Add this learner" } else { "Add these learners" }, "Adding…")}
                    </button>
                });
                view! { {understood(seen)} <div class="form__row">{yes}</div> }
            }))}
            <div aria-live="polite">{part(move || result.get().map(outcome))}</div>
            <Places class=class links=links />
        </section>
    }
    .into_any()
}

/// How the list was understood, name for name; nothing is stored yet.
fn understood(seen: RosterPreview) -> AnyView {
    let RosterPreview { how, names, left_out, doubt } = seen;
    let title = match names.len() {
        0 => "Nobody would be added".to_owned(),
        number => format!("{} would be added", count(number, "learner")),
    };
    let rows = names.into_iter().map(|(line, name)| view! { <tr><td>{line}</td><th scope="row">{name}</th></tr> }).collect_view();
    view! {
        <div class="outcome">
            <h3 id="preview-title" tabindex="-1">{title}</h3>
            <p>{how}</p>
            {(!doubt.is_empty()).then(|| view! { <p class="notice">{doubt}</p> })}
            {lines_left_out(left_out)}
            <div class="scroll-y" tabindex="0" role="group" aria-label="Names as they are understood">
                <table class="plain-table">
                    <thead><tr><th scope="col">"Line"</th><th scope="col">"Name"</th></tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </div>
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
    view! { <div class="outcome"><p id="outcome-title" tabindex="-1"><strong>{added_words}</strong></p>{lines_left_out(left_out)}</div> }
        .into_any()
}

fn lines_left_out(lines: Vec<String>) -> Option<AnyView> {
    // Where there are more, it is another list than was meant.
    const MOST_SHOWN: usize = 20;
    (!lines.is_empty()).then(|| {
        let more = lines.len().checked_sub(MOST_SHOWN).filter(|more| *more > 0);
        view! {
            <p>{format!("{} left out:", count(lines.len(), "line"))}</p>
            <ul class="left-out">
                {lines.into_iter().take(MOST_SHOWN).map(|line| view! { <li>{line}</li> }).collect_view()}
                {more.map(|more| view! { <li>{format!("and {more} more.")}</li> })}
            </ul>
        }
        .into_any()
    })
}

/// All links that were made since the page came, and still lead somewhere.
#[derive(Clone, Copy)]
struct MadeLinks {
    links: RwSignal<Vec<PersonalLink>>,
    /// Whoever made them has all of them.
    taken: RwSignal<bool>,
}

impl MadeLinks {
    /// A new link ends the one before it.
    fn add(self, made: Vec<PersonalLink>) {
        if made.is_empty() {
            return;
        }
        self.taken.set(false);
        self.links.update(|links| {
            links.retain(|link| made.iter().all(|made| made.name != link.name));
            links.extend(made);
        });
    }

    /// Who has been removed comes in by no link any more.
    fn end(self, name: &str) {
        self.links.update(|links| links.retain(|link| link.name != name));
    }

    fn shown(self) -> Option<AnyView> {
        let links = self.links.get();
        (!links.is_empty()).then(|| view! { <Links links=links taken=self.taken /> }.into_any())
    }
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
fn Places(class: RwSignal<ClassDetails>, links: MadeLinks) -> impl IntoView {
    let doing = Doing::new();
    let told = RwSignal::new(String::new());
    let question = Question::<Place>::new();
    let remove = move |gone: Place| {
        let (id, name) = (gone.id.clone(), gone.name);
        doing.ask(api::teach::classes::remove_place(gone.id), move |gone| {
            class.update(|class| class.places.retain(|place| place.id != id));
            links.end(&name);
            told.set(removed(&name, &gone));
        });
    };
    let rows = move || {
        class
            .with(|class| class.places.clone())
            .into_iter()
            .map(|place| {
                let make = {
                    let id = place.id.clone();
                    move |_| doing.ask(api::teach::classes::new_link(id.clone()), move |made| links.add(vec![made]))
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
                            <button type="button" class="button" disabled=doing.pending on:click=question.ask(place)>"Remove…"</button>
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
        {part(move || links.shown())}
        <div class="scroll-x scroll-y" hidden=live(move || class.with(|class| class.places.is_empty()))>
            {table(&["Learner", "Here"], "What to do", part(rows).into_any())}
        </div>
        {question.dialog(
            |place| format!("Remove {} from the class?", place.name),
            REMOVES,
            "Remove",
            remove,
        )}
    }
    .into_any()
}
