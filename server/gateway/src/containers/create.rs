//! `POST /containers/create`: the learner's wishes, decided on field by field; the engine's container,
//! built from what is left, by image ID and under a name and limits of the sandbox's.

mod asked;
pub(crate) mod host;
pub(crate) mod links;
pub(crate) mod mounts;
pub(crate) mod network;
pub(crate) mod paths;
pub(crate) mod policy;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use http::StatusCode;
use serde::Deserialize;

use crate::{
    ActivityKind,
    activity::{ContainerAsked, RefusedContainer},
    admission::{Containers, Turn, Volumes},
    body,
    containers::{
        create::policy::Cuts,
        links::{Links, name_of, variables},
        names, remove,
    },
    images::catalogue::ImageConfig,
    ledger::{self, ContainerRow, VolumeRow},
    model::{
        container::CreateRequest,
        container_engine::{EngineCreate, EngineMount, EngineVolumeOptions},
        container_shown::MountPoint,
        event::Event,
    },
    refusal::{Answer, Refusal},
    request::{Request, path::ApiVersion},
    scope::{OwnImage, is_name},
    serve::Context,
    system::disk,
    upstream::{Ask, EngineSaid},
};

/// How often a name is made up before giving up.
const NAME_TRIES: u32 = 20;
/// A name that the engine has and the ledger hasn't is being made in this moment, or is a leftover of a
/// crash: how often and how soon to look before it counts as the second.
const ORPHAN_TRIES: u32 = 10;
const ORPHAN_PAUSE: Duration = Duration::from_millis(100);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Created {
    id: String,
    #[serde(default)]
    warnings: Option<Vec<String>>,
}

pub(crate) async fn create(context: &Context, mut request: Request) -> Answer {
    let name = request.query.text("name")?.filter(|name| !name.is_empty());
    let platform = request.query.text("platform")?.filter(|platform| !platform.is_empty());
    request.query.finish()?;
    let version = request.version;
    let mut asked: CreateRequest = Request::json(request.body, &request.headers).await?;
    let without_bindings = without_bindings(&mut asked, version);
    let mut cuts = Cuts::default();
    let told = asked::told(&asked, name.is_some());
    let refused = RefusedContainer { name: name.clone().unwrap_or_default(), image: asked.image.clone(), asked: told.clone() };
    match create_asked(context, name, platform, version, asked, told, &mut cuts).await {
        Ok(created) => {
            let warnings: Vec<String> = created
                .warnings
                .unwrap_or_default()
                .iter()
                .map(|text| context.scope.scrub(text))
                .chain(without_bindings)
                .chain(cuts.told())
                .collect();
            Ok(body::json(StatusCode::CREATED, &serde_json::json!({ "Id": created.id, "Warnings": warnings })))
        }
        Err(refusal) => Err(Refusal { container: Some(Box::new(refused)), ..refusal }),
    }
}

async fn create_asked(
    context: &Context,
    name: Option<String>,
    platform: Option<String>,
    version: ApiVersion,
    asked: CreateRequest,
    told: ContainerAsked,
    cuts: &mut Cuts,
) -> Result<Created, Refusal> {
    if version < ApiVersion(44) && asked.networking_config.endpoints_config.len() > 1 {
        let names: Vec<&str> = asked.networking_config.endpoints_config.keys().map(String::as_str).collect();
        return Err(Refusal::invalid(format!("Container cannot be connected to network endpoints: {}", names.join(", "))));
    }
    policy::check(&asked)?;
    policy::check_limits(&asked.host_config, context.shared.config.limits.nano_cpus_max, policy::Limits::OfNew)?;
    let name = name.map(|name| name.strip_prefix('/').map(str::to_owned).unwrap_or(name));
    if let Some(name) = &name
        && !is_container_name(name)
    {
        return Err(bad_name(name));
    }
    if asked.image.is_empty() {
        return Err(Refusal::invalid("config cannot be empty in order to create a container"));
    }
    let image = context.scope.image(&asked.image).await?;
    let config = image_config(context, &image, platform.as_deref()).await?;
    paths::check_working_dir(&config.working_dir)?;
    policy::check_size(&asked, &config)?;
    disk::check(context).await?;
    let turn = place(context).await?;
    let volumes = context.sandbox.turns.volumes().await;
    let name = free_name(context, name).await?;

    let (engine_request, links) = build(context, &volumes, &asked, &image, &config, &name, cuts).await.map_err(but_the_image_is_there)?;
    let created = make(context, &turn, &engine_request, &name).await.map_err(but_the_image_is_there)?;
    let recorded = record(context, &volumes, &asked, &image, &links, &name, &created.id).await;
    drop((turn, volumes));
    if let Err(refusal) = recorded {
        // No row, no container: it could not be used, nor cleaned up by the learner.
        let ask = Ask::delete(&["containers", &created.id]).parameter("force", 1).parameter("v", 1);
        if let Err(said) = context.shared.engine.done(ask).await {
            tracing::error!(error = said.message(), "a container without a row could not be removed");
        }
        return Err(refusal);
    }
    let (id, image, asked) = (created.id.clone(), asked.image, Box::new(told));
    context.sandbox.record(ActivityKind::ContainerCreated { id, name, image, asked }).await;
    Ok(created)
}

/// A port with an empty list of where it is published: once any port of the host, then that with a warning, and
/// none from API 1.53 on.
fn without_bindings(asked: &mut CreateRequest, version: ApiVersion) -> Option<String> {
    let bindings = &mut asked.host_config.port_bindings;
    if version > ApiVersion(52) {
        bindings.retain(|_, bindings| !bindings.is_empty());
        return None;
    }
    let empty: Vec<&str> = bindings.iter().filter(|(_, bindings)| bindings.is_empty()).map(|(port, _)| port.as_str()).collect();
    (version == ApiVersion(52) && !empty.is_empty()).then(|| {
        let ports = empty.join(", ");
        format!(
            "Following container port(s) have an empty list of port-bindings: {ports}. Such bindings will be discarded in a future version."
        )
    })
}

/// The client takes every 404 for an image that isn't there, and would pull it. The engine itself notices
/// what else is missing when the container is started.
fn but_the_image_is_there(refusal: Refusal) -> Refusal {
    if refusal.status == StatusCode::NOT_FOUND { Refusal { status: StatusCode::BAD_REQUEST, ..refusal } } else { refusal }
}

/// A container's name has two characters at least.
pub(crate) fn is_container_name(name: &str) -> bool {
    is_name(name) && name.len() > 1
}

pub(crate) fn bad_name(name: &str) -> Refusal {
    if name.len() > 63 {
        return Refusal::invalid(format!("lunchbox: the container name ({name}) is longer than 63 characters"));
    }
    Refusal::invalid(format!("Invalid container name ({name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"))
}

/// In Docker's words.
pub(crate) fn name_taken(name: &str, by: &str) -> Refusal {
    Refusal::conflict(format!(
        "Conflict. The container name \"/{name}\" is already in use by container \"{by}\". You have to remove (or rename) that container to be able to reuse that name."
    ))
}

/// The asked name where nobody has it, or a made up one.
async fn free_name(context: &Context, asked: Option<String>) -> Result<String, Refusal> {
    let Some(name) = asked else {
        let taken: BTreeSet<String> = context.scope.containers().await?.iter().map(|own| own.name().to_owned()).collect();
        return (0..NAME_TRIES).map(names::random).find(|name| !taken.contains(name)).ok_or_else(Refusal::internal);
    };
    check_free(context, &name).await?;
    Ok(name)
}

/// Fails where another container has the name. One that `--rm` has just removed has not.
pub(crate) async fn check_free(context: &Context, name: &str) -> Result<(), Refusal> {
    let Some(other) = context.scope.containers().await?.into_iter().find(|own| own.name() == name) else { return Ok(()) };
    if remove::forget_if_gone(context, &other).await? { Ok(()) } else { Err(name_taken(name, other.engine_id())) }
}

/// The turn to make a container, where the host may have one more.
async fn place(context: &Context) -> Result<Turn<Containers>, Refusal> {
    let turn = context.sandbox.turns.containers().await;
    let most = context.shared.config.limits.containers;
    let mut there = 0;
    let all = context.scope.containers().await?;
    if all.len() < most as usize {
        return Ok(turn);
    }
    for own in all {
        if !remove::forget_if_gone(context, &own).await? {
            there += 1;
        }
    }
    if there < most {
        return Ok(turn);
    }
    Err(Refusal::new(
        StatusCode::FORBIDDEN,
        format!(
            "lunchbox: limit reached: this host may have {most} containers, and those that have ended count too (`docker ps --all`). `docker container prune` removes all that have ended; `docker run --rm` removes its own. Then try again."
        ),
    ))
}

async fn image_config(context: &Context, image: &OwnImage, platform: Option<&str>) -> Result<ImageConfig, Refusal> {
    let facts = context.shared.catalogue.get(image.id()).await.map_err(|said| context.engine_said(said))?;
    let own = format!("{}/{}", facts.inspect.os, facts.inspect.architecture);
    if let Some(asked) = platform
        && asked != own
        && asked != facts.inspect.os
    {
        return Err(Refusal::new(
            StatusCode::NOT_FOUND,
            format!("lunchbox: the image is for the platform {own}, not {asked}. Leave --platform out."),
        ));
    }
    Ok(facts.inspect.config.clone().unwrap_or_default())
}

/// The whole request to the engine, from values that policy has seen.
async fn build(
    context: &Context,
    turn: &Turn<Volumes>,
    asked: &CreateRequest,
    image: &OwnImage,
    config: &ImageConfig,
    name: &str,
    cuts: &mut Cuts,
) -> Result<(EngineCreate, Links), Refusal> {
    let networking = network::decide(context, asked, name).await?;
    // The engine mounts these whatever is asked, and under the path as the image has it.
    let told = |path: &str, why: &str| format!("invalid volume specification: '{path}': {why}");
    let volumes_of_image = config.volumes.iter().flatten().map(|(path, _)| paths::mount_target(path, |why| told(path, why)));
    let volumes_of_image: BTreeSet<String> = volumes_of_image.collect::<Result<_, _>>()?;
    let mounts = mounts::decide(context, turn, asked, &volumes_of_image, cuts).await?;
    let given: Vec<&str> = asked.env.iter().chain(config.env.iter().flatten()).map(String::as_str).collect();
    let of_links = variables(context, name, &networking.links, &given).await?;
    let names = of_links.iter().map(|pair| name_of(pair).to_owned()).collect();
    let mut labels: BTreeMap<String, String> = asked.labels.clone();
    labels.extend(context.scope.labels("learner"));
    let mut host_config = host::decide(context, asked, cuts).await?;
    host_config.network_mode = networking.mode;
    host_config.tmpfs = mounts.tmpfs;
    host_config.mounts = mounts.mounts;
    host_config.mounts.extend(mounts.anonymous.into_iter().map(|target| EngineMount::Volume {
        source: String::new(),
        target,
        read_only: false,
        volume_options: EngineVolumeOptions::default(),
    }));
    let request = EngineCreate {
        hostname: asked.hostname.clone(),
        domainname: asked.domainname.clone(),
        user: asked.user.clone(),
        attach_stdin: asked.attach_stdin,
        attach_stdout: asked.attach_stdout,
        attach_stderr: asked.attach_stderr,
        exposed_ports: asked.exposed_ports.clone(),
        tty: asked.tty,
        open_stdin: asked.open_stdin,
        stdin_once: asked.stdin_once,
        env: of_links.into_iter().chain(asked.env.iter().cloned()).collect(),
        cmd: asked.cmd.clone(),
        healthcheck: policy::healthcheck(asked.healthcheck.as_ref(), config.healthcheck.as_ref(), cuts),
        image: image.id().to_owned(),
        volumes: BTreeMap::new(),
        working_dir: asked.working_dir.clone(),
        entrypoint: asked.entrypoint.clone(),
        network_disabled: asked.network_disabled,
        labels,
        stop_signal: asked.stop_signal.clone(),
        stop_timeout: asked.stop_timeout.map(|seconds| policy::stop_seconds(seconds, cuts)),
        shell: asked.shell.clone(),
        host_config,
        networking_config: networking.endpoints,
    };
    Ok((request, Links { to: networking.links, variables: names }))
}

/// Asks the engine. A leftover of a crash that has the name is cleared away.
async fn make(context: &Context, _turn: &Turn<Containers>, request: &EngineCreate, name: &str) -> Result<Created, Refusal> {
    let engine_name = context.scope.engine_name(name);
    let ask = || Ask::post(&["containers", "create"]).parameter("name", engine_name.as_str()).json(request);
    match context.shared.engine.json::<Created>(ask()?).await {
        Ok(created) => Ok(created),
        Err(EngineSaid::Error { status: StatusCode::CONFLICT, message }) => {
            for _ in 0..ORPHAN_TRIES {
                check_free(context, name).await?;
                tokio::time::sleep(ORPHAN_PAUSE).await;
            }
            tracing::warn!(sandbox = %context.sandbox.id, message, "a container that no row knows is removed");
            let remove = Ask::delete(&["containers", engine_name.as_str()]).parameter("force", 1).parameter("v", 1);
            match context.shared.engine.done(remove).await {
                // It may have gone by itself at last.
                Err(said) if !said.is_not_found() => return Err(context.engine_said(said)),
                _ => {}
            }
            context.shared.engine.json(ask()?).await.map_err(|said| context.engine_said(said))
        }
        Err(said) => Err(context.engine_said(said)),
    }
}

/// The row, and rows for the volumes that the engine made for it.
async fn record(
    context: &Context,
    _turn: &Turn<Volumes>,
    asked: &CreateRequest,
    image: &OwnImage,
    links: &Links,
    name: &str,
    id: &str,
) -> Result<(), Refusal> {
    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Mounted {
        mounts: Option<Vec<MountPoint>>,
    }
    let sandbox = context.scope.sandbox();
    let mounted: Mounted =
        context.shared.engine.json(Ask::get(&["containers", id, "json"])).await.map_err(|said| context.engine_said(said))?;
    let known: BTreeSet<String> = context.scope.volumes().await?.iter().map(|own| own.engine_name().to_owned()).collect();
    // What has a name of ours is a volume that is known, or the home. The others the engine has named.
    let made = |mount: &MountPoint| mount.kind == "volume" && !mount.name.starts_with("lb-") && !known.contains(&mount.name);
    for mount in mounted.mounts.into_iter().flatten().filter(made) {
        let row = VolumeRow {
            name: mount.name.clone(),
            engine_name: mount.name,
            anonymous: true,
            labels: "{}".to_owned(),
            created_at: ledger::now_ms(),
        };
        match context.shared.ledger.add_volume(sandbox, &row).await {
            Ok(()) => context.sandbox.emit(Event::now("volume", "create", &row.name, &[("driver", "local")])),
            Err(error) if ledger::is_taken(&error) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let row = ContainerRow {
        engine_id: id.to_owned(),
        sandbox: sandbox.clone(),
        name: name.to_owned(),
        image: asked.image.clone(),
        image_id: image.id().to_owned(),
        asked: serde_json::to_string(asked).map_err(|error| {
            tracing::error!(%error, "a create request could not be written");
            Refusal::internal()
        })?,
        links: links.written(),
        created_at: ledger::now_ms(),
        start_ms: 0,
    };
    match context.shared.ledger.add_container(&row).await {
        Ok(()) => Ok(()),
        Err(error) if ledger::is_taken(&error) => Err(name_taken(name, id)),
        Err(error) => Err(error.into()),
    }
}
