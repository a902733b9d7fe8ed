//! From the learner's host to a scene.

use super::{
    columns::{Columns, Stacks},
    shelf,
    text::{self, fit},
    transfers,
    types::{Arrival, Block, Dish, Plate, Rect, Scene, Space},
};
use crate::{
    diagram::{
        describe::{NAMELESS, container_text, image_name, instruction, plural},
        forest::{Forest, Node},
        human_size,
    },
    model::{ContainerView, HostView, ImageView},
};

/// Width of the registry's shelf, and of the way from there to the host.
const SHELF: f64 = 168.0;
const LANE: f64 = 40.0;
/// Between the frame of registry or host and what is in it.
pub(super) const EDGE: f64 = 10.0;
/// Height of a frame's own name.
pub(super) const TITLE: f64 = 24.0;
pub(super) const PLATE: f64 = 36.0;
const DISH: f64 = 44.0;
const WRITABLE: f64 = 7.0;
/// Between blocks, and between a column's edge and what stands on it.
const GAP: f64 = 2.0;
const DISH_GAP: f64 = 6.0;
/// A horizontal scroll bar takes this much of the height.
const SCROLL_BAR: f64 = 12.0;
/// A block must be this high to carry words.
const WORDS: f64 = 15.0;

impl Scene {
    /// The scene after `before`. `known` says whether the host has been heard of at all: what is in
    /// the first picture was there before and must not seem to arrive.
    #[must_use]
    pub fn next(before: Option<&Self>, host: &HostView, known: bool, space: Space, now_ms: f64) -> Self {
        let before = before.filter(|scene| scene.known && known);
        let images = in_order(before, host);
        let forest = Forest::of(&images);
        let dishes = served(&images, host);
        let pulls: Vec<_> = host.transfers.iter().filter(|transfer| !transfer.push).collect();

        let left = SHELF + LANE;
        let columns = Columns::new(&forest, &dishes, pulls.len(), space.width - left - 2.0 * EDGE);
        let width = (left + columns.width + 2.0 * EDGE).max(space.width);
        let bar = if width > space.width { SCROLL_BAR } else { 0.0 };
        let around = TITLE + EDGE + DISH + WRITABLE + GAP + PLATE + EDGE;
        let stacks = Stacks::new(&images, space.height - bar - around);
        let shelf_height = shelf::least_height(host.registry.len());
        let height = (around + stacks.height).max(shelf_height).max(space.height - bar);

        let mut scene = Self {
            width,
            height,
            known,
            registry: Rect { x: 0.0, y: 0.0, width: SHELF, height },
            host: Rect { x: left, y: 0.0, width: width - left, height },
            order: images.iter().map(|image| image.id.clone()).collect(),
            ..Self::default()
        };
        scene.shelf = shelf::shelf(host, scene.registry);
        transfers::remember(&mut scene, before, host, now_ms);

        let mut builder =
            Builder { scene, before, images: &images, columns: &columns, stacks: &stacks, left: left + EDGE, floor: height - EDGE - PLATE };
        let mut tops = vec![builder.floor; images.len()];
        for root in &forest.roots {
            builder.block(root, builder.floor, &mut tops);
        }
        for (index, image) in images.iter().enumerate() {
            builder.plate(index, image, host.stands_in(image));
        }
        for (column, containers) in dishes.iter().enumerate() {
            let top = tops.get(column).copied().unwrap_or(builder.floor);
            builder.dishes(column, containers, top);
        }
        let (floor, x) = (builder.floor, builder.left);
        let mut scene = builder.scene;
        transfers::parcels(&mut scene, host, &columns, &stacks, x, floor);
        scene
    }
}

/// Known images where they were, new ones after them.
fn in_order<'a>(before: Option<&Scene>, host: &'a HostView) -> Vec<&'a ImageView> {
    let mut images: Vec<&ImageView> = host.images.iter().collect();
    if let Some(before) = before {
        let place = |image: &ImageView| before.order.iter().position(|id| *id == image.id).unwrap_or(usize::MAX);
        // A stable sort: newcomers keep the server's order among themselves.
        images.sort_by_key(|image| place(image));
    }
    images
}

/// Containers by the image they stand on; those whose image is gone come last, in one more column.
fn served<'a>(images: &[&ImageView], host: &'a HostView) -> Vec<Vec<&'a ContainerView>> {
    let mut dishes = vec![Vec::new(); images.len() + 1];
    for container in &host.containers {
        let column = images.iter().position(|image| image.id == container.image_id).unwrap_or(images.len());
        dishes[column].push(container);
    }
    if dishes.last().is_some_and(Vec::is_empty) {
        dishes.pop();
    }
    dishes
}

struct Builder<'a> {
    scene: Scene,
    before: Option<&'a Scene>,
    images: &'a [&'a ImageView],
    columns: &'a Columns,
    stacks: &'a Stacks,
    left: f64,
    floor: f64,
}

impl Builder<'_> {
    fn block(&mut self, node: &Node<'_>, bottom: f64, tops: &mut [f64]) {
        let users = node.images();
        let (from, to) = self.columns.span(&users);
        let height = self.stacks.layer(node.layer.size);
        let rect = Rect { x: self.left + from + GAP, y: bottom - height, width: to - from - 2.0 * GAP, height };
        let arrival = self.arrival(&node.path, &users, rect);
        let shared = users.len() > 1;
        let text = instruction(&node.layer.instruction);
        let of = users.first().map_or(0, |index| self.images[*index].layers.len());
        let size = human_size(node.layer.size);
        let detail = match (shared, users.first()) {
            (false, Some(index)) => format!("{}, layer {} of {of}, {size}: {text}", image_name(self.images[*index]), node.depth + 1),
            _ => format!("Layer {}, {size}, shared by {}: {text}", node.depth + 1, names(self.images, &users)),
        };
        let label = match height >= WORDS {
            true => fit(&text, rect.width - 12.0, text::LAYER),
            false => String::new(),
        };
        let hue = if shared { None } else { users.first().map(|index| hue_of(self.images[*index])) };
        self.scene.blocks.push(Block { key: node.path.clone(), rect, label, detail, hue, arrival });
        let top = rect.y - GAP;
        for image in &node.tops {
            tops[*image] = top;
        }
        for child in &node.children {
            self.block(child, top, tops);
        }
    }

    /// A layer that wasn't there comes from the registry where one of its images is on the shelf,
    /// unless its way was shown already.
    fn arrival(&self, path: &str, users: &[usize], rect: Rect) -> Arrival {
        let Some(before) = self.before else { return Arrival::Still };
        if before.blocks.iter().any(|block| block.key == path) {
            return Arrival::Still;
        }
        let references = users.iter().flat_map(|index| &self.images[*index].references);
        let mut item = None;
        for reference in references {
            if self.scene.shown.contains(reference) {
                return Arrival::Here;
            }
            item = item.or_else(|| self.scene.shelf.iter().find(|item| item.reference == *reference));
        }
        match item {
            None => Arrival::Here,
            Some(item) => {
                let ((from_x, from_y), (to_x, to_y)) = (item.rect.middle(), rect.middle());
                Arrival::FromRegistry { dx: from_x - to_x, dy: from_y - to_y }
            }
        }
    }

    fn plate(&mut self, index: usize, image: &ImageView, stands_in: bool) {
        let (from, to) = self.columns.span(&[index]);
        let rect = Rect { x: self.left + from, y: self.floor + GAP, width: to - from, height: PLATE - GAP };
        let name = image_name(image);
        let size = human_size(image.size);
        // What is worth saying beside the size; and in short, for a narrow column.
        let (mut more, mut short) = (String::new(), String::new());
        let mut detail = format!("{name}, {size}");
        if !image.references.is_empty() {
            detail.push_str(&format!(" in {}", plural(image.layers.len(), "layer")));
        }
        match image.references.len() {
            0 => {
                more.push_str(" · no name");
                detail.push_str(": ");
                detail.push_str(NAMELESS);
            }
            1 => {}
            names => {
                more.push_str(&format!(" · +{}", plural(names - 1, "name")));
                short.push_str(&format!(" · +{}", names - 1));
                detail.push_str(&format!(", also {}", image.references[1..].join(", ")));
            }
        }
        if stands_in {
            detail.push_str(", a stand-in built from packages");
        }
        let name = fit(&name, rect.width - 8.0, text::NAME);
        let whole = size.clone() + &more;
        let note = if text::width(&whole, text::NOTE) <= rect.width - 8.0 { whole } else { size + &short };
        self.scene.plates.push(Plate { key: image.id.clone(), rect, name, note, detail, hue: hue_of(image) });
    }

    fn dishes(&mut self, column: usize, containers: &[&ContainerView], top: f64) {
        if containers.is_empty() {
            return;
        }
        let (from, to) = self.columns.span(&[column]);
        let count = containers.len() as f64;
        let width = (to - from - 2.0 * GAP - (count - 1.0) * DISH_GAP) / count;
        for (at, container) in containers.iter().enumerate() {
            let x = self.left + from + GAP + at as f64 * (width + DISH_GAP);
            let writable = Rect { x, y: top - WRITABLE, width, height: WRITABLE };
            let rect = Rect { x, y: writable.y - DISH, width, height: DISH };
            let known = self.before.is_none_or(|before| before.dishes.iter().any(|dish| dish.key == container.id));
            self.scene.dishes.push(Dish {
                key: container.id.clone(),
                rect,
                writable,
                name: fit(&container.name, width - 30.0, text::NAME),
                detail: container_text(container),
                container: (*container).clone(),
                arrival: if known { Arrival::Still } else { Arrival::Here },
            });
        }
    }
}

fn names(images: &[&ImageView], users: &[usize]) -> String {
    users.iter().map(|index| image_name(images[*index])).collect::<Vec<_>>().join(", ")
}

/// By repository, so that an image keeps its colour whatever else is there, and its tags share it.
pub(super) fn hue(name: &str) -> usize {
    let repository = name.rsplit_once(':').map_or(name, |(repository, _)| repository);
    let sum = repository.bytes().fold(0, |sum: u32, byte| sum.wrapping_mul(27).wrapping_add(byte.into()));
    // The upper half mixes better; and with this factor the lesson's own images all differ.
    (sum >> 16) as usize % Scene::HUES
}

fn hue_of(image: &ImageView) -> usize {
    hue(image.references.first().unwrap_or(&image.id))
}
