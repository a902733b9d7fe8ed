//! `docker load`: the images of a tar, each written anew with a name of the gateway's alone, loaded, found to be what they
//! say, and then given the learner's names.

use std::{
    fs::File,
    io::{self, BufWriter, Seek, Write},
};

use sha2::{Digest, Sha256};
use tar::{Builder, Header};
use tokio_util::io::ReaderStream;

use super::{
    archive::{self, Named, UNPACKED_TIMES},
    layer,
    manifest::{Configuration, Entry, MANIFEST},
};
use crate::{
    admission::{Images, Turn},
    body::{self, Upload},
    images::{
        catalogue::ImageFacts,
        events,
        message::{self, Message},
        own, tag,
        upload::{self, Failed},
    },
    ledger::ImageOrigin,
    lines::{JsonLines, told_of},
    reference::Reference,
    refusal::{Answer, Refusal},
    request::Request,
    scope::Scope,
    serve::Context,
    upstream::Ask,
};

/// Images of one tar.
const MAX_IMAGES: usize = 32;
/// Bytes of a manifest or a configuration. The engine reads at most 4 MiB of one.
const MAX_JSON_BYTES: u64 = 1024 * 1024;
/// Layers of one image: the engine's own limit.
const MAX_LAYERS: usize = 127;

/// One image to be loaded.
#[derive(Debug)]
struct Loading {
    /// The digest of its configuration.
    id: String,
    names: Vec<Reference>,
    /// Of its layers, as they were found to be.
    diff_ids: Vec<String>,
    /// Bytes of each one's files.
    file_bytes: Vec<u64>,
    /// A tar that holds nothing else.
    tar: File,
}

pub(crate) async fn load(context: &Context, mut request: Request) -> Answer {
    // A quiet load tells its end only, which is all that is told here.
    request.query.ignore(&["quiet"]);
    crate::images::pull::check_platforms(&request.query.all("platform"))?;
    request.query.finish()?;
    let most_bytes = context.shared.config.limits.upload_max_bytes;
    let (upload, ()) = body::admit(request.body, most_bytes, own::check_limit(context).await).await?;
    let _place = context.sandbox.uploading.acquire().await.map_err(|_| Refusal::internal())?;
    let file = upload::store(Upload::new(upload), most_bytes, || Refusal::too_large("the archive", most_bytes)).await?;
    let scope = context.scope.clone();
    let images = tokio::task::spawn_blocking(move || read(file, most_bytes.saturating_mul(UNPACKED_TIMES), &scope)).await;
    let images = images.map_err(|error| {
        tracing::error!(%error, "reading an archive broke off");
        Refusal::internal()
    })?;
    let images = images.map_err(|failed| failed.into_refusal("the archive"))?;
    let sandbox = context.sandbox.clone();
    let context = context.clone();
    Ok(message::answer(&sandbox, |messages| async move {
        // The engine says it in the stream, too.
        for image in images.map_err(Refusal::invalid)? {
            // Not half-way: what the engine has taken comes onto a list, whoever hangs up. One at a time, by the turn.
            let (turn, here) = (context.sandbox.turns.images().await, context.clone());
            for line in context.sandbox.steady(async move { take(&here, turn, image).await }).await?? {
                messages.tell(Message::stream(line)).await;
            }
        }
        Ok(())
    }))
}

/// Judges a whole archive. What is none from its beginning is told in the engine's words.
fn read(file: File, most_bytes: u64, scope: &Scope) -> Result<Result<Vec<Loading>, &'static str>, Failed> {
    let file = archive::unpacked(file, "the archive", most_bytes)?;
    if let Some(why) = archive::no_tar(&file)? {
        return Ok(Err(why));
    }
    let named = Named::read(file)?;
    let manifest = named.small(MANIFEST, MAX_JSON_BYTES)?.ok_or_else(|| {
        Refusal::invalid("lunchbox: the archive has no manifest.json. `docker load` takes what `docker save` writes; a container's files from `docker export` go to `docker import`.")
    })?;
    let entries: Vec<Entry> =
        serde_json::from_slice(&manifest).map_err(|_| Refusal::invalid("lunchbox: the archive's manifest.json is not understood"))?;
    if entries.len() > MAX_IMAGES {
        return Err(Refusal::invalid(format!("lunchbox: an archive may hold {MAX_IMAGES} images")).into());
    }
    let mut left = most_bytes;
    entries.iter().map(|entry| one(&named, entry, &mut left, scope)).collect::<Result<_, _>>().map(Ok)
}

fn one(named: &Named, entry: &Entry, left: &mut u64, scope: &Scope) -> Result<Loading, Failed> {
    let lacks = |name: &str| Refusal::invalid(format!("lunchbox: the archive lacks {name}, which its manifest.json names"));
    let configuration = named.small(&entry.config, MAX_JSON_BYTES)?.ok_or_else(|| lacks(&entry.config))?;
    let said = check(&configuration, entry)?;
    let id = format!("{:x}", Sha256::digest(&configuration));
    let mut tar = Builder::new(BufWriter::new(tempfile::tempfile()?));
    let mut written = Entry { config: format!("{id}.json"), repo_tags: Some(vec![own::held_name(scope, &id)]), layers: Vec::new() };
    append(&mut tar, &written.config, configuration.len() as u64, configuration.as_slice())?;
    let mut file_bytes = Vec::new();
    for (number, name) in entry.layers.iter().enumerate() {
        let layer = layer::take(named.open(name)?.ok_or_else(|| lacks(name))?, left)?;
        // The engine takes a layer that it has by its digest, whatever lies in the archive: who doesn't
        // have the layer's files gets no image with them.
        if said.diff_ids.get(number) != Some(&layer.diff_id) {
            return Err(Refusal::invalid(format!(
                "lunchbox: the archive's layer {name} is not what its configuration says (wrong diffID {})",
                layer.diff_id
            ))
            .into());
        }
        let name = format!("{number}-{}/layer.tar", layer.diff_id.trim_start_matches("sha256:"));
        append(&mut tar, &name, layer.bytes, layer.file)?;
        written.layers.push(name);
        file_bytes.push(layer.file_bytes);
    }
    let manifest = serde_json::to_vec(&[&written]).map_err(io::Error::other)?;
    append(&mut tar, MANIFEST, manifest.len() as u64, manifest.as_slice())?;
    let mut writer = tar.into_inner()?;
    writer.flush()?;
    let mut file = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.rewind()?;
    let names = entry.repo_tags.iter().flatten().map(|name| tag::read(name, None)).collect::<Result<Vec<_>, _>>()?;
    Ok(Loading { id: format!("sha256:{id}"), names, diff_ids: said.diff_ids, file_bytes, tar: file })
}

/// What the configuration says, where it is of an image that can run here.
fn check(text: &[u8], entry: &Entry) -> Result<Configuration, Refusal> {
    let configuration =
        Configuration::read(text).ok_or_else(|| Refusal::invalid("lunchbox: an image's configuration in the archive is not understood"))?;
    if configuration.diff_ids.len() != entry.layers.len() || entry.layers.len() > MAX_LAYERS {
        return Err(Refusal::invalid("lunchbox: an image in the archive has another number of layers than it says"));
    }
    let platform = format!("{}/{}", configuration.os, configuration.architecture);
    crate::images::pull::check_platform(Some(&platform))?;
    Ok(configuration)
}

/// Whether some layers are said to have more than they have, at the expense of higher ones. A layer that many images
/// share counts once; with what is each one's own credited to it, they would fill a disk that shows as empty.
fn credits_too_low(facts: &ImageFacts, file_bytes: &[u64]) -> bool {
    let (mut said, mut had) = (0_u64, 0_u64);
    facts.layers.iter().zip(file_bytes).any(|(layer, bytes)| {
        said = said.saturating_add(layer.size);
        had = had.saturating_add(*bytes);
        said > had
    })
}

fn append(tar: &mut Builder<impl Write>, name: &str, bytes: u64, data: impl io::Read) -> io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_mode(0o644);
    header.set_size(bytes);
    tar.append_data(&mut header, name, data)
}

/// Loads one image, and takes it onto the host. Returns what Docker says of it.
async fn take(context: &Context, turn: Turn<Images>, image: Loading) -> Result<Vec<String>, Refusal> {
    own::check_limit(context).await?;
    tag::check_limit(context, &turn, &image.names).await?;
    let (shared, scope) = (&context.shared, &context.scope);
    let Loading { id, names, diff_ids, file_bytes, tar } = image;
    // Who has it already has these very bytes.
    if shared.ledger.images(scope.sandbox()).await?.iter().any(|row| row.image_id == id) {
        own::take_in(context, &turn, &id, ImageOrigin::Loaded, &names).await?;
    } else {
        let alone = shared.comings.alone(&id).await;
        let taken = async {
            give(context, tar).await?;
            // As the engine has read it: an image of other layers is nobody's.
            let facts = shared.catalogue.get(&id).await.map_err(|said| context.engine_said(said))?;
            if facts.diff_ids() != diff_ids {
                tracing::error!(sandbox = %context.sandbox.id, image = id, "the engine loaded another image than was judged");
                return Err(Refusal::invalid("lunchbox: an image in the archive is not what it says"));
            }
            if credits_too_low(&facts, &file_bytes) {
                return Err(Refusal::invalid(
                    "lunchbox: an image's history in the archive names more or fewer lines with layers than there are. Build it again, or load one without a history.",
                ));
            }
            own::take_in(context, &turn, &id, ImageOrigin::Loaded, &names).await
        };
        own::or_let_go(context, &id, &alone, taken.await).await?;
    }
    drop(turn);
    events::tell(context, "load", &id, &id).await;
    context.sandbox.changed();
    if names.is_empty() {
        return Ok(vec![format!("Loaded image ID: {id}\n")]);
    }
    Ok(names.iter().map(|name| format!("Loaded image: {}\n", name.familiar())).collect())
}

/// Gives the engine an archive.
async fn give(context: &Context, tar: File) -> Result<(), Refusal> {
    let tar =
        body::stream(tokio_stream::StreamExt::map(ReaderStream::new(tokio::fs::File::from_std(tar)), |read| read.map_err(Into::into)));
    let ask = Ask::post(&["images", "load"]).parameter("quiet", 1).stream("application/x-tar", tar).patient();
    let engine = context.shared.engine.stream(ask).await.map_err(|said| context.engine_said(said))?;
    let mut lines = JsonLines::new(engine.into_body(), told_of("a load", &context.sandbox.id));
    while let Some(message) = context.sandbox.until_closed(lines.next::<Message>()).await? {
        let message = message.map_err(|error| {
            tracing::error!(%error, "the engine broke off a load");
            Refusal::engine_away()
        })?;
        if let Some(error) = message.error {
            return Err(Refusal::invalid(context.scope.scrub(&error)));
        }
    }
    Ok(())
}
