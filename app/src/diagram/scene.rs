//! Where everything in the diagram stands.
//!
//! Left the registry's shelf, right the host. On the host every image is a column: its layers as
//! blocks from the base up, its containers on top, its name below. Layers that images share are one
//! block that reaches under all of them. Keys are stable from one scene to the next, so that what
//! has moved can be seen moving.

mod build;
mod columns;
mod shelf;
mod text;
mod transfers;
mod types;

pub use types::{Arrival, Block, Dish, Parcel, Plate, Rect, Scene, ShelfItem, Space};
