//! How wide each image's column is, and how high each layer.

use crate::{
    diagram::forest::{Forest, Node},
    model::{ContainerView, ImageView},
};

/// The least and the most an image's column is wide: `python:latest` fits into the least.
const NARROWEST: f64 = 104.0;
const WIDEST: f64 = 184.0;
/// The least a container is wide, with the gap after it.
const DISH_WIDTH: f64 = 130.0;
/// Between images that share nothing.
const GROUP_GAP: f64 = 14.0;

/// Columns from left to right, measured from the host's inner left edge.
pub(super) struct Columns {
    /// By image; after them the column of containers without an image, where there is one.
    spans: Vec<(f64, f64)>,
    /// Columns of images on their way.
    pub(super) pulls: Vec<(f64, f64)>,
    pub(super) width: f64,
}

impl Columns {
    pub(super) fn new(forest: &Forest<'_>, dishes: &[Vec<&ContainerView>], pulls: usize, space: f64) -> Self {
        let mut groups: Vec<Vec<usize>> = forest.roots.iter().map(Node::images).collect();
        groups.extend(forest.bare.iter().map(|image| vec![*image]));
        let images: usize = groups.iter().map(Vec::len).sum();
        if dishes.len() > images {
            groups.push(vec![images]);
        }
        let count = groups.iter().map(Vec::len).sum::<usize>() + pulls;
        let need = |column: usize| NARROWEST.max(dishes.get(column).map_or(0.0, |dishes| dishes.len() as f64 * DISH_WIDTH));
        let gaps = (groups.len() + pulls).saturating_sub(1) as f64 * GROUP_GAP;
        let needed = groups.iter().flatten().map(|column| need(*column)).sum::<f64>() + pulls as f64 * NARROWEST + gaps;
        let spare = if count == 0 { 0.0 } else { ((space - needed) / count as f64).clamp(0.0, WIDEST - NARROWEST) };

        let mut spans = vec![(0.0, 0.0); images.max(dishes.len())];
        let mut x = 0.0;
        for group in &groups {
            for column in group {
                let width = need(*column) + spare;
                spans[*column] = (x, x + width);
                x += width;
            }
            x += GROUP_GAP;
        }
        let mut on_their_way = Vec::with_capacity(pulls);
        for _ in 0..pulls {
            on_their_way.push((x, x + NARROWEST + spare));
            x += NARROWEST + spare + GROUP_GAP;
        }
        Self { spans, pulls: on_their_way, width: (x - GROUP_GAP).max(0.0) }
    }

    /// From the left of the first to the right of the last of these columns, which are neighbours.
    pub(super) fn span(&self, columns: &[usize]) -> (f64, f64) {
        let mut span = (f64::INFINITY, 0.0_f64);
        for (from, to) in columns.iter().filter_map(|column| self.spans.get(*column)) {
            span = (span.0.min(*from), span.1.max(*to));
        }
        if span.0.is_finite() { span } else { (0.0, 0.0) }
    }
}

/// A layer this small still shows, in pixels; where there are very many, this.
const LOWEST_LAYER: f64 = 9.0;
const LOWEST_OF_MANY: f64 = 4.0;
/// So much of the space is kept for what is larger than that, so that the scale can be seen.
const FOR_SCALE: f64 = 0.4;
/// Between two layers. As in `build.rs`.
const GAP: f64 = 2.0;
/// The stack is never drawn larger than so many bytes would fill it: a host with nothing but a tiny
/// image on it shows a tiny image.
const FULL_STACK_BYTES: f64 = 60e6;
/// Halvings in the search for the scale; enough for a tenth of a pixel.
const HALVINGS: u32 = 24;

/// The one scale for all layers: true to size, but no layer lower than can be seen.
pub(super) struct Stacks {
    lowest: f64,
    pixels_per_byte: f64,
    /// Of the highest stack, or the space there is.
    pub(super) height: f64,
}

impl Stacks {
    pub(super) fn new(images: &[&ImageView], space: f64) -> Self {
        let space = space.max(LOWEST_LAYER);
        let most = images.iter().map(|image| image.layers.len()).max().unwrap_or(0).max(1) as f64;
        let lowest = (space * (1.0 - FOR_SCALE) / most - GAP).clamp(LOWEST_OF_MANY, LOWEST_LAYER);
        let space = space.max(most * (lowest + GAP) + space * FOR_SCALE);
        let mut stacks = Self { lowest, pixels_per_byte: space / FULL_STACK_BYTES, height: space };
        let mut low = 0.0;
        if stacks.highest(images) > space {
            let mut high = stacks.pixels_per_byte;
            for _ in 0..HALVINGS {
                stacks.pixels_per_byte = (low + high) / 2.0;
                if stacks.highest(images) > space { high = stacks.pixels_per_byte } else { low = stacks.pixels_per_byte }
            }
            stacks.pixels_per_byte = low;
        }
        stacks.height = stacks.highest(images).max(space);
        stacks
    }

    pub(super) fn layer(&self, size: u64) -> f64 {
        (size as f64 * self.pixels_per_byte).max(self.lowest)
    }

    fn highest(&self, images: &[&ImageView]) -> f64 {
        let height = |image: &&ImageView| image.layers.iter().map(|layer| self.layer(layer.size) + GAP).sum::<f64>();
        images.iter().map(height).fold(0.0, f64::max)
    }
}
