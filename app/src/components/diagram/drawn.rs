//! Every piece of a scene in one form, so that one component draws them all: a group with two
//! rectangles, a light and two lines of text, of which the style sheet shows what the kind needs.

use crate::{
    diagram::{Arrival, Block, Dish, Parcel, Plate, Rect, Scene, ShelfItem, state_word},
    model::{ContainerState, PortView},
};

/// Characters of a reference that fit on the shelf.
const SHELF_CHARACTERS: usize = 19;
/// A container at least this wide has room for a port's both ends.
const WIDE: f64 = 172.0;
/// A badge's width: its two ends, and each character in the widest of fonts, in pixels.
const BADGE: (i32, i32) = (16, 7);

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Drawn {
    /// Of one scene; the same in the next.
    pub(super) key: String,
    /// `registry`, `layer`, `image`, `container` or `transfer`; tests count by it.
    pub(super) kind: &'static str,
    pub(super) class: String,
    /// Place and size, as CSS variables.
    pub(super) style: String,
    pub(super) detail: String,
    pub(super) one: String,
    pub(super) two: String,
    /// How it comes in, and from where.
    pub(super) arriving: &'static str,
    pub(super) from: String,
    pub(super) badge: Option<Badge>,
}

/// The way to open a published port.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Badge {
    pub(super) url: String,
    pub(super) label: String,
    pub(super) text: String,
    pub(super) width: i32,
    /// From the container's left.
    pub(super) x: i32,
}

/// What is drawn, from back to front.
pub(super) fn drawn(scene: &Scene) -> Vec<Drawn> {
    let shelf = scene.shelf.iter().map(shelf);
    let layers = scene.blocks.iter().map(layer);
    let plates = scene.plates.iter().map(plate);
    let dishes = scene.dishes.iter().map(dish);
    shelf.chain(layers).chain(plates).chain(dishes).chain(scene.parcels.iter().map(parcel)).collect()
}

/// Whole pixels: sharper lines, and no code for writing fractions.
pub(super) fn px(length: f64) -> i32 {
    length.round() as i32
}

fn place(rect: Rect) -> String {
    // Edges are rounded, not sizes: what touches goes on touching.
    let (x, y) = (px(rect.x), px(rect.y));
    format!("--x:{x}px;--y:{y}px;--w:{}px;--h:{}px", px(rect.right()) - x, px(rect.bottom()) - y)
}

fn hue(kind: &str, hue: Option<usize>) -> String {
    match hue {
        Some(hue) => format!("{kind} hue-{hue}"),
        None => format!("{kind} hue-shared"),
    }
}

fn shelf(item: &ShelfItem) -> Drawn {
    let mut class = "shelf".to_owned();
    let mut detail = format!("{} in the registry", item.reference);
    if item.pushed {
        class.push_str(" shelf--pushed");
        detail.push_str(", pushed by you");
    }
    if item.on_host {
        detail.push_str(", on your host too");
    }
    if item.stand_in {
        detail.push_str("; a stand-in built from packages");
    }
    if item.busy {
        class.push_str(" shelf--busy");
    }
    let name = item.reference.strip_prefix("registry.lunchbox/").unwrap_or(&item.reference);
    let one = match name.chars().count() {
        0..=SHELF_CHARACTERS => name.to_owned(),
        _ => name.chars().take(SHELF_CHARACTERS - 1).chain(['…']).collect(),
    };
    let two = if item.on_host { "✓" } else { "" }.to_owned();
    Drawn {
        key: format!("shelf {}", item.reference),
        kind: "registry",
        class,
        style: place(item.rect),
        detail,
        one,
        two,
        ..Drawn::default()
    }
}

fn layer(block: &Block) -> Drawn {
    let (arriving, from) = match block.arrival {
        Arrival::Still => ("", String::new()),
        Arrival::Here => ("arriving--here", String::new()),
        Arrival::FromRegistry { dx, dy } => ("arriving--from-registry", format!("--dx:{}px;--dy:{}px", px(dx), px(dy))),
    };
    Drawn {
        key: format!("layer {}", block.key),
        kind: "layer",
        class: hue("layer", block.hue),
        style: place(block.rect),
        detail: block.detail.clone(),
        one: block.label.clone(),
        arriving,
        from,
        ..Drawn::default()
    }
}

fn plate(plate: &Plate) -> Drawn {
    Drawn {
        key: format!("plate {}", plate.key),
        kind: "image",
        class: hue("plate", Some(plate.hue)),
        style: place(plate.rect),
        detail: plate.detail.clone(),
        one: plate.name.clone(),
        two: plate.note.clone(),
        ..Drawn::default()
    }
}

fn dish(dish: &Dish) -> Drawn {
    let state = match dish.container.state {
        ContainerState::Running => "dish state-running",
        ContainerState::Created | ContainerState::Paused | ContainerState::Restarting => "dish state-waiting",
        ContainerState::Exited | ContainerState::Removing => "dish state-exited",
        ContainerState::Dead => "dish state-dead",
    };
    let ports = if dish.container.state == ContainerState::Running { &dish.container.ports[..] } else { &[] };
    Drawn {
        key: format!("container {}", dish.key),
        kind: "container",
        class: state.to_owned(),
        style: place(dish.rect),
        detail: dish.detail.clone(),
        one: dish.name.clone(),
        two: state_word(&dish.container),
        arriving: if dish.arrival == Arrival::Still { "" } else { "arriving--settling" },
        badge: ports.first().map(|port| badge(port, ports.len() - 1, dish.rect.width)),
        ..Drawn::default()
    }
}

/// The first published port; the toolbar of the terminal has them all.
fn badge(port: &PortView, more: usize, width: f64) -> Badge {
    let wide = width >= WIDE;
    let text = match (wide, more) {
        (true, 0) => format!("{}→{} ↗", port.host_port, port.container_port),
        (_, 0) => format!("{} ↗", port.host_port),
        (_, more) => format!("{} +{more}", port.host_port),
    };
    let label = format!("{text}: open port {} in a new tab", port.host_port);
    let badge = BADGE.0 + BADGE.1 * text.chars().count() as i32;
    Badge { url: port.preview_url.clone(), label, text, width: badge, x: px(width) - badge - 6 }
}

fn parcel(parcel: &Parcel) -> Drawn {
    let (slot, rect) = (parcel.slot, parcel.rect);
    let slot = format!(
        ";--sx:{}px;--sy:{}px;--sw:{}px;--sh:{}px",
        px(slot.x - rect.x),
        px(slot.y - rect.y),
        px(slot.width),
        px(slot.height).max(1)
    );
    Drawn {
        key: format!("parcel {}", parcel.key),
        kind: "transfer",
        class: if parcel.done { "parcel parcel--done" } else { "parcel" }.to_owned(),
        style: place(rect) + &slot,
        detail: parcel.detail.clone(),
        ..Drawn::default()
    }
}
