//! Lists in sentences.

/// Names that a message lists at most; a longer list helps nobody.
const MAX_LISTED: usize = 6;

/// `a`, `a and b`, `a, b and c`.
pub(super) fn and(items: &[String]) -> String {
    match items {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [start @ .., last] => format!("{} and {last}", start.join(", ")),
    }
}

/// `a, b, c`, cut where it gets long: `a, b, c, d, e, f and 3 more`.
pub(super) fn some_of(items: &[String]) -> String {
    match items.split_at_checked(MAX_LISTED) {
        Some((shown, rest)) if !rest.is_empty() => format!("{} and {} more", shown.join(", "), rest.len()),
        _ => items.join(", "),
    }
}

/// `is` or `are`.
pub(super) fn be<T>(items: &[T]) -> &'static str {
    if items.len() == 1 { "is" } else { "are" }
}

/// What Docker said, as the end of a sentence.
pub(super) fn said(message: &str) -> &str {
    message.trim().trim_end_matches('.')
}
