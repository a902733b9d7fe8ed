//! Words of a Dockerfile with variables in them, as `FROM $BASE:${TAG:-latest}`: taken apart as the
//! builder does it, or not at all.

use std::collections::BTreeMap;

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

/// What follows a `$`: its value, and how many characters it took.
fn variable(chars: &[char], variables: &Variables, escape: char, depth: usize) -> Option<(String, usize)> {
    let name_at = |from: usize| chars[from..].iter().take_while(|c| c.is_ascii_alphanumeric() || **c == '_').count();
    let value = |name: &str| variables.get(name).filter(|value| !value.is_empty()).cloned();
    if chars.first() != Some(&'{') {
        let length = name_at(0);
        let name: String = chars[..length].iter().collect();
        return (length > 0 && !name.starts_with(|c: char| c.is_ascii_digit())).then(|| (value(&name).unwrap_or_default(), length));
    }
    let length = name_at(1);
    let name: String = chars[1..=length].iter().collect();
    let after = 1 + length;
    match chars.get(after)? {
        '}' if length > 0 => Some((value(&name).unwrap_or_default(), after + 1)),
        ':' if length > 0 => {
            let operator = *chars.get(after + 1)?;
            let end = after + 2 + closing(&chars[after + 2..])?;
            let word = expand_chars(&chars[after + 2..end], variables, escape, depth + 1)?;
            let result = match (operator, value(&name)) {
                ('-', None) => word,
                ('-', Some(value)) => value,
                ('+', None) => String::new(),
                ('+', Some(_)) => word,
                _ => return None,
            };
            Some((result, end + 1))
        }
        _ => None,
    }
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

/// `A=1 B="2 3" C` of an ARG: names and their defaults, still with variables in them.
pub(super) fn assignments(rest: &str, escape: char) -> Vec<(String, Option<String>)> {
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
        ] {
            assert_eq!(expanded(word).as_deref(), Some(value), "{word}");
        }
    }

    #[test]
    fn what_is_not_understood_is_none() {
        for word in ["${", "${A", "${A#x}", "${A:?x}", "\"a", "$", "${A%%x}", "a\\"] {
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
