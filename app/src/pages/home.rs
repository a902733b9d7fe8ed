//! `/`: what this is, and the lessons.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    api,
    components::{Alert, Header, LessonCard},
};

#[component]
pub fn HomePage() -> impl IntoView {
    let lessons = Resource::new(|| (), |()| api::lessons::lessons());
    view! {
        <Title text="" />
        <Header />
        <main class="home" id="main">
            <section class="hero">
                <h1 class="hero__title">"Learn Docker on a real Docker host of your own"</h1>
                <p class="hero__text">
                    "Lunchbox gives you a private host with a real shell in your browser, shows you what every command does, and checks each step as you go."
                </p>
            </section>
            <section class="home__lessons" aria-labelledby="lessons-title">
                <h2 id="lessons-title" class="home__heading">"Lessons"</h2>
                <Suspense fallback=|| view! { <p class="home__wait" role="status">"Loading the lessons…"</p> }>
                    {move || Suspend::new(async move {
                        match lessons.await {
                            Ok(lessons) if lessons.is_empty() => {
                                view! { <p class="home__wait">"There is no lesson yet. Put one under lessons/ and start the server again."</p> }
                                    .into_any()
                            }
                            Ok(lessons) => {
                                view! {
                                    <ul class="home__cards" role="list">
                                        {lessons
                                            .into_iter()
                                            .map(|lesson| view! { <li><LessonCard lesson=lesson /></li> })
                                            .collect_view()}
                                    </ul>
                                }
                                    .into_any()
                            }
                            Err(error) => view! { <Alert text=error.message /> }.into_any(),
                        }
                    })}
                </Suspense>
            </section>
        </main>
    }
    .into_any()
}
