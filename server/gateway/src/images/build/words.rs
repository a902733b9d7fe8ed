//! Words of a Dockerfile with variables in them, as `FROM $BASE:${TAG:-latest}`: taken apart as the
//! builder does it, or not at all.

use std::collections::BTreeMap;

use crate::images::glob;

/// Variables that are known.
pub(super) type Variables = BTreeMap<String, String>;

/// How deep `${a:-${b:-…}}` may go.
const MAX_DEPTH: usize = 8;

/// The word with its variables replaced and its quotes gone. `None` where it holds what this doesn't
/// understand: then nobody can say what the builder would make of it.
pub(super) fn expand(word: &str, variables: &Variables, escape: char) -> Option<String> {
    let chars: Vec<char> = word.chars().collect();
    expand_chars(&chars, variables, escape, 0)
}

fn expand_chars(chars: &[char], variables: &Variables, escape: char, depth: usize) -> Option<String> {
    if depth > MAX_DEPTH {
        return None;
    }
    let mut out = String::new();
    let mut quote: Option<char> = None;
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        at += 1;
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), _) if c == open => quote = None,
            (Some('\''), _) => out.push(c),
            (_, '$') => {
                let (value, used) = variable(&chars[at..], variables, escape, depth)?;
                out.push_str(&value);
                at += used;
            }
            (None, _) if c == escape => {
                out.push(*chars.get(at)?);
                at += 1;
            }
            (Some(_), _) if c == escape => match chars.get(at) {
                Some(&next) if next == '"' || next == '$' || next == escape => {
                    out.push(next);
                    at += 1;
                }
                _ => out.push(c),
            },
            _ => out.push(c),
        }
    }
    quote.is_none().then_some(out)
}

/// What follows a `$`: its value, and how many characters it took. A dollar before nothing that could be a
/// name is a dollar.
fn variable(chars: &[char], variables: &Variables, escape: char, depth: usize) -> Option<(String, usize)> {
    let name_at = |from: usize| match chars.get(from) {
        // `$1`, of which a build has none.
        Some(c) if c.is_ascii_digit() => 1,
        _ => chars[from..].iter().take_while(|c| c.is_ascii_alphanumeric() || **c == '_').count(),
    };
    let value = |name: &str| variables.get(name).cloned();
    if chars.first() != Some(&'{') {
        let length = name_at(0);
        let name: String = chars[..length].iter().collect();
        return Some(if length == 0 { ("$".to_owned(), 0) } else { (value(&name).unwrap_or_default(), length) });
    }
    let length = name_at(1);
    let name: String = chars[1..=length].iter().collect();
    let mut at = 1 + length;
    if length == 0 {
        return None;
    }
    if *chars.get(at)? == '}' {
        return Some((value(&name).unwrap_or_default(), at + 1));
    }
    let end = at + closing(&chars[at..])?;
    let value = value(&name);
    let operand = |from: usize| expand_chars(&chars[from..end], variables, escape, depth + 1);
    // With a colon what is empty counts as what isn't there.
    let colon = chars[at] == ':';
    at += usize::from(colon);
    let set = value.clone().filter(|value| !colon || !value.is_empty());
    let doubled = usize::from(chars.get(at + 1) == chars.get(at));
    let result = match (*chars.get(at)?, colon) {
        ('-', _) => set.map_or_else(|| operand(at + 1), Some)?,
        ('+', _) => match set {
            Some(_) => operand(at + 1)?,
            None => String::new(),
        },
        ('?', _) => set?,
        ('#', false) => without_prefix(&value.unwrap_or_default(), &operand(at + 1 + doubled)?, doubled > 0),
        ('%', false) => without_suffix(&value.unwrap_or_default(), &operand(at + 1 + doubled)?, doubled > 0),
        ('/', false) => {
            let words: String = operand(at + 1 + doubled)?;
            let (pattern, by) = words.split_once('/').unwrap_or((&words, ""));
            replaced(&value.unwrap_or_default(), pattern, by, doubled > 0)
        }
        _ => return None,
    };
    Some((result, end + 1))
}

/// Places in a text between its characters, from the first to the last.
fn places(text: &str) -> impl DoubleEndedIterator<Item = usize> {
    text.char_indices().map(|(at, _)| at).chain([text.len()]).collect::<Vec<_>>().into_iter()
}

/// A slash is as good as any other character here.
fn fits(pattern: &str, text: &str) -> bool {
    glob::matches(&pattern.replace('/', "\u{0}"), &text.replace('/', "\u{0}"))
}

fn without_prefix(text: &str, pattern: &str, longest: bool) -> String {
    let mut ends: Vec<usize> = places(text).collect();
    if longest {
        ends.reverse();
    }
    let end = ends.into_iter().find(|end| fits(pattern, &text[..*end])).unwrap_or(0);
    text[end..].to_owned()
}

fn without_suffix(text: &str, pattern: &str, longest: bool) -> String {
    let mut starts: Vec<usize> = places(text).collect();
    if !longest {
        starts.reverse();
    }
    let start = starts.into_iter().find(|start| fits(pattern, &text[*start..])).unwrap_or(text.len());
    text[..start].to_owned()
}

fn replaced(text: &str, pattern: &str, by: &str, all: bool) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while !rest.is_empty() {
        let Some(end) = places(rest).rev().find(|end| *end > 0 && fits(pattern, &rest[..*end])) else {
            let next = places(rest).nth(1).unwrap_or(rest.len());
            out.push_str(&rest[..next]);
            rest = &rest[next..];
            continue;
        };
        out.push_str(by);
        rest = &rest[end..];
        if !all {
            break;
        }
    }
    out + rest
}

/// Where the brace closes that has been opened before.
fn closing(chars: &[char]) -> Option<usize> {
    let mut open = 1;
    for (index, c) in chars.iter().enumerate() {
        match c {
            '{' => open += 1,
            '}' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Some(index);
        }
    }
    None
}

/// Words as they were written, split where a space stands outside of quotes.
pub(super) fn split(rest: &str, escape: char) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut quote, mut escaped) = (String::new(), None, false);
    for c in rest.chars() {
        if !escaped && quote.is_none() && c.is_whitespace() {
            if !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            continue;
        }
        match quote {
            _ if escaped => {}
            None if c == '"' || c == '\'' => quote = Some(c),
            Some(open) if c == open => quote = None,
            _ => {}
        }
        escaped = !escaped && c == escape && quote != Some('\'');
        word.push(c);
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// `A=1 B="2 3" C` of an ARG: names and their defaults, still with variables in them.
pub(super) fn assignments(rest: &str, escape: char) -> Vec<(String, Option<String>)> {
    split(rest, escape)
        .into_iter()
        .map(|word| match word.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (word, None),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(word: &str) -> Option<String> {
        let variables = Variables::from([("A".to_owned(), "nginx".to_owned()), ("E".to_owned(), String::new())]);
        expand(word, &variables, '\\')
    }

    #[test]
    fn variables_are_replaced_in_all_their_spellings() {
        for (word, value) in [
            ("$A", "nginx"),
            ("${A}:1", "nginx:1"),
            ("${B:-alpine}", "alpine"),
            ("${E:-alpine}", "alpine"),
            ("${A:+x}", "x"),
            ("${B:+x}", ""),
            ("${B:-${A}}", "nginx"),
            ("\"$A\"", "nginx"),
            ("'$A'", "$A"),
            ("\\$A", "$A"),
            ("a$B/c", "a/c"),
            ("${E-alpine}", ""),
            ("${B-alpine}", "alpine"),
            ("${E+x}", "x"),
            ("${A:?missing}", "nginx"),
            ("${A#n*i}", "nx"),
            ("${A##n*}", ""),
            ("${A%n*}", "ngi"),
            ("${A%%n*}", ""),
            ("${A/g/G}", "nGinx"),
            ("${A//n/N}", "NgiNx"),
            ("$", "$"),
            ("a$1b", "ab"),
        ] {
            assert_eq!(expanded(word).as_deref(), Some(value), "{word}");
        }
    }

    #[test]
    fn what_is_not_understood_is_none() {
        for word in ["${", "${A", "${B:?x}", "${B?x}", "\"a", "${A!x}", "a\\"] {
            assert_eq!(expanded(word), None, "{word}");
        }
    }

    #[test]
    fn assignments_keep_their_quotes() {
        let of = |rest| assignments(rest, '\\');
        assert_eq!(of("A=1 B"), [("A".to_owned(), Some("1".to_owned())), ("B".to_owned(), None)]);
        assert_eq!(of("A=\"1 2\" B=c\\ d")[0].1.as_deref(), Some("\"1 2\""));
        assert_eq!(of("A=\"1 2\" B=c\\ d")[1].1.as_deref(), Some("c\\ d"));
    }
}
