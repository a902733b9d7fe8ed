//! The class on the lesson page, in one row: who one is there, where the class is, who looks on, and the
//! hand. What comes from the instructor opens over the page, so that nothing moves under the eyes.

use leptos::{html, prelude::*};

mod assist;
mod led;
mod notes;

use assist::{Assisting, Watching};
use led::LedWay;
use notes::{Notes, NotesButton};

use super::{
    icon::Icon,
    live::{live, part},
    way_back::WayBackDialog,
};
use crate::{
    model::{ClassState, Seat},
    state::{InClass, OVER, SeatAsk, Work, news},
};

#[component]
pub(super) fn ClassBar(work: Work, current: Memo<Option<usize>>) -> impl IntoView {
    // With nothing said before, one is in none; afterwards the class, or the place in it, has been deleted.
    let there = Memo::new(move |before: Option<&Option<bool>>| {
        let is_there = work.live.seat.with(Option::is_some);
        (is_there || before.is_some_and(Option::is_some)).then_some(is_there)
    });
    part(move || there.get().map(|is_there| if is_there { view! { <Bar work=work current=current /> }.into_any() } else { gone() }))
}

fn gone() -> AnyView {
    view! {
        <section class="class-bar" aria-label="Your class" id="class-bar">
            <p role="status">"You are not in the class any more: you were taken out of it, or it was deleted. What you did there is deleted, too."</p>
        </section>
    }
    .into_any()
}

#[component]
fn Bar(work: Work, current: Memo<Option<usize>>) -> impl IntoView {
    let class = InClass::new(work.live, work.problem);
    let said = RwSignal::new(String::new());
    let notes_open = RwSignal::new(false);
    Effect::new(move |before: Option<Option<Seat>>| {
        let now = work.live.seat.get();
        if let (Some(Some(before)), Some(now)) = (&before, &now) {
            let news = news(before, now);
            if !news.is_empty() {
                said.set(news);
            }
            // Another page of this browser may have remembered it already.
            if now.notes.iter().any(|note| !before.notes.contains(note)) {
                notes_open.set(true);
            }
        }
        if now.as_ref().is_some_and(is_unseen) {
            notes_open.set(true);
        }
        now
    });
    let assist = Memo::new(move |_| class.read(|seat| seat.assist.clone()));
    let who = Memo::new(move |_| class.read(|seat| (seat.class.clone(), seat.name.clone())));
    let dialog = NodeRef::<html::Dialog>::new();
    let show_dialog = move |_| {
        if let Some(dialog) = dialog.get_untracked() {
            // It throws only where it is open already.
            let _ = dialog.show_modal();
        }
    };
    view! {
        <section
            class="class-bar"
            class:class-bar--asked=live(move || assist.with(|assist| assist.as_ref().is_some_and(|assist| !assist.granted)))
            class:class-bar--assisted=live(move || assist.with(|assist| assist.as_ref().is_some_and(|assist| assist.granted)))
            aria-label="Your class"
            id="class-bar"
            tabindex="-1"
        >
            <p class="class-bar__who">
                <strong class="class-bar__class">{live(move || who.get().0)}</strong>
                <span class="class-bar__name"><span class="unseen">"You are "</span>{live(move || who.get().1)}</span>
            </p>
            <div class="class-bar__middle">
                {part(move || match assist.get() {
                    Some(assist) => view! { <Assisting class=class assist=assist /> }.into_any(),
                    None => {
                        view! {
                            <LedWay work=work class=class current=current said=said />
                            <Watching class=class />
                        }
                            .into_any()
                    }
                })}
            </div>
            <div class="class-bar__tools">
                <Hand class=class />
                <NotesButton class=class open=notes_open />
                <button type="button" class="button button--quiet" on:click=show_dialog>
                    {Icon::Key.view()}
                    <span class="class-bar__word">"My way back"</span>
                </button>
            </div>
            <Notes class=class open=notes_open />
            <p class="unseen" role="status">{said}</p>
            <WayBackDialog class=class dialog=dialog />
        </section>
    }
    .into_any()
}

/// Whether the newest note was in no page of this browser yet; from now on it was. Their IDs rise.
fn is_unseen(seat: &Seat) -> bool {
    let (Some(note), Some(storage)) = (seat.notes.last(), window().local_storage().ok().flatten()) else { return false };
    let key = format!("lunchbox.note.{}", seat.id);
    let is_new = storage.get_item(&key).ok().flatten().is_none_or(|seen| seen < note.id);
    if is_new {
        // Where nothing can be kept, they open on the next page again.
        let _ = storage.set_item(&key, &note.id);
    }
    is_new
}

/// Up or down; whoever teaches sees it at once.
#[component]
fn Hand(class: InClass) -> impl IntoView {
    let up = Memo::new(move |_| class.read(|seat| seat.hand));
    let open = Memo::new(move |_| class.read(|seat| seat.state == ClassState::Open));
    let instructor = Memo::new(move |_| class.read(|seat| seat.instructor.clone()));
    let closed = Memo::new(move |_| class.read(|seat| seat.state == ClassState::Closed));
    view! {
        <span class="class-bar__state" hidden=live(move || !closed.get())>{OVER}</span>
        <span class="hand" hidden=live(move || !open.get())>
            <span class="hand__seen" id="hand-seen" hidden=live(move || !up.get())>{live(move || format!("{} sees your hand", instructor.get()))}</span>
            <button
                type="button"
                class="button hand__button"
                data-up=live(move || up.get().then_some(""))
                aria-describedby=live(move || up.get().then_some("hand-seen"))
                title="Your instructor sees it at once"
                on:click=move |_| {
                    if !class.ask.pending().get_untracked() {
                        class.ask.dispatch(SeatAsk::Hand { up: !up.get_untracked() });
                    }
                }
            >
                {Icon::Hand.view()}
                {live(move || if up.get() { "Lower hand" } else { "Raise hand" })}
            </button>
        </span>
    }
    .into_any()
}
