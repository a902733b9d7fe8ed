//! `docker system df`: the sandbox's own images, containers and volumes. Shared layers count once.

use std::collections::{BTreeMap, BTreeSet};

use http::StatusCode;
use serde::Serialize;
use serde_json::json;

use crate::{
    body,
    host::ContainerState,
    host_state,
    refusal::{Answer, Refusal},
    request::Request,
    serve::Context,
    volumes::{self, UsageData},
};

/// `ImageSummary`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Image<'a> {
    id: &'a str,
    parent_id: &'a str,
    repo_tags: &'a [String],
    repo_digests: Vec<String>,
    created: i64,
    size: u64,
    /// Bytes of layers that another image of this host has too.
    shared_size: u64,
    containers: usize,
    labels: BTreeMap<String, String>,
}

/// `ContainerSummary`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Container<'a> {
    id: &'a str,
    names: Vec<String>,
    image: &'a str,
    #[serde(rename = "ImageID")]
    image_id: &'a str,
    command: &'a str,
    created: i64,
    size_rw: u64,
    size_root_fs: u64,
    state: ContainerState,
    status: String,
    labels: BTreeMap<String, String>,
    mounts: [(); 0],
    ports: [(); 0],
}

pub(crate) async fn disk_usage(context: &Context, mut request: Request) -> Answer {
    let kinds = request.query.all("type");
    request.query.ignore(&["verbose"]);
    request.query.finish()?;
    let wanted = |kind: &str| kinds.is_empty() || kinds.iter().any(|asked| asked == kind);
    let state = host_state::read(&context.shared, &context.sandbox).await.map_err(|error| {
        tracing::error!(%error, "the host's state can't be read");
        Refusal::internal()
    })?;
    let mut users: BTreeMap<&str, usize> = BTreeMap::new();
    for layer in state.images.iter().flat_map(|image| image.layers.iter().map(|layer| layer.digest.as_str()).collect::<BTreeSet<_>>()) {
        *users.entry(layer).or_default() += 1;
    }
    let distinct: BTreeMap<&str, u64> =
        state.images.iter().flat_map(|image| &image.layers).map(|layer| (layer.digest.as_str(), layer.size)).collect();
    let images: Vec<Image<'_>> = state
        .images
        .iter()
        .map(|image| Image {
            id: &image.id,
            parent_id: "",
            repo_tags: &image.references,
            repo_digests: Vec::new(),
            created: image.created_at,
            size: image.size,
            shared_size: image
                .layers
                .iter()
                .filter(|layer| users.get(layer.digest.as_str()).is_some_and(|count| *count > 1))
                .map(|layer| layer.size)
                .sum(),
            containers: state.containers.iter().filter(|container| container.image_id == image.id).count(),
            labels: BTreeMap::new(),
        })
        .collect();
    let containers: Vec<Container<'_>> = state
        .containers
        .iter()
        .map(|container| Container {
            id: &container.id,
            names: vec![format!("/{}", container.name)],
            image: &container.image,
            image_id: &container.image_id,
            command: &container.command,
            created: container.created_at / 1000,
            size_rw: container.writable_bytes.unwrap_or(0),
            size_root_fs: container.writable_bytes.unwrap_or(0)
                + state.images.iter().find(|image| image.id == container.image_id).map_or(0, |image| image.size),
            state: container.state,
            status: String::new(),
            labels: BTreeMap::new(),
            mounts: [],
            ports: [],
        })
        .collect();
    let mut shown = Vec::new();
    if wanted("volume") {
        for own in context.scope.volumes().await? {
            let mut volume = volumes::shown(own.row());
            // Measuring a volume means walking through it, on a disk that all share: not on request.
            volume.usage_data = Some(UsageData { ref_count: i64::from(volumes::is_used(context, &own).await?), size: -1 });
            shown.push(volume);
        }
    }
    Ok(body::json(
        StatusCode::OK,
        &json!({
            "LayersSize": if wanted("image") { distinct.values().sum::<u64>() } else { 0 },
            "Images": if wanted("image") { Some(images) } else { None },
            "Containers": if wanted("container") { Some(containers) } else { None },
            "Volumes": if wanted("volume") { Some(shown) } else { None },
            "BuildCache": [],
            "BuilderSize": 0,
        }),
    ))
}
