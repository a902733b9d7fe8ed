//! `docker save`: the engine writes the images by their IDs, which have no names; the learner's names are
//! put in on the way.

use std::{
    collections::BTreeMap,
    io::{self, BufReader, Read, Write},
};

use bytes::Bytes;
use futures_util::TryStreamExt;
use http::StatusCode;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tar::{Archive, Builder, EntryType};
use tokio::sync::mpsc;
use tokio_util::io::{StreamReader, SyncIoBridge};

use super::manifest::{Entry, MANIFEST};
use crate::{
    body::{self, BoxError},
    images::events,
    limits,
    reference::Reference,
    refusal::{Answer, Refusal},
    request::Request,
    serve::Context,
    upstream::Ask,
};

/// Images that one tar may hold.
const MAX_IMAGES: usize = 32;
/// Pieces that may wait for a slow reader before the writing itself waits.
const BACKLOG: usize = 8;
/// Bytes of a piece.
const PIECE_BYTES: usize = 64 * 1024;
/// Of older engines, and read by older ones: which tag is which image.
const REPOSITORIES: &str = "repositories";

/// Names by image ID.
type Names = BTreeMap<String, Vec<String>>;

pub(crate) async fn save(context: &Context, mut request: Request) -> Answer {
    let mut asked = request.query.all("names");
    let one = request.parameters.get("name");
    if !one.is_empty() {
        asked.push(one.to_owned());
    }
    // Older clients send all in one.
    asked = asked.iter().flat_map(|names| names.split(',')).filter(|name| !name.is_empty()).map(str::to_owned).collect();
    crate::images::pull::check_platforms(&request.query.all("platform"))?;
    request.query.finish()?;
    if asked.is_empty() || asked.len() > MAX_IMAGES {
        return Err(Refusal::invalid(format!("lunchbox: name 1 to {MAX_IMAGES} images to save")));
    }
    let mut names = Names::new();
    for name in &asked {
        find(context, name, &mut names).await?;
    }
    let permit = context.sandbox.stream()?;
    request.width.widen(&context.sandbox.wide);
    let mut ask = Ask::get(&["images", "get"]).patient();
    for id in names.keys() {
        ask = ask.parameter("names", id);
    }
    let engine = context.shared.engine.stream(ask).await.map_err(|said| context.engine_said(said))?;
    for id in names.keys() {
        events::tell(context, "save", id, id).await;
    }
    Ok(body::with_type(StatusCode::OK, "application/x-tar", body::holding(named(engine.into_body(), names), permit)))
}

/// The image or, of a repository without a tag, all of its images.
async fn find(context: &Context, asked: &str, names: &mut Names) -> Result<(), Refusal> {
    let reference = Reference::parse(asked);
    if let Some(reference) = reference.as_ref().filter(|reference| reference.tag.is_none() && reference.digest.is_none()) {
        let repository = reference.familiar_repository();
        let rows = context.shared.ledger.image_references(context.scope.sandbox()).await?;
        let of_it = |name: &str| Reference::parse(name).is_some_and(|reference| reference.familiar_repository() == repository);
        let tags: Vec<_> = rows.into_iter().filter(|row| of_it(&row.reference)).collect();
        if !tags.is_empty() {
            for row in tags {
                names.entry(row.image_id).or_default().push(row.reference);
            }
            return Ok(());
        }
    }
    // The one place where the engine doesn't write the tag that is understood.
    let image = context.scope.find_image(asked).await?.ok_or_else(|| Refusal::no_such("image", asked))?;
    let of_image = names.entry(image.id().to_owned()).or_default();
    // What was called by its ID or its digest is saved without a name.
    let rows = context.shared.ledger.image_references(context.scope.sandbox()).await?;
    let familiar = reference.map(|reference| reference.with_default_tag().familiar());
    let is_its = |name: &String| rows.iter().any(|row| row.reference == *name && row.image_id == image.id());
    if let Some(name) = familiar.filter(|name| is_its(name) && !of_image.contains(name)) {
        of_image.push(name);
    }
    Ok(())
}

/// The engine's tar with names in it.
fn named(engine: Incoming, names: Names) -> body::Body {
    let (to, mut from) = mpsc::channel::<Result<Bytes, BoxError>>(BACKLOG);
    let frames = engine.into_data_stream().map_err(io::Error::other);
    let source = SyncIoBridge::new(StreamReader::new(frames));
    tokio::task::spawn_blocking(move || {
        let mut sink = Pieces { to, piece: Vec::with_capacity(PIECE_BYTES) };
        if let Err(error) = write(source, &mut sink, &names) {
            tracing::debug!(%error, "saving images broke off");
            // The client sees a tar that ends early, and says so.
            _ = sink.to.blocking_send(Err(error.into()));
        }
    });
    body::stream(async_stream::stream! {
        while let Some(piece) = from.recv().await {
            yield piece;
        }
    })
}

fn write(source: impl Read, sink: &mut Pieces, names: &Names) -> io::Result<()> {
    let mut archive = Archive::new(BufReader::new(source));
    let mut tar = Builder::new(&mut *sink);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let mut header = entry.header().clone();
        let path = entry.path()?.into_owned();
        if path.as_os_str() == REPOSITORIES {
            continue;
        }
        if path.as_os_str() == MANIFEST && header.entry_type() == EntryType::Regular {
            let mut text = Vec::new();
            entry.by_ref().take(limits::MAX_ENGINE_ANSWER_BYTES as u64).read_to_end(&mut text)?;
            let mut images: Vec<Entry> = serde_json::from_slice(&text)?;
            for image in &mut images {
                image.repo_tags = image.image_id().and_then(|id| names.get(&id)).filter(|names| !names.is_empty()).cloned();
            }
            let text = serde_json::to_vec(&images)?;
            header.set_size(text.len() as u64);
            tar.append_data(&mut header, &path, text.as_slice())?;
            continue;
        }
        match entry.link_name()? {
            Some(target) => tar.append_link(&mut header, &path, target)?,
            None => tar.append_data(&mut header, &path, &mut entry)?,
        }
    }
    tar.finish()?;
    drop(tar);
    sink.flush()
}

/// Hands over what is written, at the reader's pace.
struct Pieces {
    to: mpsc::Sender<Result<Bytes, BoxError>>,
    piece: Vec<u8>,
}

impl Write for Pieces {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let taken = data.len().min(PIECE_BYTES - self.piece.len());
        self.piece.extend_from_slice(&data[..taken]);
        if self.piece.len() == PIECE_BYTES {
            self.flush()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE_BYTES));
        self.to.blocking_send(Ok(piece.into())).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))
    }
}
