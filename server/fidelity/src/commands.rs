//! `commands.txt`: what is typed, in groups.

use std::collections::HashSet;

use regex::Regex;

#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) title: String,
    pub(crate) commands: Vec<Command>,
}

#[derive(Debug)]
pub(crate) struct Command {
    /// For a shell. Unique in its group.
    pub(crate) line: String,
    /// Its output's lines come in any order.
    pub(crate) sorted: bool,
    /// What in its output is measured anew each time.
    pub(crate) masks: Vec<Regex>,
    /// What is run afterwards, so that one difference doesn't lead to others.
    pub(crate) undo: Option<String>,
}

/// Reads the file's text; a mistake is told with its line.
pub(crate) fn parse(text: &str) -> Result<Vec<Group>, String> {
    let mut groups: Vec<Group> = Vec::new();
    let mut seen = HashSet::new();
    let (mut sorted, mut masks, mut undo) = (false, Vec::new(), None);
    for (number, line) in (1..).zip(text.lines()) {
        let wrong = |what: &str| format!("commands.txt, line {number}: {what}");
        if let Some(title) = line.strip_prefix("## ") {
            groups.push(Group { title: title.to_owned(), commands: Vec::new() });
            seen.clear();
        } else if let Some(option) = line.strip_prefix("@ ") {
            match option.split_once(' ') {
                None if option == "sorted" => sorted = true,
                Some(("mask", regex)) => masks.push(Regex::new(regex).map_err(|error| wrong(&error.to_string()))?),
                Some(("undo", line)) => undo = Some(line.to_owned()),
                _ => return Err(wrong("this is none of `@ sorted`, `@ mask REGEX`, `@ undo COMMAND`")),
            }
        } else if !line.is_empty() && !line.starts_with('#') {
            let group = groups.last_mut().ok_or_else(|| wrong("a command before the first group"))?;
            if !seen.insert(line) {
                return Err(wrong("the same command twice in its group; a comment makes it another"));
            }
            group.commands.push(Command {
                line: line.to_owned(),
                sorted: std::mem::take(&mut sorted),
                masks: std::mem::take(&mut masks),
                undo: undo.take(),
            });
        }
    }
    Ok(groups)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn options_are_for_the_next_command_alone() {
        let groups =
            parse("# note\n## One\n@ sorted\n@ mask [0-9]+kB\n@ undo docker rmi a\ndocker pull a\ndocker ps\n\n## Two\ndocker ps\n")
                .unwrap();
        assert_eq!(groups.iter().map(|group| group.title.as_str()).collect::<Vec<_>>(), ["One", "Two"]);
        let [pull, ps] = groups[0].commands.as_slice() else { panic!("{groups:?}") };
        assert!(pull.sorted && pull.masks.len() == 1 && pull.undo.as_deref() == Some("docker rmi a"));
        assert!(!ps.sorted && ps.masks.is_empty() && ps.undo.is_none());
    }

    #[test]
    fn a_mistake_is_told_with_its_line() {
        assert!(parse("## One\ndocker ps\ndocker ps\n").unwrap_err().starts_with("commands.txt, line 3:"));
        assert!(parse("docker ps\n").is_err());
        assert!(parse("## One\n@ shuffled\n").is_err());
    }

    #[test]
    fn the_list_can_be_read() {
        let groups = parse(include_str!("../commands.txt")).unwrap();
        assert!(groups.iter().map(|group| group.commands.len()).sum::<usize>() >= 150);
    }
}
