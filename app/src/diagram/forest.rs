//! Images as a forest: a layer that several images have in common, on the same layers below, is one
//! node. Drawn upwards, that is shared layers as one block under all the images that share them.

use crate::model::{ImageView, LayerView};

/// A layer on the layers below it.
#[derive(Debug)]
pub(super) struct Node<'a> {
    pub(super) layer: &'a LayerView,
    /// Digests of the layers from the base up to this one; the node's identity.
    pub(super) path: String,
    /// How many layers are below.
    pub(super) depth: usize,
    /// Images whose top layer this is, as indices.
    pub(super) tops: Vec<usize>,
    pub(super) children: Vec<Node<'a>>,
}

#[derive(Debug, Default)]
pub(super) struct Forest<'a> {
    pub(super) roots: Vec<Node<'a>>,
    /// Images without any layer.
    pub(super) bare: Vec<usize>,
}

impl<'a> Forest<'a> {
    /// Of the images in this order; indices are into `images`.
    pub(super) fn of(images: &[&'a ImageView]) -> Self {
        let mut forest = Self::default();
        for (index, image) in images.iter().enumerate() {
            if image.layers.is_empty() {
                forest.bare.push(index);
            } else {
                plant(&mut forest.roots, &image.layers, index, "", 0);
            }
        }
        forest
    }
}

fn plant<'a>(nodes: &mut Vec<Node<'a>>, layers: &'a [LayerView], image: usize, below: &str, depth: usize) {
    let Some((layer, above)) = layers.split_first() else { return };
    let at = nodes.iter().position(|node| node.layer.digest == layer.digest).unwrap_or_else(|| {
        let path = format!("{below}/{}", layer.digest);
        nodes.push(Node { layer, path, depth, tops: Vec::new(), children: Vec::new() });
        nodes.len() - 1
    });
    let node = &mut nodes[at];
    if above.is_empty() {
        node.tops.push(image);
    } else {
        let path = node.path.clone();
        plant(&mut node.children, above, image, &path, depth + 1);
    }
}

impl Node<'_> {
    /// Every image that has this layer, in the order in which they are drawn.
    pub(super) fn images(&self) -> Vec<usize> {
        let mut images = self.tops.clone();
        for child in &self.children {
            images.extend(child.images());
        }
        images
    }
}
