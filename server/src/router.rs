//! Which path goes where, and through what.

use axum::{
    Router,
    extract::{Request, State},
    middleware::{Next, from_fn, from_fn_with_state},
    response::Response,
    routing::get,
};
use tower::ServiceBuilder;

use crate::{
    app_state::AppState,
    sandboxes::Sandboxes,
    web::{
        access_log, assets, body_limit, headers, health, lti, origin, pace, pages, preview, session, stream, teach_files, teach_stream,
        terminal,
    },
};

/// Everything that is served, as one router whose middleware has run before it routes.
pub fn router(state: AppState) -> Router {
    // What knows the learner.
    let personal = pages::router(&state)
        .route("/api/stream", get(stream::stream))
        .route("/api/terminal", get(terminal::terminal))
        .route("/api/teach/board", get(teach_stream::board))
        .route("/api/teach/watch", get(teach_stream::watch))
        .route("/api/teach/terminal", get(terminal::watch::watch))
        .route("/teach/classes/{class}/progress.csv", get(teach_files::csv))
        .route("/teach/classes/{class}/progress.json", get(teach_files::json))
        .route("/teach/classes/{class}/xapi.json", get(teach_files::xapi))
        .merge(lti::personal())
        .route_layer(
            ServiceBuilder::new().layer(session::layer(state.needs.database.pool.clone(), &state.web)).layer(from_fn(session::learner)),
        );
    // What doesn't: no cookie is read or set.
    let impersonal = Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .merge(lti::impersonal())
        .merge(assets::router(&state.web.site_root));
    let ours = personal.merge(impersonal).fallback(pages::not_found).with_state(state.clone());

    // In the order in which a request meets them:
    let ours = ours.layer(
        ServiceBuilder::new()
            // 1. an ID, and a line in the log;
            .layer(from_fn(access_log::log))
            // 2. on the way back, headers that make the browser careful;
            .layer(from_fn(headers::careful))
            // 3. whether it comes from our own page, under our own name;
            .layer(from_fn_with_state(state.clone(), origin::own))
            // 4. that its address has not asked too often;
            .layer(from_fn_with_state(state.clone(), pace::by_address))
            // 5. that its body is small.
            .layer(from_fn(body_limit::limit)),
    );
    // Learners' own web pages, with nothing of the above but the name: they are not ours, and may be anything.
    let previews = preview::router().route_layer(from_fn_with_state(state.clone(), origin::known_host)).with_state(state.clone());
    // Layers of a router run after it has routed, so the whole of it is the fallback of one that
    // looks at the host first.
    Router::new().fallback_service(previews.fallback_service(ours)).layer(from_fn_with_state(state, previews_by_host))
}

/// A preview has a host of its own, whatever its path.
async fn previews_by_host(State(sandboxes): State<Sandboxes>, request: Request, next: Next) -> Response {
    match preview::by_host(&sandboxes, request).await {
        Ok(response) => response,
        Err(request) => next.run(request).await,
    }
}
