//! What differs between two lists of lines.

/// A line that only one side has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// The bare engine's.
    Left(String),
    /// The sandbox's.
    Right(String),
}

/// The changes that make `left` into `right`, fewest first found, in order.
pub(crate) fn diff(left: &[String], right: &[String]) -> Vec<Change> {
    // length[i][j]: of the longest common subsequence of left[i..] and right[j..].
    let mut length = vec![vec![0_usize; right.len() + 1]; left.len() + 1];
    for i in (0..left.len()).rev() {
        for j in (0..right.len()).rev() {
            length[i][j] = if left[i] == right[j] { length[i + 1][j + 1] + 1 } else { length[i + 1][j].max(length[i][j + 1]) };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut changes = Vec::new();
    while i < left.len() || j < right.len() {
        if i < left.len() && j < right.len() && left[i] == right[j] {
            i += 1;
            j += 1;
        } else if i < left.len() && (j == right.len() || length[i + 1][j] >= length[i][j + 1]) {
            changes.push(Change::Left(left[i].clone()));
            i += 1;
        } else {
            changes.push(Change::Right(right[j].clone()));
            j += 1;
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn only_what_differs_is_told() {
        assert_eq!(diff(&lines("a b c"), &lines("a b c")), []);
        assert_eq!(
            diff(&lines("a b c"), &lines("a x c d")),
            [Change::Left("b".into()), Change::Right("x".into()), Change::Right("d".into())]
        );
        assert_eq!(diff(&lines("a"), &[]), [Change::Left("a".into())]);
    }
}
