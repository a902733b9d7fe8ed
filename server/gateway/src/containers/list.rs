//! `docker ps`: the sandbox's containers, filtered here. A learner's filter never reaches the engine: it
//! could ask about what is others'.

mod filter;

use std::collections::{BTreeSet, HashMap};

use http::StatusCode;

use crate::{
    ActivityKind, body,
    containers::{links, ports, remove::own_labels, shown},
    ledger::PortRow,
    model::{
        container::CreateRequest,
        container_shown::{Listed, ListedHostConfig, ListedNetworks},
        versions,
    },
    refusal::{Answer, Refusal},
    request::Request,
    scope::OwnContainer,
    serve::Context,
    upstream::Ask,
};

pub(crate) async fn list(context: &Context, mut request: Request) -> Answer {
    let all = request.query.flag("all")?;
    let size = request.query.flag("size")?;
    let limit = request.query.number("limit")?.filter(|limit| *limit > 0);
    let filters = request.query.filters()?;
    // Compose asks for its project's, several times a command.
    let is_composes = filters.get("label").is_some_and(|labels| labels.iter().any(|label| label.starts_with("com.docker.compose.")));
    let is_look = !request.is_completion() && !is_composes;
    request.query.finish()?;
    let filter = filter::Filter::new(context, &filters).await?;
    // As in Docker: who asks for a state or for the last few wants to see those that ended too.
    let ended_too = all || limit.is_some() || filter.wants_ended();
    let mut containers = read(context, ended_too, size).await?;
    containers.retain(|container| filter.matches(container));
    if let Some(limit) = limit {
        containers.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    }
    if is_look {
        let names =
            containers.iter().filter_map(|container| container.names.first()).map(|name| name.trim_start_matches('/').to_owned()).collect();
        context.sandbox.record_look(ActivityKind::ContainersListed { all, names });
    }
    // The names by which others know it stand among its own.
    containers.iter_mut().for_each(|container| container.names.sort());
    let mut shown = serde_json::to_value(&containers).unwrap_or_default();
    shown.as_array_mut().into_iter().flatten().for_each(|container| versions::listed_container(container, request.version));
    Ok(body::json(StatusCode::OK, &shown))
}

/// The sandbox's containers as the learner sees them, newest first. Of their names the first is their own.
pub(crate) async fn read(context: &Context, all: bool, size: bool) -> Result<Vec<Listed>, Refusal> {
    let own = context.scope.containers().await?;
    if own.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<&str> = own.iter().map(|own| own.engine_id()).collect();
    let ask = Ask::get(&["containers", "json"]).flag("all", all).flag("size", size).parameter("filters", serde_json::json!({ "id": ids }));
    let all_asked: HashMap<&str, CreateRequest> = own.iter().map(|own| (own.engine_id(), shown::asked(own.row()))).collect();
    let (listed, names, ports) =
        tokio::join!(context.shared.engine.json::<Vec<Listed>>(ask), shown::Names::read(context), ports::held(context, all_asked.values()));
    let (listed, ports) = (listed.map_err(|said| context.engine_said(said))?, ports?);
    let names = names?.and_of(context, listed.iter().flat_map(|container| &container.mounts)).await?;
    let mut exposed: HashMap<&str, BTreeSet<String>> = HashMap::new();
    for container in listed.iter().filter(|container| container.state == "running") {
        if let Some(own) = own.iter().find(|own| own.engine_id() == container.id) {
            exposed.insert(own.engine_id(), exposed_by_image(context, &own.row().image_id).await);
        }
    }
    let mut of_others = links::names(own.iter().map(OwnContainer::row));
    let mut containers: Vec<Listed> = listed
        .into_iter()
        .filter_map(|container| {
            let row = own.iter().find(|own| own.engine_id() == container.id)?.row();
            let asked = all_asked.get(row.engine_id.as_str())?;
            let held: Vec<PortRow> = ports.iter().filter(|port| port.container == row.engine_id).cloned().collect();
            let networks = names.networks(row, asked, container.network_settings.networks);
            let exposed = match exposed.remove(row.engine_id.as_str()) {
                Some(of_image) if names.shows_ports(networks.keys()) => {
                    of_image.into_iter().chain(asked.exposed_ports.keys().cloned()).collect()
                }
                _ => BTreeSet::new(),
            };
            let mut labels = container.labels;
            own_labels(&mut labels);
            Some(Listed {
                names: std::iter::once(format!("/{}", row.name)).chain(of_others.remove(&row.engine_id).unwrap_or_default()).collect(),
                image: row.image.clone(),
                image_id: row.image_id.clone(),
                ports: ports::listed(&held, exposed.iter()),
                labels,
                host_config: ListedHostConfig { network_mode: shown::network_mode(asked) },
                network_settings: ListedNetworks { networks },
                mounts: names.mounts(asked, container.mounts),
                ..container
            })
        })
        .collect();
    containers.sort_by_key(|container| std::cmp::Reverse((container.created, own.iter().position(|own| own.engine_id() == container.id))));
    Ok(containers)
}

/// Ports that an image exposes; none of one that the engine has lost.
async fn exposed_by_image(context: &Context, image_id: &str) -> BTreeSet<String> {
    let Ok(facts) = context.shared.catalogue.get(image_id).await else { return BTreeSet::new() };
    let config = facts.inspect.config.as_ref();
    config.and_then(|config| config.exposed_ports.as_ref()).into_iter().flatten().map(|(port, _)| port.clone()).collect()
}
