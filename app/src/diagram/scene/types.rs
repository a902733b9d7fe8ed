//! The pieces of a scene. Lengths are CSS pixels.

use crate::model::ContainerView;

/// What there is to draw on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Space {
    pub width: f64,
    pub height: f64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Rect {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

impl Rect {
    #[must_use]
    pub fn right(&self) -> f64 {
        self.x + self.width
    }

    #[must_use]
    pub fn bottom(&self) -> f64 {
        self.y + self.height
    }

    #[must_use]
    pub fn middle(&self) -> (f64, f64) {
        (self.x + self.width / 2.0, self.y + self.height / 2.0)
    }
}

/// How something that was not in the scene before comes in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Arrival {
    /// Was there, or is part of the first scene: no motion.
    Still,
    /// Slides in from where its image stands in the registry, this far away.
    FromRegistry { dx: f64, dy: f64 },
    /// Appears where it is: it was built here, or its way was shown already.
    Here,
}

/// One image in the registry.
#[derive(Debug, Clone, PartialEq)]
pub struct ShelfItem {
    pub reference: String,
    pub rect: Rect,
    pub stand_in: bool,
    pub pushed: bool,
    /// The host has it too.
    pub on_host: bool,
    /// Layers of it are on their way now.
    pub busy: bool,
}

/// One layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    pub key: String,
    pub rect: Rect,
    /// Short; empty where it would not fit.
    pub label: String,
    /// All there is to say: place, instruction, size, who shares it.
    pub detail: String,
    /// 0 to [`Scene::HUES`]; none where several images share the layer.
    pub hue: Option<usize>,
    pub arrival: Arrival,
}

/// An image's name under its column.
#[derive(Debug, Clone, PartialEq)]
pub struct Plate {
    pub key: String,
    pub rect: Rect,
    /// What fits of its first name.
    pub name: String,
    /// Size, and how many more names it has.
    pub note: String,
    pub detail: String,
    pub hue: usize,
}

/// A container on its image.
#[derive(Debug, Clone, PartialEq)]
pub struct Dish {
    pub key: String,
    pub rect: Rect,
    /// Its thin writable layer, between the container and the image.
    pub writable: Rect,
    pub name: String,
    pub detail: String,
    pub container: ContainerView,
    pub arrival: Arrival,
}

/// A layer on its way between registry and host.
#[derive(Debug, Clone, PartialEq)]
pub struct Parcel {
    pub key: String,
    pub rect: Rect,
    /// Where it is going to stand.
    pub slot: Rect,
    pub done: bool,
    pub push: bool,
    pub detail: String,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scene {
    /// At least the space it was made for; more where there is more to draw.
    pub width: f64,
    pub height: f64,
    pub registry: Rect,
    pub host: Rect,
    pub shelf: Vec<ShelfItem>,
    pub blocks: Vec<Block>,
    pub plates: Vec<Plate>,
    pub dishes: Vec<Dish>,
    pub parcels: Vec<Parcel>,
    /// The host has been heard of.
    pub(super) known: bool,
    /// Image IDs in the order they are drawn in, so that newcomers don't push others about.
    pub(super) order: Vec<String>,
    /// Transfers being shown: reference, and since when in milliseconds.
    pub(super) seen: Vec<(String, f64)>,
    /// References whose way from the registry was shown long enough to need no second motion.
    pub(super) shown: Vec<String>,
}

impl Scene {
    /// How many colours images are told apart by.
    pub const HUES: usize = 6;
}
