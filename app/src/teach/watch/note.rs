//! A note to one learner or to all.

use leptos::{ev, prelude::*};

use crate::{
    api,
    teach::doing::Doing,
    teach::live::{live, part, submitted, typed},
};

/// The longest note, in characters. The server's limit, too.
const LONGEST: &str = "1000";

#[component]
pub(crate) fn NoteForm(
    class: String,
    /// Empty: to all.
    place: String,
    /// It is on its way to them.
    #[prop(optional)]
    sent: Option<Callback<()>>,
) -> impl IntoView {
    let doing = Doing::new();
    let text = RwSignal::new(String::new());
    let done = RwSignal::new(false);
    let to_all = place.is_empty();
    let send = move |event: ev::SubmitEvent| {
        event.prevent_default();
        done.set(false);
        doing.ask(api::teach::board::send_note(class.clone(), place.clone(), text.get_untracked()), move |()| {
            text.set(String::new());
            done.set(true);
            if let Some(sent) = sent {
                sent.run(());
            }
        });
    };
    view! {
        <form class="form" on:submit=submitted(send)>
            <label class="form__label">
                {if to_all { "Note" } else { "A note, or a hint" }}
                <textarea
                    class="field"
                    rows="3"
                    maxlength=LONGEST
                    required
                    placeholder=" "
                    prop:value=live(move || text.get())
                    on:input=typed(move |event| text.set(event_target_value(&event)))
                ></textarea>
            </label>
            <div class="form__row">
                <button type="submit" class="button button--primary" disabled=doing.pending>{doing.label("Send", "Sending…")}</button>
                <span role="status" class="soft">{part(move || if done.get() { "Sent." } else { "" })}</span>
            </div>
            {doing.alert()}
        </form>
    }
    .into_any()
}
