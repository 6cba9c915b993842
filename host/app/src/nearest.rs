//! Suggestions for misspelled words.

/// Returns the known word with the smallest edit distance to a misspelled one. `None` if
/// the distance exceeds a quarter of the word's length plus one.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = 1 + word.chars().count() / 4;
    let distances = known
        .into_iter()
        .map(|other| (distance(word, other), other));
    let (distance, other) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance <= most).then_some(other)
}

/// Returns the restricted Damerau-Levenshtein distance of two words, ignoring case.
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().flat_map(char::to_lowercase).collect();
    let right: Vec<char> = right.chars().flat_map(char::to_lowercase).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (row, a) in left.iter().enumerate() {
        let mut next = vec![row + 1];
        for (column, b) in right.iter().enumerate() {
            let changed = last[column] + usize::from(a != b);
            let mut least = changed.min(last[column + 1] + 1).min(next[column] + 1);
            if row > 0 && column > 0 && *a == right[column - 1] && left[row - 1] == *b {
                least = least.min(before[column - 1] + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut last, next);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let known = ["memory", "queue", "queue_time", "stack"];
        let near = |word| nearest(word, known);
        assert_eq!(near("memroy"), Some("memory"));
        assert_eq!(near("Queue"), Some("queue"));
        assert_eq!(near("queue-time"), Some("queue_time"));
        assert_eq!(near("heap"), None);
        assert_eq!(near(""), None);
        assert_eq!(nearest("x", []), None);
    }

    #[test]
    fn counts_letters() {
        for (left, right, letters) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "abc", 0),
            ("ab", "ba", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(left, right), letters, "{left} {right}");
            assert_eq!(distance(right, left), letters, "{right} {left}");
        }
    }
}
