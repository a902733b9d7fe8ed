//! `docker wait`, and what `docker run` in the foreground waits for.

use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::{
    body,
    containers::{ports, remove},
    lines,
    refusal::{Answer, Refusal},
    request::Request,
    serve::Context,
    upstream::Ask,
};

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "PascalCase")]
struct Waited {
    status_code: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<WaitError>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "PascalCase")]
struct WaitError {
    message: String,
}

/// `POST /containers/{id}/wait`: headers at once, the exit code when there is one. The CLI starts the
/// container only after the headers.
pub(crate) async fn wait(context: &Context, mut request: Request) -> Answer {
    let condition = request.query.text("condition")?.filter(|condition| !condition.is_empty());
    request.query.finish()?;
    if let Some(condition) = &condition
        && !["not-running", "next-exit", "removed"].contains(&condition.as_str())
    {
        return Err(Refusal::invalid(format!("invalid condition: \"{condition}\"")));
    }
    let own = context.scope.container(request.parameters.get("id")).await?;
    let permit = context.sandbox.stream()?;
    let removed = condition.as_deref() == Some("removed");
    let ask = Ask::post(&["containers", own.engine_id(), "wait"]).optional("condition", condition).patient();
    let response = context.shared.engine.stream(ask).await.map_err(|said| context.engine_said(said))?;
    let context = context.clone();
    let stream = async_stream::stream! {
        let _permit = permit;
        match body::read_engine(response.into_body()).await {
            Ok(bytes) => {
                let mut waited: Waited = serde_json::from_slice(&bytes).unwrap_or_default();
                if let Some(error) = &mut waited.error {
                    error.message = context.scope.scrub(&error.message);
                }
                // What follows the command finds the ports free, and the name.
                if removed {
                    _ = remove::forget_if_gone(&context, &own).await;
                } else {
                    ports::release(&context.shared, &context.sandbox.id, own.engine_id()).await;
                }
                yield Ok(lines::line(&waited));
            }
            Err(refusal) => yield Err(refusal.message.into()),
        }
    };
    Ok(body::with_type(StatusCode::OK, "application/json", body::stream(stream)))
}
