//! From an operation to its handler. No wildcard: a new operation doesn't compile until it has one.

use crate::{
    ActivityKind, body, buildkit, containers, images, networks,
    operation::{Operation, Reads},
    refusal::{Answer, Refusal},
    request::Request,
    serve::Context,
    system, volumes,
};

/// As many of what comes with a large body as may be at once, until each is answered; and of what reads all that a learner
/// has: there each keeps its place until its reader has it.
pub(super) async fn dispatch(context: &Context, request: Request) -> Answer {
    let _body = match request.has_large_body() {
        true => Some(context.sandbox.large_bodies.acquire().await.map_err(|_| Refusal::internal())?),
        false => None,
    };
    if request.reads == Reads::Few {
        return dispatch_now(context, request).await;
    }
    let place = context.sandbox.listing.clone().acquire_owned().await.map_err(|_| Refusal::internal())?;
    Ok(dispatch_now(context, request).await?.map(|body| body::holding(body, place)))
}

async fn dispatch_now(context: &Context, request: Request) -> Answer {
    use Operation as O;
    match request.operation {
        O::Ping => system::ping::ping(),
        O::Version => system::version::version(context).await,
        O::Info => system::info::info(context, request).await,
        O::Events => system::events::events(context, request).await,
        O::DiskUsage => system::disk_usage::disk_usage(context, request).await,
        O::Auth => system::auth::auth(context, request).await,
        O::PluginList => system::plugins(),
        O::PluginInspect => {
            Err(Refusal::new(http::StatusCode::NOT_FOUND, format!("plugin \"{}\" not found", request.parameters.get("name"))))
        }
        O::SwarmInspect => system::swarm(),
        O::ContainerList => containers::list::list(context, request).await,
        O::ContainerCreate => containers::create::create(context, request).await,
        O::ContainerInspect => containers::inspect::inspect(context, request).await,
        O::ContainerTop => containers::look::top(context, request).await,
        O::ContainerLogs => containers::look::logs(context, request).await,
        O::ContainerChanges => containers::look::changes(context, request).await,
        O::ContainerExport => containers::archive::export(context, request).await,
        O::ContainerStats => containers::look::stats(context, request).await,
        O::ContainerResize => containers::attach::resize(context, request).await,
        O::ContainerStart => containers::lifecycle::start(context, request).await,
        O::ContainerStop => containers::lifecycle::stop(context, request).await,
        O::ContainerRestart => containers::lifecycle::restart(context, request).await,
        O::ContainerKill => containers::lifecycle::kill(context, request).await,
        O::ContainerUpdate => containers::change::update(context, request).await,
        O::ContainerRename => containers::change::rename(context, request).await,
        O::ContainerPause => containers::lifecycle::pause(context, request).await,
        O::ContainerUnpause => containers::lifecycle::unpause(context, request).await,
        O::ContainerAttach => containers::attach::attach(context, request).await,
        O::ContainerWait => containers::wait::wait(context, request).await,
        O::ContainerRemove => containers::remove::remove(context, request).await,
        O::ContainerPrune => containers::remove::prune(context, request).await,
        O::ContainerArchiveInfo => containers::archive::info(context, request).await,
        O::ContainerArchiveGet => containers::archive::get(context, request).await,
        O::ContainerArchivePut => containers::archive::put(context, request).await,
        O::ExecCreate => containers::exec::create(context, request).await,
        O::ExecStart => containers::exec::start(context, request).await,
        O::ExecResize => containers::exec::resize(context, request).await,
        O::ExecInspect => containers::exec::inspect(context, request).await,
        O::ImageList => images::list::list(context, request).await,
        O::ImageCreate => images::pull::create(context, request).await,
        O::ImageInspect => images::inspect::inspect(context, request).await,
        O::ImageHistory => images::inspect::history(context, request).await,
        O::ImagePush => images::push::push(context, request).await,
        O::ImageTag => images::tag::tag(context, request).await,
        O::ImageRemove => images::remove::remove(context, request).await,
        O::ImageSearch => images::search::search(context, request).await,
        O::ImagePrune => images::remove::prune(context, request).await,
        O::ImageGet | O::ImageGetAll => images::transfer::save(context, request).await,
        O::ImageLoad => images::transfer::load(context, request).await,
        O::ImageCommit => images::commit::commit(context, request).await,
        O::ImageBuild => images::build::build(context, request).await,
        O::BuildSession => buildkit::open_session(context, request).await,
        O::BuildControl => buildkit::open_control(context, request).await,
        O::BuildPrune => images::build::prune(context, request).await,
        O::DistributionInspect => images::search::distribution(context, request).await,
        O::NetworkList => networks::list(context, request).await,
        O::NetworkInspect => networks::inspect(context, request).await,
        O::NetworkCreate => networks::create(context, request).await,
        O::NetworkRemove => networks::remove(context, request).await,
        O::NetworkConnect => networks::connect(context, request).await,
        O::NetworkDisconnect => networks::disconnect(context, request).await,
        O::NetworkPrune => networks::prune(context, request).await,
        O::VolumeList => volumes::list(context, request).await,
        O::VolumeInspect => volumes::inspect(context, request).await,
        O::VolumeCreate => volumes::create(context, request).await,
        O::VolumeRemove => volumes::remove(context, request).await,
        O::VolumePrune => volumes::prune(context, request).await,
        O::Refused => Err(Refusal::page_not_found()),
    }
}

/// Remembers that something was refused: a teacher wants to see it, and a check may speak of it.
/// A `docker run` of an image that isn't there begins to pull with it: whoever tells of it has to know that.
pub(super) async fn note_refusal(context: &Context, operation: Operation, refusal: &Refusal) {
    if matches!(operation, Operation::ContainerResize | Operation::ExecResize | Operation::PluginInspect) {
        return;
    }
    context
        .sandbox
        .record(ActivityKind::Refused {
            operation: format!("{operation:?}"),
            status: refusal.status.as_u16(),
            message: refusal.message.clone(),
            container: refusal.container.clone(),
        })
        .await;
}
