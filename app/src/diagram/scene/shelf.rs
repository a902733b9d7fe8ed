//! The registry's shelf.

use super::{
    build::{EDGE, TITLE},
    types::{Rect, ShelfItem},
};
use crate::model::HostView;

/// The least and the most an item is high, with the gap below it.
const LOWEST: f64 = 21.0;
const HIGHEST: f64 = 28.0;
const GAP: f64 = 4.0;

/// What so many items need.
pub(super) fn least_height(items: usize) -> f64 {
    TITLE + EDGE + items as f64 * LOWEST
}

pub(super) fn shelf(host: &HostView, frame: Rect) -> Vec<ShelfItem> {
    let count = host.registry.len().max(1) as f64;
    let pitch = ((frame.height - TITLE - EDGE) / count).clamp(LOWEST, HIGHEST);
    host.registry
        .iter()
        .enumerate()
        .map(|(index, image)| ShelfItem {
            reference: image.reference.clone(),
            rect: Rect { x: frame.x + EDGE, y: TITLE + index as f64 * pitch, width: frame.width - 2.0 * EDGE, height: pitch - GAP },
            stand_in: image.stand_in,
            pushed: image.pushed,
            on_host: host.images.iter().any(|local| local.references.contains(&image.reference)),
            busy: host.transfers.iter().any(|transfer| transfer.reference == image.reference),
        })
        .collect()
}
