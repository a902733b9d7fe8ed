//! Containers removed, one by one or all that have ended.

use http::StatusCode;
use serde::Deserialize;

use crate::{
    ActivityKind, body,
    containers::{list, ports},
    model::event::Event,
    refusal::{Answer, Refusal},
    request::{
        Request,
        moment::{labels_fit, until},
        query::known_filters,
    },
    scope::{OwnContainer, Scope},
    serve::Context,
    upstream::{Ask, EngineSaid},
};

/// `DELETE /containers/{id}`
pub(crate) async fn remove(context: &Context, mut request: Request) -> Answer {
    let force = request.query.flag("force")?;
    let volumes = request.query.flag("v")?;
    let link = request.query.flag("link")?;
    request.query.finish()?;
    let own = context.scope.container(request.parameters.get("id")).await?;
    if link {
        return Err(Refusal::conflict("Conflict, cannot remove the default link name of the container"));
    }
    remove_one(context, &own, force, volumes).await.map_err(|said| context.engine_said(said))?;
    Ok(body::no_content(StatusCode::NO_CONTENT))
}

/// Off the engine and out of the ledger.
pub(super) async fn remove_one(context: &Context, own: &OwnContainer, force: bool, volumes: bool) -> Result<(), EngineSaid> {
    let _naming = context.sandbox.naming.read().await;
    let ask = Ask::delete(&["containers", own.engine_id()]).flag("force", force).flag("v", volumes).patient();
    match context.shared.engine.done(ask).await {
        Ok(_) => {}
        Err(said) if said.is_not_found() => {}
        Err(said) => return Err(said),
    }
    forget(context, own, volumes).await.map_err(EngineSaid::Away)
}

/// The engine has it no longer: its ports are free, its row goes, and it is told once.
async fn forget(context: &Context, own: &OwnContainer, volumes: bool) -> Result<(), Refusal> {
    ports::free(&context.shared, &context.sandbox, own.engine_id()).await;
    if context.shared.ledger.remove_container(context.scope.sandbox(), own.engine_id()).await? {
        context.sandbox.record(ActivityKind::ContainerRemoved { id: own.engine_id().to_owned(), name: own.name().to_owned() }).await;
    }
    if volumes {
        forget_volumes(context).await?;
    }
    Ok(())
}

/// A container with `--rm` goes by itself, and its row a moment later. Says whether it had gone.
pub(crate) async fn forget_if_gone(context: &Context, own: &OwnContainer) -> Result<bool, Refusal> {
    match context.shared.engine.json::<serde::de::IgnoredAny>(Ask::get(&["containers", own.engine_id(), "json"])).await {
        Ok(_) => Ok(false),
        Err(said) if said.is_not_found() => {
            forget(context, own, true).await?;
            Ok(true)
        }
        Err(said) => Err(context.engine_said(said)),
    }
}

/// Anonymous volumes that went with their container.
async fn forget_volumes(context: &Context) -> Result<(), Refusal> {
    for volume in context.scope.volumes().await?.into_iter().filter(|volume| volume.row().anonymous) {
        let there = context.shared.engine.json::<serde::de::IgnoredAny>(Ask::get(&["volumes", volume.engine_name()])).await;
        if there.is_err_and(|said| said.is_not_found()) {
            context.shared.ledger.remove_volume(context.scope.sandbox(), volume.name()).await?;
        }
    }
    Ok(())
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Sizes {
    size_rw: Option<i64>,
}

/// `POST /containers/prune`: the sandbox's own that don't run.
pub(crate) async fn prune(context: &Context, mut request: Request) -> Answer {
    let filters = request.query.filters()?;
    request.query.finish()?;
    known_filters(&filters, &["until", "label", "label!"])?;
    let before = until(&filters, "until")?;
    let mut deleted = Vec::new();
    let mut reclaimed = 0;
    for listed in list::read(context, true, false).await? {
        let ended = matches!(listed.state.as_str(), "exited" | "created" | "dead");
        if !ended || !labels_fit(&filters, &listed.labels) || before.is_some_and(|before| listed.created >= before) {
            continue;
        }
        let own = context.scope.container(&listed.id).await?;
        let ask = Ask::get(&["containers", own.engine_id(), "json"]).parameter("size", 1);
        let sizes = context.shared.engine.json::<Sizes>(ask).await.unwrap_or_default();
        // One that was started in this moment is refused by the engine, and stays.
        if remove_one(context, &own, false, false).await.is_ok() {
            reclaimed += sizes.size_rw.unwrap_or(0);
            deleted.push(listed.id);
        }
    }
    context.sandbox.emit(Event::pruned("container", reclaimed));
    let deleted = (!deleted.is_empty()).then_some(deleted);
    Ok(body::json(StatusCode::OK, &serde_json::json!({ "ContainersDeleted": deleted, "SpaceReclaimed": reclaimed })))
}

/// Labels as the learner sees them.
pub(crate) fn own_labels(labels: &mut std::collections::BTreeMap<String, String>) {
    labels.retain(|key, _| !Scope::is_our_label(key));
}
