//! Interactive pieces: `{{sizes ubuntu alpine}}` on a line of its own becomes a place that the page
//! fills.

use std::ops::RangeInclusive;

use super::{super::nearest::nearest, command::escape};
use crate::checks::Reference;

/// Images that one piece shows at most.
const MAX_NAMES: usize = 8;

/// Every piece, and how many images it is about.
const PIECES: [(&str, RangeInclusive<usize>); 4] =
    [("diagram", 0..=0), ("image-name", 0..=0), ("layers", 1..=MAX_NAMES), ("sizes", 1..=MAX_NAMES)];

/// Whether a paragraph is meant to be a piece.
pub(super) fn is_piece(paragraph: &str) -> bool {
    let paragraph = paragraph.trim();
    paragraph.starts_with("{{") && paragraph.ends_with("}}") && !paragraph.contains('\n')
}

/// The place for the piece, or what is wrong with it.
pub(super) fn html(paragraph: &str) -> Result<String, String> {
    let inside = paragraph.trim().trim_start_matches('{').trim_end_matches('}');
    let mut words = inside.split_whitespace();
    let name = words.next().unwrap_or_default();
    let names: Vec<&str> = words.collect();
    let Some((_, range)) = PIECES.iter().find(|(piece, _)| *piece == name) else {
        let all = PIECES.map(|(piece, _)| piece);
        let instead = nearest(name, &all).map_or_else(|| format!("there are {}", all.join(", ")), |near| format!("did you mean `{near}`?"));
        return Err(format!("no interactive piece is called `{name}`; {instead}"));
    };
    if !range.contains(&names.len()) {
        let wants = if *range.end() == 0 { "no images".to_owned() } else { format!("{} to {} images", range.start(), range.end()) };
        return Err(format!("the piece `{name}` takes {wants}, and {} are given", names.len()));
    }
    if let Some(error) = names.iter().find_map(|name| Reference::parse(name).err()) {
        return Err(error.to_string());
    }
    Ok(format!("<div data-piece=\"{name}\" data-names=\"{}\"></div>\n", escape(&names.join(" "))))
}
