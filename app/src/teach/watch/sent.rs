//! What was sent to a class, or to one learner of it, to be read again.

use leptos::prelude::*;

use crate::{
    api,
    components::{Shown, When},
    model::{SentNote, SentNotes},
    teach::{doing::Doing, live::part},
};

#[component]
pub(crate) fn Sent(
    class: String,
    /// Empty: what went to all, and to each.
    place: String,
    /// Rises whenever it is to be read anew; 0: nobody wants it yet.
    wanted: RwSignal<u32>,
) -> impl IntoView {
    let doing = Doing::new();
    let list = RwSignal::new(None::<SentNotes>);
    let is_of_one = !place.is_empty();
    Effect::new(move |_| {
        if wanted.get() > 0 {
            doing.ask(api::teach::board::sent_notes(class.clone(), place.clone()), move |there| list.set(Some(there)));
        }
    });
    let (title, none) = if is_of_one {
        ("Sent to this learner alone", "Nothing yet. What you write to them stands here.")
    } else {
        ("What was sent", "Nothing yet. Notes to all stand here, and those to one learner.")
    };
    let content = move || match list.get() {
        Some(list) if list.notes.is_empty() => view! { <p class="soft">{none}</p> }.into_any(),
        Some(list) => notes(list, is_of_one),
        None if doing.pending.get() => view! { <p class="soft" role="status">"Looking…"</p> }.into_any(),
        None => ().into_any(),
    };
    view! {
        <section class="sent">
            <h3>{title}</h3>
            {doing.alert()}
            <div class="sent__list" tabindex="0" role="group" aria-label=title>{part(content)}</div>
        </section>
    }
    .into_any()
}

fn notes(list: SentNotes, is_of_one: bool) -> AnyView {
    let SentNotes { notes, has_older, is_mine_alone } = list;
    let older =
        has_older.then(|| view! { <p class="soft">{format!("These are the newest {}. Older ones are not listed.", notes.len())}</p> });
    let notes = notes
        .into_iter()
        .map(|note| {
            let who = who(&note, is_of_one, is_mine_alone);
            view! {
                <li>
                    <p class="sent__who"><When at=note.at shown=Shown::Short />{who}</p>
                    <p class="sent__text">{note.text}</p>
                </li>
            }
        })
        .collect_view();
    view! { <ul role="list">{notes}</ul> {older} }.into_any()
}

/// To whom, where that isn't said above; and by whom, where several wrote.
fn who(note: &SentNote, is_of_one: bool, is_mine_alone: bool) -> String {
    let to = match &note.to {
        _ if is_of_one => String::new(),
        Some(name) => format!(" · to {name}"),
        None => " · to all".to_owned(),
    };
    if is_mine_alone { to } else { format!("{to} · by {}", note.from) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(to: Option<&str>) -> SentNote {
        SentNote { id: "1".into(), from: "Grace".into(), to: to.map(Into::into), text: "Look at the port.".into(), at: 0 }
    }

    #[test]
    fn a_note_says_to_whom_it_went_and_by_whom_where_several_wrote() {
        assert_eq!(who(&note(None), false, true), " · to all");
        assert_eq!(who(&note(Some("Ada")), false, true), " · to Ada");
        assert_eq!(who(&note(Some("Ada")), false, false), " · to Ada · by Grace");
        assert_eq!(who(&note(Some("Ada")), true, true), "", "it stands under her name");
        assert_eq!(who(&note(Some("Ada")), true, false), " · by Grace");
    }
}
