//! `docker system df`: the sandbox's own images, containers, volumes and what its builds keep. Shared layers count once.

use http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    body,
    containers::list,
    images::{
        self,
        build::records::{self, BuildCache},
        layers,
        view::View,
    },
    model::{container_shown::Listed, versions},
    refusal::{Answer, Refusal},
    request::{Request, path::ApiVersion},
    serve::Context,
    system::volume_sizes::FOR_EYES,
    volumes::{self, Volume},
};

const KINDS: [&str; 4] = ["container", "image", "volume", "build-cache"];

/// What there is of one kind, in short and (where it is asked for) each.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Usage {
    #[serde(skip_serializing_if = "is_zero")]
    active_count: i64,
    #[serde(skip_serializing_if = "is_zero")]
    total_count: i64,
    #[serde(skip_serializing_if = "is_zero")]
    total_size: i64,
    #[serde(skip_serializing_if = "is_zero")]
    reclaimable: i64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    items: Vec<Value>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(number: &i64) -> bool {
    *number == 0
}

pub(crate) async fn disk_usage(context: &Context, mut request: Request) -> Answer {
    let version = request.version;
    let kinds = request.query.all("type");
    let verbose = request.query.flag("verbose")? && version >= ApiVersion(52);
    request.query.finish()?;
    if let Some(unknown) = kinds.iter().find(|kind| !KINDS.contains(&kind.as_str())) {
        return Err(Refusal::invalid(format!("unknown object type: {unknown}")));
    }
    let wanted = |kind: &str| kinds.is_empty() || version < ApiVersion(42) || kinds.iter().any(|asked| asked == kind);
    let images = if wanted("image") { Some(of_images(context, version).await?) } else { None };
    let containers = if wanted("container") { Some(of_containers(context, version).await?) } else { None };
    let volumes = if wanted("volume") { Some(of_volumes(context).await?) } else { None };
    let cache = if wanted("build-cache") { Some(of_builds(context).await?) } else { None };

    let mut answer = json!({});
    // From 1.52 on by their kinds, and only where somebody wants it all are the older fields left out.
    if !verbose {
        let each = |usage: &Option<Usage>| usage.as_ref().map(|usage| usage.items.clone());
        answer = json!({
            "LayersSize": images.as_ref().map_or(0, |usage| usage.total_size),
            "Images": each(&images),
            "Containers": each(&containers),
            "Volumes": each(&volumes),
            "BuildCache": each(&cache),
        });
        if version < ApiVersion(52) {
            // Since 1.42 the client adds them up.
            let bytes = cache.as_ref().filter(|_| version < ApiVersion(42)).map_or(0, |cache| cache.total_size);
            answer["BuilderSize"] = json!(bytes);
        }
    }
    if version >= ApiVersion(52) {
        for (name, usage) in [("ImageUsage", images), ("ContainerUsage", containers), ("VolumeUsage", volumes), ("BuildCacheUsage", cache)]
        {
            if let Some(mut usage) = usage {
                if !verbose {
                    usage.items.clear();
                }
                answer[name] = serde_json::to_value(usage).unwrap_or_default();
            }
        }
    }
    Ok(body::json(StatusCode::OK, &answer))
}

async fn of_images(context: &Context, version: ApiVersion) -> Result<Usage, Refusal> {
    let view = View::read(context).await?;
    let facts = view.facts(context).await?;
    let distinct = layers::distinct(facts.iter().map(|(_, facts)| &**facts));
    let all = images::list::for_disk_usage(context, version).await?;
    let unused = all.iter().filter(|image| image.containers == 0);
    Ok(Usage {
        active_count: i64::try_from(all.iter().filter(|image| image.containers > 0).count()).unwrap_or(0),
        total_count: i64::try_from(all.len()).unwrap_or(0),
        total_size: i64::try_from(distinct.values().sum::<u64>()).unwrap_or(0),
        reclaimable: unused.map(|image| image.size - image.shared_size.max(0)).sum(),
        items: all.iter().map(|image| serde_json::to_value(image).unwrap_or_default()).collect(),
    })
}

async fn of_containers(context: &Context, version: ApiVersion) -> Result<Usage, Refusal> {
    let all: Vec<Listed> = list::read(context, true, true).await?;
    let is_up = |container: &&Listed| matches!(container.state.as_str(), "running" | "paused" | "restarting");
    let bytes = |container: &Listed| container.size_rw.unwrap_or(0);
    let items = all.iter().map(|container| {
        let mut shown = serde_json::to_value(container).unwrap_or_default();
        versions::listed_container(&mut shown, version);
        shown
    });
    Ok(Usage {
        active_count: i64::try_from(all.iter().filter(is_up).count()).unwrap_or(0),
        total_count: i64::try_from(all.len()).unwrap_or(0),
        total_size: all.iter().map(bytes).sum(),
        reclaimable: all.iter().filter(|container| !is_up(container)).map(bytes).sum(),
        items: items.collect(),
    })
}

async fn of_builds(context: &Context) -> Result<Usage, Refusal> {
    let all = records::read(context).await?;
    Ok(Usage {
        active_count: i64::try_from(all.iter().filter(|record| record.in_use).count()).unwrap_or(0),
        total_count: i64::try_from(all.len()).unwrap_or(0),
        total_size: records::own_bytes(&all),
        reclaimable: records::own_bytes(all.iter().filter(|record| !record.in_use)),
        items: all.iter().map(|record| serde_json::to_value(BuildCache::from(record)).unwrap_or_default()).collect(),
    })
}

async fn of_volumes(context: &Context) -> Result<Usage, Refusal> {
    let sizes = context.shared.volume_sizes.read(FOR_EYES).await;
    let mut all: Vec<Volume> = Vec::new();
    for own in context.scope.volumes().await? {
        all.push(volumes::used(context, &own, sizes.get(own.engine_name()).copied()).await?);
    }
    let known = || all.iter().filter_map(|volume| volume.usage_data.as_ref()).filter(|usage| usage.size >= 0);
    Ok(Usage {
        active_count: i64::try_from(
            all.iter().filter(|volume| volume.usage_data.as_ref().is_some_and(|usage| usage.ref_count > 0)).count(),
        )
        .unwrap_or(0),
        total_count: i64::try_from(all.len()).unwrap_or(0),
        total_size: known().map(|usage| usage.size).sum(),
        reclaimable: known().filter(|usage| usage.ref_count == 0).map(|usage| usage.size).sum(),
        items: all.iter().map(|volume| serde_json::to_value(volume).unwrap_or_default()).collect(),
    })
}
