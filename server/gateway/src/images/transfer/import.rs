//! `docker import`: a tar of files as an image of one layer.

use http::StatusCode;
use tokio_util::io::ReaderStream;

use super::{archive::UNPACKED_TIMES, layer};
use crate::{
    body::{self, Upload},
    images::{
        build,
        commit::check_changes,
        events,
        message::{self, Message},
        own, tag, upload,
    },
    ledger::ImageOrigin,
    limits,
    lines::{JsonLines, told_of},
    reference::{self, Reference},
    refusal::{Answer, Refusal},
    request::{Request, query::Query},
    serve::Context,
    upstream::Ask,
};

/// `POST /images/create?fromSrc=-`
pub(crate) async fn import(context: &Context, mut request: Request) -> Answer {
    let query = &mut request.query;
    let source = query.text("fromSrc")?.unwrap_or_default();
    if source != "-" {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "lunchbox: files can't be imported from a URL in this classroom: the engine would fetch them from the machine that everybody shares. Fetch them yourself, then: docker import - NAME < file.tar",
        ));
    }
    let begun = begin(context, query).await;
    let most_bytes = context.shared.config.limits.upload_max_bytes;
    let (upload, Wanted { name, note, changes }) = body::admit(request.body, most_bytes, begun).await?;
    let _place = context.sandbox.uploading.acquire().await.map_err(|_| Refusal::internal())?;
    let file = upload::store(Upload::new(upload), most_bytes, || Refusal::too_large("the archive", most_bytes)).await?;
    let layer = tokio::task::spawn_blocking(move || layer::take(file, &mut most_bytes.saturating_mul(UNPACKED_TIMES))).await;
    let layer = layer.map_err(|error| {
        tracing::error!(%error, "reading an archive broke off");
        Refusal::internal()
    })?;
    let layer = layer.map_err(|failed| failed.into_refusal("the archive"))?;

    let turn = context.sandbox.turns.images().await;
    own::check_limit(context).await?;
    tag::check_limit(context, &turn, name.as_slice()).await?;
    let tar = body::stream(tokio_stream::StreamExt::map(ReaderStream::new(tokio::fs::File::from_std(layer.file)), |read| {
        read.map_err(Into::into)
    }));
    let mut ask = Ask::post(&["images", "create"]).parameter("fromSrc", "-").optional("message", note);
    for change in changes {
        ask = ask.parameter("changes", change);
    }
    let engine = context.shared.engine.stream(ask.stream("application/x-tar", tar).patient()).await;
    let mut lines =
        JsonLines::new(engine.map_err(|said| context.engine_said(said))?.into_body(), told_of("an import", &context.sandbox.id));
    let mut id = None;
    while let Some(message) = lines.next::<Message>().await {
        let message = message.map_err(|error| {
            tracing::error!(%error, "the engine broke off an import");
            Refusal::engine_away()
        })?;
        if let Some(error) = message.error {
            return Err(Refusal::invalid(context.scope.scrub(&error)));
        }
        id = message.status.filter(|status| reference::is_digest(status)).or(id);
    }
    let id = id.ok_or_else(Refusal::engine_away)?;
    own::take_in(context, &turn, &id, ImageOrigin::Loaded, name.as_slice()).await?;
    drop(turn);
    events::tell(context, "import", &id, &id).await;
    context.sandbox.changed();
    Ok(message::answer(&context.sandbox, |messages| async move {
        messages.tell(Message::status(id)).await;
        Ok(())
    }))
}

/// What the image is to be.
struct Wanted {
    name: Option<Reference>,
    note: Option<String>,
    changes: Vec<String>,
}

/// What can be said before the files are there, and whether there is room for one more.
async fn begin(context: &Context, query: &mut Query) -> Result<Wanted, Refusal> {
    let repository = query.text("repo")?.filter(|repository| !repository.is_empty());
    let version = query.text("tag")?.filter(|tag| !tag.is_empty());
    let note = query.text("message")?.filter(|note| !note.is_empty());
    let changes = query.all("changes");
    check_changes(&changes)?;
    let changes = build::changes(&changes)?;
    crate::images::pull::check_platform(query.text("platform")?.as_deref().filter(|platform| !platform.is_empty()))?;
    query.ignore(&["fromImage"]);
    std::mem::take(query).finish()?;
    if note.as_ref().is_some_and(|note| note.len() > limits::MAX_NAME_BYTES) {
        return Err(Refusal::invalid(format!("lunchbox: a message may have {} bytes.", limits::MAX_NAME_BYTES)));
    }
    let name = repository.map(|repository| tag::read(&repository, version.as_deref())).transpose()?;
    own::check_limit(context).await?;
    Ok(Wanted { name, note, changes })
}
