//! `docker attach`, and what `docker run` in the foreground does: raw bytes both ways.

use http::StatusCode;

use crate::{
    ActivityKind, body, hijack,
    refusal::{Answer, Refusal},
    request::{Request, query::Query},
    serve::Context,
    upstream::Ask,
};

/// Rows and columns of a terminal at most.
const MAX_TERMINAL: i64 = 1000;

/// Keys like `ctrl-p,ctrl-q` or `a`.
pub(crate) fn detach_keys(query: &mut Query) -> Result<Option<String>, Refusal> {
    let keys = query.text("detachKeys")?.filter(|keys| !keys.is_empty());
    match keys {
        Some(keys) if !are_keys(&keys) => Err(Refusal::invalid(format!("invalid detach keys ({keys}) provided"))),
        keys => Ok(keys),
    }
}

pub(crate) fn are_keys(keys: &str) -> bool {
    keys.len() <= 64 && keys.bytes().all(|b| b.is_ascii_graphic())
}

/// What a client must do to have a stream at all.
pub(crate) fn needs_upgrade() -> Refusal {
    Refusal::invalid("lunchbox: this needs a connection of its own; ask with the headers Connection: Upgrade and Upgrade: tcp")
}

/// `POST /containers/{id}/attach`
pub(crate) async fn attach(context: &Context, mut request: Request) -> Answer {
    let keys = detach_keys(&mut request.query)?;
    let mut ask_flags = Vec::new();
    for name in ["logs", "stream", "stdin", "stdout", "stderr"] {
        if request.query.flag(name)? {
            ask_flags.push(name);
        }
    }
    request.query.finish()?;
    let own = context.scope.container(request.parameters.get("id")).await?;
    let client = request.upgrade.ok_or_else(needs_upgrade)?;
    let permit = context.sandbox.stream()?;
    let ask = ask_flags
        .into_iter()
        .fold(Ask::post(&["containers", own.engine_id(), "attach"]), |ask, name| ask.flag(name, true))
        .optional("detachKeys", keys)
        .patient();
    let engine = context.shared.engine.hijack(ask).await.map_err(|said| context.engine_said(said))?;
    context.sandbox.record(ActivityKind::ContainerAttached { id: own.engine_id().to_owned(), name: own.name().to_owned() }).await;
    Ok(hijack::relay(client, engine, request.version, permit))
}

/// `h` and `w` of a resize.
pub(crate) fn size(query: &mut Query) -> Result<(i64, i64), Refusal> {
    let height = query.number("h")?.unwrap_or(0).clamp(0, MAX_TERMINAL);
    let width = query.number("w")?.unwrap_or(0).clamp(0, MAX_TERMINAL);
    Ok((height, width))
}

/// `POST /containers/{id}/resize`
pub(crate) async fn resize(context: &Context, mut request: Request) -> Answer {
    let (height, width) = size(&mut request.query)?;
    request.query.finish()?;
    let own = context.scope.container(request.parameters.get("id")).await?;
    let ask = Ask::post(&["containers", own.engine_id(), "resize"]).parameter("h", height).parameter("w", width);
    context.shared.engine.done(ask).await.map_err(|said| context.engine_said(said))?;
    Ok(body::no_content(StatusCode::OK))
}
