//! The end of a sandbox, and the clearing away of what belongs to none.

use std::collections::HashSet;

use http::Method;
use serde::Deserialize;
use tokio::time::timeout;

use crate::{
    SandboxId,
    gateway::{GatewayError, Shared},
    images, limits,
    sandbox::Sandbox,
    scope::{INSTANCE_LABEL, SANDBOX_LABEL},
    upstream::{Ask, EngineSaid, OurLabels},
};

/// A thing on the engine, with the labels that say whose it is.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Labelled {
    id: String,
    labels: OurLabels,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Volumes {
    volumes: Option<Vec<VolumeItem>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct VolumeItem {
    name: String,
    labels: OurLabels,
}

/// The containers, volumes and networks that carry one label.
struct Found {
    containers: Vec<(String, Option<SandboxId>)>,
    volumes: Vec<(String, Option<SandboxId>)>,
    networks: Vec<(String, Option<SandboxId>)>,
}

async fn find(shared: &Shared, label: &str) -> Result<Found, EngineSaid> {
    let filters = serde_json::json!({ "label": [label] }).to_string();
    let engine = &shared.engine;
    let (containers, volumes, networks) = tokio::try_join!(
        engine.list::<Vec<Labelled>>(Ask::get(&["containers", "json"]).parameter("all", 1).parameter("filters", &filters)),
        engine.list::<Volumes>(Ask::get(&["volumes"]).parameter("filters", &filters)),
        engine.list::<Vec<NetworkItem>>(Ask::get(&["networks"]).parameter("filters", &filters)),
    )?;
    let owner = |labels: OurLabels| labels.get(SANDBOX_LABEL).and_then(SandboxId::parse);
    Ok(Found {
        containers: containers.into_iter().map(|item| (item.id, owner(item.labels))).collect(),
        volumes: volumes.volumes.unwrap_or_default().into_iter().map(|item| (item.name, owner(item.labels))).collect(),
        networks: networks.into_iter().map(|item| (item.id, owner(item.labels))).collect(),
    })
}

#[derive(Debug, Deserialize)]
struct NetworkItem {
    #[serde(rename = "Id")]
    id: String,
    #[serde(rename = "Labels")]
    labels: OurLabels,
}

/// Removes all that a sandbox made, then forgets it. Whatever is gone already is gone.
pub(crate) async fn close(shared: &Shared, id: &SandboxId, served: Option<&Sandbox>) -> Result<(), GatewayError> {
    if let Some(sandbox) = served {
        // Ends what waits for a container. What can't go yet, as a volume that is being filled, goes below.
        if let Err(error) = remove_made(shared, id).await {
            tracing::debug!(sandbox = %id, %error, "not all of a sandbox goes at once");
        }
        // Requests that were under way end, and what builds leave goes. What was made meanwhile goes as well.
        let ended = async {
            sandbox.answering.wait().await;
            sandbox.spent.close();
            sandbox.spent.wait().await;
        };
        if timeout(limits::CLOSING_TIME, ended).await.is_err() {
            tracing::warn!(sandbox = %id, "requests go on though their sandbox is closed; what they leave is cleared away later");
        }
    }
    remove_made(shared, id).await?;
    images::remove::forget_all(shared, &shared.scope(id)).await;
    shared.ledger.forget_sandbox(id).await?;
    remove_folder(shared, id);
    Ok(())
}

/// All that the engine has of a sandbox's, but images.
async fn remove_made(shared: &Shared, id: &SandboxId) -> Result<(), GatewayError> {
    let mut found = find(shared, &format!("{SANDBOX_LABEL}={id}")).await?;
    // What the ledger knows and no label tells: anonymous volumes that the engine itself made.
    for row in shared.ledger.containers(id).await? {
        if !found.containers.iter().any(|(known, _)| *known == row.engine_id) {
            found.containers.push((row.engine_id, None));
        }
    }
    for row in shared.ledger.volumes(id).await? {
        if !found.volumes.iter().any(|(known, _)| *known == row.engine_name) {
            found.volumes.push((row.engine_name, None));
        }
    }
    for row in shared.ledger.networks(id).await? {
        if !found.networks.iter().any(|(known, _)| *known == row.engine_id) && !row.is_reservation() {
            found.networks.push((row.engine_id, None));
        }
    }
    remove_all(shared, found.containers, found.volumes, found.networks).await?;
    Ok(())
}

type Things = Vec<(String, Option<SandboxId>)>;

/// In this order: a container holds its volumes and networks. Returns how many were removed.
async fn remove_all(shared: &Shared, containers: Things, volumes: Things, networks: Things) -> Result<usize, EngineSaid> {
    let removals = containers.iter().map(|(id, _)| remove(shared, "containers", id, &[("force", "1"), ("v", "1")]));
    let mut outcomes = futures_util::future::join_all(removals).await;
    let removals = volumes.iter().map(|(name, _)| remove(shared, "volumes", name, &[("force", "1")]));
    outcomes.extend(futures_util::future::join_all(removals).await);
    for (id, _) in &networks {
        outcomes.push(remove(shared, "networks", id, &[]).await);
    }
    // What can't be removed keeps nothing else.
    outcomes.into_iter().try_fold(0, |sum, outcome| outcome.map(|removed| sum + usize::from(removed)))
}

/// Says whether it was there.
async fn remove(shared: &Shared, kind: &str, id: &str, parameters: &[(&'static str, &str)]) -> Result<bool, EngineSaid> {
    let ask = parameters.iter().fold(Ask::new(Method::DELETE, &[kind, id]), |ask, (name, value)| ask.parameter(name, value));
    match shared.engine.done(ask).await {
        Ok(_) => Ok(true),
        Err(said) if said.is_not_found() => Ok(false),
        // Somebody else is removing it in this moment.
        Err(EngineSaid::Error { message, .. }) if message.contains("already in progress") => Ok(false),
        Err(said) => Err(said),
    }
}

fn remove_folder(shared: &Shared, id: &SandboxId) {
    let folder = shared.config.run_dir.join(id.as_str());
    if let Err(error) = std::fs::remove_dir_all(&folder)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(sandbox = %id, %error, "a sandbox's folder of sockets could not be removed");
    }
}

/// Ledger against engine: finishes what was being closed, removes what belongs to no open sandbox,
/// forgets rows of what is gone.
pub(crate) async fn reconcile(shared: &Shared) -> Result<usize, GatewayError> {
    let mut removed = 0;
    // One that can't be closed keeps nobody else waiting.
    let mut failed = None;
    for id in shared.ledger.sandboxes("closing").await? {
        match close(shared, &id, None).await {
            Ok(()) => removed += 1,
            Err(error) => {
                tracing::warn!(sandbox = %id, %error, "a sandbox could not be closed");
                failed = Some(error);
            }
        }
    }
    let open: Vec<SandboxId> = shared.ledger.sandboxes("open").await?;
    for id in &open {
        crate::containers::ports::bind_again(shared, id).await;
    }
    // The engine first, then the ledger: a sandbox opened in between is in the second, and stays.
    let found = find(shared, &format!("{INSTANCE_LABEL}={}", shared.config.instance)).await?;
    let images = images::own::all(shared).await?;
    let open: HashSet<SandboxId> = shared.ledger.sandboxes("open").await?.into_iter().collect();
    let there: HashSet<String> = found.containers.iter().map(|(id, _)| id.clone()).collect();
    let strays = |things: Things| -> Things {
        things.into_iter().filter(|(_, owner)| owner.as_ref().is_some_and(|owner| !open.contains(owner))).collect()
    };
    removed += remove_all(shared, strays(found.containers), strays(found.volumes), strays(found.networks)).await?;
    removed += images::own::remove_strays(shared, images, &open).await;
    for id in &open {
        for row in shared.ledger.containers(id).await? {
            let gone = !there.contains(&row.engine_id)
                && shared
                    .engine
                    .json::<serde_json::Value>(Ask::get(&["containers", &row.engine_id, "json"]))
                    .await
                    .is_err_and(|said| said.is_not_found());
            if gone {
                shared.ledger.remove_container(id, &row.engine_id).await?;
                removed += 1;
            }
        }
    }
    shared.ledger.forget_strays().await?;
    remove_stray_folders(shared, &open);
    failed.map_or(Ok(removed), Err)
}

fn remove_stray_folders(shared: &Shared, open: &HashSet<SandboxId>) {
    let Ok(entries) = std::fs::read_dir(&shared.config.run_dir) else { return };
    for entry in entries.flatten() {
        if let Some(id) = entry.file_name().to_str().and_then(SandboxId::parse)
            && !open.contains(&id)
            && shared.sandbox(&id).is_none()
        {
            remove_folder(shared, &id);
        }
    }
}
