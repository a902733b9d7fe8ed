//! Volumes: the sandbox's own, always of the plain local kind. Driver options are refused: with them a
//! volume can be any folder of the real host.

use std::{collections::BTreeMap, sync::Arc};

use http::StatusCode;
use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    ActivityKind,
    admission::{Turn, Volumes},
    body,
    containers::create::policy::check_labels,
    ledger::{self, VolumeRow},
    model::event::Event,
    refusal::{Answer, Refusal},
    request::{
        Request,
        moment::labels_fit,
        query::{Filters, has_label, known_filters, truth},
    },
    scope::{OwnVolume, is_name},
    serve::Context,
    upstream::{Ask, EngineSaid},
};

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct CreateRequest {
    name: String,
    driver: Option<String>,
    driver_opts: Option<BTreeMap<String, String>>,
    labels: Option<BTreeMap<String, String>>,
    /// Of a swarm's volume, whatever it says.
    cluster_volume_spec: Option<serde_json::Value>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct EngineCreate<'a> {
    name: &'a str,
    driver: &'a str,
    labels: BTreeMap<String, String>,
}

/// `Volume`, as it is shown.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Volume {
    created_at: String,
    driver: &'static str,
    labels: Option<BTreeMap<String, String>>,
    mountpoint: String,
    name: String,
    options: Option<BTreeMap<String, String>>,
    scope: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) usage_data: Option<UsageData>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UsageData {
    /// Containers that use it.
    pub(crate) ref_count: i64,
    /// Bytes.
    pub(crate) size: i64,
}

/// A volume as the learner's host has it.
pub(crate) fn shown(row: &VolumeRow) -> Volume {
    let labels: BTreeMap<String, String> = serde_json::from_str(&row.labels).unwrap_or_default();
    let created = OffsetDateTime::from_unix_timestamp(row.created_at / 1000).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    Volume {
        created_at: created.format(&Rfc3339).unwrap_or_default(),
        driver: "local",
        labels: (!labels.is_empty()).then_some(labels),
        mountpoint: mountpoint(&row.name),
        name: row.name.clone(),
        options: None,
        scope: "local",
        usage_data: None,
    }
}

/// Where a host of one's own would have it.
pub(crate) fn mountpoint(name: &str) -> String {
    format!("/var/lib/docker/volumes/{name}/_data")
}

/// `GET /volumes`
pub(crate) async fn list(context: &Context, mut request: Request) -> Answer {
    let filters = request.query.filters()?;
    request.query.finish()?;
    known_filters(&filters, &["name", "label", "driver", "dangling"])?;
    let dangling = truth(&filters, "dangling")?;
    let mut volumes = Vec::new();
    for own in context.scope.volumes().await? {
        if matches(context, &own, &filters, dangling).await? {
            volumes.push(shown(own.row()));
        }
    }
    Ok(body::json(StatusCode::OK, &serde_json::json!({ "Volumes": volumes, "Warnings": null })))
}

async fn matches(context: &Context, own: &OwnVolume, filters: &Filters, dangling: Option<bool>) -> Result<bool, Refusal> {
    let labels: BTreeMap<String, String> = serde_json::from_str(&own.row().labels).unwrap_or_default();
    for (key, values) in filters.iter().filter(|(_, values)| !values.is_empty()) {
        let mut any = false;
        for value in values {
            any |= match key.as_str() {
                "name" => own.name().contains(value.as_str()),
                "driver" => value == "local",
                "label" => has_label(&labels, value),
                "dangling" => dangling != Some(is_used(context, own).await?),
                _ => false,
            };
        }
        if !any {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a container has it mounted. The engine knows; the sandbox's own containers are all that can.
pub(crate) async fn is_used(context: &Context, own: &OwnVolume) -> Result<bool, Refusal> {
    let filters = serde_json::json!({ "volume": [own.engine_name()] }).to_string();
    let users: Vec<serde_json::Value> = context
        .shared
        .engine
        .json(Ask::get(&["containers", "json"]).parameter("all", 1).parameter("filters", filters))
        .await
        .map_err(|said| context.engine_said(said))?;
    Ok(!users.is_empty())
}

/// As it is shown with its use. An unknown size is -1, as in Docker.
pub(crate) async fn used(context: &Context, own: &OwnVolume, bytes: Option<i64>) -> Result<Volume, Refusal> {
    let filters = serde_json::json!({ "volume": [own.engine_name()] }).to_string();
    let users: Vec<serde::de::IgnoredAny> = context
        .shared
        .engine
        .json(Ask::get(&["containers", "json"]).parameter("all", 1).parameter("filters", filters))
        .await
        .map_err(|said| context.engine_said(said))?;
    let usage_data = UsageData { ref_count: i64::try_from(users.len()).unwrap_or(0), size: bytes.unwrap_or(-1) };
    Ok(Volume { usage_data: Some(usage_data), ..shown(own.row()) })
}

/// `GET /volumes/{name}`
pub(crate) async fn inspect(context: &Context, request: Request) -> Answer {
    request.query.finish()?;
    let own = context.scope.volume(request.parameters.get("name")).await?;
    Ok(body::json(StatusCode::OK, &shown(own.row())))
}

/// `POST /volumes/create`. A name that is there already is that volume.
pub(crate) async fn create(context: &Context, request: Request) -> Answer {
    request.query.finish()?;
    let asked: CreateRequest = Request::json(request.body, &request.headers).await?;
    if asked.driver_opts.is_some_and(|options| !options.is_empty()) {
        return Err(Refusal::forbidden(
            "choosing volume driver options",
            "with them a volume could be any folder of the shared host. Use a plain named volume.",
        ));
    }
    if asked.cluster_volume_spec.is_some() {
        return Err(Refusal::forbidden(
            "making a swarm's volume (--type, --availability, --sharing and what goes with them)",
            "this host is no swarm. Use a plain named volume.",
        ));
    }
    if !matches!(asked.driver.as_deref().unwrap_or_default(), "" | "local") {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "lunchbox: only volumes of the driver local can be made here; leave --driver out.",
        ));
    }
    let labels = asked.labels.unwrap_or_default();
    check_labels(&labels)?;
    let turn = context.sandbox.turns.volumes().await;
    let own = if asked.name.is_empty() {
        let name: String = (0..64).map(|_| char::from(b"0123456789abcdef"[rand::random_range(0..16)])).collect();
        make(context, &turn, &name, true, labels).await?
    } else {
        ensure_with(context, &turn, &asked.name, labels).await?
    };
    Ok(body::json(StatusCode::CREATED, &shown(own.row())))
}

/// The volume of that name; made where there is none, as `docker run -v name:/path` does.
pub(crate) async fn ensure(context: &Context, turn: &Turn<Volumes>, name: &str) -> Result<OwnVolume, Refusal> {
    ensure_with(context, turn, name, BTreeMap::new()).await
}

async fn ensure_with(context: &Context, turn: &Turn<Volumes>, name: &str, labels: BTreeMap<String, String>) -> Result<OwnVolume, Refusal> {
    if !is_name(name) {
        return Err(Refusal::invalid(format!(
            "create {name}: {name:?} includes invalid characters for a local volume name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, use absolute path"
        )));
    }
    match context.scope.volume(name).await {
        Ok(own) => Ok(own),
        Err(refusal) if refusal.status == StatusCode::NOT_FOUND => {
            if name.len() < 2 {
                return Err(Refusal::invalid(format!(
                    "create {name}: volume name is too short, names should be at least two alphanumeric characters"
                )));
            }
            make(context, turn, name, false, labels).await
        }
        Err(refusal) => Err(refusal),
    }
}

async fn make(
    context: &Context,
    _turn: &Turn<Volumes>,
    name: &str,
    anonymous: bool,
    labels: BTreeMap<String, String>,
) -> Result<OwnVolume, Refusal> {
    let limit = context.shared.config.limits.volumes;
    if context.scope.volumes().await?.len() >= limit as usize {
        return Err(Refusal::limit("volumes", limit, "docker volume rm"));
    }
    let sandbox = context.scope.sandbox();
    let engine_name = context.scope.engine_name(name);
    let row = VolumeRow {
        name: name.to_owned(),
        engine_name: engine_name.as_str().to_owned(),
        anonymous,
        labels: serde_json::to_string(&labels).unwrap_or_default(),
        created_at: ledger::now_ms(),
    };
    context.shared.ledger.add_volume(sandbox, &row).await?;
    let mut all_labels = labels;
    all_labels.extend(context.scope.labels("learner"));
    let body = EngineCreate { name: engine_name.as_str(), driver: "local", labels: all_labels };
    let ask = Ask::post(&["volumes", "create"]).json(&body)?;
    if let Err(said) = context.shared.engine.done(ask).await {
        context.shared.ledger.remove_volume(sandbox, name).await?;
        return Err(context.engine_said(said));
    }
    // An anonymous one may have been taken for one that went with its container.
    let own = match context.scope.volume(name).await {
        Ok(own) => own,
        Err(refusal) => {
            _ = context.shared.engine.done(Ask::delete(&["volumes", engine_name.as_str()])).await;
            return Err(refusal);
        }
    };
    context.sandbox.emit(Event::now("volume", "create", name, &[("driver", "local")]));
    context.sandbox.record(ActivityKind::VolumeCreated { name: name.to_owned() }).await;
    Ok(own)
}

/// `DELETE /volumes/{name}`
pub(crate) async fn remove(context: &Context, mut request: Request) -> Answer {
    let force = request.query.flag("force")?;
    request.query.finish()?;
    // Whoever makes a container of it has their turn until it is mounted: the engine would make it anew, without an owner.
    let turn = context.sandbox.turns.volumes().await;
    let own = match context.scope.volume(request.parameters.get("name")).await {
        Ok(own) => own,
        Err(refusal) if force && refusal.status == StatusCode::NOT_FOUND => return Ok(body::no_content(StatusCode::NO_CONTENT)),
        Err(refusal) => return Err(refusal),
    };
    remove_one(context, &turn, &own).await.map_err(|said| context.engine_said(said))?;
    Ok(body::no_content(StatusCode::NO_CONTENT))
}

async fn remove_one(context: &Context, _turn: &Turn<Volumes>, own: &OwnVolume) -> Result<(), EngineSaid> {
    match context.shared.engine.done(Ask::delete(&["volumes", own.engine_name()])).await {
        Ok(_) => {}
        Err(said) if said.is_not_found() => {}
        Err(said) => return Err(said),
    }
    context.shared.ledger.remove_volume(context.scope.sandbox(), own.name()).await.map_err(|error| EngineSaid::Away(error.into()))?;
    context.sandbox.emit(Event::now("volume", "destroy", own.name(), &[("driver", "local")]));
    context.sandbox.record(ActivityKind::VolumeRemoved { name: own.name().to_owned() }).await;
    Ok(())
}

/// `POST /volumes/prune`: anonymous ones that nobody uses; all that nobody uses with the filter `all`
/// (the rule since API 1.42).
pub(crate) async fn prune(context: &Context, mut request: Request) -> Answer {
    let filters = request.query.filters()?;
    request.query.finish()?;
    known_filters(&filters, &["all", "label", "label!"])?;
    let all = truth(&filters, "all")?.unwrap_or(request.version.0 < 42);
    let mut deleted = Vec::new();
    let mut reclaimed = 0;
    let mut volumes = context.scope.volumes().await?;
    volumes.retain(|own| {
        let labels: BTreeMap<String, String> = serde_json::from_str(&own.row().labels).unwrap_or_default();
        (all || own.row().anonymous) && labels_fit(&filters, &labels)
    });
    // What was written a moment ago is reclaimed, too.
    let sizes = if volumes.is_empty() { Arc::default() } else { context.shared.volume_sizes.read_now().await };
    let turn = context.sandbox.turns.volumes().await;
    for own in volumes {
        // One in use is refused by the engine, and stays.
        if remove_one(context, &turn, &own).await.is_ok() {
            reclaimed += sizes.get(own.engine_name()).copied().unwrap_or(0);
            deleted.push(own.name().to_owned());
        }
    }
    context.sandbox.emit(Event::pruned("volume", reclaimed));
    Ok(body::json(StatusCode::OK, &serde_json::json!({ "VolumesDeleted": deleted, "SpaceReclaimed": reclaimed })))
}
