//! `/api/terminal?id=1`: a browser's terminal, over a WebSocket, to a PTY in the workstation.

use axum::{
    Extension,
    extract::{Query, State, ws::WebSocketUpgrade},
    response::Response,
};

use crate::{learner::LearnerId, sandboxes::Sandboxes};

/// `?id=1`.
#[derive(Debug, serde::Deserialize)]
pub struct TerminalQuery {
    id: Option<String>,
}

/// The handler of `GET /api/terminal`. Mount where the state gives `Sandboxes` (`FromRef`) and a
/// middleware has inserted `Extension<LearnerId>` and looked at `Origin`.
pub async fn terminal(
    State(sandboxes): State<Sandboxes>,
    Extension(learner): Extension<LearnerId>,
    Query(query): Query<TerminalQuery>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let _ = (sandboxes, learner, query.id);
    upgrade.on_upgrade(|_| async {})
}
