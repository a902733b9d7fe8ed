//! What of a container can be changed once it is there: its limits, and its name.

use http::StatusCode;
use serde::Serialize;

use crate::{
    ActivityKind, body,
    containers::{
        create::{
            self, host, network,
            policy::{self, Cuts},
        },
        links, shown,
    },
    ledger,
    model::{
        container::{HostConfig, RestartPolicy},
        container_engine::{EngineAddress, EngineEndpoint},
        container_shown::Inspected,
    },
    refusal::{Answer, Refusal},
    request::Request,
    scope::OwnContainer,
    serve::Context,
    upstream::{Ask, EngineSaid},
};

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct EngineUpdate {
    memory: i64,
    memory_swap: i64,
    memory_reservation: i64,
    nano_cpus: i64,
    cpu_shares: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pids_limit: Option<i64>,
    restart_policy: RestartPolicy,
}

/// `POST /containers/{id}/update`: within the limits that a new container has.
pub(crate) async fn update(context: &Context, request: Request) -> Answer {
    request.query.finish()?;
    let own = context.scope.container(request.parameters.get("id")).await?;
    let wanted: HostConfig = Request::json(request.body, &request.headers).await?;
    policy::check_host(&wanted)?;
    let limits = &context.shared.config.limits;
    policy::check_limits(&wanted, limits.nano_cpus_max, policy::Limits::Changed)?;
    let mut cuts = Cuts::default();
    let memory = host::memory(wanted.memory.max(0), limits, &mut cuts);
    host::no_swap(&wanted, &mut cuts);
    let update = EngineUpdate {
        memory,
        memory_swap: memory,
        memory_reservation: cuts.at_most(
            "--memory-reservation",
            wanted.memory_reservation.max(0),
            limits.memory_max_bytes,
            policy::cuts::bytes,
        ),
        nano_cpus: host::nano_cpus(&wanted, limits, &mut cuts).unwrap_or(0),
        cpu_shares: host::cpu_shares(wanted.cpu_shares, &mut cuts),
        pids_limit: wanted.pids_limit.map(|limit| host::pids_limit(limit, limits, &mut cuts)),
        restart_policy: if wanted.restart_policy.name.is_empty() {
            RestartPolicy::default()
        } else {
            policy::restart_policy(&wanted.restart_policy, &mut cuts)
        },
    };
    let ask = Ask::post(&["containers", own.engine_id(), "update"]).json(&update)?;
    context.shared.engine.done(ask).await.map_err(|said| context.engine_said(said))?;
    remember(context, &own, &wanted).await?;
    context.sandbox.changed();
    let warnings = Some(cuts.told()).filter(|warnings| !warnings.is_empty());
    Ok(body::json(StatusCode::OK, &serde_json::json!({ "Warnings": warnings })))
}

/// `docker inspect` shows what was asked for last.
async fn remember(context: &Context, own: &OwnContainer, wanted: &HostConfig) -> Result<(), Refusal> {
    let mut asked = shown::asked(own.row());
    let host = &mut asked.host_config;
    for (kept, new) in [
        (&mut host.memory, wanted.memory),
        (&mut host.memory_swap, wanted.memory_swap),
        (&mut host.memory_reservation, wanted.memory_reservation),
        (&mut host.nano_cpus, wanted.nano_cpus),
        (&mut host.cpu_shares, wanted.cpu_shares),
        (&mut host.cpu_quota, wanted.cpu_quota),
        (&mut host.cpu_period, wanted.cpu_period),
    ] {
        if new != 0 {
            *kept = new;
        }
    }
    host.pids_limit = wanted.pids_limit.or(host.pids_limit);
    if !wanted.restart_policy.name.is_empty() {
        host.restart_policy = wanted.restart_policy.clone();
    }
    let asked = serde_json::to_string(&asked).map_err(|_| Refusal::internal())?;
    Ok(context.shared.ledger.set_asked(context.scope.sandbox(), own.engine_id(), &asked).await?)
}

/// `POST /containers/{id}/rename`
pub(crate) async fn rename(context: &Context, mut request: Request) -> Answer {
    let name = request.query.text("name")?.unwrap_or_default();
    request.query.finish()?;
    let name = name.strip_prefix('/').map(str::to_owned).unwrap_or(name);
    let _naming = context.sandbox.naming.write().await;
    let own = context.scope.container(request.parameters.get("id")).await?;
    if name.is_empty() {
        return Err(Refusal::invalid("Neither old nor new names may be empty"));
    }
    let old_name = own.name().to_owned();
    if name == old_name {
        return Err(Refusal::invalid("Renaming a container with the same name as its current name"));
    }
    if !create::is_container_name(&name) {
        return Err(allocating(create::bad_name(&format!("/{name}"))));
    }
    create::check_free(context, &name).await.map_err(allocating)?;
    // The ledger first: of two at once, its key lets one through.
    match context.shared.ledger.rename_container(context.scope.sandbox(), own.engine_id(), &name).await {
        Ok(()) => {}
        Err(error) if ledger::is_taken(&error) => return Err(allocating(create::name_taken(&name, own.engine_id()))),
        Err(error) => return Err(error.into()),
    }
    let ask = Ask::post(&["containers", own.engine_id(), "rename"]).parameter("name", context.scope.engine_name(&name).as_str());
    if let Err(said) = context.shared.engine.done(ask).await {
        context.shared.ledger.rename_container(context.scope.sandbox(), own.engine_id(), &old_name).await?;
        return Err(context.engine_said(said));
    }
    links::rename(context, own.engine_id(), &name).await?;
    if let Err(said) = name_on_networks(context, &own, &name).await {
        tracing::warn!(error = said.message(), "a renamed container keeps its old name on a network");
    }
    context.sandbox.record(ActivityKind::ContainerRenamed { id: own.engine_id().to_owned(), name, old_name }).await;
    Ok(body::no_content(StatusCode::NO_CONTENT))
}

/// In the engine's words.
fn allocating(refusal: Refusal) -> Refusal {
    Refusal { message: format!("Error when allocating new name: {}", refusal.message), ..refusal }
}

/// On networks of the learner's own the name is an alias, which the engine changes only by putting the
/// container on the network anew.
async fn name_on_networks(context: &Context, own: &OwnContainer, name: &str) -> Result<(), EngineSaid> {
    #[derive(Debug, Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Connection<'a> {
        container: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        endpoint_config: Option<EngineEndpoint>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        force: bool,
    }
    let engine = &context.shared.engine;
    let inspected: Inspected = engine.json(Ask::get(&["containers", own.engine_id(), "json"])).await?;
    for network in context.scope.networks().await.map_err(EngineSaid::Away)?.into_iter().filter(|network| !network.is_default()) {
        let endpoints = inspected.network_settings.networks.iter();
        let Some((_, endpoint)) = endpoints.into_iter().find(|(key, endpoint)| shown::is_on(&context.scope, &network, key, endpoint))
        else {
            continue;
        };
        let short = own.engine_id().get(..12).unwrap_or_default();
        let others: Vec<String> =
            endpoint.aliases.iter().flatten().filter(|alias| *alias != own.name() && *alias != short).cloned().collect();
        let wanted = EngineEndpoint {
            aliases: network::aliases(&network, &others, name),
            links: endpoint.links.clone().unwrap_or_default(),
            ipam_config: endpoint
                .ipam_config
                .as_ref()
                .and_then(|asked| asked.ipv4_address.clone())
                .map(|ipv4_address| EngineAddress { ipv4_address }),
        };
        let container = own.engine_id();
        let leave = Connection { container, endpoint_config: None, force: true };
        let join = Connection { container, endpoint_config: Some(wanted), force: false };
        engine.done(Ask::post(&["networks", network.engine_id(), "disconnect"]).json(&leave).map_err(EngineSaid::Away)?).await?;
        engine.done(Ask::post(&["networks", network.engine_id(), "connect"]).json(&join).map_err(EngineSaid::Away)?).await?;
    }
    Ok(())
}
