//! The app's pages and server functions, with the learner's backend in their context.

use std::sync::{Arc, LazyLock};

use app::backend::{Backend, Teaching};
use axum::{
    Router,
    extract::{Request, State},
    http::{StatusCode, request::Parts},
    response::{IntoResponse as _, Response},
};
use leptos::prelude::{provide_context, use_context};
use leptos_axum::{AxumRouteListing, LeptosRoutes as _, generate_route_list, render_app_to_stream_with_context};

use super::{asker::Asker, backend::LearnerBackend, teaching::InstructorBackend};
use crate::{app_state::AppState, learner::LearnerId};

/// The paths of all pages, listed once in a process, before any page is drawn: a list that is made beside a page
/// keeps that page from its end.
static ROUTES: LazyLock<Vec<AxumRouteListing>> = LazyLock::new(|| {
    // Which of them a page belongs to, and with it what the browser loads, is `document`'s to tell by its path.
    let boards = generate_route_list(app::TeachApp);
    [generate_route_list(app::App), boards, generate_route_list(app::DeskApp), generate_route_list(app::PaperApp)].concat()
});

/// Every page of the app and every server function. Mount within the session middleware.
pub fn router(state: &AppState) -> Router<AppState> {
    let (bound, options) = (state.clone(), state.leptos.clone());
    Router::new().leptos_routes_with_context(state, ROUTES.clone(), move || provide_backend(&bound), move || app::document(options.clone()))
}

/// The page that says that there is no such page; never a session.
pub async fn not_found(State(state): State<AppState>, mut request: Request) -> Response {
    if request.uri().path().starts_with("/api/") {
        return (StatusCode::NOT_FOUND, "There is nothing here.\n").into_response();
    }
    request.extensions_mut().insert(LearnerId::random());
    let options = state.leptos.clone();
    let render = render_app_to_stream_with_context(move || provide_backend(&state), move || app::document(options.clone()));
    let mut response = render(request).await;
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// Who asks is in the request's extensions, which leptos has put into the context already.
fn provide_backend(state: &AppState) {
    let Some(parts) = use_context::<Parts>() else { return };
    let Some(asker) = Asker::of(&parts, state) else { return };
    let backend: Arc<dyn Backend> = Arc::new(LearnerBackend(asker.clone()));
    provide_context(backend);
    let teaching: Arc<dyn Teaching> = Arc::new(InstructorBackend(asker));
    provide_context(teaching);
}
