//! Patterns of file and image names as Go's `path.Match` reads them, and `**` as `.dockerignore` does.

/// `*` and `?` stand for anything but a slash, `**` for anything at all, `[a-z]` for one of a set; a
/// backslash takes the next character as it is. A pattern that is malformed matches nothing.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    // For each place in the pattern, the places in the name that can be reached: no backtracking, so
    // that no pattern takes long.
    let mut reached = vec![false; name.len() + 1];
    reached[0] = true;
    let mut at = 0;
    while at < pattern.len() {
        let mut next = vec![false; name.len() + 1];
        match pattern[at] {
            '*' => {
                let any = pattern.get(at + 1) == Some(&'*');
                at += if any { 2 } else { 1 };
                // `**/` may stand for no folder at all.
                let skips_slash = any && pattern.get(at) == Some(&'/');
                let mut open = false;
                for place in 0..=name.len() {
                    open = (open && (any || name[place - 1] != '/')) || reached[place];
                    next[place] = open;
                }
                if skips_slash {
                    at += 1;
                    let before = next;
                    next = vec![false; name.len() + 1];
                    for place in 0..=name.len() {
                        next[place] = reached[place] || (place > 0 && before[place - 1] && name[place - 1] == '/');
                    }
                }
            }
            '[' => {
                let Some((set, length)) = Set::parse(&pattern[at..]) else { return false };
                at += length;
                for place in 0..name.len() {
                    next[place + 1] = reached[place] && name[place] != '/' && set.has(name[place]);
                }
            }
            other => {
                let wanted = match (other, pattern.get(at + 1)) {
                    ('?', _) => None,
                    ('\\', Some(escaped)) => {
                        at += 1;
                        Some(*escaped)
                    }
                    ('\\', None) => return false,
                    (literal, _) => Some(literal),
                };
                at += 1;
                for place in 0..name.len() {
                    next[place + 1] = reached[place] && wanted.map_or(name[place] != '/', |wanted| wanted == name[place]);
                }
            }
        }
        reached = next;
    }
    reached[name.len()]
}

struct Set {
    negated: bool,
    ranges: Vec<(char, char)>,
}

impl Set {
    /// The set at the beginning of `pattern`, and how many characters it takes.
    fn parse(pattern: &[char]) -> Option<(Self, usize)> {
        let mut at = 1;
        let negated = matches!(pattern.get(at), Some('^' | '!'));
        at += usize::from(negated);
        let mut ranges = Vec::new();
        let one = |at: &mut usize| -> Option<char> {
            if pattern.get(*at) == Some(&'\\') {
                *at += 1;
            }
            let found = *pattern.get(*at)?;
            *at += 1;
            Some(found)
        };
        while *pattern.get(at)? != ']' || ranges.is_empty() {
            let low = one(&mut at)?;
            let high = if pattern.get(at) == Some(&'-') {
                at += 1;
                one(&mut at)?
            } else {
                low
            };
            ranges.push((low, high));
        }
        Some((Self { negated, ranges }, at + 1))
    }

    fn has(&self, c: char) -> bool {
        self.ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != self.negated
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stop_at_slashes_unless_doubled() {
        assert!(matches("nginx*", "nginx:latest"));
        assert!(!matches("*", "me/app"));
        assert!(matches("**", "me/app"));
        assert!(matches("me/*", "me/app"));
        assert!(matches("**/*.md", "README.md"));
        assert!(matches("**/*.md", "a/b/README.md"));
        assert!(!matches("*.md", "a/README.md"));
    }

    #[test]
    fn sets_and_escapes_are_read() {
        assert!(matches("[a-c]?z", "bxz"));
        assert!(!matches("[^a-c]?z", "bxz"));
        assert!(matches(r"\*", "*"));
        assert!(!matches(r"\*", "x"));
        assert!(!matches("[a", "a"));
    }

    #[test]
    fn a_pattern_of_many_stars_takes_no_time() {
        assert!(!matches(&format!("{}c", "a*".repeat(100)), &"a".repeat(250)));
    }
}
