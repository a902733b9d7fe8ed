//! The registry's frame, the host's, and the way between.

use leptos::prelude::*;

use super::drawn::px;
use crate::{diagram::Scene, model::SandboxStatus, state::Work};

/// Whose it is, for whoever looks: instructors have a bundle of their own.
const HOST: &str = if cfg!(feature = "teach") { "Their host" } else { "Your host" };

#[component]
pub(super) fn Frames(work: Work, scene: Memo<Scene>) -> impl IntoView {
    let sizes = move || {
        scene.with(|scene| {
            let (registry, host) = (scene.registry, scene.host);
            format!("--rw:{}px;--hx:{}px;--hw:{}px;--h:{}px", px(registry.width), px(host.x), px(host.width), px(scene.height))
        })
    };
    let lane = move || if scene.with(|scene| scene.parcels.is_empty()) { "lane" } else { "lane lane--busy" };
    let words = move || {
        if scene.with(|scene| !(scene.plates.is_empty() && scene.parcels.is_empty() && scene.dishes.is_empty())) {
            return "";
        }
        // Short: on a phone there is little room.
        work.live.sandbox.with(|status| match status {
            SandboxStatus::Ready { .. } => "No images yet.",
            SandboxStatus::Starting => "Starting…",
            SandboxStatus::None { .. } | SandboxStatus::Failed { .. } => "Not started yet.",
        })
    };
    view! {
        <defs>
            <pattern id="writable" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                <rect class="pattern__ground" width="6" height="6"></rect>
                <rect class="pattern__line" width="2.5" height="6"></rect>
            </pattern>
        </defs>
        <g aria-hidden="true" style=sizes>
            <rect class="frame frame--registry" rx="12"></rect>
            <text class="frame__name" x="12" y="17">"Registry"</text>
            <rect class="frame frame--host" rx="12"></rect>
            <text class="frame__name frame__name--host" x="12" y="17">{HOST}</text>
            <path class=lane d="M6 0h26m-6 -5l6 5l-6 5"></path>
            <text class="frame__words">{words}</text>
        </g>
    }
    .into_any()
}
