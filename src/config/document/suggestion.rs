//! "Did you mean …?": the known name that a misspelt one is closest to.

/// A longer name is not a typo of a known one. This also bounds the work.
const MAX_LEN: usize = 48;

/// The end of the error about an unknown name: the known name that was probably meant, or empty.
pub(crate) fn did_you_mean<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> String {
    closest(name, known).map(|known| format!("; did you mean {known}?")).unwrap_or_default()
}

fn closest<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let name = plain(name)?;
    let distances = known.into_iter().filter_map(|known| Some((distance(&name, &plain(known)?), known)));
    // A third of its letters may be wrong, at least one, but not all.
    let allowed = (name.len() / 3).max(1).min(name.len() - 1);
    distances
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// Normalises spelling: `minSize`, `min-size` and `min_size` are the same name.
fn plain(name: &str) -> Option<Vec<u8>> {
    let letters = name.bytes().filter(|byte| !b"_-".contains(byte)).map(|byte| byte.to_ascii_lowercase());
    let letters: Vec<u8> = letters.take(MAX_LEN + 1).collect();
    (1..=MAX_LEN).contains(&letters.len()).then_some(letters)
}

/// The smallest number of letters to insert, delete, replace or swap with their neighbour.
fn distance(one: &[u8], other: &[u8]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (row, letter) in one.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, expected) in other.iter().enumerate() {
            let at = |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX / 2);
            let replaced = at(&last, column) + usize::from(letter != expected);
            let mut least = replaced.min(at(&last, column + 1) + 1).min(at(&current, column) + 1);
            let exchanged = row > 0
                && column > 0
                && one.get(row - 1) == Some(expected)
                && other.get(column - 1) == Some(letter);
            if exchanged {
                least = least.min(at(&before_last, column - 1) + 1);
            }
            current.push(least);
        }
        before_last = core::mem::replace(&mut last, current);
    }
    last.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_the_name_that_was_meant() {
        let known =
            ["version", "keys", "codecs", "failures", "min_size", "level", "encode_common_attributes"];
        for (name, expected) in [
            ("vesion", Some("version")),
            ("key", Some("keys")),
            ("codec", Some("codecs")),
            ("levle", Some("level")),
            ("minSize", Some("min_size")),
            ("min-size", Some("min_size")),
            ("encodeCommonAttributes", Some("encode_common_attributes")),
            ("encode_comon_atributes", Some("encode_common_attributes")),
            ("namespaces", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(closest(name, known), expected, "{name}");
        }
        assert_eq!(closest(&"keys".repeat(100), known), None);
    }

    #[test]
    fn distances_count_exchanged_neighbours_once() {
        for (one, other, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "abc", 0),
            ("abc", "acb", 1),
            ("kitten", "sitting", 3),
            ("ca", "abc", 3),
        ] {
            assert_eq!(distance(one.as_bytes(), other.as_bytes()), expected, "{one} {other}");
        }
    }
}
