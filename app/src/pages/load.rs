//! What pages are made of, loaded in one way for all of them: by one resource of one type, for each type of
//! resource brings its own tens of kilobytes of code into the browser.

use std::{future::Future, pin::Pin, sync::Arc};

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    api::{self, ApiError, lessons::OpenedLesson},
    components::part,
    model::{Certificate, ClassCard, ClassState, LessonSummary, PlaceCard, Seat},
};

/// What a page asks for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Wanted {
    /// No code was given yet.
    Nothing,
    Home,
    Lesson {
        slug: String,
    },
    Class {
        code: String,
    },
    Place {
        code: String,
    },
    Certificate {
        id: String,
    },
}

/// What came.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Loaded {
    Nothing,
    Home(Vec<LessonSummary>, Vec<Seat>),
    Lesson(Box<OpenedLesson>),
    /// And the name that this browser's learner has in another class.
    Class(ClassCard, Option<String>),
    Place(PlaceCard),
    Certificate(Certificate),
}

pub(super) type Answer = Result<Loaded, ApiError>;

type Later<T> = Pin<Box<dyn Future<Output = T> + Send>>;

fn fetch(wanted: Wanted) -> Later<Answer> {
    Box::pin(async move {
        Ok(match wanted {
            Wanted::Nothing => Loaded::Nothing,
            // Where the places can't be looked up, one can still learn.
            Wanted::Home => Loaded::Home(api::lessons::lessons().await?, api::seats::seats().await.unwrap_or_default()),
            Wanted::Lesson { slug } => Loaded::Lesson(Box::new(api::lessons::open_lesson(slug).await?)),
            Wanted::Class { code } => {
                let card = api::seats::find_class(code).await?;
                let known = match (card.state, &card.mine) {
                    (ClassState::Open, None) => api::seats::seats().await?.into_iter().next().map(|seat| seat.name),
                    _ => None,
                };
                Loaded::Class(card, known)
            }
            Wanted::Place { code } => Loaded::Place(api::seats::find_place(code).await?),
            Wanted::Certificate { id } => Loaded::Certificate(api::seats::certificate(id).await?),
        })
    })
}

pub(super) fn load(wanted: Memo<Wanted>) -> Resource<Answer> {
    Resource::new(move || wanted.get(), fetch)
}

/// What came, once it has; until then `wait`.
pub(super) fn shown(loaded: Resource<Answer>, wait: fn() -> AnyView, show: impl Fn(Answer) -> AnyView + Send + Sync + 'static) -> AnyView {
    suspended(loaded, wait, Arc::new(show))
}

fn suspended(loaded: Resource<Answer>, wait: fn() -> AnyView, show: Arc<dyn Fn(Answer) -> AnyView + Send + Sync>) -> AnyView {
    view! {
        <Suspense fallback=wait>
            {part(move || {
                let show = show.clone();
                let view: Later<AnyView> = Box::pin(async move { show(loaded.await) });
                Suspend::new(view)
            })}
        </Suspense>
    }
    .into_any()
}
