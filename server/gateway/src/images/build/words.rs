//! Words of a Dockerfile with variables in them, as `FROM $BASE:${TAG:-latest}`: taken apart as the
//! builder does it, or not at all.

use std::collections::BTreeMap;

use crate::limits;

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
        if out.len() > limits::MAX_WORD_BYTES {
            return None;
        }
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
    (quote.is_none() && out.len() <= limits::MAX_WORD_BYTES).then_some(out)
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
            replaced(&value.unwrap_or_default(), pattern, by, doubled > 0)?
        }
        _ => return None,
    };
    Some((result, end + 1))
}

/// For each number of characters, whether as many from the beginning of the text fit a pattern: `*` is
/// anything, `?` any one character, a backslash takes the next as it is.
fn beginnings(pattern: &[char], text: &[char]) -> Vec<bool> {
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    let mut at = 0;
    while let Some(&c) = pattern.get(at) {
        at += 1;
        let mut next = vec![false; text.len() + 1];
        if c == '*' {
            let mut open = false;
            for (place, there) in reached.iter().enumerate() {
                open |= there;
                next[place] = open;
            }
        } else {
            let (any, wanted) = match c {
                '\\' => (false, pattern.get(at).copied()),
                c => (c == '?', Some(c)),
            };
            at += usize::from(c == '\\');
            for place in 0..text.len() {
                next[place + 1] = reached[place] && (any || wanted == Some(text[place]));
            }
        }
        reached = next;
    }
    reached
}

fn without_prefix(text: &str, pattern: &str, longest: bool) -> String {
    let (text, pattern): (Vec<char>, Vec<char>) = (text.chars().collect(), pattern.chars().collect());
    let fits = beginnings(&pattern, &text);
    let end = if longest { fits.iter().rposition(|fits| *fits) } else { fits.iter().position(|fits| *fits) };
    text[end.unwrap_or(0)..].iter().collect()
}

/// The same from behind: both are read backwards.
fn without_suffix(text: &str, pattern: &str, longest: bool) -> String {
    let backwards = |text: &str| text.chars().rev().collect::<String>();
    // What is escaped stands after its backslash, in this direction too.
    let mut pieces: Vec<String> = Vec::new();
    for c in pattern.chars() {
        match pieces.last_mut() {
            Some(last) if last == "\\" => last.push(c),
            _ => pieces.push(c.to_string()),
        }
    }
    let pattern: String = pieces.into_iter().rev().collect();
    backwards(&without_prefix(&backwards(text), &pattern, longest))
}

/// Characters of a text that is searched for a pattern, which takes their number squared.
const MAX_SEARCHED: usize = 512;

/// `None` where the text is too long to be searched for a pattern. One without wildcards is found in any.
fn replaced(text: &str, pattern: &str, by: &str, all: bool) -> Option<String> {
    if !pattern.contains(['*', '?', '\\']) {
        return Some(match (pattern.is_empty(), all) {
            (true, _) => text.to_owned(),
            (_, true) => text.replace(pattern, by),
            (_, false) => text.replacen(pattern, by, 1),
        });
    }
    let (text, pattern): (Vec<char>, Vec<char>) = (text.chars().collect(), pattern.chars().collect());
    if text.len() > MAX_SEARCHED || pattern.len() > MAX_SEARCHED / 8 {
        return None;
    }
    let (mut out, mut at, mut done) = (String::new(), 0, false);
    while at < text.len() {
        let end = beginnings(&pattern, &text[at..]).iter().rposition(|fits| *fits).filter(|end| *end > 0 && !done);
        match end {
            Some(end) => {
                out.push_str(by);
                at += end;
                done = !all;
            }
            None => {
                out.push(text[at]);
                at += 1;
            }
        }
    }
    Some(out)
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
            ("${A//?n/N}", "ngNx"),
            ("${A/n*/N}", "N"),
            ("${A%\\x}", "ngin"),
            ("${A%?}", "ngin"),
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
    fn no_word_becomes_longer_than_any_needs() {
        let mut variables = Variables::from([("A".to_owned(), "x".repeat(1000))]);
        for _ in 0..6 {
            let doubled = expand("$A$A", &variables, '\\').unwrap_or_default();
            variables.insert("A".to_owned(), doubled);
        }
        assert_eq!(variables["A"].len(), 64_000);
        assert_eq!(expand("$A$A", &variables, '\\'), None);
        assert_eq!(expand("${A//x*y/z}", &variables, '\\'), None);
        assert!(expand("${A##x*y}", &variables, '\\').is_some());
    }

    #[test]
    fn assignments_keep_their_quotes() {
        let of = |rest| assignments(rest, '\\');
        assert_eq!(of("A=1 B"), [("A".to_owned(), Some("1".to_owned())), ("B".to_owned(), None)]);
        assert_eq!(of("A=\"1 2\" B=c\\ d")[0].1.as_deref(), Some("\"1 2\""));
        assert_eq!(of("A=\"1 2\" B=c\\ d")[1].1.as_deref(), Some("c\\ d"));
    }
}
