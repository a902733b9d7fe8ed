//! What else can be done for a learner: a note, a new way back in, and leaving the class.

use leptos::{html, prelude::*};

use super::{NoteForm, Sent};
use crate::{
    api,
    model::PersonalLink,
    teach::{
        board::{BoardState, Open},
        confirm::{self, Confirm},
        doing::Doing,
        links::Links,
        live::{click, part},
        words::{REMOVES, removed},
    },
};

#[component]
pub(super) fn More(state: BoardState, place: String, name: String, open: RwSignal<Open>) -> impl IntoView {
    let link = RwSignal::new(None::<PersonalLink>);
    let sent = RwSignal::new(1);
    let linking = Doing::new();
    let removing = Doing::new();
    let dialog = NodeRef::<html::Dialog>::new();
    let place = StoredValue::new(place);
    let title = format!("Remove {name} from the class?");
    let make_link = move |_| linking.ask(api::teach::classes::new_link(place.get_value()), move |made| link.set(Some(made)));
    let remove = Callback::new(move |()| {
        let name = name.clone();
        removing.ask(api::teach::classes::remove_place(place.get_value()), move |gone| {
            open.set(Open::Nothing);
            state.told.set(Some(removed(&name, &gone)));
        });
    });
    view! {
        <div class="side__scroll helping">
            <NoteForm class=state.class.get_value() place=place.get_value() sent=Callback::new(move |()| sent.update(|sent| *sent += 1)) />
            <Sent class=state.class.get_value() place=place.get_value() wanted=sent />
            <h3>"A way back in"</h3>
            <p class="soft">"For who has lost their page, or sits at another computer. A new link ends the old one."</p>
            {part(move || match link.get() {
                Some(link) => view! { <Links links=vec![link] taken=RwSignal::new(false) /> }.into_any(),
                None => view! {
                    <button type="button" class="button" disabled=linking.pending on:click=click(make_link)>"Make a new personal link"</button>
                }
                .into_any(),
            })}
            {linking.alert()}
            <h3>"Leaving the class"</h3>
            <p class="soft">"What they did is deleted with their place."</p>
            <button type="button" class="button" disabled=removing.pending on:click=click(move |_| confirm::open(dialog))>"Remove from the class…"</button>
            {removing.alert()}
            <Confirm
                dialog=dialog
                title=title
                text=REMOVES
                yes="Remove"
                no="Keep them"
                on_yes=remove
            />
        </div>
    }
    .into_any()
}
