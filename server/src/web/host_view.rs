//! From the gateway's view of a learner's host to the diagram's.

use app::model::{ContainerState, ContainerView, HostView, ImageView, LayerTransferView, LayerView, PortView, RegistryImage, TransferView};
use gateway::host::{self, Direction};

use crate::checker::Picture;

/// `registry`: the course's images. `preview`: where the browser opens a port.
pub(super) fn view(picture: &Picture, registry: &[RegistryImage], preview: impl Fn(u16) -> String) -> HostView {
    let host = &picture.host;
    let pushed = host.pushed.iter().map(|reference| RegistryImage { reference: reference.clone(), stand_in: false, pushed: true });
    HostView {
        seq: host.seq,
        registry: registry.iter().cloned().chain(pushed).collect(),
        images: host.images.iter().map(image).collect(),
        containers: host.containers.iter().map(|one| container(one, picture.start_ms.get(&one.id).copied(), &preview)).collect(),
        transfers: host.transfers.iter().map(transfer).collect(),
    }
}

fn image(image: &host::Image) -> ImageView {
    let layer = |layer: &host::Layer| LayerView { digest: layer.digest.clone(), size: layer.size, instruction: layer.instruction.clone() };
    ImageView {
        id: image.id.clone(),
        references: image.references.clone(),
        size: image.size,
        layers: image.layers.iter().map(layer).collect(),
        exposed_ports: image.exposed_ports.clone(),
        env: image.env.clone(),
        entrypoint: image.entrypoint.clone(),
        cmd: image.cmd.clone(),
        stand_in: image.stand_in,
    }
}

fn container(container: &host::Container, start_ms: Option<i64>, preview: &impl Fn(u16) -> String) -> ContainerView {
    let port = |port: &host::PublishedPort| PortView {
        host_port: port.host_port,
        container_port: port.container_port,
        protocol: port.protocol.clone(),
        preview_url: if port.protocol == "tcp" { preview(port.host_port) } else { String::new() },
    };
    ContainerView {
        id: container.id.clone(),
        name: container.name.clone(),
        image: container.image.clone(),
        image_id: container.image_id.clone(),
        state: state(container.state),
        exit_code: container.exit_code,
        command: container.command.clone(),
        ports: container.ports.iter().map(port).collect(),
        writable_bytes: container.writable_bytes,
        start_ms,
    }
}

fn state(state: host::ContainerState) -> ContainerState {
    match state {
        host::ContainerState::Created => ContainerState::Created,
        host::ContainerState::Running => ContainerState::Running,
        host::ContainerState::Paused => ContainerState::Paused,
        host::ContainerState::Restarting => ContainerState::Restarting,
        host::ContainerState::Removing => ContainerState::Removing,
        host::ContainerState::Exited => ContainerState::Exited,
        host::ContainerState::Dead => ContainerState::Dead,
    }
}

fn transfer(transfer: &host::Transfer) -> TransferView {
    let layer = |layer: &host::LayerTransfer| LayerTransferView { id: layer.id.clone(), size: layer.size, done: layer.done };
    TransferView {
        push: transfer.direction == Direction::Push,
        reference: transfer.reference.clone(),
        layers: transfer.layers.iter().map(layer).collect(),
    }
}
