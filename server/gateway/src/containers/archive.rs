//! `docker cp` and `docker export`: files in and out of a container, as tar.

mod entries;
mod rewrite;

use http::{HeaderName, HeaderValue, Method, Response, StatusCode};

use crate::{
    ActivityKind, body,
    body::Body,
    refusal::{Answer, Refusal},
    request::{Request, query::Query},
    scope::OwnContainer,
    serve::Context,
    system::disk,
    upstream::{Ask, EngineSaid},
};

/// JSON in base64: name, size, mode, time and link target of the path asked for.
const PATH_STAT: HeaderName = HeaderName::from_static("x-docker-container-path-stat");
const MAX_PATH_BYTES: usize = 4096;

/// `GET /containers/{id}/export`
pub(crate) async fn export(context: &Context, request: Request) -> Answer {
    request.query.finish()?;
    let own = context.scope.container(request.parameters.get("id")).await?;
    let permit = context.sandbox.stream()?;
    request.width.widen(&context.sandbox.wide);
    let ask = Ask::get(&["containers", own.engine_id(), "export"]).patient();
    let engine = context.shared.engine.pass(ask).await.map_err(|said| context.engine_said(said))?;
    copied_out(context, &own, "/");
    Ok(body::with_type(StatusCode::OK, "application/x-tar", body::holding(engine.into_body(), permit)))
}

fn copied(own: &OwnContainer, path: &str, into_container: bool) -> ActivityKind {
    let (id, name) = (own.engine_id().to_owned(), own.name().to_owned());
    ActivityKind::ContainerFilesCopied { id, name, path: path.to_owned(), into_container }
}

fn copied_out(context: &Context, own: &OwnContainer, path: &str) {
    context.sandbox.record_look(copied(own, path, false));
}

/// Here the engine calls a container as it was called in the request.
fn said(context: &Context, said: EngineSaid, own: &OwnContainer, asked: &str) -> Refusal {
    let refusal = context.engine_said(said);
    Refusal { message: refusal.message.replace(own.engine_id(), asked), ..refusal }
}

fn path(query: &mut Query) -> Result<String, Refusal> {
    let path = query.text("path")?.unwrap_or_default();
    if path.is_empty() {
        return Err(Refusal::invalid("bad parameter: path cannot be empty"));
    }
    if path.len() > MAX_PATH_BYTES {
        return Err(Refusal::invalid("lunchbox: the path is longer than 4096 bytes"));
    }
    Ok(path)
}

fn with_stat<B>(engine: &Response<B>, mut response: Response<Body>) -> Response<Body> {
    if let Some(stat) = engine.headers().get(&PATH_STAT) {
        response.headers_mut().insert(PATH_STAT, stat.clone());
    }
    response
}

/// `HEAD /containers/{id}/archive`
pub(crate) async fn info(context: &Context, mut request: Request) -> Answer {
    let path = path(&mut request.query)?;
    request.query.finish()?;
    let own = context.scope.container(request.parameters.get("id")).await?;
    let asked = request.parameters.get("id").to_owned();
    let ask = Ask::new(Method::HEAD, &["containers", own.engine_id(), "archive"]).parameter("path", path);
    let engine = context.shared.engine.stream(ask).await.map_err(|error| said(context, error, &own, &asked))?;
    let mut response = with_stat(&engine, body::no_content(StatusCode::OK));
    response.headers_mut().insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

/// `GET /containers/{id}/archive`
pub(crate) async fn get(context: &Context, mut request: Request) -> Answer {
    let path = path(&mut request.query)?;
    request.query.finish()?;
    let own = context.scope.container(request.parameters.get("id")).await?;
    let asked = request.parameters.get("id").to_owned();
    let permit = context.sandbox.stream()?;
    request.width.widen(&context.sandbox.wide);
    let ask = Ask::get(&["containers", own.engine_id(), "archive"]).parameter("path", &path).patient();
    let engine = context.shared.engine.pass(ask).await.map_err(|error| said(context, error, &own, &asked))?;
    copied_out(context, &own, &path);
    let response = with_stat(&engine, body::with_type(StatusCode::OK, "application/x-tar", body::empty()));
    Ok(response.map(|_| body::holding(engine.into_body(), permit)))
}

/// `PUT /containers/{id}/archive`. The engine would unpack compressed archives with programs of the
/// container's, as root: it gets a plain tar that was written here, always.
pub(crate) async fn put(context: &Context, mut request: Request) -> Answer {
    let path = path(&mut request.query)?;
    let no_overwrite = request.query.flag("noOverwriteDirNonDir")?;
    let copy_owner = request.query.flag("copyUIDGID")?;
    request.query.finish()?;
    let most_bytes = context.shared.config.limits.upload_max_bytes;
    let found = match context.scope.container(request.parameters.get("id")).await {
        Ok(own) => disk::check(context).await.map(|()| own),
        Err(refusal) => Err(refusal),
    };
    let (from, own) = body::admit(request.body, most_bytes, found).await?;
    let asked = request.parameters.get("id").to_owned();
    let _permit = context.sandbox.stream()?;
    let _place = context.sandbox.uploading.acquire().await.map_err(|_| Refusal::internal())?;
    let (tar, upload) = rewrite::rewrite(from, most_bytes);
    let ask = Ask::new(Method::PUT, &["containers", own.engine_id(), "archive"])
        .parameter("path", &path)
        .flag("noOverwriteDirNonDir", no_overwrite)
        .flag("copyUIDGID", copy_owner)
        .stream("application/x-tar", tar)
        .wide()
        .patient();
    let done = context.shared.engine.pass(ask).await.map(drop);
    // What was wrong with the archive says more than the engine's answer to half of it.
    let refusal = upload.refusal().or_else(|| done.err().map(|error| said(context, error, &own, &asked)));
    if let Some(refusal) = refusal {
        upload.drain().await;
        return Err(refusal);
    }
    context.sandbox.record(copied(&own, &path, true)).await;
    Ok(body::no_content(StatusCode::OK))
}
