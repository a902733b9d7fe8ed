//! `/teach/classes/:id/setup`.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::{
    model::{ClassDetails, LessonOutline},
    teach::{
        frame::{Bar, ClassNav, ClassPage, HOME},
        live::{live, part},
        load::{Ask, Loaded, page},
        setup::{Delete, Details, FromPlatform, Gone, People, Sharing, TakeAway, WayInCard},
    },
};

#[component]
pub(crate) fn SetupPage() -> impl IntoView {
    let params = use_params_map();
    let ask = Memo::new(move |_| Ask::Class { class: params.read().get("id").unwrap_or_default() });
    page(ask, |loaded| match loaded {
        Loaded::Class(class, lessons) => {
            let is_new = use_query_map().read_untracked().get("new").is_some();
            view! { <Setup class=*class lessons=lessons is_new=is_new /> }.into_any()
        }
        _ => ().into_any(),
    })
}

#[component]
fn Setup(class: ClassDetails, lessons: Vec<LessonOutline>, is_new: bool) -> impl IntoView {
    let (id, name) = (class.id.clone(), class.draft.name.clone());
    let title = format!("{name} · Set up");
    let nav_class = id.clone();
    let class = RwSignal::new(class);
    let deleted = RwSignal::new(None);
    let is_gone = move || deleted.with(Option::is_some);
    view! {
        <Title text=title />
        // A class that was deleted has no pages to lead to.
        <Bar>{part(move || match is_gone() {
            true => view! { <a class="button button--quiet" href=HOME rel="external">"Classes"</a> }.into_any(),
            false => view! { <ClassNav class=nav_class.clone() name=name.clone() here=ClassPage::Setup /> }.into_any(),
        })}</Bar>
        <main class="teach-page teach-page--wide" id="main">
            <h1>{part(move || if is_gone() { "Deleted" } else { "Set up" })}</h1>
            <Gone deleted=deleted />
            {is_new.then(|| {
                view! {
                    <p class="notice notice--good" role="status" hidden=live(is_gone)>
                        "Your class is made and open. Show its code now, or set the rest first: lessons, pace, times and who else teaches it."
                    </p>
                }
            })}
            <div class="setup" hidden=live(is_gone)>
                <WayInCard class=class />
                <Details class=class lessons=lessons />
                <FromPlatform class=class />
                <People class=class />
                <Sharing class=class />
                <TakeAway id=id />
                <Delete class=class deleted=deleted />
            </div>
        </main>
    }
    .into_any()
}
