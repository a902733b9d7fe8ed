//! Names that people give themselves and their classes.

use super::{ClassError, limits::MAX_NAME};

/// One line without odd characters and surplus space, of so many characters at most. `what`: for the message.
///
/// # Errors
/// Where it isn't one.
pub(super) fn line(text: &str, what: &str, max: usize) -> Result<String, ClassError> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let count = text.chars().count();
    if count == 0 {
        return ClassError::refused(format!("{what} is missing. Type one."));
    }
    if count > max {
        return ClassError::refused(format!("{what} is too long: {count} characters, and {max} are the most. Shorten it."));
    }
    if text.chars().any(is_odd) {
        return ClassError::refused(format!("{what} has a character in it that can't be shown. Type it without."));
    }
    Ok(text)
}

/// A person's name.
///
/// # Errors
/// Where it isn't one.
pub(super) fn person(text: &str) -> Result<String, ClassError> {
    line(text, "The name", MAX_NAME)
}

/// As names are compared.
pub(super) fn key(name: &str) -> String {
    name.to_lowercase()
}

/// Controls, and marks that turn or hide what stands beside them.
fn is_odd(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_that_can_be_shown() {
        assert_eq!(person("  Ada   Lovelace ").ok().as_deref(), Some("Ada Lovelace"));
        assert_eq!(person("Zoë 李").ok().as_deref(), Some("Zoë 李"));
        for odd in ["", "   ", "a\u{7}b", "a\u{202e}b", "\u{200b}", &"x".repeat(MAX_NAME + 1)] {
            assert!(matches!(person(odd), Err(ClassError::Refused(_))), "{odd:?}");
        }
    }
}
