//! The real flag that a mistyped one was probably meant to be.

/// The name among `names` that takes the fewest changes of a letter to become `wrong`, if they are few.
pub(crate) fn nearest<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Underscores are what the official programs have for hyphens; the case of letters is easily lost.
    let wrong = wrong.replace('_', "-").to_lowercase();
    // In a short name two changes are another word.
    let few = (wrong.chars().count() / 3).min(2);
    let near = names.map(|name| (changes(&wrong, name), name)).filter(|(changes, _)| *changes <= few);
    near.min_by_key(|(changes, _)| *changes).map(|(_, name)| name)
}

/// How many letters are inserted, removed, replaced or exchanged with their neighbour between two words.
fn changes(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    // Flags are short; of a long word, nothing is near.
    if a.len().abs_diff(b.len()) > 2 {
        return usize::MAX;
    }
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut fewest = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                fewest = fewest.min(rows[i - 2][j - 2] + 1);
            }
            row.push(fewest);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_near_is_offered() {
        let of =
            |wrong| nearest(wrong, ["niter", "noise-amp", "train-stages", "max-size", "seed"].into_iter());
        assert_eq!(of("nither"), Some("niter"));
        assert_eq!(of("trian_stages"), Some("train-stages"));
        assert_eq!(of("maxsize"), Some("max-size"));
        assert_eq!(of("ntier"), Some("niter"));
        for far in ["naive_img", "gpu", "no-such-flag", "", "padd_size", "\u{e9}\u{e9}\u{e9}\u{e9}"] {
            assert_eq!(of(far), None, "{far}");
        }
    }
}
