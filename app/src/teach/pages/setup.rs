//! `/teach/classes/:id/setup`.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::{
    api,
    model::{ClassDetails, LessonOutline},
    teach::{
        frame::{Bar, ClassNav, ClassPage, Loading, failed},
        setup::{Delete, Details, People, Sharing, TakeAway, WayInCard},
    },
};

#[component]
pub(crate) fn SetupPage() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let id = Memo::new(move |_| params.read().get("id").unwrap_or_default());
    let class = Resource::new(move || id.get(), api::teach::classes::class);
    let lessons = Resource::new(|| (), |()| api::teach::classes::lessons());
    let is_new = Memo::new(move |_| query.read().get("new").is_some());
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                match (class.await, lessons.await) {
                    (Ok(class), Ok(lessons)) => view! { <Setup class=class lessons=lessons is_new=is_new.get_untracked() /> }.into_any(),
                    (Err(error), _) | (_, Err(error)) => failed(error),
                }
            })}
        </Suspense>
    }
    .into_any()
}

#[component]
fn Setup(class: ClassDetails, lessons: Vec<LessonOutline>, is_new: bool) -> impl IntoView {
    let (id, name) = (class.id.clone(), class.draft.name.clone());
    let nav_class = id.clone();
    let class = RwSignal::new(class);
    view! {
        <Title text=format!("{name} · Set up") />
        <Bar><ClassNav class=nav_class name=name here=ClassPage::Setup /></Bar>
        <main class="teach-page teach-page--wide" id="main">
            <h1>"Set up"</h1>
            {is_new.then(|| {
                view! {
                    <p class="notice notice--good" role="status">
                        "Your class is made and open. Show its code now, or set the rest first: lessons, pace, times and who else teaches it."
                    </p>
                }
            })}
            <div class="setup">
                <WayInCard class=class />
                <Details class=class lessons=lessons />
                <People class=class />
                <Sharing class=class />
                <TakeAway id=id />
                <Delete class=class />
            </div>
        </main>
    }
    .into_any()
}
