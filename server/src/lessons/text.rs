//! IDs, and advice on prose.

use super::{source::Source, table::Table};

/// Written-out numbers that would be a count. "One layer" says nothing of an image.
const COUNTS: [&str; 11] = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
const SIZE_UNITS: [&str; 8] = ["b", "kb", "kib", "mb", "mib", "gb", "gib", "megabytes"];

/// Lowercase words with single hyphens between: fit for a URL, and never in need of quoting.
pub(super) fn is_id(text: &str) -> bool {
    text.split('-').all(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()))
}

/// The ID under `key`, which must be there.
pub(super) fn id(table: &Table<'_>, key: &'static str) -> Option<String> {
    let value = table.need(key)?;
    let id = value.text()?;
    if !is_id(id) {
        value.mistake(format!("{id:?} is no ID: IDs are lowercase letters and digits, with hyphens between words"));
        return None;
    }
    Some(id.to_owned())
}

/// Warns of sizes, versions and counts of layers: they differ from one machine to the next, and from
/// one month to the next.
pub(super) fn advise(source: &Source, line: usize, prose: &str) {
    let words: Vec<&str> = prose.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric())).collect();
    for (index, word) in words.iter().enumerate() {
        let next = words.get(index + 1).copied().unwrap_or_default();
        let (what, shown) = if is_size(word, "") {
            ("a size", (*word).to_owned())
        } else if is_size(word, next) {
            ("a size", format!("{word} {next}"))
        } else if is_version(word) {
            ("a version", (*word).to_owned())
        } else if is_count(word) && ["layer", "layers"].contains(&next.to_lowercase().as_str()) {
            ("a count of layers", format!("{word} {next}"))
        } else {
            continue;
        };
        source.warning(line, format!("the text names {what} ({shown}), which will not stay true; let the learner find it out"));
    }
}

fn is_size(word: &str, next: &str) -> bool {
    let end = word.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(word.len());
    let (number, unit) = word.split_at(end);
    let unit = unit.to_lowercase();
    !number.is_empty() && (SIZE_UNITS.contains(&unit.as_str()) || (unit.is_empty() && SIZE_UNITS.contains(&next.to_lowercase().as_str())))
}

fn is_version(word: &str) -> bool {
    let number = word.strip_prefix('v').unwrap_or(word);
    let parts: Vec<&str> = number.split('.').collect();
    // Four parts are an address, not a version.
    (2..=3).contains(&parts.len()) && parts.iter().all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit()))
}

fn is_count(word: &str) -> bool {
    COUNTS.contains(&word.to_lowercase().as_str()) || (!word.is_empty() && word.chars().all(|c| c.is_ascii_digit()))
}
