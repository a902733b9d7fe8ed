//! Names that people give themselves and their classes.
//!
//! Two names that can't be told apart are one, whatever their letters: nothing that isn't seen stands in a name, names
//! are compared in one form (NFKC, lower case), and in a class by how they look (the skeletons of UTS #39: Latin a,
//! Cyrillic а). By itself no name is refused for its script: it is a second one beside it that is.

use std::collections::{HashMap, HashSet};

use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory as _};
use unicode_security::confusable_detection::skeleton;

use super::{
    ClassError,
    limits::{MAX_MARKS, MAX_NAME},
};

/// One line without odd characters and surplus space, of so many characters at most, in Unicode's composed form (NFC).
/// `what`: for the message.
///
/// # Errors
/// Where it isn't one.
pub(super) fn line(text: &str, what: &str, max: usize) -> Result<String, ClassError> {
    let text = in_one_line(text);
    let count = text.chars().count();
    if count == 0 {
        return ClassError::refused(format!("{what} is missing. Type one."));
    }
    if count > max {
        return ClassError::refused(format!("{what} is too long: {count} characters, and {max} are the most. Shorten it."));
    }
    if let Some(odd) = odd_one(&text) {
        return ClassError::refused(format!(
            "{what} has a character in it that can't be shown (U+{:04X}). Type it without.",
            u32::from(odd)
        ));
    }
    if !text.chars().any(is_seen) {
        return ClassError::refused(format!("{what} has no letter in it. Type one that has."));
    }
    if marks_in_a_row(&text) > MAX_MARKS {
        return ClassError::refused(format!("{what} has more than {MAX_MARKS} marks on one letter. Type it with fewer."));
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

/// What is seen of a name, in one form.
fn seen(name: &str) -> String {
    name.nfkc().filter(|letter| !is_joiner(*letter)).collect()
}

/// As names are compared. Lower case is not always normalised again.
pub(super) fn key(name: &str) -> String {
    seen(name).to_lowercase().nfkc().collect()
}

/// As a name looks, as it is written and in small letters: В looks like B, and в like nothing of Latin.
fn looks(name: &str) -> [String; 2] {
    [seen(name), key(name)].map(|form| skeleton(&form).collect())
}

/// The names of a class.
#[derive(Debug, Default)]
pub(super) struct Names {
    keys: HashSet<String>,
    /// By how they look, how many there are, and how many of them with more than ASCII in them.
    looks: HashMap<String, (usize, usize)>,
}

impl Names {
    pub(super) fn add(&mut self, name: &str) {
        self.keys.insert(key(name));
        for look in looks(name) {
            let (all, beyond_ascii) = self.looks.entry(look).or_default();
            *all += 1;
            *beyond_ascii += usize::from(!name.is_ascii());
        }
    }

    /// One that was added before; in a class there is one of each key.
    pub(super) fn remove(&mut self, name: &str) {
        if !self.keys.remove(&key(name)) {
            return;
        }
        for look in looks(name) {
            if let Some((all, beyond_ascii)) = self.looks.get_mut(&look) {
                *all = all.saturating_sub(1);
                *beyond_ascii = beyond_ascii.saturating_sub(usize::from(!name.is_ascii()));
            }
        }
    }

    /// Whether one of them can't be told from that name. Of two in ASCII the skeletons say nothing: they make one of rn
    /// and m, and there are people called Arne and Ame.
    pub(super) fn has(&self, name: &str) -> bool {
        let looks_alike =
            |look| self.looks.get(&look).is_some_and(|(all, beyond_ascii)| *beyond_ascii > 0 || (*all > 0 && !name.is_ascii()));
        self.keys.contains(&key(name)) || looks(name).into_iter().any(looks_alike)
    }
}

impl<Name: AsRef<str>> FromIterator<Name> for Names {
    fn from_iter<All: IntoIterator<Item = Name>>(all: All) -> Self {
        let mut names = Self::default();
        all.into_iter().for_each(|name| names.add(name.as_ref()));
        names
    }
}

/// As a name is compared that somebody types who signs in, whatever it is; of no more than a name may have.
pub fn typed_key(text: &str) -> String {
    key(&in_one_line(text).chars().take(MAX_NAME).collect::<String>())
}

fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").nfc().collect()
}

/// Controls, formats (among them what turns or hides what stands beside it, and joiners), characters of nobody's or
/// of private use, what stands for bytes that were no text, and what else is ignored where it can't be shown
/// (Default_Ignorable_Code_Point) or is blank.
fn is_odd(letter: char) -> bool {
    letter.general_category_group() == GeneralCategoryGroup::Other
        || matches!(letter,
            '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{2028}' | '\u{2029}'
            | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{fffd}' | '\u{16fe4}' | '\u{1d159}' | '\u{e0100}'..='\u{e01ef}')
}

/// What isn't seen, and shapes what stands beside it: in names of Persian and of India (ZWNJ, ZWJ), in emoji (ZWJ, VS16).
fn is_joiner(letter: char) -> bool {
    matches!(letter, '\u{200c}' | '\u{200d}' | '\u{fe0f}')
}

/// The first character that no name may have. A joiner may stand where there is something to shape.
fn odd_one(text: &str) -> Option<char> {
    let shapes = |letter: Option<char>| letter.is_some_and(|letter| !letter.is_ascii() && !is_odd(letter));
    let mut before = None;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let is_fine = match letter {
            '\u{fe0f}' => shapes(before),
            // What VS16 stands behind was shaped by it.
            joiner if is_joiner(joiner) => (before == Some('\u{fe0f}') || shapes(before)) && shapes(letters.peek().copied()),
            letter => !is_odd(letter),
        };
        if !is_fine {
            return Some(letter);
        }
        before = Some(letter);
    }
    None
}

/// By which a name can be called.
fn is_seen(letter: char) -> bool {
    use GeneralCategoryGroup::{Letter, Number, Symbol};
    matches!(letter.general_category_group(), Letter | Number | Symbol)
}

fn marks_in_a_row(text: &str) -> usize {
    let (mut row, mut most) = (0, 0);
    for letter in text.chars() {
        row = if letter.general_category_group() == GeneralCategoryGroup::Mark { row + 1 } else { 0 };
        most = most.max(row);
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_refused(name: &str) -> bool {
        matches!(person(name), Err(ClassError::Refused(_)))
    }

    #[test]
    fn a_name_is_one_line_that_can_be_shown() {
        assert_eq!(person("  Ada   Lovelace ").ok().as_deref(), Some("Ada Lovelace"));
        for fine in ["Zoë 李", "José-María O'Neill", "Nguyễn Thị Ánh", "शर्मा", "עִבְרִית", "学生 7", "Ada 🐳", "7"]
        {
            assert!(person(fine).is_ok(), "{fine}");
        }
        for odd in ["", "   ", "a\u{7}b", "a\u{202e}b", "\u{200b}", &"x".repeat(MAX_NAME + 1)] {
            assert!(is_refused(odd), "{odd:?}");
        }
    }

    #[test]
    fn what_is_not_seen_makes_no_second_name() {
        for unseen in
            "\u{ad}\u{34f}\u{61c}\u{fe0f}\u{e0041}\u{180e}\u{180b}\u{200c}\u{200d}\u{2065}\u{17b4}\u{e0100}\u{fff0}\u{e000}".chars()
        {
            assert!(is_refused(&format!("Ad{unseen}a")), "U+{:04X}", u32::from(unseen));
        }
        let tower = format!("A{}", "\u{301}".repeat(6));
        for name in [
            "\u{3164}",
            "\u{2800}",
            "\u{115f}\u{1160}",
            "\u{ffa0}",
            "\u{1d159}",
            "J\u{fffd}rgen",
            "-",
            "...",
            &"\u{301}".repeat(60),
            &tower,
        ] {
            assert!(is_refused(name), "{name:?}");
        }
    }

    #[test]
    fn a_joiner_stands_where_it_shapes_something_and_makes_no_second_name() {
        for fine in ["علی\u{200c}رضا", "ක්\u{200d}ෂ", "👩\u{200d}🚀", "❤\u{fe0f}", "❤\u{fe0f}\u{200d}🔥 Ada"] {
            assert!(person(fine).is_ok(), "{fine}");
        }
        for odd in
            ["Ad\u{200d}a", "علی\u{200c}", "\u{200c}علی", "علی\u{200c}\u{200c}رضا", "A\u{fe0f}", "❤\u{fe0f}\u{fe0f}", "علی\u{200c} رضا"]
        {
            assert!(is_refused(odd), "{odd:?}");
        }
        assert_eq!(key("علی\u{200c}رضا"), key("علیرضا"));
        assert!(["علیرضا"].into_iter().collect::<Names>().has("علی\u{200c}رضا"));
    }

    #[test]
    fn one_name_in_two_forms_is_one() {
        let (composed, decomposed) = (person("Zo\u{eb}"), person("Zoe\u{308}"));
        assert_eq!(composed.ok(), decomposed.ok());
        for (one, other) in [("Zo\u{eb}", "ZOE\u{308}"), ("Ada", "Ａｄａ"), ("Ada", "𝐀𝐝𝐚"), ("fi", "\u{fb01}")] {
            assert_eq!(key(one), key(other));
            assert_eq!(key(&key(one)), key(one));
        }
        assert_eq!(typed_key("  GRACE \u{a0} hopper\n"), "grace hopper");
        assert_eq!(typed_key(&"x".repeat(10_000)).len(), MAX_NAME);
    }

    #[test]
    fn in_one_class_no_name_looks_like_anothers_in_letters_of_another_script() {
        // Cyrillic А, а, В and О; Greek Ο; Cherokee Ꭺ.
        for (one, other) in [
            ("Ada", "\u{410}da"),
            ("Ada", "Ad\u{430}"),
            ("ada", "\u{410}da"),
            ("BOB", "\u{412}\u{41e}\u{412}"),
            ("Otto", "\u{39f}tto"),
            ("Ada", "\u{13aa}da"),
        ] {
            for (there, comes) in [(one, other), (other, one)] {
                let names: Names = [there].into_iter().collect();
                assert!(names.has(comes), "{there} {comes}");
                assert!(!Names::default().has(comes), "alone it is a name like others");
            }
        }
    }

    #[test]
    fn a_name_that_is_given_up_is_free_and_those_that_look_like_it_stay() {
        let mut names: Names = ["Ada", "Ad\u{430}"].into_iter().collect();
        names.remove("Ad\u{430}");
        assert!(names.has("ada") && names.has("\u{410}da"));
        names.remove("Ada");
        assert!(!names.has("Ada") && !names.has("\u{410}da"));
        names.remove("Ada");
        names.add("Ada");
        assert!(names.has("\u{410}da"), "whom there was not is not taken away");
    }

    #[test]
    fn names_that_people_have_stand_beside_each_other() {
        let mut names = Names::default();
        for name in [
            "Arne",
            "Ame",
            "Ian",
            "Jan",
            "Zoë",
            "Zoe",
            "Bob 1",
            "Bob l",
            "Анна",
            "Anna",
            "Ольга",
            "Οδυσσέας",
            "李",
            "שרה",
            "Иван",
            "Jose",
            "José",
        ] {
            assert!(!names.has(name), "{name}");
            names.add(name);
            assert!(names.has(name) && names.has(&name.to_uppercase()), "{name}");
        }
    }
}
