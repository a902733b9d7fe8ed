//! How much of the disk a sandbox has taken, and the most that it may: layers of images that it made, writable
//! layers of its containers, and its volumes. What is shared with everybody is nobody's share.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use http::StatusCode;

use crate::{
    SandboxId,
    containers::list,
    images::{self, catalogue::ImageFacts, layers, view::View},
    ledger::{BuildStepRow, ImageRow},
    refusal::Refusal,
    serve::Context,
    system::disk_notice,
};

/// One of the sandbox's view, and what it is.
pub(super) type Image<'a> = (&'a ImageRow, Arc<ImageFacts>);

/// How old a measurement may be before another is begun. One that says "too much" is made again at once, since
/// somebody may have made room. Tests have less patience.
const FRESH: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 10 });
const FRESH_BEYOND_LIMIT: Duration = Duration::from_secs(2);
/// When a sandbox's measurement is forgotten.
const KEPT: Duration = Duration::from_secs(3600);
/// From this part of the limit on, `docker info` and the shell warn.
pub(super) const WARN_AT_PERCENT: u64 = 80;

/// What is to be written counts as much from this part of the limit on: then it is measured before.
const MUCH_PERCENT: u64 = 10;

/// What was measured last, of each sandbox that asked.
#[derive(Default)]
pub(crate) struct DiskUse {
    last: Mutex<HashMap<SandboxId, Measured>>,
}

#[derive(Clone, Copy)]
struct Measured {
    at: Instant,
    bytes: u64,
    /// Another measurement is under way.
    again: bool,
}

impl DiskUse {
    fn last(&self, sandbox: &SandboxId) -> Option<Measured> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).get(sandbox).copied()
    }

    fn keep(&self, sandbox: &SandboxId, measured: Measured) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.retain(|_, measured| measured.at.elapsed() <= KEPT);
        last.insert(sandbox.clone(), measured);
    }
}

async fn measure(context: &Context) -> Result<u64, Refusal> {
    let view = View::read(context).await?;
    let images = view.facts(context).await?;
    let steps = context.shared.ledger.build_steps(context.scope.sandbox()).await?;
    let bytes = own_layers(&images, &steps) + containers(context).await? + volumes(context, !steps.is_empty()).await?;
    let measured = Measured { at: Instant::now(), bytes, again: false };
    context.shared.disk_use.keep(context.scope.sandbox(), measured);
    disk_notice::update(context, bytes, &view, &images).await?;
    Ok(bytes)
}

/// Bytes of layers that the sandbox made, in its images and its builds.
pub(super) async fn of_layers(context: &Context) -> Result<u64, Refusal> {
    let view = View::read(context).await?;
    let images = view.facts(context).await?;
    let steps = context.shared.ledger.build_steps(context.scope.sandbox()).await?;
    Ok(own_layers(&images, &steps))
}

/// Measures while whoever asked goes on.
fn measure_aside(context: &Context, last: Measured) {
    context.shared.disk_use.keep(context.scope.sandbox(), Measured { again: true, ..last });
    let context = context.clone();
    tokio::spawn(async move {
        if let Err(refusal) = measure(&context).await {
            tracing::warn!(sandbox = %context.sandbox.id, message = refusal.message, "what a sandbox takes of the disk could not be measured");
            context.shared.disk_use.keep(context.scope.sandbox(), Measured { at: Instant::now(), again: false, ..last });
        }
    });
}

fn own_layers(images: &[Image<'_>], steps: &[BuildStepRow]) -> u64 {
    layers_of_images(images) + layers_of_steps(images, steps)
}

fn layers_of_images(images: &[Image<'_>]) -> u64 {
    let of = |own: bool| images.iter().filter(move |(row, _)| row.origin.is_own() == own).map(|(_, facts)| &**facts);
    let (own, shared) = (layers::distinct(of(true)), layers::distinct(of(false)));
    own.iter().filter(|(chain, _)| !shared.contains_key(*chain)).map(|(_, bytes)| bytes).sum()
}

/// Of builds: layers that are in no image of the sandbox's.
fn layers_of_steps(images: &[Image<'_>], steps: &[BuildStepRow]) -> u64 {
    let known: HashSet<&String> = images.iter().flat_map(|(_, facts)| facts.diff_ids()).collect();
    let others: HashMap<&String, i64> =
        steps.iter().map(|step| (&step.diff_id, step.bytes)).filter(|(id, _)| !known.contains(id)).collect();
    others.values().filter_map(|bytes| u64::try_from(*bytes).ok()).sum()
}

async fn containers(context: &Context) -> Result<u64, Refusal> {
    let all = list::read(context, true, true).await?;
    Ok(all.iter().filter_map(|container| u64::try_from(container.size_rw?).ok()).sum())
}

async fn volumes(context: &Context, has_built: bool) -> Result<u64, Refusal> {
    let volumes = context.scope.volumes().await?;
    if volumes.is_empty() && !has_built {
        return Ok(0);
    }
    let sizes = context.shared.volume_sizes.read(FRESH).await;
    let caches = images::build::cache_names(&context.scope);
    let caches = sizes.iter().filter(|(name, _)| name.starts_with(&caches)).filter_map(|(_, bytes)| u64::try_from(*bytes).ok());
    Ok(caches.sum::<u64>() + volumes.iter().filter_map(|own| u64::try_from(*sizes.get(own.engine_name())?).ok()).sum::<u64>())
}

/// Fails where the sandbox has taken what it may, as far as is known: nobody who is well below waits for a
/// measurement.
pub(crate) async fn check(context: &Context) -> Result<(), Refusal> {
    let most = context.shared.config.limits.disk_max_bytes;
    let last = context.shared.disk_use.last(context.scope.sandbox());
    let used = match last {
        Some(last) if last.bytes >= most && last.at.elapsed() > FRESH_BEYOND_LIMIT => measure(context).await?,
        Some(last) if last.again || last.at.elapsed() <= FRESH => last.bytes,
        last => {
            let last = last.unwrap_or(Measured { at: Instant::now(), bytes: 0, again: false });
            measure_aside(context, last);
            last.bytes
        }
    };
    if used < most {
        return Ok(());
    }
    Err(Refusal::new(
        StatusCode::FORBIDDEN,
        format!(
            "lunchbox: limit reached: images, containers and volumes of this host take {}, and {} are the most. `docker system df` shows what takes how much; `docker system prune --volumes` removes what nothing uses. Then try again.",
            megabytes(used),
            megabytes(most)
        ),
    ))
}

/// What a sandbox has taken of what it may.
pub(crate) struct Room {
    used: u64,
    most: u64,
}

impl Room {
    /// Bytes.
    pub(crate) fn left(&self) -> u64 {
        self.most.saturating_sub(self.used)
    }

    /// For a step of a build that would write more.
    pub(crate) fn too_little(&self) -> Refusal {
        Refusal::new(
            StatusCode::FORBIDDEN,
            format!(
                "lunchbox: limit reached: this step would write more than the {} that this host has left. Its images, containers and volumes take {}, and {} are the most. Copy less: name the files that are needed, each once, or keep others out with a .dockerignore file. `docker system df` shows what takes how much; `docker system prune --volumes` removes what nothing uses. Then try again.",
                megabytes(self.left()),
                megabytes(self.used),
                megabytes(self.most)
            ),
        )
    }
}

/// What there is for so many bytes more, as far as is known: who writes many waits for a measurement, as does who had no
/// room for them when it was measured last.
pub(crate) async fn room(context: &Context, bytes: u64) -> Result<Room, Refusal> {
    let most = context.shared.config.limits.disk_max_bytes;
    let known = context.shared.disk_use.last(context.scope.sandbox()).map_or(0, |last| last.bytes);
    let much = bytes > most / 100 * MUCH_PERCENT;
    let used = if much || known.saturating_add(bytes) > most { measure(context).await? } else { known };
    Ok(Room { used, most })
}

/// What `docker info` says of it.
pub(crate) async fn warning(context: &Context) -> Result<Option<String>, Refusal> {
    let most = context.shared.config.limits.disk_max_bytes;
    let used = match context.shared.disk_use.last(context.scope.sandbox()) {
        Some(last) if last.at.elapsed() <= FRESH && !last.again => last.bytes,
        _ => measure(context).await?,
    };
    let percent = used.saturating_mul(100) / most.max(1);
    Ok((percent >= WARN_AT_PERCENT).then(|| {
        format!(
            "WARNING: lunchbox: {percent} % of this host's disk is taken ({} of {}). `docker system df` shows by what.",
            megabytes(used),
            megabytes(most)
        )
    }))
}

pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes.div_ceil(1_000_000))
}
