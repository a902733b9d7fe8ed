//! How much of a text fits. Nothing can be measured where a scene is worked out, so widths are those
//! of the widest of the fonts that the style sheet names, by kinds of characters.

/// What a letter of middling width takes of each text in the picture, in pixels: a name in bold, the
/// note below it, a layer's instruction (whose font has one width for all).
#[derive(Debug, Clone, Copy)]
pub(super) struct Font {
    letter: f64,
    narrow: f64,
    slim: f64,
    wide: f64,
}

pub(super) const NAME: Font = proportional(8.4);
pub(super) const NOTE: Font = proportional(7.0);
pub(super) const LAYER: Font = Font { letter: 6.3, narrow: 6.3, slim: 6.3, wide: 6.3 };

const fn proportional(letter: f64) -> Font {
    Font { letter, narrow: letter * 0.57, slim: letter * 0.72, wide: letter * 1.43 }
}

impl Font {
    const fn character(self, character: char) -> f64 {
        match character {
            'i' | 'j' | 'l' | '.' | ',' | ':' | '/' | '-' | '\'' | '|' | ' ' | '·' | '(' | ')' => self.narrow,
            'f' | 'r' | 't' | '_' => self.slim,
            'm' | 'w' | 'M' | 'W' | '@' | '%' | '…' => self.wide,
            _ => self.letter,
        }
    }
}

pub(super) fn width(text: &str, font: Font) -> f64 {
    text.chars().map(|character| font.character(character)).sum()
}

/// As much of the text as is about this wide; nothing rather than a letter or two.
pub(super) fn fit(text: &str, space: f64, font: Font) -> String {
    if width(text, font) <= space {
        return text.to_owned();
    }
    let mut left = space - font.character('…');
    let begin: String = text
        .chars()
        .take_while(|character| {
            left -= font.character(*character);
            left >= 0.0
        })
        .collect();
    if begin.chars().count() < 2 { String::new() } else { begin + "…" }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The least that a column leaves for a name, and a container with another beside it.
    const COLUMN: f64 = 96.0;
    const CONTAINER: f64 = 96.0;

    #[test]
    fn the_names_of_the_lessons_images_fit_into_the_narrowest_column() {
        for name in ["python:latest", "ubuntu:latest", "alpine:latest", "nginx:latest"] {
            assert_eq!(fit(name, COLUMN, NAME), name);
        }
    }

    #[test]
    fn a_name_that_is_wider_than_its_box_ends_in_an_ellipsis() {
        // As measured in a browser, these are 108 and 112 pixels wide.
        assert_eq!(fit("amber_babbage", CONTAINER, NAME), "amber_babb…");
        assert!(fit("<none> dbd61f07c9a2", COLUMN, NAME).ends_with('…'));
        for text in ["amber_babbage", "wwwwwwwwwwwwwww", "<none> dbd61f07c9a2"] {
            assert!(width(&fit(text, CONTAINER, NAME), NAME) <= CONTAINER, "{text}");
        }
    }

    #[test]
    fn a_letter_alone_says_nothing() {
        assert_eq!(fit("docker", 14.0, NAME), "");
    }
}
