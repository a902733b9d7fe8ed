//! Layers on their way between registry and host.

use super::{
    build::{PLATE, hue},
    columns::{Columns, Stacks},
    text::{self, fit},
    types::{Parcel, Plate, Rect, Scene},
};
use crate::{
    diagram::{describe::plural, human_size},
    model::{HostView, TransferView},
};

/// A transfer seen for this long needs no second motion when its image is there, in milliseconds.
const SEEN_MS: f64 = 600.0;
/// How many of those are remembered.
const REMEMBERED: usize = 16;
/// A layer on its way is drawn this large.
const WAITING: (f64, f64) = (10.0, 6.0);
/// Between two of them where they wait.
const GAP: f64 = 2.0;
/// So many wait in one row.
const ROW: usize = 3;

/// Carries over since when each transfer has been seen, and which were seen long enough.
pub(super) fn remember(scene: &mut Scene, before: Option<&Scene>, host: &HostView, now_ms: f64) {
    let Some(before) = before else { return };
    scene.shown.clone_from(&before.shown);
    for transfer in host.transfers.iter().filter(|transfer| !transfer.push) {
        let since = before.seen.iter().find(|(reference, _)| *reference == transfer.reference).map_or(now_ms, |(_, since)| *since);
        scene.seen.push((transfer.reference.clone(), since));
        // A new pull of the same name is to be seen anew.
        scene.shown.retain(|reference| *reference != transfer.reference);
    }
    for (reference, since) in &before.seen {
        if now_ms - since >= SEEN_MS && !scene.seen.iter().any(|(seen, _)| seen == reference) {
            scene.shown.push(reference.clone());
        }
    }
    let surplus = scene.shown.len().saturating_sub(REMEMBERED);
    scene.shown.drain(..surplus);
}

/// A pull's layers wait at the shelf and go to a new column as they are done; a push's wait on their
/// image and go to the shelf.
pub(super) fn parcels(scene: &mut Scene, host: &HostView, columns: &Columns, stacks: &Stacks, left: f64, floor: f64) {
    let mut pull_columns = columns.pulls.iter();
    for transfer in &host.transfers {
        let at_shelf = scene.shelf.iter().find(|item| item.reference == transfer.reference).map_or(scene.registry, |item| item.rect);
        if transfer.push {
            let on_image = host
                .images
                .iter()
                .find(|image| image.references.contains(&transfer.reference))
                .and_then(|image| scene.plates.iter().find(|plate| plate.key == image.id))
                .map_or(scene.host, |plate| plate.rect);
            for (index, layer) in transfer.layers.iter().enumerate() {
                let (from, to) = (waiting(on_image, index, false), waiting(at_shelf, index, true));
                scene.parcels.push(parcel(transfer, index, if layer.done { to } else { from }, to));
            }
        } else if let Some((from, to)) = pull_columns.next() {
            // The whole stack must fit under the frame's name, whatever its packed sizes are.
            let natural: f64 = transfer.layers.iter().map(|layer| stacks.layer(layer.size) + GAP).sum();
            let shrink = (stacks.height / natural.max(1.0)).min(1.0);
            let done = transfer.layers.iter().filter(|layer| layer.done).count();
            let width = to - from;
            scene.plates.push(Plate {
                key: format!("pull {}", transfer.reference),
                rect: Rect { x: left + from, y: floor + GAP, width, height: PLATE - GAP },
                name: fit(&transfer.reference, width - 8.0, text::NAME),
                note: format!("{done} of {}", plural(transfer.layers.len(), "layer")),
                detail: format!("{} is being pulled: {done} of {} here", transfer.reference, plural(transfer.layers.len(), "layer")),
                hue: hue(&transfer.reference),
            });
            let mut bottom = floor;
            for (index, layer) in transfer.layers.iter().enumerate() {
                let height = (stacks.layer(layer.size) + GAP) * shrink - GAP;
                let slot = Rect { x: left + from + GAP, y: bottom - height, width: to - from - 2.0 * GAP, height: height.max(1.0) };
                bottom = slot.y - GAP;
                let rect = if layer.done { slot } else { waiting(at_shelf, index, true) };
                scene.parcels.push(parcel(transfer, index, rect, slot));
            }
        }
    }
}

fn parcel(transfer: &TransferView, index: usize, rect: Rect, slot: Rect) -> Parcel {
    let layer = &transfer.layers[index];
    Parcel {
        key: format!("{} {} {}", if transfer.push { "push" } else { "pull" }, transfer.reference, layer.id),
        rect,
        slot,
        done: layer.done,
        push: transfer.push,
        detail: format!(
            "{} of {}, {}, {}",
            if transfer.push { "Pushing a layer" } else { "Pulling a layer" },
            transfer.reference,
            human_size(layer.size),
            if layer.done { "done" } else { "on its way" }
        ),
    }
}

/// Where the layer of this number waits: to the right of what stands on the shelf, or on an image.
fn waiting(place: Rect, index: usize, beside: bool) -> Rect {
    let (width, height) = WAITING;
    let (column, row) = ((index % ROW) as f64, (index / ROW) as f64);
    let left = if beside { place.right() } else { place.x };
    let x = left + 4.0 + column * (width + GAP);
    Rect { x, y: place.y + (place.height - height) / 2.0 + row * (height + GAP), width, height }
}
