//! Labels of images: ours are not shown, but for the one that says that an image stands in for another.

use std::collections::BTreeMap;

use crate::{images::catalogue::STAND_IN_LABEL, scope::Scope};

/// Whether a learner may see it.
pub(crate) fn is_shown(key: &str) -> bool {
    !Scope::is_our_label(key) || key == STAND_IN_LABEL
}

/// What a learner sees of an image's labels.
pub(crate) fn shown(labels: Option<&BTreeMap<String, String>>) -> Option<BTreeMap<String, String>> {
    let labels: BTreeMap<_, _> = labels?.iter().filter(|(key, _)| is_shown(key)).map(|(key, value)| (key.clone(), value.clone())).collect();
    (!labels.is_empty()).then_some(labels)
}

/// Whether a line of the history does nothing but set labels that aren't shown.
pub(crate) fn is_hidden_instruction(created_by: &str) -> bool {
    created_by
        .split_once("#(nop)")
        .and_then(|(_, instruction)| instruction.trim_start().strip_prefix("LABEL "))
        .is_some_and(|labels| labels.split_whitespace().all(|label| label.split_once('=').is_some_and(|(key, _)| !is_shown(key))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_labels_are_hidden_and_the_stand_in_label_is_not() {
        assert!(!is_shown("io.lunchbox.sandbox"));
        assert!(is_shown("io.lunchbox.stand-in"));
        assert!(is_shown("maintainer"));
        assert!(is_hidden_instruction("/bin/sh -c #(nop)  LABEL io.lunchbox.sandbox=abc io.lunchbox.instance=x"));
        assert!(!is_hidden_instruction("/bin/sh -c #(nop)  LABEL io.lunchbox.stand-in=true a=b"));
        assert!(!is_hidden_instruction("/bin/sh -c echo LABEL io.lunchbox.sandbox=abc"));
    }
}
