//! The ways to open what the learner's containers publish, each in a tab of its own.

use leptos::prelude::*;

use super::icon::Icon;
use crate::{
    model::{ContainerState, PortView},
    state::Work,
};

/// TCP ports of running containers, lowest first.
fn published(work: Work) -> Vec<(String, PortView)> {
    let mut ports: Vec<(String, PortView)> = work.live.host.with(|host| {
        let running = host.containers.iter().filter(|container| container.state == ContainerState::Running);
        running
            .flat_map(|container| container.ports.iter().map(|port| (container.name.clone(), port.clone())))
            .filter(|(_, port)| port.protocol == "tcp" && !port.preview_url.is_empty())
            .collect()
    });
    ports.sort_by_key(|(_, port)| port.host_port);
    ports
}

#[component]
pub(super) fn Ports(work: Work) -> impl IntoView {
    let ports = Memo::new(move |_| published(work));
    view! {
        <div class="ports" role="group" aria-label="Published ports">
            {move || {
                ports
                    .get()
                    .into_iter()
                    .map(|(container, port)| {
                        let label = format!("Open {} of {container} in a new tab", port.host_port);
                        view! {
                            <a class="button button--port" href=port.preview_url data-port=port.host_port target="_blank" rel="noopener noreferrer" aria-label=label>
                                {format!("Open {}", port.host_port)}
                                {Icon::Out.view()}
                            </a>
                        }
                    })
                    .collect_view()
            }}
        </div>
    }
    .into_any()
}
