//! What the diagram shows, worked out without a browser: where everything stands, what moves, and
//! the same in words. Plain types and plain functions; the views only draw them.

mod describe;
mod forest;
mod scene;
mod size;

pub use describe::{ContainerText, ImageText, announce, container_texts, image_name, image_texts, instruction, plural, state_word};
pub use scene::{Arrival, Block, Dish, Parcel, Plate, Rect, Scene, ShelfItem, Space};
pub use size::human_size;

#[cfg(test)]
mod tests;
