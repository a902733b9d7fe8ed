//! What pages are made of, loaded in one way for all of them: by one resource of one type, for each type of
//! resource brings its own tens of kilobytes of code into the browser.

use std::{future::Future, pin::Pin};

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    frame::{Loading, failed},
    live::part,
};
use crate::{
    api::{ApiError, teach},
    model::{Board, ClassDetails, ClassSummary, Instructor, Invitation, LessonOutline, Machine, Me},
};

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ask {
    Me,
    // The board's bundle has little room.
    #[cfg(any(feature = "ssr", feature = "desk"))]
    SignedOut,
    Invitation {
        token: String,
    },
    Classes,
    Class {
        class: String,
    },
    Board {
        class: String,
        lesson: String,
    },
    Admin,
    #[cfg(any(feature = "ssr", feature = "desk"))]
    Platforms,
}

/// What came.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Loaded {
    Me(Option<Me>),
    #[cfg(any(feature = "ssr", feature = "desk"))]
    SignedOut(Option<crate::model::SignedOut>),
    Invitation(Invitation),
    Classes(Vec<ClassSummary>, Vec<LessonOutline>),
    Class(Box<ClassDetails>, Vec<LessonOutline>),
    Board(Box<Board>),
    Admin(Machine, Vec<Instructor>),
    #[cfg(any(feature = "ssr", feature = "desk"))]
    Platforms(crate::model::Platforms),
}

pub(crate) type Answer = Result<Loaded, ApiError>;

type Fetching = Pin<Box<dyn Future<Output = Answer> + Send>>;

fn fetch(ask: Ask) -> Fetching {
    Box::pin(async move {
        Ok(match ask {
            Ask::Me => Loaded::Me(teach::account::me().await?),
            #[cfg(any(feature = "ssr", feature = "desk"))]
            Ask::SignedOut => Loaded::SignedOut(teach::account::signed_out().await?),
            Ask::Invitation { token } => Loaded::Invitation(teach::account::invitation(token).await?),
            Ask::Classes => Loaded::Classes(teach::classes::classes().await?, teach::classes::lessons().await?),
            Ask::Class { class } => Loaded::Class(Box::new(teach::classes::class(class).await?), teach::classes::lessons().await?),
            Ask::Board { class, lesson } => Loaded::Board(Box::new(teach::board::board(class, lesson).await?)),
            #[cfg(any(feature = "ssr", feature = "desk"))]
            Ask::Platforms => Loaded::Platforms(teach::platforms::platforms().await?),
            Ask::Admin => Loaded::Admin(teach::admin::machine().await?, teach::admin::instructors().await?),
        })
    })
}

pub(crate) fn resource(ask: Memo<Ask>) -> Resource<Answer> {
    Resource::new(move || ask.get(), fetch)
}

/// A page: asks, shows what came, and what is to be done where nothing could be had.
pub(crate) fn page(ask: Memo<Ask>, show: fn(Loaded) -> AnyView) -> AnyView {
    page_or(ask, show, failed)
}

pub(crate) fn page_or(ask: Memo<Ask>, show: fn(Loaded) -> AnyView, failed: fn(ApiError) -> AnyView) -> AnyView {
    let loaded = resource(ask);
    view! {
        <Transition fallback=Loading>
            {part(move || suspended(loaded, show, failed))}
        </Transition>
    }
    .into_any()
}

/// What came of a resource, once it has.
pub(crate) fn suspended(loaded: Resource<Answer>, show: fn(Loaded) -> AnyView, failed: fn(ApiError) -> AnyView) -> AnyView {
    let view: Pin<Box<dyn Future<Output = AnyView> + Send>> = Box::pin(async move {
        match loaded.await {
            Ok(loaded) => show(loaded),
            Err(error) => failed(error),
        }
    });
    Suspend::new(view).into_any()
}
